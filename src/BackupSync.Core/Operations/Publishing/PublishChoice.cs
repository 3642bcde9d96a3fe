using BackupSync.Configuration;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Publishing;

/// <summary>Chooses the way of publishing that the target's role has the rights for, and says which are missing.</summary>
static class PublishChoice
{
    /// <param name="mode">The way that is asked for.</param>
    /// <param name="content">What is known of the content that is to be published.</param>
    /// <exception cref="BackupSyncException">Neither way, or not the one asked for, is open; the message names the GRANT.</exception>
    public static async Task<IPublisher> MakeAsync(
        RunContext run, TargetSide target, PublishMode mode, NewContent content, CancellationToken cancellationToken)
    {
        var session = target.Session;
        IReadOnlyCollection<string> extensions = [.. content.ExtensionSchemas.Keys];
        var againstSwap = mode == PublishMode.Transaction ? null : await AgainstSwapAsync(target, extensions, session, cancellationToken);
        if (mode == PublishMode.Swap || (mode == PublishMode.Auto && againstSwap is null))
            return againstSwap is null ? new SwapPublisher(run, target) : throw Refused(target, againstSwap);

        var againstTransaction = await AgainstTransactionAsync(target, content, extensions, session, cancellationToken);
        if (againstTransaction is not null)
            throw Refused(target, againstTransaction);
        if (againstSwap is not null)
            run.Info($"{target.Login.Label} is published in one transaction, not by swap: {againstSwap.Reason}");
        return new TransactionPublisher(run, target);
    }

    static async Task<Obstacle?> AgainstSwapAsync(
        TargetSide target, IReadOnlyCollection<string> extensions, PgSession session, CancellationToken cancellationToken)
    {
        var (facts, role) = (target.Facts, Sql.Identifier(target.Facts.Role));
        if (!facts.Engine.Has(EngineCapabilities.SwapByRename))
            return new($"a {facts.Engine.Name} renames no databases in a transaction.", "Publish by transaction.", ErrorIds.NotSupported);
        if (target.Lock.IsOnTarget)
            return new("no other database of its server may be connected to.", $"GRANT CONNECT ON DATABASE postgres TO {role};");
        if (!facts.MayCreateDatabases)
            return new($"the role '{facts.Role}' may not create databases.", $"ALTER ROLE {role} CREATEDB;");
        if (!facts.OwnsDatabase)
            return new(
                $"the role '{facts.Role}' does not own the database (its owner is '{facts.Owner}').",
                $"ALTER DATABASE {Sql.Identifier(facts.Database)} OWNER TO {role};");
        if (await AgainstRenamingAsync(session, cancellationToken) is { } held)
            return held;
        return await AgainstExtensionsAsync(facts, extensions, session, installed: [], cancellationToken);
    }

    static async Task<Obstacle?> AgainstTransactionAsync(
        TargetSide target, NewContent content, IReadOnlyCollection<string> extensions, PgSession session,
        CancellationToken cancellationToken)
    {
        var (facts, role) = (target.Facts, Sql.Identifier(target.Facts.Role));
        if (!facts.MayCreateInDatabase)
            return new(
                $"the role '{facts.Role}' may not create schemas in the database.",
                $"GRANT CREATE ON DATABASE {Sql.Identifier(facts.Database)} TO {role};");
        if (!await session.ScalarAsync<bool>("SELECT coalesce((SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') FROM "
            + "pg_catalog.pg_namespace WHERE nspname = 'public'), true)", cancellationToken))
            return new($"the role '{facts.Role}' may not create tables in the schema public.", $"GRANT CREATE ON SCHEMA public TO {role};");
        var foreign = await session.RowsAsync(ForeignObjects, cancellationToken);
        if (foreign.Count > 0)
        {
            var some = string.Join(", ", foreign.Select(f => f.TextOrNull(0)));
            return new($"the role '{facts.Role}' does not own {some}, and so may not replace it.",
                "Let the role own them: " + string.Join(
                    " ",
                    foreign.Select(f => f.TextOrNull(1) is { } relation
                        ? $"ALTER TABLE {relation} OWNER TO {role};" : $"the {f.TextOrNull(0)} is {f.Text(2)}'s.")));
        }
        if (await PreparedAsync(session, HoldsLocks, cancellationToken) is { } prepared)
            return prepared;
        var installed = (await session.RowsAsync(
            "SELECT e.extname, n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = "
                + "e.extnamespace", cancellationToken)).ToDictionary(e => e.Text(0), e => e.Text(1));
        if (installed.FirstOrDefault(
            e => content.ExtensionSchemas.TryGetValue(e.Key,
                out var wanted) && wanted.Length > 0 && wanted != e.Value) is { Key: { } moved })
        {
            return new($"its extension '{moved}' is in the schema {Sql.Display(installed[moved])}, and the content needs it in "
                + $"{Sql.Display(content.ExtensionSchemas[moved])}.",
                $"ALTER EXTENSION {Sql.Identifier(moved)} SET SCHEMA {Sql.Identifier(content.ExtensionSchemas[moved])}; (after CREATE "
                    + "SCHEMA, if need be), or publish by swap.");
        }
        return await AgainstExtensionsAsync(facts, extensions, session, installed.Keys.ToHashSet(), cancellationToken)
               ?? await AgainstLocksAsync(content, session, cancellationToken);
    }

    /// <summary>
    /// All that the transaction drops and creates stays locked until it ends, in a table that all sessions share.
    /// </summary>
    static async Task<Obstacle?> AgainstLocksAsync(NewContent content, PgSession session, CancellationToken cancellationToken)
    {
        var old = (await session.RowsAsync(CatalogQueries.LockedObjects, cancellationToken))[0].Long(0);
        // Those that stay are written over, which takes no lock.
        var removed = Math.Max(0, await session.ScalarAsync<long>(
            "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata",
            cancellationToken) - content.LargeObjects);
        var locks = await LockTable.ReadAsync(session, cancellationToken);
        var needed = old + content.Relations + removed;
        return needed <= locks.Room
            ? null
            : new($"one transaction would lock about {needed} objects, and {locks}.",
                $"{locks.Advice(needed)}, or publish by swap, which locks few objects at a time (ALTER ROLE … CREATEDB, if that is "
                    + "what it lacks).");
    }

    /// <summary>What would stay behind with the database that is renamed away, and keeps it from being renamed or dropped.</summary>
    static async Task<Obstacle?> AgainstRenamingAsync(PgSession session, CancellationToken cancellationToken)
    {
        if (await PreparedAsync(session, "true", cancellationToken) is { } prepared)
            return prepared;
        if (await FirstAsync(
            session,
            "SELECT slot_name FROM pg_catalog.pg_replication_slots WHERE database = current_database() AND NOT temporary ORDER BY 1 "
                + "LIMIT 1",
            cancellationToken) is { } slot)
        {
            return new($"the logical replication slot '{slot}' is on the database: who reads from it would be left with the database "
                + "that is replaced.",
                $"Drop it (SELECT pg_drop_replication_slot({Sql.Literal(slot)});) if nobody needs it any more, or publish by "
                    + "transaction.", ErrorIds.NotSupported);
        }
        if (await FirstAsync(session, "SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid = (SELECT oid FROM "
            + "pg_catalog.pg_database WHERE datname = current_database()) ORDER BY 1 LIMIT 1", cancellationToken) is { } subscription)
        {
            return new($"the subscription '{subscription}' writes to the database, and keeps it from being replaced.",
                $"DROP SUBSCRIPTION {Sql.Identifier(subscription)}; a database that is replaced by copies needs none.", ErrorIds
                    .NotSupported);
        }
        return null;
    }

    /// <summary>A prepared transaction keeps its locks, and its database, whoever ends what sessions.</summary>
    /// <param name="condition">Which of them are in the way.</param>
    static async Task<Obstacle?> PreparedAsync(PgSession session, string condition, CancellationToken cancellationToken) =>
        await FirstAsync(session, "SELECT gid FROM pg_catalog.pg_prepared_xacts p WHERE p.database = current_database() AND "
            + $"{condition} ORDER BY p.prepared LIMIT 1", cancellationToken) is { } gid
            ? new(
                $"the prepared transaction '{gid}' is open on the database.",
                $"COMMIT PREPARED {Sql.Literal(gid)}; or ROLLBACK PREPARED {Sql.Literal(gid)}; in the database.",
                ErrorIds.NotSupported)
            : null;

    static async Task<string?> FirstAsync(PgSession session, string select, CancellationToken cancellationToken) =>
        await session.RowsAsync(select, cancellationToken) is [var first, ..] ? first.TextOrNull(0) : null;

    /// <summary>pg_locks shows them without a process: what has the number of their transaction has their other locks, too.</summary>
    const string HoldsLocks = """
        EXISTS (SELECT FROM pg_catalog.pg_locks x JOIN pg_catalog.pg_locks l ON l.virtualtransaction = x.virtualtransaction
            AND l.pid IS NULL
                WHERE x.pid IS NULL AND x.locktype = 'transactionid' AND x.transactionid = p.transaction AND l.locktype = 'relation')
        """;

    /// <summary>An extension can be created by a superuser or, where it is marked trusted, by who may create in the database.</summary>
    static async Task<Obstacle?> AgainstExtensionsAsync(
        DatabaseFacts facts, IReadOnlyCollection<string> extensions, PgSession session, HashSet<string> installed,
        CancellationToken cancellationToken)
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
            """, cancellationToken)).ToDictionary(e => e.Text(0), e => e.Flag(1));
        if (wanted.FirstOrDefault(e => !available.ContainsKey(e)) is { } missing)
            return new(
                $"its server does not offer the extension '{missing}', which the content needs.",
                $"Install the extension {missing} on the target's server.");
        if (!mayAll && wanted.FirstOrDefault(e => !available[e]) is { } untrusted)
            return new($"the role '{facts.Role}' may not create the extension '{untrusted}', which the content needs.",
                $"Let a superuser run CREATE EXTENSION {Sql.Identifier(untrusted)}; in the target, and publish by transaction, which "
                    + "keeps it.");
        return null;
    }

    static BackupSyncException Refused(TargetSide target, Obstacle obstacle) => new(
        obstacle.ErrorId, $"{target.Login.Label} cannot be published: {obstacle.Reason}", obstacle.Advice);

    /// <param name="Reason">The end of a sentence.</param>
    sealed record Obstacle(string Reason, string Advice, string ErrorId = ErrorIds.PrivilegeMissing);

    /// <summary>What the role may not drop: how it is called, its name where it is a relation, and its owner.</summary>
    const string ForeignObjects = """
        -- A range type's functions, made with it, are the first superuser's.
        WITH ext AS MATERIALIZED (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype IN ('e', 'i')),
        owned(classid, objid, namespace, owner) AS (
            SELECT 'pg_catalog.pg_class'::regclass, oid, relnamespace, relowner FROM pg_catalog.pg_class
                WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
            UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid, pronamespace, proowner FROM pg_catalog.pg_proc
            UNION ALL SELECT 'pg_catalog.pg_type'::regclass, t.oid, t.typnamespace, t.typowner FROM pg_catalog.pg_type t
                WHERE t.typelem = 0 AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid
                    AND c.relkind = 'c'))
            UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass, oid, oid, nspowner FROM pg_catalog.pg_namespace
                WHERE nspname <> 'public' AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = pg_namespace.oid)
            UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid, oprnamespace, oprowner FROM pg_catalog.pg_operator
            UNION ALL SELECT 'pg_catalog.pg_opclass'::regclass, oid, opcnamespace, opcowner FROM pg_catalog.pg_opclass
            UNION ALL SELECT 'pg_catalog.pg_opfamily'::regclass, oid, opfnamespace, opfowner FROM pg_catalog.pg_opfamily
            UNION ALL SELECT 'pg_catalog.pg_collation'::regclass, oid, collnamespace, collowner FROM pg_catalog.pg_collation
            UNION ALL SELECT 'pg_catalog.pg_conversion'::regclass, oid, connamespace, conowner FROM pg_catalog.pg_conversion
            UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, oid, cfgnamespace, cfgowner FROM pg_catalog.pg_ts_config
            UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, oid, dictnamespace, dictowner FROM pg_catalog.pg_ts_dict
            UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid, stxnamespace, stxowner FROM pg_catalog.pg_statistic_ext
            UNION ALL SELECT 'pg_catalog.pg_foreign_data_wrapper'::regclass, oid, 0, fdwowner FROM pg_catalog.pg_foreign_data_wrapper
            UNION ALL SELECT 'pg_catalog.pg_foreign_server'::regclass, oid, 0, srvowner FROM pg_catalog.pg_foreign_server
            UNION ALL SELECT 'pg_catalog.pg_event_trigger'::regclass, oid, 0, evtowner FROM pg_catalog.pg_event_trigger
            UNION ALL SELECT 'pg_catalog.pg_language'::regclass, oid, 0, lanowner FROM pg_catalog.pg_language
            UNION ALL SELECT 'pg_catalog.pg_largeobject'::regclass, oid, 0, lomowner FROM pg_catalog.pg_largeobject_metadata)
        SELECT pg_catalog.pg_describe_object(classid, objid, 0), CASE
            WHEN classid = 'pg_catalog.pg_class'::regclass THEN objid::regclass::text END, pg_catalog.pg_get_userbyid(owner)
        FROM owned
        WHERE (objid >= 16384 OR classid = 'pg_catalog.pg_largeobject'::regclass) AND NOT pg_catalog.pg_has_role(owner, 'USAGE')
          AND namespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
          AND NOT EXISTS (SELECT FROM ext WHERE ext.classid = owned.classid AND ext.objid = owned.objid)
        ORDER BY 2, 1 LIMIT 5
        """;
}
