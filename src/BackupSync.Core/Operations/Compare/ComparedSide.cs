using System.Collections.Concurrent;
using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Compare;

/// <summary>One of two databases that are compared, held at one moment.</summary>
sealed class ComparedSide : IAsyncDisposable
{
    BlockingWatch? _watch;
    CatalogFilter _filter = CatalogFilter.None;

    ComparedSide(DatabaseFacts facts, Snapshot snapshot)
    {
        Facts = facts;
        Snapshot = snapshot;
    }

    public DatabaseFacts Facts { get; }
    public Snapshot Snapshot { get; }

    /// <summary>What messages call it.</summary>
    public string Label => Snapshot.Session.Login.Label;

    /// <summary>The names of all its tables, partitioned ones included, whether asked for or not.</summary>
    public IReadOnlyList<ObjectName> AllTables { get; private set; } = [];

    /// <summary>Those of them that are asked for; none where all are.</summary>
    public IReadOnlyList<ObjectName> Chosen { get; private set; } = [];

    public DatabaseFingerprint Content { get; private set; } = null!;

    /// <summary>Who had to wait too long; null while nobody has.</summary>
    public BlockedStatement? GaveWayTo => _watch?.Blocked;

    /// <param name="sessions">That read, on each side; another one holds the snapshot.</param>
    /// <param name="onGivenWay">Called when others had to wait too long, and all that reads was ended.</param>
    public static async Task<(ComparedSide Source, ComparedSide Target)> OpenAsync(
        Endpoint source, Endpoint target, int sessions, ComparisonOptions options, Action onGivenWay,
        CancellationToken cancellationToken)
    {
        var connectLimit = options.ConnectLimit;
        // Neither is held while the other is still waking up: the two moments are to be as near as can be.
        var reached = await BothSides.RunAsync(
            stop => ReachAsync(source, connectLimit, stop), stop => ReachAsync(target, connectLimit, stop), cancellationToken);
        var name = $"backupsync:compare:{Guid.NewGuid().ToString("N")[..8]}";
        var held = new ConcurrentQueue<ComparedSide>();
        try
        {
            return await BothSides.RunAsync(
                stop => HoldAsync(reached.Source, stop), stop => HoldAsync(reached.Target, stop), cancellationToken);
        }
        catch
        {
            foreach (var side in held)
                await side.DisposeAsync();
            throw;
        }

        async Task<ComparedSide> HoldAsync((DatabaseFacts Facts, PgLogin Login) database, CancellationToken stop)
        {
            var login = database.Login with { ApplicationName = name };
            var side = new ComparedSide(database.Facts, await Snapshot.TakeAsync(login, sessions + 1, connectLimit, stop));
            held.Enqueue(side);
            if (options.Blocking is { } limit)
                side._watch = await BlockingWatch.StartAsync(login, session: null, connectLimit, onRetry: null, limit, onGivenWay, stop);
            return side;
        }
    }

    static async Task<(DatabaseFacts Facts, PgLogin Login)> ReachAsync(
        Endpoint database,
        TimeSpan connectLimit,
        CancellationToken cancellationToken)
    {
        var login = new PgLogin(database.Name, database.Address.Unpooled(), "backupsync:compare", ReadOnly: true);
        await using var session = await PgConnector.OpenAsync(login, connectLimit, onRetry: null, cancellationToken);
        var facts = await DatabaseFacts.ReadAsync(session, database.Provider, cancellationToken);
        return (facts, session.PinnedLogin.For(facts, session));
    }

    /// <param name="patterns">Leaves out all tables but these; none for all. A partitioned table's name stands for its partitions.</param>
    public async Task ListTablesAsync(IReadOnlyList<string> patterns, CancellationToken cancellationToken)
    {
        var tables = await TableColumns.ReadAsync(Reader, CatalogFilter.None, cancellationToken);
        var parents = await TableNames.ParentsAsync(Reader, cancellationToken);
        AllTables = [.. tables.SelectMany(t => parents[t.Oid].Prepend(t.Name)).Distinct()];
        if (patterns.Count == 0)
            return;
        var wanted = tables.Where(t => parents[t.Oid].Prepend(t.Name).Any(IsWanted)).ToList();
        Chosen = [.. AllTables.Where(IsWanted).Union(wanted.Select(t => t.Name))];
        _filter = CatalogFilter.None with { Relations = [.. tables.Except(wanted).Select(t => t.Oid)], TablesOnly = true };

        bool IsWanted(ObjectName table) => patterns.Any(p => TableNames.Matches(table, p));
    }

    public async Task ReadAsync(FingerprintMethod method, FingerprintReader.OnTable onTable, CancellationToken cancellationToken)
    {
        await Snapshot.RememberStateAsync(Reader, _filter, cancellationToken);
        var readers = Snapshot.Readers.Select(s => new SnapshotReader(Snapshot, s)).ToList();
        Content = await FingerprintReader.ReadAsync(
            readers, method, _filter, onTable, cancellationToken, $"{Label}: the role '{Snapshot.Session.Login.Address.User}'");
        foreach (var reader in readers)
            await reader.ReleaseAsync(cancellationToken);
        await Snapshot.EnsureUnchangedAsync(Reader, cancellationToken);
    }

    /// <summary>Asks the snapshot something, and holds nothing afterwards.</summary>
    public async Task<T> AskAsync<T>(Func<IQueryRunner, Task<T>> ask, CancellationToken cancellationToken)
    {
        await Reader.ExecuteAsync(Snapshot.BeginReading, cancellationToken);
        var answer = await ask(Reader);
        await Reader.ExecuteAsync("COMMIT", cancellationToken);
        return answer;
    }

    /// <summary>Lends the sessions that read, with the snapshot before their eyes.</summary>
    /// <param name="path">As <see cref="TableColumns.SearchPath"/>.</param>
    public async Task<IReadOnlyList<PgSession>> BeginReadingAsync(string? path, CancellationToken cancellationToken)
    {
        foreach (var reader in Snapshot.Readers)
            await reader.ExecuteAsync($"{Snapshot.BeginReading}; {ReadingPath.Set(path, "LOCAL")}", cancellationToken);
        return Snapshot.Readers;
    }

    /// <summary>Gives the locks back that were taken since. What was read is what the snapshot shows, which is made sure of.</summary>
    public async Task EndReadingAsync(CancellationToken cancellationToken)
    {
        foreach (var reader in Snapshot.Readers)
            await reader.ExecuteAsync("COMMIT", cancellationToken);
        await Snapshot.EnsureUnchangedAsync(Reader, cancellationToken);
    }

    /// <summary>
    /// Looks whether a failure is that of a database that was changed while it was read. To be called when <see cref="StopAsync"/> is
    /// done.
    /// </summary>
    /// <exception cref="SnapshotOutdatedException">It is.</exception>
    public async Task EnsureUnchangedAsync(TimeSpan connectLimit, CancellationToken cancellationToken)
    {
        if (!Snapshot.IsStateKnown)
            return;
        await using var session = await PgConnector.OpenAsync(
            Snapshot.Session.Login with { ApplicationName = "backupsync:compare" }, connectLimit, onRetry: null, cancellationToken);
        await Snapshot.EnsureUnchangedAsync(session, cancellationToken);
    }

    PgSession Reader => Snapshot.Readers[0];

    /// <summary>
    /// Ends the work in the server, too, which would go on with a long statement, or wait for a lock, although nobody listens any more.
    /// </summary>
    public async Task StopAsync()
    {
        await DisposeAsync();
        using var limit = new CancellationTokenSource(StopLimit);
        var name = Snapshot.Session.Login.ApplicationName;
        try
        {
            await using var session = await PgSession.OpenAsync(
                Snapshot.Session.Login with { ApplicationName = "backupsync:compare" }, limit.Token, StopLimit);
            await RunSessions.EndOwnAsync(session, name, [], limit.Token);
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException)
        {
            // A server that cannot be reached is why the comparison ended, or is about to end the sessions itself.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_watch?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Snapshot.DisposeAsync();
    }

    static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);
}
