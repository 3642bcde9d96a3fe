using System.Diagnostics;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// One table on its way: its changes are found (<see cref="IChangeSource"/>), staged (<see cref="StagedChanges"/>), written
/// (<see cref="Operations.Incremental.Applier"/>) and verified, and what became of it is counted.
/// </summary>
/// <param name="target">The session of the target's transaction.</param>
/// <param name="number">As for <see cref="StagedChanges"/>.</param>
sealed class TableSync(
    KeyedTable table, Tracking tracking, IncrementalConfig config, FingerprintMethod method, PgSession target, int number)
{
    readonly IChangeSource _changes = tracking.ChangeSource(table, config, method);
    readonly Stopwatch _clock = new();
    FoundChanges _found = FoundChanges.None;
    PeriodOverlaps? _overlaps;
    Applier? _applier;
    long _unchanged, _kept, _own, _bytes, _inserted, _updated, _deleted;
    bool _leavesDeleted;
    (long Inserted, long Updated, long Deleted) _others;

    public KeyedTable Table { get; } = table;

    /// <summary>Its oid on the source, where it was read; on the target it has another.</summary>
    public uint SourceOid => Table.Table.Oid;

    public Tracking Tracking { get; } = tracking;
    public StagedChanges Staged { get; } = new(table, method, target, number);
    public Applier Applier => _applier ??= NewApplier(Staged);

    /// <summary>Null where nobody has counted them.</summary>
    public long? SourceRows { get; private set; }
    public long? RowsBefore => _found.TargetRows;
    public long? RowsAfter { get; private set; }

    /// <summary>Whether the whole table, and not only what was written, is known to be what the source has.</summary>
    public bool IsVerified { get; private set; }

    /// <summary>Whether all of its content was compared.</summary>
    public bool IsWhole => Tracking.Way != ChangeTracking.UpdatedAt;

    bool IsRepaired => _others != default;

    /// <summary>Without a key a row that was deleted is not told from one that only the target has.</summary>
    public bool MayEmpty => config.Deletes && config.Conflict == ConflictRule.SourceWins;

    public bool LastWriteWins => config.Conflict == ConflictRule.LastWriteWins && Table.HasKey;

    public TableChanges Changes => new(
        Tracking.Way,
        Tracking.Reason,
        _inserted,
        _updated,
        _deleted,
        _unchanged,
        _kept - Staged.Kept.SparedCount + _own,
        _bytes,
        Math.Round(_clock.Elapsed.TotalSeconds, 3))
    { Own = _own, Replaced = _overlaps?.Replaced ?? 0 };

    /// <summary>There is nothing to find: see <see cref="QuietTables"/>.</summary>
    /// <param name="rows">On either side; null where nobody has counted them.</param>
    /// <param name="received">Characters that came over the wire from the source.</param>
    public void FoundNothing(long? rows, long received)
    {
        _found = new FoundChanges(rows, rows, Tracking.Way == ChangeTracking.Whole ? rows ?? 0 : 0, received);
        SourceRows = rows;
        (_unchanged, _bytes) = (_found.Unchanged, received);
    }

    /// <summary>Finds the changes and stages them.</summary>
    /// <param name="fetch">The sessions that rows travel by; one table's at a time.</param>
    /// <param name="own">As <see cref="OwnRows.Condition"/>; null where nobody knows.</param>
    public async Task FindAsync(ComparingLane lane, FetchLine fetch, string? own, CancellationToken cancellationToken)
    {
        _clock.Start();
        var stager = new ChangeStager(Staged, fetch, config.Deletes, MayEmpty);
        _found = await _changes.FindAsync(lane, stager, cancellationToken);
        SourceRows = _found.SourceRows;
        (_unchanged, _bytes) = (_found.Unchanged + stager.Unchanged, _found.Received + stager.Received);
        _leavesDeleted = stager.LeavesDeleted;
        await fetch.UseAsync(async (_, _) =>
        {
            _unchanged += await Staged.TidyAsync(cancellationToken);
            if (LastWriteWins)
                _kept = await Staged.KeepNewerAsync(Tracking.Stamp, own, cancellationToken);
        }, cancellationToken);
        _clock.Stop();
    }

    /// <summary>
    /// Counts what stays of rows that only the target has, when all is written: it has all of the source's keys then, or of a table
    /// without any its rows.
    /// </summary>
    public void CountOwn() => _own = MayEmpty ? 0 : LastWriteWins && config.Deletes ? Staged.Kept.SparedCount
        : SourceRows is { } rows && RowsBefore is { } before ? Math.Max(0, before + _inserted - _deleted - rows) : 0;

    /// <summary>Stages what else has to be written, that unique values may pass from rows to others.</summary>
    /// <returns>Whether the source was read for it.</returns>
    public async Task<bool> BringAlongAsync(IReadOnlyList<UniqueIndex> indexes, PgSession source, CancellationToken cancellationToken)
    {
        if (!Table.HasKey || indexes.Count == 0)
            return false;
        _clock.Start();
        var conflicts = new UniqueConflicts(Staged, target);
        if (!MayEmpty && indexes.FirstOrDefault(i => i.IsKey) is { } period)
        {
            _overlaps = new PeriodOverlaps(Staged, conflicts, target);
            _kept += await _overlaps.SettleAsync(period, LastWriteWins ? Tracking.Stamp : null, cancellationToken);
        }
        var inTheWay = new RowsInTheWay(Staged, conflicts, config, LastWriteWins);
        var hasRead = await inTheWay.BringAlongAsync(indexes, source, cancellationToken);
        _bytes += inTheWay.Received;
        _clock.Stop();
        return hasRead;
    }

    public async Task WriteAsync(IReadOnlyList<UniqueIndex> indexes, ForeignKeyOrder order, CancellationToken cancellationToken)
    {
        _clock.Start();
        Count(await Applier.WriteAsync(indexes, order, cancellationToken));
        _clock.Stop();
    }

    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        _clock.Start();
        _deleted += await Applier.DeleteAsync(cancellationToken);
        _clock.Stop();
    }

    /// <summary>Whether the foreign keys of other tables' rows have changed rows here since this was last asked.</summary>
    /// <param name="written">To the table, by whatever statement; null where the server does not count: they may have, once.</param>
    public bool IsReached(TableWrites? written)
    {
        var others = written is null ? (-1, -1, -1) : OthersOf(written);
        if (others == _others)
            return false;
        _others = others;
        return true;
    }

    /// <summary>Brings back what foreign keys have changed.</summary>
    /// <param name="again">An empty one for this table.</param>
    /// <returns>What was repaired by: it is to be completed when all are.</returns>
    public async Task<Applier> RepairAsync(StagedChanges again, string? own, PgSession source, CancellationToken cancellationToken)
    {
        _clock.Start();
        var repair = new TableRepair(again, config, method);
        var applier = NewApplier(again);
        applier.Late = Applier.Late;
        IReadOnlyList<UniqueIndex> indexes = [];
        if (Table.HasKey)
        {
            _bytes += await repair.StageDifferingAsync(source, target, cancellationToken);
            if (LastWriteWins)
                await again.KeepNewerAsync(Tracking.Stamp, own, cancellationToken);
        }
        else
        {
            _bytes += await repair.StageWholeAsync(source, MayEmpty, cancellationToken);
            indexes = await UniqueIndex.ReadAsync(target, Table, cancellationToken);
        }
        Count(await applier.WriteAsync(indexes, order: null, cancellationToken));
        _deleted += await applier.DeleteAsync(cancellationToken);
        _clock.Stop();
        return applier;
    }

    /// <summary>Compares what the table holds now, still out of sight, with the source.</summary>
    /// <param name="written">To the table in this transaction, by whatever statement; null where the server does not count.</param>
    /// <returns>Whether the source was read for it.</returns>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>: they differ.</exception>
    public async Task<bool> VerifyAsync(PgSession source, TableWrites? written, CancellationToken cancellationToken)
    {
        var reads = IsRepaired && config.Deletes && _kept == 0 && _found.Whole is null;
        var known = reads ? await FingerprintReader.ReadTableAsync(source, Table.Table, method, cancellationToken) : _found.Whole;
        if (!Staged.IsTouched && !IsRepaired)
        {
            RowsAfter = RowsBefore;
            IsVerified = IsWhole && SourceRows == RowsAfter && _kept == 0;
            return false;
        }
        _clock.Start();
        await Applier.VerifyAsync(cancellationToken);
        var verification = new TableVerification(Table, method, target);
        if (known is { } whole && (Table.HasKey || MayEmpty))
        {
            (SourceRows, RowsAfter) = (whole.Rows, await verification.CompareAsync(whole, cancellationToken));
            IsVerified = true;
        }
        else if (SourceRows is { } rows && _kept == 0 && !_leavesDeleted)
        {
            long? more = written is not null && OthersOf(written) == default ? _inserted - _deleted : null;
            RowsAfter = await verification.LookAgainAsync(_found.Comparison, rows, more, cancellationToken);
            IsVerified = IsWhole;
        }
        else
        {
            RowsAfter = RowsBefore + _inserted - _deleted;
        }
        _clock.Stop();
        return reads;
    }

    /// <summary>What of it is not our own statements' doing.</summary>
    (long Inserted, long Updated, long Deleted) OthersOf(TableWrites written)
    {
        var ours = Applier.Writes;
        return (written.Inserted - _inserted - ours.Again - ours.Vain.Inserted,
            written.Updated - _updated + ours.Again - ours.Parked - ours.Vain.Updated,
            written.Deleted - _deleted - ours.Again - ours.Vain.Deleted);
    }

    void Count(AppliedRows rows) =>
        (_inserted, _updated, _kept) = (_inserted + rows.Inserted, _updated + rows.Updated, _kept + rows.Kept);

    /// <summary>Where no key tells rows apart, other unique values may.</summary>
    Applier NewApplier(StagedChanges staged) =>
        Applier.Of(staged, config.Conflict == ConflictRule.LastWriteWins ? Tracking.Stamp : null, target);
}
