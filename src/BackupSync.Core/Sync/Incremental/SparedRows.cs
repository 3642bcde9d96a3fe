namespace BackupSync.Sync.Incremental;

/// <summary>
/// Rows that only the target has, and that stay there with lastWriteWins: those stamped since the last run, and those that earlier
/// runs have spared. Without this memory the next run would take them for rows that the source has deleted.
/// </summary>
/// <param name="Keys">As COPY's text format has them.</param>
/// <param name="All">Whatever only the target has: there are too many to name, or nobody knows yet what the source had.</param>
sealed record SparedRows(IReadOnlyList<string> Keys, bool All)
{
    /// <summary>More keys than these are not kept in the notes.</summary>
    public const int MostKeys = 10_000;

    public static SparedRows None { get; } = new([], All: false);
}
