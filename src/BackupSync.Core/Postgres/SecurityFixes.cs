namespace BackupSync.Postgres;

/// <summary>The first release of each major version that has something which was brought into older ones, too.</summary>
static class SecurityFixes
{
    /// <summary>
    /// Names of objects with line breaks end no comment of pg_restore's script, and psql runs none of its own commands from one
    /// (https://www.postgresql.org/support/security/CVE-2025-8714/, https://www.postgresql.org/support/security/CVE-2025-8715/).
    /// </summary>
    public static bool ScriptsAreRestricted(PgVersion version) => Has(version, [(13, 22), (14, 19), (15, 14), (16, 10), (17, 6)]);

    /// <summary>All versions after the last of these have it.</summary>
    static bool Has(PgVersion version, ReadOnlySpan<(int Major, int Minor)> releases)
    {
        foreach (var (major, minor) in releases)
        {
            if (version.Major == major)
                return version.IsReleased && version.Minor >= minor;
        }
        return version.Major > releases[^1].Major;
    }
}
