using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Sync.Publishing;

/// <summary>Chooses the way of publishing that the target's role has the rights for, and says which are missing.</summary>
static class PublishChoice
{
    /// <param name="extensions">Extensions of the content that is to be published.</param>
    /// <exception cref="BackupSyncException">Neither way, or not the one asked for, is open; the message names the GRANT.</exception>
    public static async Task<IPublisher> MakeAsync(
        RunContext run, TargetSide target, IReadOnlyCollection<string> extensions, CancellationToken cancellationToken)
    {
        var session = target.Session;
        var mode = target.Job.Publish;
        var againstSwap = mode == PublishMode.Transaction ? null : await AgainstSwapAsync(target, extensions, session, cancellationToken);
        if (mode == PublishMode.Swap || (mode == PublishMode.Auto && againstSwap is null))
            return againstSwap is null ? new SwapPublisher(run, target) : throw Refused(target, againstSwap);

        var againstTransaction = await AgainstTransactionAsync(target, extensions, session, cancellationToken);
        if (againstTransaction is not null)
            throw Refused(target, againstTransaction);
        if (againstSwap is not null)
            run.Info($"{target.Login.Label} is published in one transaction, not by swap: {againstSwap.Value.Reason}");
        return new TransactionPublisher(run, target);
    }

    static async Task<(string Reason, string Advice)?> AgainstSwapAsync(
        TargetSide target, IReadOnlyCollection<string> extensions, PgSession session, CancellationToken cancellationToken)
    {
        var (facts, role) = (target.Facts, Sql.Identifier(target.Facts.Role));
        if (target.Lock.IsOnTarget)
            return ("no other database of its server may be connected to.", $"GRANT CONNECT ON DATABASE postgres TO {role};");
        if (!facts.MayCreateDatabases)
            return ($"the role '{facts.Role}' may not create databases.", $"ALTER ROLE {role} CREATEDB;");
        if (!facts.OwnsDatabase)
            return ($"the role '{facts.Role}' does not own the database (its owner is '{facts.Owner}').", $"ALTER DATABASE {Sql.Identifier(facts.Database)} OWNER TO {role};");
        return await AgainstExtensionsAsync(facts, extensions, session, installed: [], cancellationToken);
    }

    static async Task<(string Reason, string Advice)?> AgainstTransactionAsync(
        TargetSide target, IReadOnlyCollection<string> extensions, PgSession session, CancellationToken cancellationToken)
    {
        var (facts, role) = (target.Facts, Sql.Identifier(target.Facts.Role));
        if (!facts.MayCreateInDatabase)
            return ($"the role '{facts.Role}' may not create schemas in the database.", $"GRANT CREATE ON DATABASE {Sql.Identifier(facts.Database)} TO {role};");
        if (!await session.ScalarAsync<bool>("SELECT coalesce((SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') FROM pg_catalog.pg_namespace WHERE nspname = 'public'), true)", cancellationToken))
            return ($"the role '{facts.Role}' may not create tables in the schema public.", $"GRANT CREATE ON SCHEMA public TO {role};");
        var foreign = await session.RowsAsync(ForeignObjects, cancellationToken);
        if (foreign.Count > 0)
        {
            var some = string.Join(", ", foreign.Select(f => Sql.Display(f[0]!, f[1]!)));
            return ($"the role '{facts.Role}' does not own {some}, and so may not replace it.",
                "Let the role own them: " + string.Join(" ", foreign.Select(f => $"ALTER TABLE {Sql.Qualified(f[0]!, f[1]!)} OWNER TO {role};")));
        }
        var installed = (await session.RowsAsync("SELECT extname FROM pg_catalog.pg_extension", cancellationToken)).Select(e => e[0]!).ToHashSet();
        return await AgainstExtensionsAsync(facts, extensions, session, installed, cancellationToken);
    }

    /// <summary>An extension can be created by a superuser or, where it is marked trusted, by who may create in the database.</summary>
    static async Task<(string Reason, string Advice)?> AgainstExtensionsAsync(
        DatabaseFacts facts, IReadOnlyCollection<string> extensions, PgSession session, HashSet<string> installed, CancellationToken cancellationToken)
    {
        var wanted = extensions.Where(e => !installed.Contains(e) && e != "plpgsql").ToList();
        if (wanted.Count == 0)
            return null;
        // Neon lets its owner role create what it offers: https://neon.com/docs/extensions/pg-extensions
        var mayAll = facts.IsSuperuser || facts.Provider == DatabaseProvider.Neon;
        var available = (await session.RowsAsync(
            $"""
            SELECT e.name, coalesce(v.trusted, false) FROM pg_catalog.pg_available_extensions e
            LEFT JOIN pg_catalog.pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version
            WHERE e.name = ANY ({Sql.TextArray(wanted)})
            """, cancellationToken)).ToDictionary(e => e[0]!, e => e[1] == "t");
        if (wanted.FirstOrDefault(e => !available.ContainsKey(e)) is { } missing)
            return ($"its server does not offer the extension '{missing}', which the content needs.", $"Install the extension {missing} on the target's server.");
        if (!mayAll && wanted.FirstOrDefault(e => !available[e]) is { } untrusted)
            return ($"the role '{facts.Role}' may not create the extension '{untrusted}', which the content needs.",
                $"Let a superuser run CREATE EXTENSION {Sql.Identifier(untrusted)}; in the target, and publish by transaction, which keeps it.");
        return null;
    }

    static BackupSyncException Refused(TargetSide target, (string Reason, string Advice)? obstacle) => new(
        ErrorIds.PrivilegeMissing, $"{target.Login.Label} cannot be published: {obstacle!.Value.Reason}", obstacle.Value.Advice);

    const string ForeignObjects = """
        SELECT n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        ORDER BY 1, 2 LIMIT 5
        """;
}
