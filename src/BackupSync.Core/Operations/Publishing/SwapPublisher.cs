using BackupSync.Configuration;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Restores into a new database beside the target, and publishes it by renaming both in one transaction, on the session
/// that holds the target's lock: who lost the lock cannot publish.
/// </summary>
sealed class SwapPublisher(RunContext run, TargetSide target) : IPublisher
{
    static readonly string?[] InSections = ["pre-data", "data", "post-data"];

    readonly RunTag _tag = target.Tag;
    readonly string _name = target.Login.Address.Database;
    IReadOnlySet<string> _leftOut = new HashSet<string>();
    IReadOnlyCollection<string> _unknown = [];
    bool _skipRefused;
    int _sessions = 1;
    PgToolset? _tools;

    /// <summary>On the new database, from when its rows are there until it is proven: the rename needs it without sessions.</summary>
    SessionGroup? _restored;

    public PublishMode Mode => PublishMode.Swap;

    public ComparisonTolerance Tolerance => new(Missing: _leftOut, Incomplete: _skipRefused);

    PgSession Maintenance => target.Lock.Session;

    PgLogin NewDatabase => target.Login.WithDatabase(_tag.NewDatabase);

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
            catch (BackupSyncException failure) when (content.Jobs > 1 && OfWorkers(failure))
            {
                run.Info($"{failure.Message} pg_restore's workers may have stood in each other's way: everything is loaded once more, by "
                    + "one of them, in the archive's order.");
                content = content with { Jobs = 1 };
                await ThrowAwayAsync(cancellationToken);
            }
            catch (BackupSyncException failure) when (late.Add(failure))
            {
                run.Info($"{failure.Message} It may read what other workers had not loaded yet: everything is loaded once more, and "
                    + "this after it.");
                await ThrowAwayAsync(cancellationToken);
            }
        }
    }

    /// <summary>
    /// Whether the archive's own order may mend it. Triggers and foreign keys of partitions lock parents and partitions in whatever
    /// order they come, so that workers wait for each other. And what pg_dump has moved behind the rows, for it needs what is there
    /// only then, workers create before them.
    /// </summary>
    static bool OfWorkers(BackupSyncException failure) => failure.ErrorId == ErrorIds.RestoreFailed && failure.Detail is { } words
        && (words.Contains("deadlock detected", StringComparison.Ordinal) || words.Contains(" does not exist", StringComparison.Ordinal));

    async Task ThrowAwayAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        await DatabaseDrop.RunAsync(Maintenance, _tag.NewDatabase, cancellationToken);
    }

    async Task RestoreAsync(PublishContent content, LateEntries late, StepScope scope, CancellationToken cancellationToken)
    {
        (_sessions, _tools, _skipRefused) = (content.Jobs, content.Tools, content.SkipRefused);
        var properties = await DatabaseProperties.ReadAsync(Maintenance, _name, cancellationToken);
        await properties.CreateAsync(Maintenance, _tag.NewDatabase, cancellationToken);
        await properties.ApplySettingsAsync(Maintenance, _tag.NewDatabase, run.Warn, cancellationToken);

        ObjectPrivileges? privileges = null;
        TargetPublications? publications = null;
        await WithSessionAsync(target.Login, async session =>
        {
            privileges = await ObjectPrivileges.ReadAsync(session, cancellationToken);
            publications = await TargetPublications.ReadAsync(
                session, content.Tools, target, (long)target.Settings.Limits.LockTimeout.TotalMilliseconds, cancellationToken);
            _unknown = await PgRestore.UnknownSettingsAsync(content.Tools, content.Archive, session, cancellationToken);
        }, cancellationToken);
        RestoreFilter? filter = null;
        await WithSessionAsync(NewDatabase, async session =>
        {
            await privileges!.ApplyDefaultsAsync(session, cancellationToken);
            filter = await RestoreFilter.ForAsync(session, target.Facts, cancellationToken);
        }, cancellationToken);

        var list = filter!.Apply(content.Listing, content.Content);
        _leftOut = list.LeftOut.ToHashSet();
        foreach (var left in list.LeftOut)
            run.Warn($"{target.Login.Label}: {left} is not carried over: the role '{target.Facts.Role}' may not create it.");

        await using (var progress = RestoreProgress.Watch(content, list.Main, Maintenance.Login, scope))
        {
            await (content.SkipRefused ? LoadWhatIsAcceptedAsync(content, list.InOrder, progress.OnErrorLine, cancellationToken)
                : content.Jobs == 1 ? LoadAsync(content, late.Behind(list.InOrder), jobs: 1, progress.OnErrorLine, cancellationToken)
                : LoadByWorkersAsync(content, list, late, progress.OnErrorLine, cancellationToken));
            if (list.Triggers.Count > 0)
                await LoadAsync(content, list.Triggers, jobs: 1, progress.OnErrorLine, cancellationToken);
        }
        _restored = await SessionGroup.OpenAsync(
            stop => PgConnector.OpenAsync(NewDatabase, target.Settings.Limits.Connect, onRetry: null, stop), _sessions, cancellationToken);
        var first = _restored.Sessions[0];
        await WorkSharing.RunAsync(_restored.Sessions, await first.RowsAsync(CatalogQueries.Analyzable, cancellationToken),
            (session, table, stop) => session.ExecuteAsync($"ANALYZE {table.Name(0).Qualified}", stop), cancellationToken);
        // The database's owner first: only who may create in "public", as that owner may, can own what is in it.
        await properties.ApplyAsync(Maintenance, _tag.NewDatabase, run.Warn, cancellationToken);
        await privileges!.ApplyAsync(first, cancellationToken);
        if (list.Last.Count > 0)
            await LoadAsync(content, list.Last, jobs: 1, _ => { }, cancellationToken);
        await publications!.ApplyAsync(first, isNew: true, run.Warn, cancellationToken);
        await privileges.CompleteAsync(first, run.Warn, cancellationToken);
    }

    /// <summary>
    /// A constraint that is not valid for all rows must not be there before them, but pg_restore's workers know only of dependencies
    /// between tables; in sections they cannot be too early. It takes longer, so only where it has to.
    /// </summary>
    async Task LoadByWorkersAsync(
        PublishContent content,
        RestoreList list,
        LateEntries late,
        Action<string> onErrorLine,
        CancellationToken cancellationToken)
    {
        var inSections = late.Any || list.ConfigurationRows.Count > 0
            || content.Content.Objects.Values.Any(o => o.Contains("not valid", StringComparison.Ordinal));
        foreach (var section in inSections ? InSections : [null])
        {
            if (section == "data" && list.ConfigurationRows.Count > 0)
                await LoadAsync(content, list.ConfigurationRows, jobs: 1, onErrorLine, cancellationToken, section);
            await LoadAsync(content, late.Without(list.Main), content.Jobs, onErrorLine, cancellationToken, section);
            foreach (var line in section is null ? [] : late.Of(list.Main))
                await LoadAsync(content, [line], jobs: 1, onErrorLine, cancellationToken, section);
        }
    }

    /// <summary>
    /// What the server refuses is left out, but for rows: they are tried once more when all others are there, for a check may read
    /// these, and at last without the checks, which then hold for rows to come only.
    /// </summary>
    async Task LoadWhatIsAcceptedAsync(
        PublishContent content,
        IReadOnlyList<string> list,
        Action<string> onErrorLine,
        CancellationToken cancellationToken)
    {
        await LoadAsync(content, list, jobs: 1, onErrorLine, cancellationToken, "pre-data");
        var refused = await RefusedAsync(list);
        if (refused.Count > 0)
            refused = await RefusedAsync(list.Where(IsRefused));
        if (refused.Count > 0)
        {
            await WithSessionAsync(NewDatabase, async session =>
            {
                var rules = await RowRules.ReadAllAsync(session, await FindTablesAsync(session), cancellationToken);
                await rules.DropAsync(cancellationToken);
                refused = await RefusedAsync(list.Where(IsRefused));
                await rules.CreateAsync((rule, why) =>
                {
                    run.Warn($"{target.Login.Label}: rows of the backup break the constraint {rule}: they are there all the same, and "
                        + $"it holds for rows to come (NOT VALID): {why}");
                    target.Findings.LeftOut.Add($"validity of constraint {rule}");
                }, cancellationToken);
            }, cancellationToken);
        }
        if (refused.Count > 0)
        {
            throw new BackupSyncException(ErrorIds.RestoreFailed,
                $"{target.Login.Label}: the server refuses {content.Listing.NameOf(refused[0].Number) ?? "rows"}, with and without the "
                    + $"checks of the table: {refused[0].Why}.",
                "Rows are never left out. What computes them (a generated column, a function of a domain) has to be mended first: "
                    + "restore the schema alone into a new database "
                + $"(pg_restore --section=pre-data), mend it there, and then restore its tables: {Spelling.RestoreBackup}, with "
                + $"{Spelling.Table}.");
        }
        await LoadAsync(content, list, jobs: 1, onErrorLine, cancellationToken, "post-data");

        bool IsRefused(string line) => refused.Any(r => r.Number is not null && line.StartsWith(r.Number, StringComparison.Ordinal));

        async Task<List<(string? Number, string Why)>> RefusedAsync(IEnumerable<string> lines)
        {
            var found = new List<(string?, string)>();
            await LoadAsync(
                content, [.. lines], jobs: 1, onErrorLine, cancellationToken, "data", (number, why) => found.Add((number, why)));
            return found;
        }

        async Task<IReadOnlyList<uint>> FindTablesAsync(PgSession session)
        {
            var entries = content.Listing.Entries.Where(e => IsRefused(e.Line)).ToList();
            var tables = await session.RowsAsync("SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN "
                + "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'", cancellationToken);
            return [.. tables.Where(t => t.Name(1) is var name && entries.Any(e => e.Is("TABLE DATA", name))).Select(t => t.Oid(0))];
        }
    }

    public async Task<DatabaseFingerprint> FingerprintAsync(
        FingerprintMethod method, FingerprintReader.OnTable onTable, CancellationToken cancellationToken)
    {
        DatabaseFingerprint? fingerprint = null;
        await TaskGroup.RunAsync(cancellationToken,
            async ct => fingerprint = await FingerprintReader.ReadAsync(_restored!.Sessions, method, CatalogFilter.None, onTable, ct),
            CheckpointAsync);
        await DisposeAsync();
        return fingerprint!;
    }

    /// <summary>Dropping the previous database waits for a checkpoint, and the disk has little to do while rows are hashed.</summary>
    Task CheckpointAsync(CancellationToken cancellationToken) =>
        target.Facts.MayCheckpoint ? Maintenance.ExecuteAsync("CHECKPOINT", cancellationToken) : Task.CompletedTask;

    public Task PublishAsync(CancellationToken cancellationToken) =>
        RenameAsync(Maintenance, [(_name, _tag.OldDatabase), (_tag.NewDatabase, _name)], cancellationToken);

    public async Task<UndoResult> UndoAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        // The lock's session may have been lost with the connection that failed the run. The names of the databases tell
        // whether the rename had been committed, which a broken connection could not.
        await using var fresh = await PgConnector.OpenAsync(Maintenance.Login, target.Settings.Limits.Connect, run.Warn, cancellationToken);
        await RunSessions.EndOwnAsync(fresh, _tag.ApplicationName, [Maintenance.ProcessId], cancellationToken);
        if (await DatabaseExists.AskAsync(fresh, _tag.OldDatabase, cancellationToken))
            await RenameAsync(fresh, [(_name, _tag.NewDatabase), (_tag.OldDatabase, _name)], cancellationToken);
        await DropOrTellAsync(fresh, "restored", _tag.NewDatabase, cancellationToken);
        return UndoResult.Undone;
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        // With many tables it takes minutes: each of their files is removed by itself.
        run.Info($"{target.Login.Label}: dropping the previous database {_tag.OldDatabase}...");
        await DropOrTellAsync(Maintenance, "previous", _tag.OldDatabase, cancellationToken);
    }

    /// <summary>That it stays makes nothing of the run untrue. A replication slot, for one, keeps a database from being dropped.</summary>
    async Task DropOrTellAsync(PgSession session, string which, string database, CancellationToken cancellationToken)
    {
        try
        {
            await DatabaseDrop.RunAsync(session, database, cancellationToken);
        }
        catch (PgQueryException kept)
        {
            run.Warn($"{target.Login.Label}: the {which} database {database} could not be dropped: {kept.Message} "
                + "The next run tries again.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_restored is not null)
            await _restored.DisposeAsync();
        _restored = null;
    }

    async Task RenameAsync(PgSession session, IReadOnlyList<(string From, string To)> renames, CancellationToken cancellationToken)
    {
        await using var pause = await PoolerPause.BeginAsync(_tools!, target.Database, run.Warn, cancellationToken);
        await DatabaseRename.RunAsync(session, renames, cancellationToken);
    }

    Task LoadAsync(
        PublishContent content, IReadOnlyList<string> list, int jobs, Action<string> onErrorLine, CancellationToken cancellationToken,
        string? section = null,
        Action<string?, string>? onRefused = null) =>
        PgRestore.RestoreAsync(
            content.Tools,
            content.Archive,
            list,
            NewDatabase,
            _unknown,
            LoadSettings.ForUnseen(target.Facts, jobs),
            jobs,
            onErrorLine,
            cancellationToken,
            section,
            onRefused ?? (_skipRefused ? (number, why) => LeaveOut(content, number, why) : null));

    void LeaveOut(PublishContent content, string? number, string why)
    {
        var name = content.Listing.NameOf(number) ?? "an entry";
        run.Warn($"{target.Login.Label}: left out: {name}: {why}");
        target.Findings.LeftOut.Add(name);
    }

    static async Task WithSessionAsync(PgLogin login, Func<PgSession, Task> work, CancellationToken cancellationToken)
    {
        await using var session = await PgSession.OpenAsync(login, cancellationToken);
        await work(session);
    }
}
