namespace BackupSync.Configuration;

/// <summary>How new content becomes visible on the target: see <c>docs/concepts.md</c>, "Publishing".</summary>
public enum PublishMode
{
    /// <summary>Swap where the target's role may create databases and rename the target, else transaction.</summary>
    Auto,

    /// <summary>Restore into a new database beside the target, verify it, then rename.</summary>
    Swap,

    /// <summary>Drop, restore and verify inside one transaction on the target.</summary>
    Transaction,
}

/// <summary>A sync job: source → target, with all its settings. Self-contained, so it can travel down a pipeline.</summary>
public sealed record JobConfig
{
    /// <summary>Not for PowerShell, which would make one of any hashtable, with nothing in it.</summary>
    internal JobConfig()
    {
    }

    public required string Name { get; init; }
    public required DatabaseConfig SourceDatabase { get; init; }
    public required DatabaseConfig TargetDatabase { get; init; }

    /// <summary>The database that is copied.</summary>
    public string Source => SourceDatabase.Name;

    /// <summary>The database that becomes the copy; none with the role <c>production</c>.</summary>
    public string Target => TargetDatabase.Name;

    /// <summary>What a run copies. <c>full</c>: the whole database; <c>incremental</c>: the rows that changed.</summary>
    public SyncMode Mode { get; init; } = SyncMode.Full;

    /// <summary>
    /// How new content becomes visible. <c>swap</c>: restored into a new database beside the target, verified, then renamed;
    /// <c>transaction</c>: replaced within one transaction; <c>auto</c>: by a swap where the role allows it.
    /// </summary>
    public PublishMode Publish { get; init; } = PublishMode.Auto;

    /// <summary>How many tables are read, hashed or restored at once.</summary>
    public int Parallel { get; init; } = 2;

    public ScheduleConfig? Schedule { get; init; }

    /// <summary>
    /// An address that is told of each run's start and end, as healthchecks.io understands it: nobody told, somebody is warned there. A
    /// secret; none where it is empty.
    /// </summary>
    internal LateValue<Secret>? Ping { get; init; }

    /// <summary>
    /// The tables that incremental runs keep up to date; none for all. A full run copies all that <see cref="Exclude"/> does
    /// not leave out. <c>*</c> and <c>?</c> match, and names may be qualified.
    /// </summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    public IncrementalConfig Incremental { get; init; } = new();

    public LimitsConfig Limits { get; init; } = new();
    public VerifyConfig Verify { get; init; } = new();
    public GuardsConfig Guards { get; init; } = new();
    public ExcludeConfig Exclude { get; init; } = new();
    public required BackupsConfig Backups { get; init; }
    public ToolsConfig Tools { get; init; } = new();

    /// <summary>How safety backups of restores are encrypted. Those of syncs are not: they lie beside the copy itself.</summary>
    internal EncryptionConfig? Encryption { get; init; }

    /// <summary>
    /// What the manifests of its backups are signed with, encrypted or not; null where the configuration has no passphrase.
    /// </summary>
    internal EncryptionConfig? Signing { get; init; }

    /// <summary>Who is told how its runs end; null for nobody.</summary>
    internal AlertsConfig? Alerts { get; init; }

    /// <summary>Whether they are signed: the passphrase may be named, and not be here.</summary>
    internal bool IsSigned => Signing is { Problem: null };

    /// <summary>To be called before a run, so that a variable that is not set is told before anything is touched.</summary>
    /// <exception cref="ConfigurationException">A URL cannot be used; where several cannot, all are told.</exception>
    public void EnsureAddresses()
    {
        ConfigurationProblem?[] problems = [SourceDatabase.AddressProblem, TargetDatabase.AddressProblem, TargetDatabase.PoolerProblem];
        if (problems.Any(p => p is not null))
            throw new ConfigurationException([.. problems.OfType<ConfigurationProblem>()]);
    }
}

/// <summary>
/// When the job runs: exactly one of <see cref="Cron"/> and <see cref="Every"/> is set. Read and validated; acted upon by the
/// scheduler.
/// </summary>
public sealed record ScheduleConfig
{
    /// <summary>
    /// When it runs, in five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday). Where both days are said, one of
    /// them is enough, as for cron; where one of the two begins with <c>*</c>, such as <c>*/2</c>, both have to match.
    /// </summary>
    public string? Cron { get; init; }

    /// <summary>How often it runs, counted from midnight UTC of 1970-01-01, so that nobody needs to remember the last run.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>That of <see cref="Cron"/>.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>How late a missed run may still start.</summary>
    public TimeSpan MisfireGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// What becomes of runs that were missed while the service was down: <c>one</c> makes the last up within <see cref="MisfireGrace"/>.
    /// </summary>
    public CatchUp CatchUp { get; init; } = CatchUp.One;

    /// <summary>Up to how long after its time it starts, the same each time: so that many machines do not all start at once.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>What happens where the run before has not ended.</summary>
    public Overlap Overlap { get; init; } = Overlap.Skip;

    /// <summary>The first time after the given one; null where there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) =>
        Every is { } every ? NextMultiple(after.UtcDateTime, every) : CronSchedule.Parse(Cron!, TimeZone).Next(after);

    /// <summary>As tables show it: <c>0 6,18 * * * UTC</c>, <c>every 5m 00s</c>.</summary>
    public override string ToString() => Every is { } every ? $"every {Durations.Show(every)}" : $"{Cron} {TimeZone.Id}";

    static DateTimeOffset? NextMultiple(DateTime after, TimeSpan every)
    {
        // Negative before 1970, where the multiple before is the one further from it.
        var past = (after - DateTime.UnixEpoch).Ticks % every.Ticks;
        var wait = new TimeSpan(past < 0 ? -past : every.Ticks - past);
        return wait <= DateTime.MaxValue - after ? after + wait : null;
    }
}

/// <summary>How long each step may take, and how many connections the source may be asked for.</summary>
public sealed record LimitsConfig
{
    /// <summary>How long to keep trying to connect.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long dumping the source may take.</summary>
    public TimeSpan Dump { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long backing up the target may take.</summary>
    public TimeSpan SafetyBackup { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long each of restoring, verifying, publishing and checking what was published may take.</summary>
    public TimeSpan Restore { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For the whole run. Undoing what a run began has a limit of its own, so that this one cannot cut it short.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long a statement of somebody else may have to wait for the run, on either side, before the run lets go of everything and begins
    /// anew; <c>wait</c> where the copy matters more than who waits for it.
    /// </summary>
    public TimeSpan? Blocking { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long sessions of a run wait for a lock: others may have to wait behind them.</summary>
    internal TimeSpan LockTimeout => Blocking is { } blocking && blocking < LongestLockTimeout * 2 ? blocking / 2 : LongestLockTimeout;

    static readonly TimeSpan LongestLockTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Connections to the source at any one time, pg_dump's included; at least 3, or 2 where <see cref="Blocking"/> is <c>wait</c>.
    /// </summary>
    public int Connections { get; init; } = 6;

    /// <summary>One holds the snapshot, one reads or dumps; and one watches who waits.</summary>
    internal int LeastConnections => Blocking is null ? LeastWithoutWatch : LeastWithoutWatch + 1;

    internal const int LeastWithoutWatch = 2;
}

public sealed record VerifyConfig
{
    /// <summary>Whether every row's content is compared, not just the number of rows.</summary>
    public bool Content { get; init; } = true;

    /// <summary>
    /// Tables whose row counts are named in the log: <c>users</c> is the one of that name in any schema, <c>app.users</c> that one.
    /// </summary>
    public IReadOnlyList<string> Report { get; init; } = [];

    /// <summary>Of so many incremental runs one compares the whole content; 0 for none.</summary>
    public int FullEvery { get; init; } = 24;
}

public sealed record GuardsConfig
{
    internal const long DefaultMinimumBackupSize = 10_000;

    /// <summary>
    /// In bytes. A smaller backup file counts as failed, unless the database has no rows; where nothing else is said, fewer than 1,000
    /// rows.
    /// </summary>
    public long MinimumBackupSize { get; init; } = DefaultMinimumBackupSize;

    /// <summary>
    /// The share of the target's rows, of all tables together, that the source may lack before the run is refused; <c>--force</c>
    /// (<c>-Force</c>) lifts it. One table that was emptied is refused where <c>verify.report</c> names it.
    /// </summary>
    public double MaximumShrink { get; init; } = 0.5;
}

/// <summary>What of the source is left out. Names may hold <c>*</c> and <c>?</c>; tables may be qualified.</summary>
public sealed record ExcludeConfig
{
    /// <summary>Schemas that are left out. What is excluded is not on the target after a full sync.</summary>
    public IReadOnlyList<string> Schemas { get; init; } = [];

    /// <summary>
    /// Tables that are left out; <c>*</c> and <c>?</c> match, names may be qualified, and a partitioned table stands for its partitions.
    /// </summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Tables that are created, but stay empty.</summary>
    public IReadOnlyList<string> Data { get; init; } = [];
}

public enum BackupCompression
{
    /// <summary>The fastest good one that the tools know: zstd from version 16 on, else gzip.</summary>
    Auto,
    None,
    Gzip,
    Lz4,
    Zstd,
}

public sealed record BackupsConfig
{
    /// <summary>Where its backups, history and log are: a folder of its own for each job; in the file it may be relative to that.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// How many days backups are kept. Never removed are the newest good one of each kind, safety backups of runs that did not end well,
    /// and files without a manifest.
    /// </summary>
    public int KeepDays { get; init; } = 7;

    /// <summary><c>auto</c>: zstd with PostgreSQL 16's tools or newer, else gzip.</summary>
    public BackupCompression Compression { get; init; } = BackupCompression.Auto;
}

public sealed record ToolsConfig
{
    /// <summary>
    /// Folders searched for PostgreSQL's programs before the usual ones; a warning tells where they do not fit. Of those that fit, the
    /// oldest are taken: best is each server's own version.
    /// </summary>
    public IReadOnlyList<string> PostgresBin { get; init; } = [];

    /// <summary>Whether those are the only ones: so a test is on a machine that lacks what is installed on its own.</summary>
    internal bool PassOverUsual { get; init; }
}

/// <summary>What becomes of runs that were missed.</summary>
public enum CatchUp
{
    One,
    None,
}

/// <summary>What becomes of a run that is due while the one before goes on.</summary>
public enum Overlap
{
    /// <summary>It is left out, and told.</summary>
    Skip,

    /// <summary>It starts when that one ends; one waits at most.</summary>
    Queue,
}
