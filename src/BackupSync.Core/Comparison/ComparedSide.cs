using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>One of two databases that are compared, held at one moment.</summary>
sealed class ComparedSide(DatabaseFacts facts, Snapshot snapshot) : IAsyncDisposable
{
    CatalogFilter _filter = CatalogFilter.None;

    public DatabaseFacts Facts { get; } = facts;
    public Snapshot Snapshot { get; } = snapshot;

    /// <summary>The names of all its tables, whether asked for or not.</summary>
    public IReadOnlyList<string> AllTables { get; private set; } = [];

    public DatabaseFingerprint Content { get; private set; } = null!;

    public static async Task<ComparedSide> OpenAsync(DatabaseConfig database, int sessions, TimeSpan connectLimit, CancellationToken cancellationToken)
    {
        var login = new PgLogin(database.DisplayName, database.Address.Unpooled(), "backupsync:compare", ReadOnly: true);
        DatabaseFacts facts;
        await using (var session = await PgConnector.OpenAsync(login, connectLimit, onRetry: null, cancellationToken))
        {
            facts = await DatabaseFacts.ReadAsync(session, database.Provider, cancellationToken);
            login = session.PinnedLogin;
        }
        return new ComparedSide(facts, await Snapshot.TakeAsync(login, sessions, connectLimit, cancellationToken));
    }

    /// <param name="patterns">Leaves out all tables but these; none for all.</param>
    public async Task ListTablesAsync(IReadOnlyList<string> patterns, CancellationToken cancellationToken)
    {
        var tables = TableColumns.From(await Snapshot.Session.RowsAsync(CatalogQueries.Tables(CatalogFilter.None), cancellationToken));
        AllTables = [.. tables.Select(t => t.Key)];
        if (patterns.Count > 0)
            _filter = CatalogFilter.None with { Relations = [.. tables.Where(t => !patterns.Any(p => TableNames.Matches(t.Key, p))).Select(t => t.Oid)] };
    }

    public async Task ReadAsync(FingerprintMethod method, FingerprintReader.OnTable onTable, CancellationToken cancellationToken) =>
        Content = await FingerprintReader.ReadAsync(Snapshot.Sessions, method, _filter, onTable, cancellationToken,
            $"{Snapshot.Session.Login.Label}: the role '{Snapshot.Session.Login.Address.User}'");

    public ValueTask DisposeAsync() => Snapshot.DisposeAsync();
}
