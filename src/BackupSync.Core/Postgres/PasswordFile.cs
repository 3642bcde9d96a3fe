namespace BackupSync.Postgres;

/// <summary>
/// The file that has the password of an address which says none. libpq passes over one that others can read, so our own sessions do,
/// too: a run would otherwise begin, and end at its dump.
/// </summary>
static class PasswordFile
{
    const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The file that would be used, but is open to others; null where there is none, or it is closed to them.</summary>
    public static string? PassedOver(DatabaseAddress address) =>
        !OperatingSystem.IsWindows() && PathOf(address) is { } path && File.Exists(path) && (File.GetUnixFileMode(path) & Others) != 0
            ? path
            : null;

    static string? PathOf(DatabaseAddress address) =>
        address.HasPassword || Environment.GetEnvironmentVariable("PGPASSWORD") is { Length: > 0 } ? null
        : address.Settings.GetValueOrDefault("passfile") is { Length: > 0 } given ? given
        : Environment.GetEnvironmentVariable("PGPASSFILE") is { Length: > 0 } named ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".pgpass");
}
