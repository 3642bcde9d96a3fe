using System.Diagnostics;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>One table on its way: what has changed of it, what was staged, what was written.</summary>
sealed class TableSync(KeyedTable table, Tracking tracking, StagedTable staged, IncrementalConfig config, FingerprintMethod method)
{
    /// <summary>In one go.</summary>
    const int MostRepaired = 50_000;

    readonly IChangeSource _changes = tracking.ChangeSource(table, config, method);
    readonly Stopwatch _clock = new();
    FoundChanges _found = FoundChanges.None;
    long _unchanged, _kept, _own, _bytes, _inserted, _updated, _deleted;
    bool _leavesDeleted;
    (long Inserted, long Updated, long Deleted) _others;

    public KeyedTable Table { get; } = table;
    public Tracking Tracking { get; } = tracking;
    public StagedTable Staged { get; } = staged;

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

    /// <summary>Where no key tells rows apart, other unique values may.</summary>
    TableColumn? StampOfKeyless => config.Conflict == ConflictRule.LastWriteWins ? Tracking.Stamp : null;

    public TableChanges Changes => new(
        Tracking.Way,
        Tracking.Reason,
        _inserted,
        _updated,
        _deleted,
        _unchanged,
        _kept - Staged.SparedRows + _own,
        _bytes,
        Math.Round(_clock.Elapsed.TotalSeconds, 3))
    { Own = _own, Replaced = Staged.Overlapped };

    /// <summary>How many rows are to go.</summary>
    public long ToDelete => Staged.Deletions;

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
    public void CountOwn() => _own = MayEmpty ? 0 : LastWriteWins && config.Deletes ? Staged.SparedRows
        : SourceRows is { } rows && RowsBefore is { } before ? Math.Max(0, before + _inserted - _deleted - rows) : 0;

    /// <summary>Brings along rows that hold unique values which others are to get, though nothing has told of a change of them.</summary>
    public async Task<bool> BringAlongAsync(IReadOnlyList<UniqueIndex> indexes, PgSession source, CancellationToken cancellationToken)
    {
        if (!Table.HasKey || indexes.Count == 0)
            return false;
        var hasRead = false;
        _clock.Start();
        if (!MayEmpty && indexes.FirstOrDefault(i => i.IsKey) is { } period)
            _kept += await Staged.SettleOverlapsAsync(period, LastWriteWins ? Tracking.Stamp : null, cancellationToken);
        while (await Staged.InTheWayAsync(indexes, cancellationToken) is { Count: > 0 } keys)
        {
            if (LastWriteWins)
            {
                throw new ConstraintInTheWayException(
                    $"Rows of {Table.Name} that were kept, because they are newer or the target's own, hold unique values that rows of "
                        + "the source have now.", OrLoseRows);
            }
            var staged = Staged.Rows;
            hasRead = true;
            foreach (var some in keys.Chunk(config.BatchSize))
                _bytes += await Staged.FillAsync(source, some, cancellationToken);
            if (Staged.Rows == staged)
            {
                // The source has none of them any more.
                if (!config.Deletes)
                {
                    throw new ConstraintInTheWayException(
                        $"Rows of {Table.Name} that the source has deleted hold unique values that others of its rows have now, and "
                            + "incremental.deletes is false.", OrLoseRows);
                }
                await Staged.DeleteAsync(keys, cancellationToken);
            }
        }
        _clock.Stop();
        return hasRead;
    }

    public async Task WriteAsync(IReadOnlyList<UniqueIndex> indexes, ForeignKeyOrder keys, CancellationToken cancellationToken)
    {
        _clock.Start();
        if (Table.HasKey)
        {
            await Staged.ParkAsync(indexes, PutOffAsync, DeleteEarlyAsync, cancellationToken);
            (_inserted, _updated) = await Staged.MergeAsync(cancellationToken);
        }
        else
        {
            (_inserted, _updated, var kept) = await Staged.ReplaceAsync(
                indexes, StampOfKeyless, PutOffAsync, DeleteEarlyAsync, cancellationToken);
            _kept += kept;
        }
        _clock.Stop();

        Task<bool> PutOffAsync(IEnumerable<string> columns) => keys.DeferAsync(Table, columns, cancellationToken);
        Task<bool> DeleteEarlyAsync() => keys.DeleteEarlyAsync(cancellationToken);
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

    /// <summary>What of it is not our own statements' doing.</summary>
    (long Inserted, long Updated, long Deleted) OthersOf(TableWrites written) =>
        (written.Inserted - _inserted - Staged.Again - Staged.Vain.Inserted, written.Updated - _updated + Staged.Again - Staged.Parked
            - Staged.Vain.Updated,
            written.Deleted - _deleted - Staged.Again - Staged.Vain.Deleted);

    /// <summary>Brings back what foreign keys have changed: what was staged does not tell which rows that are.</summary>
    /// <param name="again">An empty one for this table.</param>
    public async Task RepairAsync(StagedTable again, string? own, PgSession source, PgSession target, CancellationToken cancellationToken)
    {
        _clock.Start();
        if (Table.HasKey)
        {
            var comparison = await TableComparison.ReadAsync(Table, method, keysOnly: false, source, target, cancellationToken);
            List<string> changed = [], gone = [];
            await foreach (var row in comparison.RowsAsync(source, target, cancellationToken))
            {
                // Not left in the middle: that would end the statement, and with it both transactions. What is too much now is the next
                // pass's.
                if (changed.Count + gone.Count < MostRepaired)
                    (row.Side == RowSide.TargetOnly ? gone : changed).Add(row.Key);
            }
            foreach (var some in changed.Chunk(config.BatchSize))
                _bytes += await again.FillAsync(source, some, cancellationToken);
            if (config.Deletes && gone.Count > 0)
                await again.DeleteAsync(gone, cancellationToken);
            await again.TidyAsync(cancellationToken);
            if (LastWriteWins)
                await again.KeepNewerAsync(Tracking.Stamp, own, cancellationToken);
            var (inserted, updated) = await again.MergeAsync(cancellationToken);
            (_inserted, _updated) = (_inserted + inserted, _updated + updated);
        }
        else
        {
            _bytes += await again.FillAsync(source, again.SelectFromSource(), _ => { }, cancellationToken);
            await again.LeaveDifferenceAsync(MayEmpty, cancellationToken);
            var (inserted, updated, kept) = await again.ReplaceAsync(
                await UniqueIndex.ReadAsync(target, Table, cancellationToken), StampOfKeyless, _ => Task.FromResult(false), () => Task
                    .FromResult(false), cancellationToken);
            (_inserted, _updated, _kept) = (_inserted + inserted, _updated + updated, _kept + kept);
        }
        _deleted += await again.DeleteStagedAsync(cancellationToken);
        _clock.Stop();
    }

    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        _clock.Start();
        _deleted += await Staged.DeleteStagedAsync(cancellationToken);
        _clock.Stop();
    }

    /// <summary>Compares what the table holds now, still out of sight, with the source.</summary>
    /// <param name="written">To the table in this transaction, by whatever statement; null where the server does not count.</param>
    /// <returns>Whether the source was read for it.</returns>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>: they differ.</exception>
    public async Task<bool> VerifyAsync(PgSession source, PgSession target, TableWrites? written, CancellationToken cancellationToken)
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
        var wrong = await Staged.CountWrongAsync(cancellationToken);
        if (wrong > 0)
            throw Differs(
                target,
                $"{wrong} of {Staged.Rows + Staged.Deletions} rows that were written or deleted are not what the source has");
        if (await Staged.CountLostAsync(cancellationToken) is > 0 and var lost)
        {
            throw new BackupSyncException(ErrorIds.VerificationFailed,
                $"{target.Login.Label}: {lost} row(s) of {Table.Name} that were to be kept, because they are newer or the target's "
                    + "own, would go with rows that they refer to and that the source has deleted.",
                "Delete them on the target, or bring back on the source what they refer to; with conflict: "
                    + "sourceWins they go without asking.");
        }
        if (known is { } whole && (Table.HasKey || MayEmpty))
        {
            var now = await FingerprintReader.ReadTableAsync(target, Table.Table, method, cancellationToken);
            (SourceRows, RowsAfter) = (whole.Rows, now.Rows);
            if (now.Rows != whole.Rows || now.Hash != whole.Hash)
                throw Differs(
                    target,
                    now.Rows != whole.Rows
                        ? $"{whole.Rows} rows expected, {now.Rows} found"
                        : $"the content of its {now.Rows} rows differs");
            IsVerified = true;
        }
        else if (SourceRows is { } rows && _kept == 0 && !_leavesDeleted)
        {
            var (isResolved, now) = _found.Comparison is null
                ? (true, await target.ScalarAsync<long>($"SELECT count(*) FROM {Table.Table.Rows}", cancellationToken))
                : await _found.Comparison.LookAgainAsync(
                    target, written is not null && OthersOf(written) == default ? _inserted - _deleted : null, cancellationToken);
            RowsAfter = now;
            if (RowsAfter != rows)
                throw Differs(target, $"{rows} rows expected, {RowsAfter} found");
            if (!isResolved)
                throw Differs(target, "rows with the keys of those that were written hold something else");
            IsVerified = IsWhole;
        }
        else
        {
            RowsAfter = RowsBefore + _inserted - _deleted;
        }
        _clock.Stop();
        return reads;
    }

    const string OrLoseRows = "Delete such rows on the target or give them other values; or run once with -Mode Full (--mode full), "
        + "which removes what only the target has.";

    BackupSyncException Differs(PgSession target, string how) => new(
        ErrorIds.VerificationFailed, $"{target.Login.Label}: {Table.Name} would not hold what the source holds: {how}.",
        "Something on the target changes what is written (a generated column, a function that depends on the server). Compare-DbData "
            + "-Table … -Detail tells which rows differ.");
}
