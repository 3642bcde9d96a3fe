namespace BackupSync.Configuration;

/// <summary>Which databases are backed up when, where to, for how long, and how the backups are proven.</summary>
public sealed record BackupPlanConfig
{
    /// <summary>Not for PowerShell, which would make one of any hashtable, with nothing in it.</summary>
    internal BackupPlanConfig()
    {
    }

    public required string Name { get; init; }

    /// <summary>Those that it backs up.</summary>
    public required IReadOnlyList<DatabaseConfig> Databases { get; init; }

    /// <summary>Read and validated; acted upon by the scheduler.</summary>
    public ScheduleConfig? Schedule { get; init; }

    /// <summary>As a job's; one start and one end for all of its databases.</summary>
    internal LateValue<Secret>? Ping { get; init; }

    /// <summary>Where its backups are kept, in the order in which they are filled; the first of all places where none is stated.</summary>
    public required IReadOnlyList<PlaceConfig> Places { get; init; }

    public KeepConfig Keep { get; init; } = new();

    /// <summary>
    /// How each new backup is proven. <c>none</c>: by what is checked when it is taken; <c>integrity</c>: every byte is read;
    /// <c>drill</c>: it is restored into a throw-away server, and every row is compared.
    /// </summary>
    public BackupProof Verify { get; init; } = BackupProof.Integrity;

    /// <summary>As a job's.</summary>
    public BackupCompression Compression { get; init; } = BackupCompression.Auto;

    /// <summary>How many databases are backed up at once, those of one server sharing 6 connections.</summary>
    public int Parallel { get; init; } = 2;

    /// <summary>As a job's.</summary>
    public TimeSpan? Blocking { get; init; } = new LimitsConfig().Blocking;
}

/// <summary>How a backup is proven to be good.</summary>
public enum BackupProof
{
    /// <summary>Only by what every backup is checked for when it is taken.</summary>
    None,

    /// <summary>Every byte is read, decrypted and decompressed, and the rows of every table are counted.</summary>
    Integrity,

    /// <summary>It is restored into a throw-away server, and every row is compared.</summary>
    Drill,
}

/// <summary>
/// How long backups are kept: one that any of the rules keeps, stays. Where no rule is stated, 7 days. Days, weeks (from
/// Monday) and months are those of UTC.
/// </summary>
public sealed record KeepConfig
{
    /// <summary>
    /// Keeps everything younger than this many days; 7 where neither this nor one of the next three is stated. What any rule keeps, stays.
    /// </summary>
    public int? Days
    {
        get => field ?? (Daily is null && Weekly is null && Monthly is null ? 7 : null);
        init;
    }

    /// <summary>Keeps the newest of each of the last so many days that have one.</summary>
    public int? Daily { get; init; }

    /// <summary>Keeps the newest of each of the last so many weeks that have one; a week begins on Monday, UTC.</summary>
    public int? Weekly { get; init; }

    /// <summary>Keeps the newest of each of the last so many months that have one.</summary>
    public int? Monthly { get; init; }

    /// <summary>
    /// How many days a backup is kept instead whose tag the pattern matches (<c>*</c> and <c>?</c>); the first match counts.
    /// </summary>
    public IReadOnlyList<TagKeep> Tags { get; init; } = [];

    /// <summary>Such as <c>7 days, 4 weekly, release-* for ever</c>.</summary>
    public override string ToString() => string.Join(", ", ((string?[])
    [
        Days is { } days ? Quantity.Of(days, "day") : null,
        Daily is { } daily ? $"{daily} daily" : null,
        Weekly is { } weekly ? $"{weekly} weekly" : null,
        Monthly is { } monthly ? $"{monthly} monthly" : null,
        .. Tags.Select(t => $"{t.Pattern} {(t.Days is { } kept ? Quantity.Of(kept, "day") : "for ever")}"),
    ]).OfType<string>());
}

/// <param name="Days">How long; null for ever.</param>
public sealed record TagKeep(string Pattern, int? Days);
