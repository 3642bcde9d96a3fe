namespace BackupSync.Configuration;

/// <summary>What a run of a job copies.</summary>
public enum SyncMode
{
    /// <summary>The whole database, but for what <see cref="ExcludeConfig"/> leaves out.</summary>
    Full,

    /// <summary>The rows of <see cref="JobConfig.Tables"/> that changed since the last run.</summary>
    Incremental,
}

/// <summary>How changed rows of a table are found.</summary>
public enum TrackBy
{
    /// <summary>
    /// By stamps where the table has a column of <see cref="IncrementalConfig.UpdatedAtColumns"/> that is never null, else by content.
    /// </summary>
    Auto,

    /// <summary>
    /// By the stamp, null or later than the last run, that each change of a row leaves in one of
    /// <see cref="IncrementalConfig.UpdatedAtColumns"/>.
    /// </summary>
    UpdatedAt,

    /// <summary>By comparing what the rows hold on both sides.</summary>
    Content,
}

/// <summary>Which row stays where the target's was changed too.</summary>
public enum ConflictRule
{
    /// <summary>The source's, always.</summary>
    SourceWins,

    /// <summary>The one with the later stamp; needs a column of <see cref="IncrementalConfig.UpdatedAtColumns"/>.</summary>
    LastWriteWins,
}

/// <summary>What an incremental run does when the tables of source and target no longer have the same form.</summary>
public enum SchemaChangeRule
{
    /// <summary>It becomes a full run.</summary>
    Full,

    /// <summary>It fails, and changes nothing.</summary>
    Stop,
}

/// <param name="Tables">A pattern (<c>*</c> and <c>?</c>), which may be qualified with a schema.</param>
public sealed record TrackByRule(string Tables, TrackBy Way);

/// <summary>How incremental runs find and apply changes.</summary>
public sealed record IncrementalConfig
{
    /// <summary>
    /// In the file's order: the first match counts; a table that none matches is <see cref="Configuration.TrackBy.Auto"/>.
    /// </summary>
    public IReadOnlyList<TrackByRule> TrackBy { get; init; } = [];

    /// <summary>Columns that hold when a row was last changed; a table's is the first of these that it has.</summary>
    public IReadOnlyList<string> UpdatedAtColumns { get; init; } = UsualColumns;

    /// <summary>
    /// How much later than its stamp a row may become visible, as those of long transactions do: so much of the time before
    /// the last run is read again. Zero for none.
    /// </summary>
    public TimeSpan Lateness { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>In rows: how many are asked for at once.</summary>
    public int BatchSize { get; init; } = 1000;

    /// <summary>Rows that the source no longer has are deleted from the target.</summary>
    public bool Deletes { get; init; } = true;

    /// <summary><see cref="ConflictRule.LastWriteWins"/> needs stamps: see <see cref="UpdatedAtColumns"/>.</summary>
    public ConflictRule Conflict { get; init; } = ConflictRule.SourceWins;

    public SchemaChangeRule OnSchemaChange { get; init; } = SchemaChangeRule.Full;

    /// <summary>Whether the target is to have what the source has, and nothing else.</summary>
    internal bool MayEmpty => Conflict == ConflictRule.SourceWins && Deletes;

    /// <summary>One list for all, so that two records with the defaults are equal.</summary>
    static readonly IReadOnlyList<string> UsualColumns = ["updated_at", "modified_at"];
}
