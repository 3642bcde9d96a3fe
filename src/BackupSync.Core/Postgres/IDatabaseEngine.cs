namespace BackupSync.Postgres;

/// <summary>What one engine can do and another cannot, as far as an operation depends on it.</summary>
[Flags]
enum EngineCapabilities
{
    None = 0,

    /// <summary>A lock that a session holds until it ends, seen by the whole server.</summary>
    SessionLock = 1,

    /// <summary>Several sessions read one snapshot.</summary>
    ExportedSnapshot = 2,

    /// <summary>pg_dump reads it, and pg_restore writes it.</summary>
    Archives = 4,

    /// <summary>Databases are renamed in a transaction, so that one takes another's place at once.</summary>
    SwapByRename = 8,

    /// <summary>It tells what became of a transaction whose commit was not answered.</summary>
    TransactionStatus = 16,
}

/// <summary>
/// The kind of server behind a session: what it lacks, operations refuse or do in another way, and never ask for its name. How it is talked
/// to is not here: sessions are <see cref="PgSession"/>, questions of the catalog are in Verification, archives in Operations.Archiving.
/// </summary>
interface IDatabaseEngine
{
    string Name { get; }
    EngineCapabilities Capabilities { get; }
}

/// <summary>The engines that there are.</summary>
static class DatabaseEngines
{
    static readonly Dictionary<EngineCapabilities, string> Words = new()
    {
        [EngineCapabilities.SessionLock] = "locks that a session holds",
        [EngineCapabilities.ExportedSnapshot] = "snapshots that sessions share",
        [EngineCapabilities.Archives] = "pg_dump",
        [EngineCapabilities.SwapByRename] = "renames of databases in a transaction",
        [EngineCapabilities.TransactionStatus] = "a way to ask what became of a commit",
    };

    public static IDatabaseEngine PostgreSql { get; } = new PostgresEngine();

    /// <param name="banner">What a server says of itself: <c>version()</c>. Its server_version may be another engine's.</param>
    public static bool IsCockroachDb(string banner) => banner.Contains("CockroachDB", StringComparison.Ordinal);

    /// <param name="label">How messages name the database.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.NotSupported"/>.</exception>
    public static IDatabaseEngine Of(bool isCockroachDb, string label) => isCockroachDb
        ? throw new BackupSyncException(
            ErrorIds.NotSupported,
            $"{label} is a CockroachDB; PostgreSQL is needed on both sides.",
            "CockroachDB has no pg_dump, no exported snapshots and no locks that a session holds.")
        : PostgreSql;

    public static bool Has(this IDatabaseEngine engine, EngineCapabilities capability) => engine.Capabilities.HasFlag(capability);

    /// <param name="needed">One of them.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.NotSupported"/>.</exception>
    public static void EnsureHas(this IDatabaseEngine engine, EngineCapabilities needed, string label)
    {
        if (!engine.Has(needed))
            throw new BackupSyncException(ErrorIds.NotSupported, $"{label} is a {engine.Name}, which has no {Words[needed]}.");
    }

    sealed class PostgresEngine : IDatabaseEngine
    {
        public string Name => "PostgreSQL";

        public EngineCapabilities Capabilities => EngineCapabilities.SessionLock | EngineCapabilities.ExportedSnapshot
            | EngineCapabilities.Archives | EngineCapabilities.SwapByRename | EngineCapabilities.TransactionStatus;
    }
}
