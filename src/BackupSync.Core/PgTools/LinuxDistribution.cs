namespace BackupSync.PgTools;

/// <summary>Which Linux this is, by <c>os-release</c>: https://www.freedesktop.org/software/systemd/man/latest/os-release.html.</summary>
sealed record LinuxDistribution(IReadOnlyList<string> Names)
{
    /// <summary>No names where this is not Linux, or it does not tell.</summary>
    public static LinuxDistribution Current { get; } = Read("/etc/os-release");

    /// <summary>Whether it is that one or derived from it.</summary>
    public bool IsLike(string name) => Names.Contains(name);

    internal static LinuxDistribution Read(string file)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(file))
            return new LinuxDistribution([]);
        var names = File.ReadLines(file)
            .Select(line => line.Split('=', 2))
            .Where(pair => pair is ["ID" or "ID_LIKE", _])
            .SelectMany(pair => pair[1].Trim('"', '\'').Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return new LinuxDistribution([.. names]);
    }
}
