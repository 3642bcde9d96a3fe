namespace BackupSync.Tests;

/// <summary>Whom a test connects as. Each database has a role of its own.</summary>
public enum TestRole
{
    /// <summary>As on Railway.</summary>
    Superuser,

    /// <summary>Owns the database, no superuser, may create databases: as on Neon.</summary>
    Creator,

    /// <summary>Owns the database and nothing more.</summary>
    Owner,
}
