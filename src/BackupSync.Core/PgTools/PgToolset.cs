using BackupSync.Postgres;

namespace BackupSync.PgTools;

/// <summary>PostgreSQL's client programs of one version, in one folder.</summary>
sealed record PgToolset(PgVersion Version, string Directory, string PgDump, string PgRestore, string Psql)
{
    /// <summary>Part of every installation of the others.</summary>
    public string PgDumpAll => Path.Combine(Directory, OperatingSystem.IsWindows() ? "pg_dumpall.exe" : "pg_dumpall");

    public override string ToString() => $"{Version} in {Directory}";
}

/// <summary>PostgreSQL's server programs of one version, in one folder.</summary>
sealed record PgServerPrograms(PgVersion Version, string Directory, string InitDb, string PgCtl, string Postgres)
{
    public override string ToString() => $"{Version} in {Directory}";
}
