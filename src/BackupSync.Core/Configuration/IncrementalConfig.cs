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
    /// How changes are found. <c>updatedAt</c>: by stamps; <c>content</c>: by comparing; <c>auto</c>: by stamps where there are any. One
    /// for all tables, or one for each pattern: the first match counts, else <c>auto</c>. A table that cannot go by the stamps it asks for
    /// is compared, and a warning names it.
    /// </summary>
    public IReadOnlyList<TrackByRule> TrackBy { get; init; } = [];

    /// <summary>Columns with stamps of when a row was last changed; a table's is the first of these that it has.</summary>
    public IReadOnlyList<string> UpdatedAtColumns { get; init; } = UsualColumns;

    /// <summary>
    /// How much later than its stamp a row may become visible, as those of long transactions do: stamps of this long before the last run
    /// are read again.
    /// </summary>
    public TimeSpan Lateness { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many rows are fetched at once.</summary>
    public int BatchSize { get; init; } = 1000;

    /// <summary>
    /// Whether rows that the source no longer has are deleted; <c>false</c> only adds and updates, and a table without a key then only
    /// gains rows.
    /// </summary>
    public bool Deletes { get; init; } = true;

    /// <summary>
    /// Which row stays where the target's was changed, too. <c>lastWriteWins</c>: the one with the later stamp, which needs
    /// <see cref="UpdatedAtColumns"/>; a table without a key then only gains rows.
    /// </summary>
    public ConflictRule Conflict { get; init; } = ConflictRule.SourceWins;

    /// <summary>
    /// What a run does where the tables no longer have the same form. <c>full</c>: it becomes a full one, where nothing on the target is to
    /// stay (no <c>tables</c>, no <c>deletes: false</c>, no <c>lastWriteWins</c>, nothing of its own) or nothing is there yet;
    /// <c>stop</c>: it fails.
    /// </summary>
    public SchemaChangeRule OnSchemaChange { get; init; } = SchemaChangeRule.Full;

    /// <summary>Whether the target is to have what the source has, and nothing else.</summary>
    internal bool MayEmpty => Conflict == ConflictRule.SourceWins && Deletes;

    /// <summary>One list for all, so that two records with the defaults are equal.</summary>
    static readonly IReadOnlyList<string> UsualColumns = ["updated_at", "modified_at"];
}
