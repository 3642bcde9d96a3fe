using System.Collections.Concurrent;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>One snapshot of the source, and one transaction on the target.</summary>
/// <param name="doubt">Why stamps are not to be believed in this one; null where they are.</param>
sealed class IncrementalAttempt(
    RunContext run, SyncFindings findings, SourceSide source, TargetSide target, SyncRequest request, string? doubt) : IAsyncDisposable
{
    /// <summary>Notes that only save the next run work.</summary>
    static readonly TimeSpan OwnUpLimit = TimeSpan.FromSeconds(10);

    readonly TargetTransaction _transaction = new(run, target);
    readonly FingerprintMethod _method = FingerprintReader.MethodForRun(source.Facts.Major, target.Facts.Major);
    Snapshot? _snapshot;
    SourceLane? _lane;
    SidesAtSnapshot? _now;
    SyncState? _before;
    IReadOnlyList<string> _objects = [];
    IReadOnlyDictionary<string, TableWrites> _written = new Dictionary<string, TableWrites>();
    IReadOnlyList<TableSync> _tables = [];
    RowRules? _rules;

    /// <summary>
    /// The search path of all sessions, where one of the tables needs any: checks of foreign keys read others' tables, too.
    /// </summary>
    string? _path;
    int _runsSinceWhole;
    bool _hasOwn, _hasOwnedUp;

    public bool ReliesOnStamps => _tables.Any(t => !t.IsWhole);
    /// <summary>
    /// Whether a full sync may follow where rows alone cannot be carried: never where the target holds what is none of the source's.
    /// </summary>
    public bool MayBecomeFull => request.MayBecomeFull && !_hasOwn;

    public bool MergeBegun { get; private set; }
    public bool CommitBegun => _transaction.CommitBegun;

    PgSession Writer => _transaction.Session;

    /// <summary>Not the session that holds the snapshot: whoever wants a table for himself would wait for it to the end.</summary>
    PgSession Reader => _lane!.Session;

    /// <summary>Finds what has changed, and brings it to the target's side.</summary>
    /// <returns>Why only a full sync will do; null where this one does.</returns>
    public async Task<string?> CompareAsync(StepScope scope, CancellationToken cancellationToken)
    {
        var told = await BeginAsync(cancellationToken);
        var tables = await ReadTablesAsync(cancellationToken);
        if (await CompareSchemasAsync(cancellationToken) is { } reason)
            return reason;
        tables = WithoutGeneratedColumns(tables);
        await LockAsync(tables, cancellationToken);
        await DropDomainRulesAsync(tables, cancellationToken);
        await ReadNotesAsync(tables, told, cancellationToken);
        Plan(tables);
        await FindAsync(scope, cancellationToken);
        await EnsureReadAsync(cancellationToken);
        EnsureNotShrunken();
        var changed = _tables.Where(t => t.Staged.IsTouched).ToList();
        scope.Note = $"{Quantity.Of(_tables.Count, "table")}: {Ways()}; "
            + (changed.Count == 0 ? "nothing has changed"
                : $"{Quantity.Of(changed.Sum(t => t.Staged.Rows.Count), "row")} to write, "
                    + $"{Quantity.Number(changed.Sum(t => t.Staged.ToDelete))} to delete");
        findings.Changes = Results();
        return null;
    }

    public async Task MergeAsync(StepScope scope, CancellationToken cancellationToken)
    {
        MergeBegun = true;
        var touched = _tables.Where(t => t.Staged.IsTouched).ToList();
        if (touched.Count > 0)
            await WriteAsync(touched, scope, cancellationToken);
        await _rules!.CreateAsync(onBroken: null, cancellationToken);
        var sequences = await SequenceSync.RunAsync(Reader, Writer, source.Filter,
            request.Tables.Count == 0
                ? null
                : await SequenceSync.OwnedByAsync(Reader, _tables.Select(t => t.SourceOid), cancellationToken),
            mayGoBack: request.Incremental.MayEmpty && request.Tables.Count == 0, cancellationToken);
        // No table owns them, so they go with all tables or not at all.
        var objects = request.Tables.Count == 0
            ? await LargeObjectSync.RunAsync(Reader, Writer, request.Incremental.MayEmpty, cancellationToken)
            : 0;
        foreach (var table in _tables)
            table.CountOwn();
        var changes = _tables.Select(t => t.Changes).ToList();
        scope.Note =
            Written(changes)
            + (changes.Sum(c => c.Replaced) is > 0 and var replaced
                ? $" ({replaced} of these replaced by rows whose periods they overlapped)"
                : "")
            + (changes.Sum(c => c.Kept - c.Own) is > 0 and var newer ? $", {newer} kept as newer" : "")
            + (changes.Sum(c => c.Own) is > 0 and var own ? $", {own} kept that only {target.Login.Label} has" : "") + (sequences > 0
                ? $"; {sequences} sequences set"
                : "") + (objects > 0 ? $"; {objects} large objects" : "");
        findings.Changes = Results();
    }

    public async Task VerifyAsync(StepScope scope, CancellationToken cancellationToken)
    {
        _written = await TableWrites.ReadOwnAsync(Writer, [.. _tables.Select(t => t.Table)], cancellationToken);
        foreach (var table in _tables)
        {
            if (await table.VerifyAsync(Reader, _now!.Counts.CountsOwn ? _written[table.Table.Name] : null, cancellationToken))
                await _lane!.PassAsync(cancellationToken);
        }
        var (written, compared) = (_tables.Count(t => t.Staged.IsTouched), _tables.Where(t => t.IsVerified).ToList());
        scope.Note = (written == 0
            ? "nothing written"
            : $"{Quantity.Of(written, "table")} written, every written row as on the source")
            + (compared.Count > 0
                ? $"; content of {compared.Count} of {Quantity.Of(_tables.Count, "table")} compared, "
                    + Quantity.Of(compared.Sum(t => t.SourceRows) ?? 0, "row")
                : "");
        findings.Changes = Results();
        await SaveStateAsync(cancellationToken);
        await EnsureReadAsync(cancellationToken);
    }

    /// <summary>
    /// Ends what was begun, and looks whether its failure is that of a source that was changed while it was read. That source may be away,
    /// and is asked for a while: nobody may wait for the target's tables meanwhile.
    /// </summary>
    /// <exception cref="SnapshotOutdatedException">It is.</exception>
    public async Task EnsureUnchangedAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync(); // the source's sessions as well: it has few to give
        if (_snapshot?.IsStateKnown != true)
            return;
        await using var session = await PgConnector.OpenAsync(source.Login, request.Settings.Limits.Connect, run.Info, cancellationToken);
        await _snapshot.EnsureUnchangedAsync(session, cancellationToken);
    }

    /// <summary>Ends what was begun, to be done again.</summary>
    public async Task AbandonAsync()
    {
        await OwnUpAsync();
        await _transaction.AbandonAsync();
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        // Nothing is asked of the source any more.
        await TaskGroup.RunAsync(cancellationToken, _ => source.ReleaseSnapshotAsync(), _transaction.CommitAsync);
        findings.Target.IsVerified = true;
        var rows = _tables.Where(t => t.RowsAfter is not null).ToDictionary(t => t.Table.Name, t => t.RowsAfter!.Value);
        if (rows.Count > 0)
            run.Info($"{LogNames.Of(target.Login.Label)} verification: {ReportedTables.Describe(rows, request.Verify.Report)}"
                + (rows.Count < _tables.Count
                    ? $"; {_tables.Count - rows.Count} of {Quantity.Of(_tables.Count, "table")} not counted" : ""));
        var changes = _tables.Select(t => t.Changes).ToList();
        run.Info($"{LogNames.Of(target.Login.Label)} updated: {Written(changes)} in {Quantity.Of(changes.Count(c => c.All > 0), "table")}");
    }

    static string Written(IReadOnlyList<TableChanges> changes) =>
        $"{Quantity.Number(changes.Sum(c => c.Inserted))} inserted, {Quantity.Number(changes.Sum(c => c.Updated))} updated, "
            + $"{Quantity.Number(changes.Sum(c => c.Deleted))} deleted";

    public async Task RollBackAsync(Exception failure)
    {
        await OwnUpAsync();
        await _transaction.RollBackAsync(failure, wayBack: null);
    }

    public async ValueTask DisposeAsync()
    {
        await OwnUpAsync();
        await _transaction.DisposeAsync();
        await source.ReleaseSnapshotAsync();
    }

    /// <summary>
    /// Rolls back what was written, and notes how much that was: the server counts it, and the next run would take it for somebody
    /// else's.
    /// </summary>
    async Task OwnUpAsync()
    {
        if (_before is null || !MergeBegun || CommitBegun || _hasOwnedUp)
            return;
        _hasOwnedUp = true;
        using var limit = new CancellationTokenSource(OwnUpLimit);
        try
        {
            var vain = await TableWrites.RollBackAsync(Writer, [.. _tables.Select(t => t.Table)], limit.Token);
            if (vain.Values.Any(w => !w.IsNone))
                await _before.AddAsync(vain, Writer, request.Settings.Job, limit.Token);
            await Writer.ExecuteAsync("COMMIT", limit.Token);
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException)
        {
            run.Info($"{target.Login.Label}: what was written and undone could not be noted, so the next run compares the content of "
                + $"these tables: {failure.Message}");
        }
    }

    /// <summary>A snapshot of the source, and a transaction on the target.</summary>
    async Task<SourceBeforeSnapshot> BeginAsync(CancellationToken cancellationToken)
    {
        SourceBeforeSnapshot? told = null;
        await TaskGroup.RunAsync(cancellationToken,
            async ct => _snapshot = await source.TakeSnapshotAsync(
                async (session, stop) => told = await SourceBeforeSnapshot.ReadAsync(session, stop), ct),
            async ct =>
            {
                await _transaction.BeginAsync(ct);
                await target.WatchAsync(ct);
            });
        _lane = new SourceLane(_snapshot!, _snapshot!.Readers[^1]);
        return told!;
    }

    async Task<IReadOnlyList<KeyedTable>> ReadTablesAsync(CancellationToken cancellationToken)
    {
        var tables = await SyncTables.FindAsync(Reader, source.Filter, request.Tables, cancellationToken);
        await _snapshot!.RememberStateAsync(Reader, await OnlyAsync(tables, cancellationToken), cancellationToken);
        _path = tables.Select(t => t.Table.SearchPath).FirstOrDefault(p => p is not null);
        return tables.Count > 0 ? tables : throw new BackupSyncException(
            ErrorIds.SourceEmpty,
            $"{source.Login.Label} has no tables to copy.",
            "Check that its URL names the right database, and that exclude does not leave out everything.");
    }

    /// <returns>As <see cref="CompareAsync"/>.</returns>
    async Task<string?> CompareSchemasAsync(CancellationToken cancellationToken)
    {
        var schema = await SchemaCheck.RunAsync(request, Reader, Writer, source, target, cancellationToken);
        if (schema.Reason is not null)
            return schema.Reason;
        foreach (var note in schema.Notes)
            run.Info($"{target.Login.Label}: {note}.");
        (_objects, _hasOwn) = (schema.Objects, schema.TargetsOwn.Count > 0);
        if (_hasOwn && request.MayBecomeFull)
            run.Info($"{target.Login.Label} has what {source.Login.Label} has not ({NameList.Of(schema.TargetsOwn)}): no full sync "
                + "will follow where the schemas differ or rows alone will not do.");
        return null;
    }

    /// <summary>From here on nobody else writes to them; everybody may read.</summary>
    async Task LockAsync(IReadOnlyList<KeyedTable> tables, CancellationToken cancellationToken)
    {
        var names = tables.Select(t => t.Table.Name);
        var locks = await AllLocks.OfTablesAsync(Writer, names, "SHARE ROW EXCLUSIVE", cancellationToken);
        await _transaction.LockAsync(locks, cancellationToken);
        // What one was exchanged for was not locked, and is refused here: a view's triggers would run as our role.
        var rows = string.Join(", ", tables.Select(t => t.Table.Rows).Order(StringComparer.Ordinal));
        await Writer.LockTablesAsync($"LOCK TABLE {rows} IN SHARE ROW EXCLUSIVE MODE NOWAIT", cancellationToken);
    }

    /// <summary>Rules of domains that rows need not meet which are not written yet; <see cref="MergeAsync"/> brings them back.</summary>
    async Task DropDomainRulesAsync(IReadOnlyList<KeyedTable> tables, CancellationToken cancellationToken)
    {
        if (_path is not null)
            await Writer.ExecuteAsync(ReadingPath.Set(_path), cancellationToken);
        _rules = await RowRules.ReadOfDomainsAsync(Writer, tables.Select(t => t.Table.Name), cancellationToken);
        await _rules.DropAsync(cancellationToken);
    }

    /// <summary>What the last run has noted, and what is to be compared with that.</summary>
    async Task ReadNotesAsync(IReadOnlyList<KeyedTable> tables, SourceBeforeSnapshot told, CancellationToken cancellationToken)
    {
        if (request.Incremental.Conflict == ConflictRule.LastWriteWins)
            await OwnRows.EnsureTableAsync(Writer, cancellationToken);
        var moment = await SourceMoment.ReadAsync(Reader, told.Writers, cancellationToken);
        _before = await SyncState.ReadAsync(Writer, request.Settings.Job, cancellationToken);
        _now = await SidesAtSnapshot.ReadAsync(tables, moment, _snapshot!.Taken, told, Reader, Writer, cancellationToken);
    }

    /// <summary>Decides how the changes of each table are found.</summary>
    void Plan(IReadOnlyList<KeyedTable> tables)
    {
        var doubts = new StampDoubt(doubt, _now!, _before, request.Incremental.Conflict, request.Verify.FullEvery);
        _tables = [.. tables.Select((table, number) =>
        {
            var state = _before?.Tables.GetValueOrDefault(table.Name);
            var why = doubts.Of(table);
            var tracking = Tracking.Choose(table, request.Incremental, why is null ? state!.Watermark : null, state?.Stamp, why);
            return new TableSync(table, tracking, request.Incremental, _method, Writer, number);
        })];
        if (_tables.Where(t => t.Tracking.LacksStamps).Select(t => t.Table.Name).ToList() is { Count: > 0 } lacking)
            run.Warn($"incremental.trackBy asks for stamps, but {NameList.Of(lacking)} cannot go by them: no key, or no timestamp "
                + "among incremental.updatedAtColumns. Their content is compared.");
        if (request.Incremental.Conflict == ConflictRule.LastWriteWins && _tables.All(t => t.Tracking.Stamp is null))
        {
            run.Warn("incremental.conflict is lastWriteWins, but no table has a timestamp among incremental.updatedAtColumns "
                + $"({string.Join(", ", request.Incremental.UpdatedAtColumns)}): "
                + "of rows that both sides have the source's is taken, however old.");
        }
        _runsSinceWhole = ReliesOnStamps ? (_before?.RunsSinceWhole ?? 0) + 1 : 0;
    }

    /// <summary>
    /// Generated columns are the target's own to compute, and never written. Nor are they compared: another version or locale computes
    /// them otherwise, and so does a function that was replaced since the source's rows were written.
    /// </summary>
    IReadOnlyList<KeyedTable> WithoutGeneratedColumns(IReadOnlyList<KeyedTable> tables)
    {
        var derived = tables.Where(t => t.Table.Columns.Any(c => c.IsGenerated)).Select(t => t.Name).ToHashSet();
        if (derived.Count == 0)
            return tables;
        run.Info($"{target.Login.Label}: the values of generated columns are not compared: "
            + $"{string.Join(", ", derived.Order(StringComparer.Ordinal))}.");
        return [.. tables.Select(t => derived.Contains(t.Name) ? t with { Table = t.Table.WithoutDerived() } : t)];
    }

    /// <summary>
    /// As a condition; null where nobody knows, and all that only the target has stays: the table was no part of the last run, or had
    /// another key.
    /// </summary>
    string? OwnOf(KeyedTable table) =>
        _before?.Own is { } own && _before.Tables.TryGetValue(table.Name, out var state) && state.Key == OwnRows.ShapeOf(table)
            ? own.Condition(table, request.Settings.Job)
            : null;

    /// <summary>The source's tables without those that are none of the job's.</summary>
    async Task<CatalogFilter> OnlyAsync(IReadOnlyList<KeyedTable> tables, CancellationToken cancellationToken)
    {
        if (request.Tables.Count == 0)
            return source.Filter;
        var others = await Reader.RowsAsync(
            $"""
            SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') AND c.oid NOT IN (
                SELECT p.relid FROM unnest(ARRAY[{string.Join(",", tables.Select(t => t.Table.Oid))}]::oid[]) t,
                    LATERAL {TableTree.Of("t")} p)
            """, cancellationToken);
        return source.Filter with { Relations = [.. source.Filter.Relations, .. others.Select(r => r.Oid(0))] };
    }

    /// <summary>What was read is what the snapshot shows.</summary>
    async Task EnsureReadAsync(CancellationToken cancellationToken)
    {
        await Reader.ExecuteAsync("COMMIT", cancellationToken);
        await _snapshot!.EnsureUnchangedAsync(Reader, cancellationToken);
        await Reader.ExecuteAsync(_snapshot.BeginReading, cancellationToken);
    }

    async Task FindAsync(StepScope scope, CancellationToken cancellationToken)
    {
        // As many compare as may. Where no session is left then, the one that holds the snapshot fetches what they find, and keeps its
        // locks on that.
        var readers = source.ReadersByRow;
        var mayFetch = readers > request.Settings.Parallel;
        var fetching = mayFetch ? _lane! : new SourceLane(_snapshot!, _snapshot!.Session);
        // Groups are told apart in memory: a server that sorted them on disk would take several times as long.
        var settings = $"SET work_mem = '64MB'; {ReadingPath.Set(_path)}";
        if (!mayFetch)
            await Reader.ExecuteAsync(settings, cancellationToken);
        // Rows are fetched by many short statements.
        await fetching.UseAsync(session => session.ExecuteAsync($"{settings}; SET jit = off", cancellationToken), cancellationToken);
        await using var lanes = new ComparingLanes(
            _snapshot!, mayFetch ? readers - 1 : readers, _lane!, target.Login with { ReadOnly = true }, request.Settings.Limits.Connect,
            settings);
        long rows = 0;
        var done = 0;
        using var fetch = new FetchLine(fetching, count => scope.Progress(null, null, Interlocked.Read(ref rows) + count));
        var (quiet, asked) = (new QuietTables(request.Incremental, _method), new ConcurrentDictionary<TableSync, bool>());
        await WorkSharing.RunAsync(lanes.All, QuietTables.Choose(_tables), async (lane, some, ct) =>
        {
            foreach (var table in some.Except(await quiet.AskAsync(lane, some, ct)))
                asked[table] = true;
            scope.Progress((double)asked.Count / _tables.Count, some[^1].Table.Name);
        }, cancellationToken);
        done = asked.Count;
        if (mayFetch)
            lanes.LeaveReader();
        await WorkSharing.RunAsync(lanes.All, _tables.Where(t => !asked.ContainsKey(t)), async (lane, table, ct) =>
        {
            await table.FindAsync(lane, fetch, OwnOf(table.Table), ct);
            await lane.PassAsync(ct);
            Interlocked.Add(ref rows, table.Staged.Rows.Count);
            scope.Progress((double)Interlocked.Increment(ref done) / _tables.Count, table.Table.Name, table.Staged.Rows.Count);
        }, cancellationToken);
    }

    Task WriteAsync(List<TableSync> touched, StepScope scope, CancellationToken cancellationToken)
    {
        var referring = new ReferringRows(source, target, _tables);
        var repair = new ForeignKeyRepair(Writer, _lane!, _tables, _method, _now!.Counts.CountsOwn, OwnOf);
        var writer = new ChangesWriter(run, target, _transaction, _lane!, _tables, referring, copiesAll: request.Tables.Count == 0);
        return writer.WriteAsync(touched, repair, scope, cancellationToken);
    }

    void EnsureNotShrunken()
    {
        var counted = _tables.Where(t => t.SourceRows is not null).ToList();
        if (!request.Incremental.Deletes || counted.Count == 0)
            return;
        if (Guards.EnsureNotShrunken(
            counted.ToDictionary(t => t.Table.Name, t => t.SourceRows!.Value),
            counted.ToDictionary(t => t.Table.Name, t => t.RowsBefore!.Value - t.Staged.Kept.SparedCount),
            request) is { } lifted)
        {
            findings.Forced = true;
            run.Warn($"Forced: {lifted}");
        }
    }

    async Task SaveStateAsync(CancellationToken cancellationToken)
    {
        var marks = _now!.Moment.Watermarks([.. _tables.Where(t => t.Tracking.Stamp is not null && t.Table.HasKey)]);
        foreach (var table in _tables.Where(t => t.LastWriteWins))
            await OwnRows.RememberAsync(Writer, table.Table, request.Settings.Job, table.Staged.Kept.Spared, cancellationToken);
        var state = new SyncState(_now.Moment.Source, _now.Moment.Server, _now.Moment.NextTransaction, 0, _now.Taken, _runsSinceWhole,
            _tables.ToDictionary(t => t.Table.Name, t => new TableState(
                marks.TryGetValue(t.Table.Name, out var mark) ? mark : null,
                _now.Writes[t.Table.Name].And(_written[t.Table.Name]),
                _now.SourceTables[t.Table.Name]) { Columns = _now.Columns[t.Table.Name], Key = OwnRows.ShapeOf(t.Table),
                Stamp = t.Tracking.StampName }),
            _objects)
        {
            Own = await OwnRows.AfterAsync(Writer, _before?.Own, request.Settings.Job, cancellationToken),
            Conflict = request.Incremental.Conflict,
            CountsSince = _now.Counts.Beginning,
            SourceCountsSince = _now.SourceCounts.Beginning };
        await state.WriteAsync(Writer, request.Settings.Job, run.RunId, cancellationToken);
        // The next run reads the counts; from version 15 on the server can be told not to keep them to itself for a while.
        if (target.Facts.Major >= 15)
            await Writer.ExecuteAsync("SELECT pg_catalog.pg_stat_force_next_flush()", cancellationToken);
    }

    TableResult[] Results() => [.. _tables.OrderBy(t => t.Table.Name, StringComparer.Ordinal).Select(t =>
        new TableResult(t.Table.Name, t.SourceRows, t.RowsAfter, t.RowsBefore, t.Table.Table.Bytes, t.IsVerified ? true : null)
        {
            Changes = t.Changes,
        })];

    string Ways() => string.Join(", ", _tables.GroupBy(t => t.Tracking.Way).OrderBy(g => g.Key).Select(g => $"{g.Count()} by {g.Key switch
    {
        ChangeTracking.UpdatedAt => "stamps",
        ChangeTracking.Content => "content",
        _ => "whole table",
    }}"));
}
