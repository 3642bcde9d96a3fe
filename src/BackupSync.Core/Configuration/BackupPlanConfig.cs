namespace BackupSync.Configuration;

/// <summary>Which databases are backed up when, where to, for how long, and how the backups are proven.</summary>
public sealed record BackupPlanConfig
{
    /// <summary>Not for PowerShell, which would make one of any hashtable, with nothing in it.</summary>
    internal BackupPlanConfig()
    {
    }

    public required string Name { get; init; }
    public required IReadOnlyList<DatabaseConfig> Databases { get; init; }

    /// <summary>Read and validated; acted upon by the scheduler.</summary>
    public ScheduleConfig? Schedule { get; init; }

    /// <summary>At least one, in the order in which they are filled.</summary>
    public required IReadOnlyList<PlaceConfig> Places { get; init; }

    public KeepConfig Keep { get; init; } = new();
    public BackupProof Verify { get; init; } = BackupProof.Integrity;
    public BackupCompression Compression { get; init; } = BackupCompression.Auto;

    /// <summary>How many databases are backed up at once.</summary>
    public int Parallel { get; init; } = 2;

    /// <summary>See <see cref="LimitsConfig.Blocking"/>.</summary>
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
    /// <summary>Everything younger than this many days; 7 where none of the other three is stated either.</summary>
    public int? Days
    {
        get => field ?? (Daily is null && Weekly is null && Monthly is null ? 7 : null);
        init;
    }

    /// <summary>The newest of each of the last so many days that have one.</summary>
    public int? Daily { get; init; }
    public int? Weekly { get; init; }
    public int? Monthly { get; init; }

    /// <summary>Backups whose tag matches (<c>*</c> and <c>?</c>) are kept so many days; the first match counts.</summary>
    public IReadOnlyList<TagKeep> Tags { get; init; } = [];
}

/// <param name="Days">How long; null for ever.</param>
public sealed record TagKeep(string Pattern, int? Days);
