namespace BackupSync.PgTools;

/// <summary>How to get PostgreSQL's programs on this platform, in one sentence.</summary>
static class InstallAdvice
{
    /// <param name="major">The version needed; null where any will do.</param>
    public static string ForTools(int? major) =>
        Sentence(major, debian: Versioned("postgresql-client", "-", major), redHat: Versioned("postgresql", "", major), alpine: "-client");

    public static string ForServer(int? major) =>
        Sentence(major, debian: Versioned("postgresql", "-", major), redHat: Versioned("postgresql", "", major) + "-server", alpine: "");

    static string Sentence(int? major, string debian, string redHat, string alpine)
    {
        var number = major?.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (OperatingSystem.IsWindows())
            return $"Install PostgreSQL{(number is null ? "" : " " + number)} with 'winget install "
                + $"PostgreSQL.PostgreSQL.{number ?? "17"}' or the installer "
                   + "from https://www.postgresql.org/download/windows/.";
        if (OperatingSystem.IsMacOS())
            return $"Install it with 'brew install postgresql@{number ?? "17"}'.";
        if (LinuxDistribution.Current.IsLike("debian"))
            return $"Install it with 'sudo apt-get install {debian}'"
                   + (number is null ? "." : "; where apt does not know that package, set up PostgreSQL's own repository first: "
                       + "https://wiki.postgresql.org/wiki/Apt.");
        if (LinuxDistribution.Current.IsLike("fedora") || LinuxDistribution.Current.IsLike("rhel"))
            return $"Install it with 'sudo dnf install {redHat}', for other versions from PostgreSQL's own repository: "
                + "https://www.postgresql.org/download/linux/redhat/.";
        if (LinuxDistribution.Current.IsLike("alpine"))
            return $"Install it with 'apk add postgresql{number ?? "17"}{alpine}'.";
        return $"Install PostgreSQL{(number is null ? "" : $" {number} or newer")}: https://www.postgresql.org/download/.";
    }

    static string Versioned(string name, string separator, int? major) => major is null ? name : $"{name}{separator}{major}";
}
