using System.Collections.Concurrent;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>One of two databases that are compared, held at one moment.</summary>
sealed class ComparedSide : IAsyncDisposable
{
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
    public IReadOnlyList<string> AllTables { get; private set; } = [];

    /// <summary>Those of them that are asked for; none where all are.</summary>
    public IReadOnlyList<string> Chosen { get; private set; } = [];

    public DatabaseFingerprint Content { get; private set; } = null!;

    public static async Task<(ComparedSide Source, ComparedSide Target)> OpenAsync(
        DatabaseConfig source, DatabaseConfig target, int sessions, TimeSpan connectLimit, CancellationToken cancellationToken)
    {
        // Neither is held while the other is still waking up: the two moments are to be as near as can be.
        var reached = await BothSides.RunAsync(stop => ReachAsync(source, connectLimit, stop), stop => ReachAsync(target, connectLimit, stop), cancellationToken);
        var name = $"backupsync:compare:{Guid.NewGuid().ToString("N")[..8]}";
        var held = new ConcurrentQueue<ComparedSide>();
        try
        {
            return await BothSides.RunAsync(stop => HoldAsync(reached.Source, stop), stop => HoldAsync(reached.Target, stop), cancellationToken);
        }
        catch
        {
            foreach (var side in held)
                await side.DisposeAsync();
            throw;
        }

        async Task<ComparedSide> HoldAsync((DatabaseFacts Facts, PgLogin Login) database, CancellationToken stop)
        {
            var side = new ComparedSide(database.Facts, await Snapshot.TakeAsync(database.Login with { ApplicationName = name }, sessions, connectLimit, stop));
            held.Enqueue(side);
            return side;
        }
    }

    static async Task<(DatabaseFacts Facts, PgLogin Login)> ReachAsync(DatabaseConfig database, TimeSpan connectLimit, CancellationToken cancellationToken)
    {
        var login = new PgLogin(database.DisplayName, database.Address.Unpooled(), "backupsync:compare", ReadOnly: true);
        await using var session = await PgConnector.OpenAsync(login, connectLimit, onRetry: null, cancellationToken);
        return (await DatabaseFacts.ReadAsync(session, database.Provider, cancellationToken), session.PinnedLogin);
    }

    /// <param name="patterns">Leaves out all tables but these; none for all. A partitioned table's name stands for its partitions.</param>
    public async Task ListTablesAsync(IReadOnlyList<string> patterns, CancellationToken cancellationToken)
    {
        var tables = await TableColumns.ReadAsync(Snapshot.Session, CatalogFilter.None, cancellationToken);
        var parents = await TableNames.ParentsAsync(Snapshot.Session, cancellationToken);
        AllTables = [.. tables.SelectMany(t => parents[t.Oid].Prepend(t.Key)).Distinct()];
        if (patterns.Count == 0)
            return;
        var wanted = tables.Where(t => parents[t.Oid].Prepend(t.Key).Any(IsWanted)).ToList();
        Chosen = [.. AllTables.Where(IsWanted).Union(wanted.Select(t => t.Key))];
        _filter = CatalogFilter.None with { Relations = [.. tables.Except(wanted).Select(t => t.Oid)], TablesOnly = true };

        bool IsWanted(string table) => patterns.Any(p => TableNames.Matches(table, p));
    }

    public async Task ReadAsync(FingerprintMethod method, FingerprintReader.OnTable onTable, CancellationToken cancellationToken) =>
        Content = await FingerprintReader.ReadAsync(Snapshot.Sessions, method, _filter, onTable, cancellationToken,
            $"{Label}: the role '{Snapshot.Session.Login.Address.User}'");

    /// <summary>Ends the work in the server, too, which would go on with a long statement, or wait for a lock, although nobody listens any more.</summary>
    public async Task StopAsync()
    {
        await Snapshot.DisposeAsync();
        using var limit = new CancellationTokenSource(StopLimit);
        var name = Snapshot.Session.Login.ApplicationName;
        try
        {
            await using var session = await PgSession.OpenAsync(Snapshot.Session.Login with { ApplicationName = "backupsync:compare" }, limit.Token, StopLimit);
            await RunSessions.EndOwnAsync(session, name, [], limit.Token);
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException)
        {
            // A server that cannot be reached is why the comparison ended, or is about to end the sessions itself.
        }
    }

    public ValueTask DisposeAsync() => Snapshot.DisposeAsync();

    static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);
}
