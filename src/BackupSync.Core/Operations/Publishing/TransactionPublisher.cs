using BackupSync.Configuration;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Drops, restores and verifies in one transaction on the target itself; its commit is what publishes. Needs no right to
/// create databases. Whatever dies before the commit, the server rolls back.
/// </summary>
sealed class TransactionPublisher(RunContext run, TargetSide target) : IPublisher
{
    /// <summary>For so many times what one lock is waited for, all locks are tried for.</summary>
    const int LockAttempts = 6;

    readonly TargetTransaction _transaction = new(run, target);
    PsqlSession? _psql;
    bool _isPartlyVisible;
    IReadOnlySet<string> _extensionSchemas = new HashSet<string>();
    IReadOnlySet<string> _leftOut = new HashSet<string>();
    IReadOnlyCollection<string> _unknown = [];

    public PublishMode Mode => PublishMode.Transaction;

    public ComparisonTolerance Tolerance => new(ExtraExtensions: true, Missing: _leftOut, ExtraSchemas: _extensionSchemas);

    public async Task RestoreAsync(PublishContent content, StepScope scope, CancellationToken cancellationToken)
    {
        var late = new LateEntries(content.Listing);
        while (true)
        {
            try
            {
                await RestoreAsync(content, late, scope, cancellationToken);
                return;
            }
            catch (BackupSyncException failure) when (late.Add(failure))
            {
                run.Info($"{failure.Message} It may read what comes after it: everything is loaded once more, and this last.");
                await UndoAsync(cancellationToken);
            }
        }
    }

    async Task RestoreAsync(PublishContent content, LateEntries late, StepScope scope, CancellationToken cancellationToken)
    {
        RestoreFilter filter;
        await using (var session = await PgSession.OpenAsync(target.Login, cancellationToken))
        {
            filter = await RestoreFilter.ForAsync(session, target.Facts, cancellationToken);
            _unknown = await PgRestore.UnknownSettingsAsync(content.Tools, content.Archive, session, cancellationToken);
        }
        var list = filter.Apply(content.Listing, content.Content);
        _leftOut = list.LeftOut.ToHashSet();
        _extensionSchemas = filter.ExistingSchemas;
        foreach (var left in list.LeftOut)
            run.Warn($"{target.Login.Label}: {left} is not carried over: the role '{target.Facts.Role}' may not create it.");

        // Whoever holds a lock on a table is waited for, but not for long.
        var lockTimeout = (long)target.Settings.Limits.LockTimeout.TotalMilliseconds;
        var objects = await TargetObjects.ReadAsync(content.Tools, target, filter.ExistingSchemas, lockTimeout, cancellationToken);

        _psql = PsqlSession.Start(content.Tools, target.Login, LoadSettings.For(target.Facts, jobs: 1));
        // Notices of what a cascade drops would stand before the error that matters.
        await _psql.ExecuteAsync($"{PgSession.Settings} SET client_min_messages = warning", cancellationToken);
        await _transaction.BeginAsync(_psql, cancellationToken);
        var privileges = await ObjectPrivileges.ReadAsync(_psql, cancellationToken);
        var publications = await TargetPublications.ReadAsync(_psql, content.Tools, target, lockTimeout, cancellationToken);
        await objects.DropAsync(_psql, target.Settings.Limits.LockTimeout * LockAttempts, cancellationToken);
        await ConfigurationTables.EmptyAsync(_psql, run.Warn, cancellationToken);
        await _psql.ExecuteAsync("CREATE SCHEMA IF NOT EXISTS public", cancellationToken);

        var existing = await _psql.RowsAsync(LargeObjects, cancellationToken);
        await using (var progress = RestoreProgress.Watch(content, list.WithoutLargeObjects, target.Lock.Session.Login, scope))
        {
            await FeedAsync(content, late.Behind(list.WithoutLargeObjects), _psql.FeedAsync, progress.OnErrorLine, cancellationToken);
            await ReplaceLargeObjectsAsync(content, list, existing, progress.OnErrorLine, cancellationToken);
            await _psql.ExecuteAsync(PgSession.Settings, cancellationToken); // answers when psql has caught up with the script
        }
        foreach (var table in await _psql.RowsAsync(CatalogQueries.Analyzable, cancellationToken))
            await _psql.ExecuteAsync($"ANALYZE {table.Name(0).Qualified}", cancellationToken);
        await privileges.ApplyAsync(_psql, cancellationToken);
        await FeedAsync(content, list.Last, _psql.FeedAsync, _ => { }, cancellationToken);
        await _psql.ExecuteAsync(PgSession.Settings, cancellationToken);
        await publications.ApplyAsync(_psql, isNew: false, run.Warn, cancellationToken);
        await privileges.CompleteAsync(_psql, run.Warn, cancellationToken);
    }

    public async Task<DatabaseFingerprint> FingerprintAsync(
        FingerprintMethod method, FingerprintReader.OnTable onTable, CancellationToken cancellationToken)
    {
        await EnsureOneTransactionAsync(cancellationToken);
        return await FingerprintReader.ReadAsync([_psql!], method, CatalogFilter.None, onTable, cancellationToken);
    }

    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        // Before psql is asked, which can only say that it was cut off.
        await target.Lock.EnsureHeldAsync(cancellationToken);
        await EnsureOneTransactionAsync(cancellationToken);
        await _transaction.CommitAsync(cancellationToken);
    }

    public async Task<UndoResult> UndoAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        return await _transaction.EndAsync(cancellationToken) || _isPartlyVisible ? UndoResult.NeedsSafetyBackup : UndoResult.Undone;
    }

    Task FeedAsync(
        PublishContent content,
        IReadOnlyList<string> list,
        Func<Stream, CancellationToken, Task> sink,
        Action<string> onErrorLine,
        CancellationToken cancellationToken) =>
        list.Count == 0
            ? Task.CompletedTask
            : PgRestore.ScriptAsync(content.Tools, content.Archive, list, target.Login, _unknown, sink, onErrorLine, cancellationToken);

    /// <summary>Those that the target has already are written over, so that a great many need no lock each.</summary>
    async Task ReplaceLargeObjectsAsync(
        PublishContent content, RestoreList list, List<Row> existing, Action<string> onErrorLine, CancellationToken cancellationToken)
    {
        var script = new LargeObjectScript(existing.Select(o => o.Text(0)).ToHashSet());
        await FeedAsync(
            content, list.LargeObjects, (part, ct) => script.FeedAsync(part, _psql!.FeedAsync, ct), onErrorLine, cancellationToken);
        foreach (var oids in script.Stale.Chunk(1000))
            await _psql!.ExecuteAsync(
                $"SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.unnest(ARRAY[{string.Join(",", oids)}]::oid[]) oid",
                cancellationToken);
        // The new ones' comments come with the archive's last entries.
        foreach (var kept in existing.Where(o => o.Flag(1) && !script.Stale.Contains(o.Text(0))))
            await _psql!.ExecuteAsync($"COMMENT ON LARGE OBJECT {kept.Text(0)} IS NULL", cancellationToken);
    }

    /// <summary>Oid, and whether it has a comment.</summary>
    const string LargeObjects =
        "SELECT oid, pg_catalog.obj_description(oid, 'pg_largeobject') IS NOT NULL FROM pg_catalog.pg_largeobject_metadata";

    /// <summary>Whatever a script holds, it must not have ended the transaction that makes all of this one step.</summary>
    async Task EnsureOneTransactionAsync(CancellationToken cancellationToken)
    {
        if (await _transaction.IsOpenAsync(cancellationToken))
            return;
        _isPartlyVisible = true; // only the safety backup can bring the rest back
        throw new BackupSyncException(ErrorIds.RestoreFailed, $"{target.Login.Label}: the restore left its transaction.",
            "Something in the archive commits by itself. Please report it with the log; "
                + "publish by swap if the role can be given CREATEDB.");
    }

    /// <summary>Nothing is left of what was there before but the safety backup.</summary>
    public Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await (_psql?.DisposeAsync() ?? ValueTask.CompletedTask);
        _psql = null;
    }
}
