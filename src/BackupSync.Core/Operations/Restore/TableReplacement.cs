using BackupSync.Archives;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Restore;

/// <summary>
/// Replaces the rows of some tables in one transaction on the target: other sessions see all of the old rows or all of the
/// new ones, with foreign keys that hold. Whatever dies before the commit, the server rolls back.
/// </summary>
/// <remarks>
/// The tables, and those that foreign keys tie to them, cannot be read from the first step to the commit: who tries waits.
/// Rows are deleted, not truncated: after a TRUNCATE, whoever has taken a snapshot before and waits for the table (a COPY, a
/// pg_dump) would find it empty. https://www.postgresql.org/docs/current/mvcc-caveats.html
/// </remarks>
sealed class TableReplacement(
    RunContext run,
    TargetSide target,
    StoredBackup backup,
    TableSelection selection,
    PgToolset tools) : IAsyncDisposable
{
    readonly TargetTransaction _transaction = new(run, target);

    PgSession Session => _transaction.Session;

    /// <param name="encoding">The archive's.</param>
    public async Task RestoreAsync(string encoding, StepScope scope, CancellationToken cancellationToken)
    {
        await _transaction.BeginAsync(cancellationToken);
        await target.WatchAsync(cancellationToken);
        var session = Session;
        await session.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellationToken);

        var tables = await LockAsync(session, cancellationToken);
        var keys = await ForeignKeys.ReadAsync(session, tables.Oids, cancellationToken);
        var rules = await RowRules.ReadUnvalidatedAsync(session, tables.Oids, cancellationToken);
        var triggers = await TriggersAndRules.DisableAsync(
            _transaction, [.. tables.Oids, .. tables.LoadedThrough], [.. keys.Drops, .. rules.Drops], cancellationToken);
        if (tables.OnlyHere.Count > 0)
            run.Warn($"{target.Login.Label}: emptied as well, for the backup has no rows of them: {string.Join(", ", tables.OnlyHere)}.");
        // Rows go into indexes that are there already, and keys are checked.
        var path = (await TableColumns.ReadAsync(session, CatalogFilter.None, cancellationToken)).Select(t => t.SearchPath)
            .FirstOrDefault(p => p is not null);
        await session.ExecuteAsync(ReadingPath.Set(path), cancellationToken);
        foreach (var table in tables.Emptied)
            await session.ExecuteAsync($"DELETE FROM ONLY {table.Qualified}", cancellationToken);
        await LoadAsync(session, encoding, scope, cancellationToken);
        await rules.CreateAsync(onBroken: null, cancellationToken);
        await OwnedSequences.SetAsync(session, tables.Oids, backup.Manifest.Fingerprint, cancellationToken);
        await triggers.RestoreAsync(cancellationToken);
        await keys.CreateAsync(selection.Data.Select(d => d.FullName).Concat(selection.Parents.Keys).ToHashSet(), cancellationToken);
        foreach (var table in tables.Emptied)
            await session.ExecuteAsync($"ANALYZE {table.Qualified}", cancellationToken);
        await session.ExecuteAsync(ReadingPath.Set(null), cancellationToken);
        scope.Note =
            $"{Quantity.Of(selection.Content.Count, "table")}, {Quantity.Of(selection.Content.Values.Sum(t => t.Rows), "row")}; "
                + $"{Quantity.Of(keys.All.Count, "foreign key")} checked";
    }

    /// <summary>Compares what the tables hold now, still out of sight, with the backup.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>: they differ.</exception>
    public async Task<DatabaseFingerprint> VerifyAsync(StepScope scope, CancellationToken cancellationToken)
    {
        var expected = backup.Manifest.Fingerprint with { Tables = selection.Content };
        // A hash of another method tells nothing, and an older server lacks the newer method.
        var method = expected.Method is not (FingerprintMethod.TextHash or FingerprintMethod.ValueText) && target.Facts.Major < 14
            ? FingerprintMethod.RowsOnly
            : expected.Method;
        var found = new Dictionary<string, TableFingerprint>();
        foreach (var table in (await TableColumns.ReadAsync(Session, CatalogFilter.None, cancellationToken)).Where(
            t => selection.Content.ContainsKey(t.Key)))
        {
            WarnOfLargeObjects(table);
            // Columns that the target has got since have nothing to be compared with.
            var columns = table.Columns.Where(c => backup.Manifest.Fingerprint.HasColumn(table.Key, c.Name)).ToList();
            found[table.Key] = await FingerprintReader.ReadTableAsync(Session, table with { Columns = columns }, method, cancellationToken);
            scope.Progress((double)found.Count / selection.Content.Count, table.Key);
        }
        var restored = expected with
        {
            Method = method, ServerMajor = target.Facts.Major, Tables = found, Locale = await DatabaseLocale.ReadAsync(
                Session,
                cancellationToken),
        };
        foreach (var (key, want) in selection.Content)
        {
            var note = method == FingerprintMethod.RowsOnly ? null : FingerprintComparison.NoteOf(key, expected, restored, isCopy: true);
            if (note is not null)
                run.Warn($"{target.Login.Label}: {note}.");
            var difference = !found.TryGetValue(key, out var have) ? "it is no table with rows of its own there"
                : have.Rows != want.Rows ? $"{Quantity.Of(want.Rows, "row")} expected, {Quantity.Number(have.Rows)} found"
                : method != FingerprintMethod.RowsOnly && have.Hash != want.Hash && note is null
                    ? $"the content of its {Quantity.Of(want.Rows, "row")} differs"
                    : null;
            if (difference is not null)
            {
                throw new BackupSyncException(ErrorIds.VerificationFailed, $"{target.Login.Label}: {key} would not hold what it held "
                    + $"when the backup was taken: {difference}.",
                    "Its columns or partitions have other types or expressions there than in the backup. Restore the whole backup into "
                        + "another database, and compare.");
            }
        }
        scope.Note =
            $"{Quantity.Of(found.Count, "table")}, {Quantity.Of(found.Values.Sum(t => t.Rows), "row")}"
                + $"{(method == FingerprintMethod.RowsOnly ? "" : ", content")} equal";
        return restored;
    }

    public Task CommitAsync(CancellationToken cancellationToken) => _transaction.CommitAsync(cancellationToken);

    /// <summary>Ends what was begun, to be done again.</summary>
    public Task AbandonAsync() => _transaction.AbandonAsync();

    public Task RollBackAsync(Exception failure, string safetyBackup) => _transaction.RollBackAsync(failure, safetyBackup);

    public ValueTask DisposeAsync() => _transaction.DisposeAsync();

    /// <summary>Locks everything that is to change, and what its foreign keys refer to, and only then looks at it for good.</summary>
    async Task<TargetTables> LockAsync(PgSession session, CancellationToken cancellationToken)
    {
        var tables = await TargetTables.FindAsync(session, selection, cancellationToken);
        var keys = await ForeignKeys.ReadAsync(session, tables.Oids, cancellationToken);
        var others = selection.Parents.Keys.Concat(keys.All.SelectMany(k => k.Tables));
        var locks = await AllLocks.OfTablesAsync(session, tables.Emptied.Concat(others).Distinct(), "ACCESS EXCLUSIVE", cancellationToken);
        await _transaction.LockAsync(locks, cancellationToken);
        return await TargetTables.FindAsync(session, selection, cancellationToken);
    }

    async Task LoadAsync(PgSession session, string encoding, StepScope scope, CancellationToken cancellationToken)
    {
        var all = Math.Max(1, selection.Content.Values.Sum(t => t.Rows));
        long ended = 0;
        var buffer = new byte[128 * 1024];
        await TableData.ReadAsync(backup, tools, selection.Data,
            (entry, rows) => session.CopyInAsync(CopyTarget.StatementOf(entry, encoding), async (copy, ct) =>
            {
                int count;
                long done = 0;
                while ((count = rows.Read(buffer)) > 0)
                {
                    await copy.WriteAsync(buffer.AsMemory(0, count), ct);
                    done += buffer.AsSpan(0, count).Count((byte)'\n');
                    scope.Progress((double)(ended + done) / all, entry.Key, done, selection.Content.GetValueOrDefault(entry.Key)?.Rows);
                }
                ended += done;
            }, cancellationToken), cancellationToken);
    }

    void WarnOfLargeObjects(TableColumns table)
    {
        if (backup.Manifest.Fingerprint.LargeObjects.Count > 0 && table.Columns.FirstOrDefault(c => c.Type is "oid" or "lo") is { } column)
            run.Warn($"{target.Login.Label}: if {table.Key}.{Sql.Display(column.Name)} names large objects, these are what they were "
                + "before: only rows are restored.");
    }
}
