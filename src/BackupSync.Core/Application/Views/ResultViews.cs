using BackupSync.Alerting;
using BackupSync.Backups;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Expire;
using BackupSync.Reporting;
using BackupSync.Runs;
using BackupSync.Scheduling;

namespace BackupSync.Application.Views;

/// <summary>
/// All views. The first columns of each have room in 79 characters, with one between two of them: what comes after is seen where there is
/// more. module/BackupSync.Format.ps1xml and BackupSync.Types.ps1xml are made of this, as a test compares.
/// </summary>
public static class ResultViews
{
    /// <summary>Runs of any kind, one beside the other.</summary>
    public static readonly ResultView Runs = Table(typeof(RunResult), "",
        Column("StartTime", CellForm.Moment, 17), Column("Kind", CellForm.Text, 7), Column("Job", CellForm.Text, 15),
        Column("DatabaseName", CellForm.Text, 12), Column("Outcome", CellForm.State, 14), Column("Duration", CellForm.Duration, 8),
        Column("ErrorId", CellForm.ErrorId, 21, "Error.Id"),
        Column("Mode", CellForm.Text, 11), Column("Rows", CellForm.Number, 13), Column("Age", CellForm.Duration, 8),
        Column("Publish", CellForm.Text, 11), Column("SafetyFile", CellForm.Text, 46, "SafetyBackup.FileName"),
        Prose("Message") with { Path = "Error.Message", GivesWayTo = "ErrorId" });

    /// <summary>What a sync or a restore came to.</summary>
    public static readonly ResultView Sync = List(typeof(RunResult), "Sync",
        Column("Job", CellForm.Text), Column("Outcome", CellForm.State), Column("Summary", CellForm.Text), Column("Mode", CellForm.Text),
        Column("Publish", CellForm.Text), Column("Rows", CellForm.Number), Column("Duration", CellForm.Duration),
        Column("Age", CellForm.Duration), Column("Recovery", CellForm.Text), Column("SourceFile", CellForm.Text, "SourceBackup.FileName"),
        Column("SourcePlace", CellForm.Text, "SourceBackup.Place"),
        Column("SafetyFile", CellForm.Text, "SafetyBackup.FileName"), Column("Folder", CellForm.Text, "BackupFolder"),
        Column("ErrorId", CellForm.ErrorId, "Error.Id"), Column("RunId", CellForm.Text));

    /// <summary>Backups that were taken.</summary>
    public static readonly ResultView Taken = Table(typeof(RunResult), "Backup",
        Column("Database", CellForm.Text, 16, "DatabaseName"), Column("Outcome", CellForm.State, 14),
        Column("Size", CellForm.Size, 9, "SourceBackup.Size"), Column("Duration", CellForm.Duration, 8),
        Column("Proof", CellForm.State, 28, "SourceBackup.Proven"), Column("Rows", CellForm.Number, 13),
        Column("Places", CellForm.Text, 20, "Target"), Column("File", CellForm.Text, 46, "SourceBackup.FileName"));

    /// <summary>Backups that were read, restored on trial or signed, or are gone.</summary>
    public static readonly ResultView Proven = Table(typeof(RunResult), "Proof",
        Column("Database", CellForm.Text, 16, "DatabaseName"), Column("Created", CellForm.Moment, 17, "SourceBackup.Created"),
        Column("Verdict", CellForm.State, 16), Column("Duration", CellForm.Duration, 8),
        Column("RecoveredIn", CellForm.State, 18, "Recovery.RecoveredIn"), Column("DataAge", CellForm.State, 20, "Recovery.DataAge"),
        Column("Rows", CellForm.Number, 13), Column("Place", CellForm.Text, 12, "SourceBackup.Place"),
        Column("File", CellForm.Text, 46, "Source"));

    /// <summary>Backups that have other labels.</summary>
    public static readonly ResultView Labelled = Table(typeof(RunResult), "Label",
        Column("Database", CellForm.Text, 16, "DatabaseName"), Column("Created", CellForm.Moment, 17, "SourceBackup.Created"),
        Column("Outcome", CellForm.State, 14), Column("File", CellForm.Text, 46, "Source"),
        Column("Place", CellForm.Text, 12, "SourceBackup.Place"), Prose("Verdict"));

    /// <summary>Backups that were brought to another place.</summary>
    public static readonly ResultView Copied = Table(typeof(RunResult), "Copy",
        Column("Database", CellForm.Text, 16, "DatabaseName"), Column("Created", CellForm.Moment, 17, "SourceBackup.Created"),
        Column("To", CellForm.Text, 14, "Target"), Column("Outcome", CellForm.State, 14),
        Column("Size", CellForm.Size, 9, "SourceBackup.Size"), Column("Duration", CellForm.Duration, 8),
        Column("File", CellForm.Text, 46, "Source"));

    public static readonly ResultView Steps = Table(typeof(StepResult), "",
        Column("Step", CellForm.Text, 14), Column("State", CellForm.State, 9), Column("Duration", CellForm.Duration, 8),
        Prose("Note"));

    public static readonly ResultView Tables = Table(typeof(TableResult), "",
        Column("Table", CellForm.Text, 31), Column("SourceRows", CellForm.Number, 12), Column("PreviousRows", CellForm.Number, 12),
        Column("TargetRows", CellForm.Number, 12), Column("Verdict", CellForm.State, 8), Column("Size", CellForm.Size, 9, "Bytes"));

    /// <summary>What an incremental run did with each table.</summary>
    public static readonly ResultView ChangedTables = Table(typeof(TableResult), "Changes",
        Column("Table", CellForm.Text, 26), Column("Inserted", CellForm.Number, 9, "Changes.Inserted"),
        Column("Updated", CellForm.Number, 9, "Changes.Updated"), Column("Deleted", CellForm.Number, 9, "Changes.Deleted"),
        Column("TargetRows", CellForm.Number, 12), Column("Verified", CellForm.YesNo, 8), Column("Way", CellForm.Text, 9, "Changes.Way"),
        Column("Unchanged", CellForm.Number, 12, "Changes.Unchanged"), Column("Kept", CellForm.Number, 8, "Changes.Kept"),
        Column("Read", CellForm.Size, 9, "Changes.Bytes"), Column("Duration", CellForm.Duration, 8, "Changes.Duration"),
        Column("Reason", CellForm.Text, "Changes.Reason"));

    public static readonly ResultView Plan = Table(typeof(PlannedStep), "",
        Column("Step", CellForm.Text, 14), Column("Limit", CellForm.Duration, 7), Prose("Description"));

    public static readonly ResultView Connections = Table(typeof(ConnectionTestResult), "",
        Column("Name", CellForm.Text, 15), Column("State", CellForm.State, 9), Column("Latency", CellForm.Milliseconds, 9, "LatencyMs"),
        Column("Version", CellForm.Text, 8, "ServerVersion"), Column("Provider", CellForm.Text, 11), Column("Size", CellForm.Size, 9),
        Column("Connections", CellForm.Text, 11), Column("Role", CellForm.Text, 11), Column("Address", CellForm.Text, 60));

    public static readonly ResultView Compared = Table(typeof(ComparedItem), "",
        Column("Name", CellForm.Text, 28), Column("State", CellForm.State, 10), Column("SourceRows", CellForm.Number, 11),
        Column("TargetRows", CellForm.Number, 11), Prose("What") with { Below = true });

    public static readonly ResultView Rows = Table(typeof(RowDifference), "",
        Column("State", CellForm.State, 10), Column("Table", CellForm.Text, 22), Column("Key", CellForm.Text, 22),
        Prose("Columns"));

    public static readonly ResultView Backups = Table(typeof(BackupFile), "",
        Column("Created", CellForm.Second, 20), Column("Database", CellForm.Text, 12), Column("Kind", CellForm.Text, 6),
        Column("Size", CellForm.Size, 8), Column("Place", CellForm.Text, 8), Column("Proven", CellForm.State, 20),
        Column("Rows", CellForm.Number, 13), Column("Job", CellForm.Text, 16), Column("Encrypted", CellForm.Text, 9),
        Column("Tag", CellForm.Text, 16), Column("Kept", CellForm.Text, 9), Column("File", CellForm.Text, 46, "FileName"));

    public static readonly ResultView Retention = Table(typeof(RetentionDecision), "",
        Column("Action", CellForm.State, 6), Column("File", CellForm.Text, 46, "FileName"), Column("Size", CellForm.Size, 12),
        Prose("Reason"));

    /// <summary>How databases and jobs stand.</summary>
    public static readonly ResultView Status = Table(typeof(StatusEntry), "",
        Column("Name", CellForm.Text, 16), Column("State", CellForm.State, 9), Column("Age", CellForm.Duration, 8),
        Column("Rpo", CellForm.Duration, 8, "RpoLimit"), Column("Kind", CellForm.Text, 8), Column("NextDue", CellForm.Moment, 17),
        Column("LastCopy", CellForm.Moment, 17), Column("CopiedBy", CellForm.Text, 16), Column("LastRun", CellForm.Moment, 17),
        Column("LastKind", CellForm.Text, 8), Column("LastOutcome", CellForm.State, 14), Column("ErrorId", CellForm.ErrorId, 21),
        Column("LastBackup", CellForm.Moment, 17), Column("LastProof", CellForm.Moment, 17), Column("Proof", CellForm.State, 16),
        Prose("Reason") with { Least = 34 });

    /// <summary>One of them alone.</summary>
    public static readonly ResultView StatusDetail = List(typeof(StatusEntry), "Detail",
        Column("Name", CellForm.Text), Column("Kind", CellForm.Text), Column("State", CellForm.State), Column("Reason", CellForm.Text),
        Column("LastCopy", CellForm.Moment), Column("CopiedBy", CellForm.Text), Column("Age", CellForm.Duration),
        Column("Rpo", CellForm.Duration, "RpoLimit"), Column("LastRun", CellForm.Moment), Column("LastKind", CellForm.Text),
        Column("LastOutcome", CellForm.State), Column("ErrorId", CellForm.ErrorId), Column("LastBackup", CellForm.Moment),
        Column("LastProof", CellForm.Moment), Column("Proof", CellForm.State), Column("NextDue", CellForm.Moment));

    /// <summary>When jobs and plans run.</summary>
    public static readonly ResultView Schedules = Table(typeof(ScheduleEntry), "",
        Column("Name", CellForm.Text, 16), Column("NextTimes", CellForm.Text, 31), Column("LastRun", CellForm.Moment, 17),
        Column("LastOutcome", CellForm.State, 14), Column("Kind", CellForm.Text, 5), Column("Schedule", CellForm.Text, 22),
        Column("NextLocalTimes", CellForm.Text, 31), Prose("Paused"));

    /// <summary>One of them alone.</summary>
    public static readonly ResultView ScheduleDetail = List(typeof(ScheduleEntry), "Detail",
        Column("Name", CellForm.Text), Column("Kind", CellForm.Text), Column("Schedule", CellForm.Text),
        Column("TimeZone", CellForm.Text), Column("LastRun", CellForm.Moment), Column("LastOutcome", CellForm.State),
        Column("NextTimes", CellForm.Text), Column("NextLocalTimes", CellForm.Text), Column("Paused", CellForm.Text));

    /// <summary>The times of one, with what clocks do meanwhile.</summary>
    public static readonly ResultView ScheduleTimes = Table(typeof(ScheduleTime), "",
        Column("Name", CellForm.Text, 16), Column("Time", CellForm.Moment, 17), Column("LocalTime", CellForm.Text, 23), Prose("Note"));

    /// <summary>Files for other schedulers, with how each begins.</summary>
    public static readonly ResultView ScheduleFiles = Table(typeof(ScheduleFile), "", Column("Name", CellForm.Text, 38), Prose("Text"));

    /// <summary>How healthy databases, jobs and services are.</summary>
    public static readonly ResultView Health = Table(typeof(HealthEntry), "",
        Column("Name", CellForm.Text, 16), Column("Kind", CellForm.Text, 8), Column("Status", CellForm.State, 8),
        Column("Connected", CellForm.YesNo, 9), Column("Latency", CellForm.Milliseconds, 9), Column("LastCheck", CellForm.Moment, 17),
        Column("CheckedBy", CellForm.Text, 9), Column("Age", CellForm.Duration, 8), Column("Rpo", CellForm.Duration, 8, "RpoLimit"),
        Column("NextDue", CellForm.Moment, 17), Column("LastProof", CellForm.Moment, 17), Column("Proof", CellForm.State, 16),
        Prose("Reason"));

    /// <summary>A job with its two databases.</summary>
    public static readonly ResultView JobHealth = List(typeof(JobHealth), "",
        Column("Status", CellForm.State), Column("Job", CellForm.Text), Column("Reason", CellForm.Text),
        Column("Primary", CellForm.Text), Column("Secondary", CellForm.Text), Column("ActiveDatabase", CellForm.Text),
        Column("LastSync", CellForm.Moment), Column("SyncStatus", CellForm.State), Column("Age", CellForm.Duration),
        Column("Rpo", CellForm.Duration, "RpoLimit"), Column("NextDue", CellForm.Moment), Column("Time", CellForm.Moment));

    public static readonly ResultView Alerts = Table(typeof(Alert), "",
        Column("Since", CellForm.Moment, 17), Column("State", CellForm.State, 12), Column("Count", CellForm.Number, 5), Prose("Key"));

    public static readonly ResultView ChannelTests = Table(typeof(ChannelTestResult), "",
        Column("Name", CellForm.Text, 16), Column("Kind", CellForm.Text, 9), Column("State", CellForm.State, 9),
        Column("Duration", CellForm.Duration, 8), Prose("Error"));

    static readonly ResultView Jobs = Table(typeof(JobConfig), "",
        Column("Name", CellForm.Text, 18), Column("Source", CellForm.Text, 14), Column("Target", CellForm.Text, 14),
        Column("Mode", CellForm.Text, 11), Column("Schedule", CellForm.Text, 18), Column("Publish", CellForm.Text, 11),
        Column("KeepDays", CellForm.Number, 8, "Backups.KeepDays"), Column("Directory", CellForm.Text, 60, "Backups.Directory"));

    static readonly ResultView Databases = Table(typeof(DatabaseConfig), "",
        Column("Name", CellForm.Text, 16), Column("Role", CellForm.Text, 11), Column("Provider", CellForm.Text, 11), Prose("Where"));

    static readonly ResultView Plans = Table(typeof(BackupPlanConfig), "",
        Column("Name", CellForm.Text, 14), Column("Databases", CellForm.Names, 20), Column("Places", CellForm.Names, 14),
        Column("Schedule", CellForm.Text, 18), Column("Verify", CellForm.Text, 9), Column("Keep", CellForm.Text, 35));

    static readonly ResultView Configurations = List(typeof(BackupSyncConfig), "",
        Column("Path", CellForm.Text), Column("Databases", CellForm.Names), Column("Jobs", CellForm.Names),
        Column("BackupPlans", CellForm.Names), Column("Places", CellForm.Names));

    static readonly ResultView Folders = Table(typeof(FolderPlaceConfig), "", Column("Name", CellForm.Text, 16), Prose("Where"));

    static readonly ResultView Buckets = Table(typeof(S3PlaceConfig), "", Column("Name", CellForm.Text, 16), Prose("Where"));

    /// <summary>Of results and of the configuration, which cmdlets alone write.</summary>
    public static IReadOnlyList<ResultView> All { get; } =
    [
        Runs, Sync, Taken, Proven, Labelled, Copied, Steps, Tables, ChangedTables, Plan, Connections, Compared, Rows, Backups, Retention,
        Status, StatusDetail, Schedules, ScheduleDetail, ScheduleTimes, ScheduleFiles, Health, JobHealth, Alerts, ChannelTests,
        Jobs, Databases, Plans, Folders, Buckets, Configurations,
    ];

    /// <summary>The view of what a run of a kind came to.</summary>
    public static ResultView Of(RunKind kind) => kind switch
    {
        RunKind.Sync or RunKind.Restore => Sync,
        RunKind.Backup => Taken,
        RunKind.Copy => Copied,
        RunKind.Verify or RunKind.Drill or RunKind.Sign or RunKind.Remove => Proven,
        RunKind.Label => Labelled,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    static ResultView Table(Type of, string kind, params ViewColumn[] columns) => new(of, kind, IsList: false, columns);

    static ResultView List(Type of, string kind, params ViewColumn[] columns) => new(of, kind, IsList: true, columns);

    static ViewColumn Column(string name, CellForm form, int width, string? path = null) => new(name, form, width) { Path = path ?? name };

    /// <summary>The last of a table, which is there in the narrowest, too.</summary>
    static ViewColumn Prose(string name) => Column(name, CellForm.Text) with { Stays = true };

    /// <summary>The last of a table, or one of a list.</summary>
    static ViewColumn Column(string name, CellForm form, string? path = null) => Column(name, form, 0, path);
}
