using BackupSync.Comparison;
using BackupSync.Configuration;

namespace BackupSync.Operations.Incremental;

/// <summary>Why stamps may not tell of all that has changed since the last run, as phrases; null where they do.</summary>
/// <param name="given">What is known against all of them from the beginning.</param>
/// <param name="before">The notes of the last run; null where there are none.</param>
/// <param name="fullEvery">Every how many runs all content is compared; 0 for never.</param>
sealed class StampDoubt(string? given, SidesAtSnapshot now, SyncState? before, ConflictRule conflict, int fullEvery)
{
    readonly string? _ofAll = given ?? OfAll(now, before, conflict, fullEvery);

    public string? Of(KeyedTable table)
    {
        var state = before?.Tables.GetValueOrDefault(table.Name);
        return _ofAll ?? (state?.Watermark is null ? "no stamps of it are known yet"
            : state.Writes != now.Writes[table.Name] ? "others have written to it since the last run"
            : now.Naming.Contains(table.Name)
                ? "it has names of roles or other objects as values, which change where these are renamed"
            : now.SourceTables[table.Name].IsSubscribed
                ? "a subscription of the source brings it rows that were stamped elsewhere, before"
            : state.Source is null || now.SourceTables[table.Name].MayBeOthersThan(state.Source)
                ? "its rows on the source may have been replaced since the last run"
            : state.Columns != now.Columns[table.Name] || state.Source.Columns != now.SourceTables[table.Name].Columns
                ? "its columns are others than in the last run, and a command that changes them stamps no row"
                : null);
    }

    static string? OfAll(SidesAtSnapshot now, SyncState? before, ConflictRule conflict, int fullEvery) =>
        now.Moment.Writers.WhyUnknown is { } unknown ? unknown
        : (now.Counts.WhyNone ?? now.SourceCounts.WhyNone) is { } uncounted ? uncounted
        : before is null ? "the target has no notes of an earlier run"
        : before.Tables.Count == 0 ? "this is the first incremental run since the full sync"
        : before.Source != now.Moment.Source ? "the last run read another database"
        : before.SourceServer != now.Moment.Server
            ? "the source's server is another one, was started again, or has another past than in the last run"
        : before.SourceTransaction > now.Moment.NextTransaction || before.SnapshotTime > now.Taken
            ? "the source was set back since the last run"
        : before.Conflict is { } rule && rule != conflict ? "the last run took rows that both sides have by another rule"
        : before.SourceCountsSince != now.SourceCounts.Beginning
            ? "the source's server counts what is written to it anew since the last run"
        : before.CountsSince != now.Counts.Beginning
            ? "the target's server counts what is written to it anew since the last run"
        : fullEvery > 0 && before.RunsSinceWhole + 1 >= fullEvery ? $"it is due, as every {fullEvery} runs"
        : null;
}
