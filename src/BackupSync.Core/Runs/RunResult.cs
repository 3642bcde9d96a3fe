using System.Text.Json.Serialization;
using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Runs;

/// <summary>What a run did. The same object is written by the cmdlets, printed by the CLI and kept in the history.</summary>
public sealed record RunResult
{
    public required string RunId { get; init; }
    public required string Job { get; init; }

    public required RunKind Kind { get; init; }

    /// <summary>
    /// The configuration's name of the database that was backed up, or whose backup something was done with; of a sync, which is about
    /// two, the one that it writes.
    /// </summary>
    public string? DatabaseName { get => field ?? (Kind == RunKind.Sync ? Target : null); init; }

    public required RunOutcome Outcome { get; init; }
    public bool Success => Outcome == RunOutcome.Succeeded;

    /// <summary>How a sync was done; an incremental one may have become a full one, which a warning tells. Null for other runs.</summary>
    public SyncMode? Mode { get; init; }

    /// <summary>When the source was as the target is since this run, by the source's clock; null where the run did not succeed.</summary>
    public DateTimeOffset? SnapshotTime { get; init; }

    /// <summary>How old the copy was when the run ended, in seconds: what would be lost if the source were.</summary>
    public double? RpoSeconds => SnapshotTime is { } taken ? Math.Round(Math.Max(0, (EndTime - taken).TotalSeconds), 3) : null;

    /// <summary>The database read, or the file name of the backup restored.</summary>
    public required string Source { get; init; }
    public required string Target { get; init; }

    /// <summary>How the content was published; null where the run did not get that far.</summary>
    public string? Publish { get; init; }

    /// <summary>In UTC, as are all times here.</summary>
    public required DateTimeOffset StartTime { get; init; }
    public required DateTimeOffset EndTime { get; init; }
    public double DurationSeconds => Math.Round((EndTime - StartTime).TotalSeconds, 3);

    /// <summary>Set where <c>-Force</c> lifted the shrink guard.</summary>
    public bool Forced { get; init; }

    /// <summary>Rows per table of the source, as in the snapshot that was copied; keys are <c>schema.table</c>.</summary>
    public IReadOnlyDictionary<string, long>? SourceStats { get; init; }

    /// <summary>Rows per table of the target when the run had ended.</summary>
    public IReadOnlyDictionary<string, long>? BackupStats { get; init; }

    /// <summary>Rows per table of the target before the run.</summary>
    public IReadOnlyDictionary<string, long>? PreviousStats { get; init; }

    public IReadOnlyList<StepResult> Steps { get; init; } = [];
    public IReadOnlyList<TableResult> Tables { get; init; } = [];
    public BackupFile? SourceBackup { get; init; }
    public BackupFile? SafetyBackup { get; init; }

    /// <summary>How a restore or drill stood against the database's recovery objectives; null for other runs.</summary>
    public RecoveryResult? Recovery { get; init; }
    public RunVersions? Versions { get; init; }

    /// <summary>What a restore with <c>--skip-refused</c> (<c>-SkipRefused</c>) left out; the warnings say why.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
    public IReadOnlyList<string> Warnings { get; init; } = [];
    public RunError? Error { get; init; }

    [JsonIgnore]
    public TimeSpan Duration => EndTime - StartTime;

    /// <summary><see cref="RpoSeconds"/>, to be shown.</summary>
    [JsonIgnore]
    public TimeSpan? Age => RpoSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>
    /// All rows that the run was about: of the source, or of the backup. Null where it counted none; an incremental run need not count
    /// every table.
    /// </summary>
    [JsonIgnore]
    public long? Rows => Mode == SyncMode.Incremental && Tables.Any(t => t.SourceRows is null) ? null
        : SourceStats?.Values.Sum() ?? SourceBackup?.Rows;

    /// <summary>The folder of its backups; null where it took none.</summary>
    [JsonIgnore]
    public string? BackupFolder => Path.GetDirectoryName((SafetyBackup ?? SourceBackup)?.Path);

    /// <summary>What a proof found out about its backup, or what it is now; null for other runs.</summary>
    [JsonIgnore]
    public string? Verdict => (Kind, Error) switch
    {
        (not (RunKind.Verify or RunKind.Drill or RunKind.Sign or RunKind.Label or RunKind.Remove), _) => null,
        (RunKind.Drill, null) when Success => $"restored {Versions?.Target}".TrimEnd(),
        (RunKind.Sign, null) when Success => "signed",
        (RunKind.Label, null) when Success => SourceBackup?.Labels() is { Length: > 0 } labels ? labels[2..] : "kept by the rules",
        (RunKind.Remove, null) when Success => "removed",
        (_, null) when Success => "read",
        (_, { Id: ErrorIds.NotAuthenticated }) => "NOT AUTHENTICATED",
        (_, { Id: ErrorIds.NotProven }) => "not proven here",
        (_, { Id: { } id }) when ErrorIds.IsVerdict(id) => "BAD",
        _ => Outcome.ToString(),
    };

    /// <summary>What it came to, in a line.</summary>
    [JsonIgnore]
    public string Summary => RunSummary.Of(this);
}

public enum RunKind
{
    Sync,

    /// <summary>A backup was published on a database.</summary>
    Restore,

    /// <summary>A backup was taken.</summary>
    Backup,

    /// <summary>A backup was read to its end.</summary>
    Verify,

    /// <summary>A backup was restored on trial.</summary>
    Drill,

    /// <summary>A backup was copied to another place.</summary>
    Copy,

    /// <summary>A backup was read to its end, and its manifest signed.</summary>
    Sign,

    /// <summary>A backup's tag, pin or days to keep were changed.</summary>
    Label,

    /// <summary>A backup was removed, by name.</summary>
    Remove,
}

/// <summary>Measured recovery against the objectives of the database's tier.</summary>
/// <param name="Seconds">How long bringing the database back took, from opening the backup to its content being verified.</param>
/// <param name="DataAgeSeconds">How old the data were when that began: what would be lost.</param>
/// <param name="Rto">In seconds; null where the database has none.</param>
/// <param name="Rpo">In seconds; null where the database has none.</param>
public sealed record RecoveryResult(double Seconds, double DataAgeSeconds, string? Tier, double? Rto, double? Rpo)
{
    public bool? RtoMet => Rto is { } limit ? Seconds <= limit : null;
    public bool? RpoMet => Rpo is { } limit ? DataAgeSeconds <= limit : null;

    /// <summary>Such as <c>42.1s, met (1h 00m)</c>.</summary>
    [JsonIgnore]
    public string RecoveredIn => Measured(Seconds, Rto, RtoMet);

    /// <summary>Such as <c>1h 12m, MISSED (15m 00s)</c>.</summary>
    [JsonIgnore]
    public string DataAge => Measured(DataAgeSeconds, Rpo, RpoMet);

    static string Measured(double seconds, double? objective, bool? met) => Durations.Show(TimeSpan.FromSeconds(seconds))
        + (objective is { } limit ? $", {(met == true ? "met" : "MISSED")} ({Durations.Show(TimeSpan.FromSeconds(limit))})" : "");

    /// <summary>Such as <c>recovery took 42.1s (RTO 1h met), data 5m 12s old (RPO 15m met)</c>.</summary>
    public override string ToString() =>
        $"recovery took {Durations.Show(TimeSpan.FromSeconds(Seconds))}{Against("RTO", Rto, RtoMet)}, data "
            + $"{Durations.Show(TimeSpan.FromSeconds(DataAgeSeconds))} old{Against("RPO", Rpo, RpoMet)}";

    static string Against(string objective, double? seconds, bool? met) =>
        seconds is { } limit ? $" ({objective} {Durations.Show(TimeSpan.FromSeconds(limit))} {(met == true ? "met" : "MISSED")})" : "";
}

/// <summary>The versions a run met, such as <c>15.18</c>.</summary>
public sealed record RunVersions(string BackupSync, string? Source, string? Target, string? Tools)
{
    /// <summary>Such as <c>15.18 → 18.6, tools 18.6</c>.</summary>
    public override string ToString() => string.Join(" → ", ((string?[])[Source, Target]).OfType<string>())
        + (Tools is null ? "" : $", tools {Tools}");
}

public enum StepState
{
    Succeeded,
    Failed,
    Cancelled,
}

/// <param name="Note">What it did, in a few words: sizes, counts, names.</param>
public sealed record StepResult(RunStep Step, StepState State, DateTimeOffset StartTime, double DurationSeconds, string? Note)
{
    [JsonIgnore]
    public TimeSpan Duration => TimeSpan.FromSeconds(DurationSeconds);

    /// <summary>Such as <c>Dump succeeded in 0.1s: source_db_backup_20261121_014108.dump, 192 kB</c>.</summary>
    public override string ToString() => State switch
    {
        StepState.Succeeded => $"{Step} succeeded in {Durations.Show(Duration)}",
        StepState.Cancelled => $"{Step} stopped after {Durations.Show(Duration)}",
        _ => $"{Step} failed after {Durations.Show(Duration)}",
    } + (Note is null ? "" : $": {Note}");
}

/// <param name="Table">Its qualified name, <c>schema.table</c>.</param>
/// <param name="SourceRows">Null where the table is only on the target.</param>
/// <param name="TargetRows">Rows on the target after the restore; null where it did not get that far.</param>
/// <param name="PreviousRows">Rows on the target before the run; null where the table was not there.</param>
/// <param name="Bytes">Size on the source's disk, indexes not counted.</param>
/// <param name="Verified">Whether rows and content were compared and are equal; null where they were not compared.</param>
public sealed record TableResult(string Table, long? SourceRows, long? TargetRows, long? PreviousRows, long? Bytes, bool? Verified)
{
    /// <summary>What an incremental run did; null for other runs.</summary>
    public TableChanges? Changes { get; init; }

    /// <summary>Whether it went: it was on the target alone when its content was replaced.</summary>
    public bool Dropped { get; init; }

    /// <summary>What it came to, in a word; null where it was not compared.</summary>
    [JsonIgnore]
    public string? Verdict => Dropped ? "dropped" : Verified switch { true => "verified", false => "UNEQUAL", null => null };

    /// <summary>Such as <c>public.users: 512 rows, verified</c>.</summary>
    public override string ToString() => Dropped ? $"{Table}: dropped" : Table
        + (TargetRows is { } rows ? $": {Quantity.Of(rows, "row")}" : "")
        + (Changes is null ? "" : $", {Changes}") + (Verified switch { true => ", verified", false => ", NOT EQUAL", null => "" });
}

/// <param name="Id">A stable identifier: see <see cref="ErrorIds"/>.</param>
/// <param name="Step">The step that failed; null where none had begun.</param>
/// <param name="Detail">The server's or tool's own words.</param>
/// <param name="Advice">What to do.</param>
/// <param name="Rollback">What the rollback did or why it failed; null where none was needed.</param>
public sealed record RunError(string Id, RunStep? Step, string Message, string? Detail, string? Advice, string? Rollback)
{
    public override string ToString() => $"{Message.TrimEnd('.')} ({Id})";
}
