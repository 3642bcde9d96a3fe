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
    /// <summary>If so many rows differ, and more than are the same, reading all rows at once is faster than asking for each.</summary>
    const long Many = 20_000;

    /// <summary>In one go.</summary>
    const int MostRepaired = 50_000;

    readonly Stopwatch _clock = new();
    TableComparison? _comparison;
    TableFingerprint? _whole;
    long _unchanged, _kept, _own, _bytes, _inserted, _updated, _deleted;
    bool _leavesDeleted;
    (long Inserted, long Updated, long Deleted) _others;

    public KeyedTable Table { get; } = table;
    public Tracking Tracking { get; } = tracking;
    public StagedTable Staged { get; } = staged;

    /// <summary>Null where nobody has counted them.</summary>
    public long? SourceRows { get; private set; }
    public long? RowsBefore { get; private set; }
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

    /// <summary>By stamps: whether a row may have been written since the last run, as a condition.</summary>
    public string IsStampedSince
    {
        get
        {
            var stamp = Sql.Identifier(Tracking.Stamp!.Name);
            var since = StagedTable.Moment(Tracking.Stamp, Tracking.Since!.Value - config.Lateness);
            return $"{stamp} >= {since}{(Tracking.Stamp.IsNotNull ? "" : $" OR {stamp} IS NULL")}";
        }
    }

    /// <summary>There is nothing to find: see <see cref="QuietTables"/>.</summary>
    /// <param name="rows">On either side; null where nobody has counted them.</param>
    /// <param name="received">Characters that came over the wire from the source.</param>
    public void FoundNothing(long? rows, long received)
    {
        (SourceRows, RowsBefore) = (rows, rows);
        _bytes += received;
        if (Tracking.Way == ChangeTracking.Whole)
            _unchanged = rows ?? 0;
    }

    /// <summary>Finds the changes and stages them.</summary>
    /// <param name="fetch">The sessions that rows travel by; one table's at a time.</param>
    /// <param name="own">As <see cref="OwnRows.Condition"/>; null where nobody knows.</param>
    public async Task FindAsync(ComparingLane lane, FetchLine fetch, string? own, CancellationToken cancellationToken)
    {
        _clock.Start();
        switch (Tracking.Way)
        {
            case ChangeTracking.UpdatedAt:
                await FindByStampAsync(lane, fetch, cancellationToken);
                break;
            case ChangeTracking.Content:
                await CompareAsync(lane, fetch, keysOnly: false, cancellationToken);
                break;
            default:
                await FindWholeAsync(lane, fetch, cancellationToken);
                break;
        }
        _unchanged += _comparison?.Unchanged ?? 0;
        _bytes += _comparison?.Received ?? 0;
        await fetch.UseAsync(async (source, _) =>
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
        var reads = IsRepaired && config.Deletes && _kept == 0 && _whole is null;
        if (reads)
            _whole = await FingerprintReader.ReadTableAsync(source, Table.Table, method, cancellationToken);
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
        if (_whole is { } whole && (Table.HasKey || MayEmpty))
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
            var (isResolved, now) = _comparison is null
                ? (true, await target.ScalarAsync<long>($"SELECT count(*) FROM {Table.Table.Rows}", cancellationToken))
                : await _comparison.LookAgainAsync(
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

    async Task FindByStampAsync(ComparingLane lane, FetchLine fetch, CancellationToken cancellationToken)
    {
        await fetch.UseAsync(async (source, progress) =>
            _bytes += await Staged.FillAsync(
                source, Staged.SelectFromSource($"WHERE {IsStampedSince}"), progress, cancellationToken), cancellationToken);
        if (config.Deletes)
            await CompareAsync(lane, fetch, keysOnly: true, cancellationToken);
    }

    async Task CompareAsync(ComparingLane lane, FetchLine fetch, bool keysOnly, CancellationToken cancellationToken)
    {
        var (there, here) = await lane.BothAsync(cancellationToken);
        _comparison = await TableComparison.ReadAsync(Table, method, keysOnly, there, here, cancellationToken);
        (SourceRows, RowsBefore) = (_comparison.SourceRows, _comparison.TargetRows);
        List<string> fetched = [], deleted = [];
        long different = 0;
        var isOtherTable = false;
        // Whoever stops reading in the middle has the statement cancelled, and a transaction does not outlive that.
        if (_comparison.Differing.Count > 0)
            await there.ExecuteAsync("SAVEPOINT backupsync_rows", cancellationToken);
        await foreach (var row in _comparison.RowsAsync(there, here, cancellationToken))
        {
            if (++different > Many && different > _comparison.Unchanged && config.Deletes && !keysOnly)
            {
                isOtherTable = true;
                break;
            }
            (row.Side == RowSide.TargetOnly ? deleted : fetched).Add(row.Key);
            if (fetched.Count == config.BatchSize)
                await FetchAsync();
            if (deleted.Count == config.BatchSize)
                await DeleteAsync();
        }
        if (isOtherTable)
        {
            await there.ExecuteAsync("ROLLBACK TO SAVEPOINT backupsync_rows", cancellationToken);
            await here.ExecuteAsync(KeyBuckets.UsualPlanning, cancellationToken);
            await StageAllAsync(fetch, cancellationToken);
            return;
        }
        await FetchAsync();
        await DeleteAsync();

        async Task FetchAsync()
        {
            if (fetched.Count == 0)
                return;
            await fetch.UseAsync(
                async (source, _) => _bytes += await Staged.FillAsync(source, fetched, cancellationToken),
                cancellationToken);
            fetched.Clear();
        }

        async Task DeleteAsync()
        {
            _leavesDeleted |= deleted.Count > 0 && !config.Deletes;
            if (deleted.Count > 0 && config.Deletes)
                await fetch.UseAsync((_, _) => Staged.DeleteAsync(deleted, cancellationToken), cancellationToken);
            deleted.Clear();
        }
    }

    Task StageAllAsync(FetchLine fetch, CancellationToken cancellationToken) => fetch.UseAsync(async (source, progress) =>
    {
        await Staged.ClearAsync(cancellationToken);
        _bytes += await Staged.FillAsync(source, Staged.SelectFromSource(), progress, cancellationToken);
        if (Table.HasKey)
            await Staged.StageDeletionsAsync(cancellationToken);
        else
            (_unchanged, _leavesDeleted) = (_unchanged + await Staged.LeaveDifferenceAsync(MayEmpty, cancellationToken), _leavesDeleted
                || !MayEmpty);
    }, cancellationToken);

    async Task FindWholeAsync(ComparingLane lane, FetchLine fetch, CancellationToken cancellationToken)
    {
        var (there, here) = await BothSides.RunAsync(
            async ct => await FingerprintReader.ReadTableAsync((await lane.SourceAsync(ct)).Session, Table.Table, method, ct),
            async ct => await FingerprintReader.ReadTableAsync(await lane.TargetAsync(ct), Table.Table, method, ct), cancellationToken);
        _whole = there;
        (SourceRows, RowsBefore) = (there.Rows, here.Rows);
        if (there.Rows != here.Rows || there.Hash != here.Hash)
            await StageAllAsync(fetch, cancellationToken);
        else
            _unchanged = there.Rows;
    }

    const string OrLoseRows = "Delete such rows on the target or give them other values; or run once with -Mode Full (--mode full), "
        + "which removes what only the target has.";

    BackupSyncException Differs(PgSession target, string how) => new(
        ErrorIds.VerificationFailed, $"{target.Login.Label}: {Table.Name} would not hold what the source holds: {how}.",
        "Something on the target changes what is written (a generated column, a function that depends on the server). Compare-DbData "
            + "-Table … -Detail tells which rows differ.");
}
