using BackupSync.Archives;
using BackupSync.Backups;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sync;
using BackupSync.Verification;

namespace BackupSync.Recovery;

/// <summary>
/// Replaces the rows of some tables in one transaction on the target: other sessions see all of the old rows or all of the
/// new ones, with foreign keys that hold. Whatever dies before the commit, the server rolls back.
/// </summary>
/// <remarks>
/// The tables, and those that foreign keys tie to them, cannot be read from the first step to the commit: who tries waits.
/// Rows are deleted, not truncated: after a TRUNCATE, whoever has taken a snapshot before and waits for the table (a COPY, a
/// pg_dump) would find it empty. https://www.postgresql.org/docs/current/mvcc-caveats.html
/// </remarks>
sealed class TableReplacement(RunContext run, TargetSide target, StoredBackup backup, TableSelection selection, PgToolset tools) : IAsyncDisposable
{
    /// <summary>In milliseconds. Whoever uses a table is waited for, but not for ever: new readers queue behind us.</summary>
    const int LockTimeout = 30_000;

    static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    PgSession? _session;
    string? _transaction;

    /// <summary>Whether the server was told to commit: from then on only it can tell what became of it.</summary>
    public bool CommitBegun { get; private set; }

    /// <param name="encoding">The archive's.</param>
    public async Task RestoreAsync(string encoding, StepScope scope, CancellationToken cancellationToken)
    {
        var session = _session = await PgConnector.OpenAsync(target.Login, target.Job.Limits.Connect, run.Info, cancellationToken);
        await session.ExecuteAsync($"BEGIN READ WRITE; SET LOCAL lock_timeout = {LockTimeout}; SET CONSTRAINTS ALL IMMEDIATE", cancellationToken);
        _transaction = (await session.RowsAsync("SELECT pg_catalog.pg_current_xact_id()", cancellationToken))[0][0];

        var tables = await LockAsync(session, cancellationToken);
        var keys = await ForeignKeys.ReadAsync(session, tables.Oids, cancellationToken);
        var triggers = await WaitingAsync(async () =>
        {
            await keys.DropAsync(cancellationToken);
            return await TriggersAndRules.DisableAsync(session, [.. tables.Oids, .. tables.LoadedThrough], cancellationToken);
        });
        if (tables.OnlyHere.Count > 0)
            run.Warn($"{target.Login.Label}: emptied as well, for the backup has no rows of them: {string.Join(", ", tables.OnlyHere)}.");
        foreach (var table in tables.Emptied)
            await session.ExecuteAsync($"DELETE FROM ONLY {table}", cancellationToken);
        await LoadAsync(session, encoding, scope, cancellationToken);
        await OwnedSequences.SetAsync(session, tables.Oids, backup.Manifest.Fingerprint, cancellationToken);
        await triggers.RestoreAsync(cancellationToken);
        await keys.CreateAsync(selection.Data.Select(d => d.Key).Concat(selection.Parents.Keys).ToHashSet(), cancellationToken);
        foreach (var table in tables.Emptied)
            await session.ExecuteAsync($"ANALYZE {table}", cancellationToken);
        scope.Note = $"{selection.Content.Count} tables, {selection.Content.Values.Sum(t => t.Rows)} rows; {keys.All.Count} foreign keys checked";
    }

    /// <summary>Compares what the tables hold now, still out of sight, with the backup.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>: they differ.</exception>
    public async Task<DatabaseFingerprint> VerifyAsync(StepScope scope, CancellationToken cancellationToken)
    {
        var expected = backup.Manifest.Fingerprint with { Tables = selection.Content };
        // A hash of another method tells nothing, and an older server lacks the newer method.
        var method = expected.Method == FingerprintMethod.RecordHash && target.Facts.Major < 14 ? FingerprintMethod.RowsOnly : expected.Method;
        var found = new Dictionary<string, TableFingerprint>();
        foreach (var table in TableColumns.From(await _session!.RowsAsync(CatalogQueries.Tables(CatalogFilter.None), cancellationToken)).Where(t => selection.Content.ContainsKey(t.Key)))
        {
            WarnOfLargeObjects(table);
            // Columns that the target has got since have nothing to be compared with.
            var columns = table.Columns.Where(c => backup.Manifest.Fingerprint.HasColumn(table.Key, c.Name)).ToList();
            found[table.Key] = await FingerprintReader.ReadTableAsync(_session!, table with { Columns = columns }, method, cancellationToken);
            scope.Progress((double)found.Count / selection.Content.Count, table.Key);
        }
        foreach (var (key, want) in selection.Content)
        {
            var difference = !found.TryGetValue(key, out var have) ? "it is no table with rows of its own there"
                : have.Rows != want.Rows ? $"{want.Rows} rows expected, {have.Rows} found"
                : method != FingerprintMethod.RowsOnly && have.Hash != want.Hash ? $"the content of its {want.Rows} rows differs" : null;
            if (difference is not null)
            {
                throw new BackupSyncException(ErrorIds.VerificationFailed, $"{target.Login.Label}: {key} would not hold what it held when the backup was taken: {difference}.",
                    "Its columns or partitions have other types or expressions there than in the backup. Restore the whole backup into another database, and compare.");
            }
        }
        scope.Note = $"{found.Count} tables, {found.Values.Sum(t => t.Rows)} rows{(method == FingerprintMethod.RowsOnly ? "" : ", content")} equal";
        return expected with { Method = method, ServerMajor = target.Facts.Major, Tables = found };
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await target.Lock.EnsureHeldAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        CommitBegun = true;
        try
        {
            await _session!.ExecuteAsync("COMMIT", CancellationToken.None);
        }
        catch (PgQueryException lost) when (lost.ErrorId == ErrorIds.ConnectionFailed)
        {
            using var limit = new CancellationTokenSource(AnswerLimit);
            if (!await EndAsync(limit.Token))
                throw;
            run.Warn($"{target.Login.Label}: the connection was lost at the commit; the server says that it was done.");
        }
        await DisposeAsync();
    }

    /// <summary>Ends the transaction, and asks the server what became of it.</summary>
    /// <returns>Whether it was committed.</returns>
    public async Task<bool> EndAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        // The server may still be at a long statement, or at rolling back: wait until it holds nothing any more.
        await using var fresh = await PgConnector.OpenAsync(target.Lock.Session.Login, target.Job.Limits.Connect, run.Warn, cancellationToken);
        await RunSessions.EndOwnAsync(fresh, target.Tag.ApplicationName, [target.Lock.Session.ProcessId], cancellationToken);
        return _transaction is not null
            && await fresh.ScalarAsync<string>($"SELECT pg_catalog.pg_xact_status({Sql.Literal(_transaction)}::text::xid8)", cancellationToken) == "committed";
    }

    public async ValueTask DisposeAsync()
    {
        await (_session?.DisposeAsync() ?? ValueTask.CompletedTask);
        _session = null;
    }

    /// <summary>Locks everything that is to change, in one order for all runs, and only then looks at it for good.</summary>
    Task<TargetTables> LockAsync(PgSession session, CancellationToken cancellationToken) => WaitingAsync(async () =>
    {
        var tables = await TargetTables.FindAsync(session, selection, cancellationToken);
        var keys = await ForeignKeys.ReadAsync(session, tables.Oids, cancellationToken);
        var names = tables.Emptied.Concat(selection.Parents.Keys.Concat(keys.All.Select(k => k.From)).Select(TargetTables.Quoted)).Distinct().Order(StringComparer.Ordinal).ToList();
        await session.ExecuteAsync($"LOCK TABLE {string.Join(", ", names.Select(n => $"ONLY {n}"))} IN ACCESS EXCLUSIVE MODE", cancellationToken);
        return await TargetTables.FindAsync(session, selection, cancellationToken);
    });

    async Task<T> WaitingAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (PgQueryException blocked) when (blocked.SqlState == Npgsql.PostgresErrorCodes.LockNotAvailable)
        {
            throw new BackupSyncException(ErrorIds.RestoreFailed,
                $"{target.Login.Label}: other sessions use the tables, or tables that foreign keys tie to them; they were waited for {LockTimeout / 1000} s.",
                "End long transactions there (pg_stat_activity tells them), then run again.", blocked);
        }
    }

    async Task LoadAsync(PgSession session, string encoding, StepScope scope, CancellationToken cancellationToken)
    {
        var all = Math.Max(1, selection.Content.Values.Sum(t => t.Rows));
        long done = 0;
        var buffer = new byte[128 * 1024];
        await TableData.ReadAsync(backup, tools, selection.Data,
            (entry, rows) => session.CopyInAsync(CopyTarget.StatementOf(entry, encoding), async (copy, ct) =>
            {
                int count;
                while ((count = rows.Read(buffer)) > 0)
                {
                    await copy.WriteAsync(buffer.AsMemory(0, count), ct);
                    done += buffer.AsSpan(0, count).Count((byte)'\n');
                    scope.Progress((double)done / all, entry.Key, done);
                }
            }, cancellationToken), cancellationToken);
    }

    void WarnOfLargeObjects(TableColumns table)
    {
        if (backup.Manifest.Fingerprint.LargeObjects.Count > 0 && table.Columns.FirstOrDefault(c => c.Type is "oid" or "lo") is { } column)
            run.Warn($"{target.Login.Label}: if {table.Key}.{Sql.Display(column.Name)} names large objects, these are what they were before: only rows are restored.");
    }
}
