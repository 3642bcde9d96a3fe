using BackupSync.Configuration;
using BackupSync.Operations.Archiving;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Sides;

/// <summary>The database a run copies. It is only read, and asked for few connections.</summary>
sealed class SourceSide(
    RunContext run, SourceFindings findings, Endpoint database, RunSettings settings, ExcludeConfig exclude, string applicationName)
    : DatabaseSide(
        run, database, settings, new PgLogin(database.Name, database.Address.Unpooled(), applicationName, ReadOnly: true))
{
    ExcludedObjects _excluded = ExcludedObjects.None;
    int _sessions;

    int OnesToWatch => Settings.Limits.Blocking is null ? 0 : 1;

    /// <summary>One of the others holds the snapshot.</summary>
    int Readers => Math.Min(Settings.Parallel, _sessions - OnesToWatch - 1);

    /// <summary>What the configuration leaves out.</summary>
    public CatalogFilter Filter => _excluded.Filter;

    /// <summary>Connects, learns what the source is, and keeps to what it can spare.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        findings.Facts = await OpenAsync(cancellationToken);
        _sessions = SessionsWithinBudget(Facts);
        _excluded = await ExcludedObjects.ResolveAsync(exclude, Session, Facts.InRecovery, Run.Warn, cancellationToken);
        var notDumped = (await Session.RowsAsync(CatalogQueries.NeverDumped, cancellationToken)).Select(r => r.Name(0).Display)
            .ToList();
        if (notDumped.Count > 0)
        {
            Run.Warn($"{Login.Label}: rows of {NameList.Of(notDumped)} are not copied, for these belong to extensions that do not let "
                + "them be dumped (pg_extension_config_dump). "
                + "Carry them over by hand, or take them out of the extension (ALTER EXTENSION … DROP TABLE …).");
        }
    }

    /// <summary>Finds the roles that the source's policies, user mappings and values name.</summary>
    public async Task<IReadOnlyList<string>> FindNamedRolesAsync(CancellationToken cancellationToken)
    {
        var roles = (await Session.RowsAsync(CatalogQueries.NamedRoles(_excluded.Filter), cancellationToken)).Select(r => r.Text(0))
            .ToHashSet();
        foreach (var column in await Session.RowsAsync(CatalogQueries.RoleColumns(_excluded.Filter), cancellationToken))
        {
            var (table, name) = (column.Name(0).Qualified, Sql.Identifier(column.Text(2)));
            var oids = column.TextOrNull(3) switch
            {
                "regrole" => $"SELECT DISTINCT {name}::oid AS oid FROM ONLY {table}",
                "_regrole" => $"SELECT DISTINCT pg_catalog.unnest({name}::oid[]) AS oid FROM ONLY {table}",
                var acl => $"SELECT DISTINCT pg_catalog.unnest(ARRAY[a.grantee, a.grantor]) AS oid FROM ONLY {table}, LATERAL "
                    + $"pg_catalog.aclexplode({(acl == "aclitem" ? $"ARRAY[{name}]" : name)}) a",
            };
            roles.UnionWith((await Session.RowsAsync(
                $"SELECT r.rolname FROM ({oids}) o JOIN pg_catalog.pg_roles r ON r.oid = o.oid",
                cancellationToken)).Select(r => r.Text(0)));
        }
        return NamedRoles = [.. roles.Order(StringComparer.Ordinal)];
    }

    /// <summary>Tables that force row security on their owners, the first few.</summary>
    public async Task<IReadOnlyList<string>> ForcedRowSecurityAsync(CancellationToken cancellationToken) =>
        [.. (await Session.RowsAsync(CatalogQueries.ForcedRowSecurity(_excluded.Filter), cancellationToken)).Select(
            r => r.Name(0).Display)];

    /// <summary>Reads what the source holds from the snapshot that the dump will share.</summary>
    public async Task ReadAsync(FingerprintMethod method, StepScope scope, CancellationToken cancellationToken)
    {
        await ReadSnapshotAsync(1 + Readers, method, _excluded.Filter,
            (table, done, all, read) => scope.Progress((double)done / all, table, read?.Rows), cancellationToken);
        findings.Content = Content;
        findings.SnapshotTime = SnapshotTime;
    }

    /// <summary>
    /// How many sessions may read a snapshot row by row: some share the tables out, one fetches what they find, as far as there are so
    /// many.
    /// </summary>
    public int ReadersByRow => Math.Min(Readers + 1, Math.Min(Settings.Limits.Connections, Facts.ConnectionsFree + 1) - OnesToWatch - 1);

    /// <summary>
    /// Takes a snapshot that is read row by row, and gives way to others: one session holds it, one reads; more are opened when there
    /// is work for them.
    /// </summary>
    public async Task<Snapshot> TakeSnapshotAsync(Func<PgSession, CancellationToken, Task> beforehand, CancellationToken cancellationToken)
    {
        var snapshot = await TakeSnapshotAsync(sessions: 2, cancellationToken, beforehand);
        findings.SnapshotTime = snapshot.Taken;
        return snapshot;
    }

    public async Task DumpAsync(BackupLabel label, PgToolset tools, StepScope scope, CancellationToken cancellationToken)
    {
        findings.Backup = await BackUpAsync(label, _excluded, tools, scope, cancellationToken);
        findings.Content = Content; // with the sequences as they were after the dump
    }

    /// <summary>
    /// One connection holds the snapshot, one watches, the rest of the budget may read; pg_dump has one of these afterwards.
    /// </summary>
    int SessionsWithinBudget(DatabaseFacts facts)
    {
        // The session that asked is closed before the snapshot's are opened.
        var free = facts.ConnectionsFree + 1;
        var least = Settings.Limits.LeastConnections;
        var wanted = Math.Max(least, Math.Min(Settings.Limits.Connections, Settings.Parallel + 1 + OnesToWatch));
        if (free < least)
        {
            throw new BackupSyncException(ErrorIds.TooFewConnections,
                $"{Login.Label} has {Math.Max(0, free)} free connection(s) for '{facts.Role}' of {facts.ConnectionsLimit}; a run needs "
                    + $"at least {least}.",
                "Close idle connections, make the application's pool smaller, or raise the limit (max_connections, or the role's or "
                    + "database's CONNECTION LIMIT)."
                + (free == LimitsConfig.LeastWithoutWatch
                    ? " With 'limits.blocking: wait' two are enough, but nobody sees then who waits for the run."
                    : ""));
        }
        if (free < wanted)
        {
            Run.Warn(
                $"{Login.Label} has only {free} free connections of {facts.ConnectionsLimit}; the run keeps "
                    + $"to {free} instead of {wanted}.");
            wanted = free;
        }
        return wanted;
    }
}
