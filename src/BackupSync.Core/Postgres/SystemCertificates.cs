namespace BackupSync.Postgres;

/// <summary>Finds the certificates that this machine trusts, as a file.</summary>
/// <remarks>
/// libpq knows <c>sslrootcert=system</c> from version 16 on only, and with <c>verify-full</c> only; a file works with every
/// version, and gives Npgsql and the tools the same answer.
/// </remarks>
static class SystemCertificates
{
    /// <summary>What libpq calls the system's trusted roots.</summary>
    public const string Keyword = "system";

    /// <summary>Null where there is none, as on Windows.</summary>
    public static string? BundleFile { get; } = new[]
    {
        "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Alpine, Arch
        "/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, Red Hat
        "/etc/ssl/ca-bundle.pem",             // SUSE
        "/etc/ssl/cert.pem",                  // macOS, BSD
    }.FirstOrDefault(File.Exists);

    /// <summary>The file that libpq and Npgsql read on their own where no <c>sslrootcert</c> is given.</summary>
    public static bool UserHasRootFile() =>
        File.Exists(OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "postgresql", "root.crt")
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".postgresql", "root.crt"));
}
