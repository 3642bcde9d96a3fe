namespace BackupSync.Postgres;

/// <summary>What a session can tell about its database, its server and its own rights, asked in one query.</summary>
sealed record DatabaseFacts
{
    internal IDatabaseEngine Engine { get; init; } = DatabaseEngines.PostgreSql;
    public required DatabaseProvider Provider { get; init; }

    /// <summary>As the server calls it: <c>15.18</c>, <c>19rc1</c>.</summary>
    public required string Version { get; init; }
    public required int Major { get; init; }
    public required string Database { get; init; }
    public required uint DatabaseOid { get; init; }

    /// <summary>In bytes, indexes included.</summary>
    public required long Size { get; init; }
    public required string Role { get; init; }
    public required bool IsSuperuser { get; init; }
    public required bool MayCreateDatabases { get; init; }

    public required bool BypassesRowSecurity { get; init; }

    /// <summary>Whether the role owns the database, or is a member of the role that does.</summary>
    public required bool OwnsDatabase { get; init; }
    public required string Owner { get; init; }

    /// <summary>May end other roles' sessions.</summary>
    public required bool MaySignalOthers { get; init; }

    /// <summary>The setting <c>event_triggers</c> is new in version 17, as are triggers of logins, and a superuser's.</summary>
    internal bool MayTurnEventTriggersOff => Major >= 17 && IsSuperuser;

    public required bool MayCheckpoint { get; init; }

    /// <summary>May create schemas and trusted extensions in the database.</summary>
    public required bool MayCreateInDatabase { get; init; }
    public required bool InRecovery { get; init; }

    /// <summary>Client connections on the whole server.</summary>
    public required int ConnectionsUsed { get; init; }

    /// <summary>Connections this role may have: the server's, the database's or the role's limit, whichever is least.</summary>
    public required int ConnectionsLimit { get; init; }

    /// <summary>How many more this role could open now.</summary>
    public required int ConnectionsFree { get; init; }

    /// <summary>
    /// Whether default_tablespace is the database's own: PostgreSQL refuses to create a partitioned table then, although it would lie
    /// there.
    /// </summary>
    internal bool NamesOwnTablespace { get; private init; }

    /// <summary>Whether the server can store long values compressed by LZ4, and nobody has chosen how it is to store them.</summary>
    public required bool MayStoreAsLz4 { get; init; }

    /// <summary>
    /// Whether the server can refuse to read what is a view or a foreign table
    /// (https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-RESTRICT-NONSYSTEM-RELATION-KIND).
    /// </summary>
    internal bool MayRestrictKinds { get; private init; }

    /// <summary>The language of the server's messages (<c>lc_messages</c>), such as <c>de_DE.UTF-8</c>.</summary>
    internal string Messages { get; private init; } = "C";

    /// <summary>
    /// What PostgreSQL's programs print has no codes, and is known by its words. A superuser's sessions have them in English, whatever the
    /// server says.
    /// </summary>
    internal bool MessagesAreEnglish => IsSuperuser || Messages is "" or "C" or "POSIX"
        || Messages.StartsWith("C.", StringComparison.Ordinal)
        || Messages.StartsWith("en", StringComparison.OrdinalIgnoreCase);

    /// <summary>In bytes.</summary>
    public required long SharedBuffers { get; init; }
    public required long MaintenanceWorkMemory { get; init; }

    public static async Task<DatabaseFacts> ReadAsync(PgSession session, DatabaseProvider? stated, CancellationToken cancellationToken)
    {
        var banner = await session.ScalarAsync<string>("SELECT version()", cancellationToken) ?? "";
        var provider = stated ?? Detect(session.Login.Address.Host, banner);
        var engine = DatabaseEngines.Of(
            provider == DatabaseProvider.CockroachDB || DatabaseEngines.IsCockroachDb(banner), session.Login.Label);
        await ReadableNames.EnsureAsync(session, cancellationToken);
        return Of((await session.RowsAsync(Query, cancellationToken))[0], engine, provider, banner);
    }

    static DatabaseProvider Detect(string host, string banner) =>
        DatabaseEngines.IsCockroachDb(banner) ? DatabaseProvider.CockroachDB
        : IsNeon(host) ? DatabaseProvider.Neon
        : host.EndsWith(".rlwy.net", StringComparison.OrdinalIgnoreCase)
          || host.EndsWith(".railway.app", StringComparison.OrdinalIgnoreCase)
          || host.EndsWith(".railway.internal", StringComparison.OrdinalIgnoreCase) ? DatabaseProvider.Railway
        : DatabaseProvider.PostgreSQL;

    public static bool IsNeon(string host) => host.EndsWith(".neon.tech", StringComparison.OrdinalIgnoreCase);

    static DatabaseFacts Of(Row row, IDatabaseEngine engine, DatabaseProvider provider, string banner)
    {
        var number = PgVersion.OfNumber(row.Int(0));
        var isSuperuser = row.Flag(4);
        var reserved = isSuperuser ? 0 : row.Int(18);
        // Of the server, of the database, of the role.
        int[] used = [row.Int(12), row.Int(14), row.Int(16)];
        int[] limits = [LimitOf(row.Int(13)) - reserved, LimitOf(row.Int(15)), LimitOf(row.Int(17))];
        return new DatabaseFacts
        {
            Engine = engine,
            Provider = provider,
            Major = number.Major,
            // The number alone has no betas: 19rc1 would be 19.0.
            Version = (banner.Split(' ') is ["PostgreSQL", var version, ..] ? PgVersion.TryParse(version) ?? number : number).ToString(),
            Database = row.Text(1),
            DatabaseOid = row.Oid(2),
            Size = row.Long(3),
            IsSuperuser = isSuperuser,
            MayCreateDatabases = isSuperuser || row.Flag(5),
            Role = row.Text(6),
            Owner = row.Text(7),
            OwnsDatabase = row.Flag(8),
            MaySignalOthers = isSuperuser || row.Flag(9),
            MayCreateInDatabase = row.Flag(10),
            InRecovery = row.Flag(11),
            ConnectionsUsed = used[0],
            ConnectionsLimit = limits.Min(),
            ConnectionsFree = limits.Zip(used, (limit, taken) => limit == int.MaxValue ? limit : limit - taken).Min(),
            SharedBuffers = row.Long(19),
            MaintenanceWorkMemory = row.Long(20),
            BypassesRowSecurity = isSuperuser || row.Flag(21),
            MayCheckpoint = isSuperuser || row.Flag(22),
            MayStoreAsLz4 = row.Flag(23),
            NamesOwnTablespace = row.Flag(24),
            MayRestrictKinds = row.Flag(25),
            Messages = row.Text(26),
        };

        static int LimitOf(int limit) => limit < 0 ? int.MaxValue : limit;
    }

    // Reserved connections: superuser_reserved_connections, and from version 16 on reserved_connections for members of
    // pg_use_reserved_connections. https://www.postgresql.org/docs/current/runtime-config-connection.html
    // Of other roles' sessions an ordinary one sees database and user, but not what kind they are: those with both are clients'.
    const string Query = """
        SELECT current_setting('server_version_num'), d.datname, d.oid, pg_catalog.pg_database_size(d.oid),
               r.rolsuper, r.rolcreatedb, r.rolname, pg_catalog.pg_get_userbyid(d.datdba),
               pg_catalog.pg_has_role(d.datdba, 'USAGE'),
               pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'),
               pg_catalog.has_database_privilege(d.oid, 'CREATE'),
               pg_catalog.pg_is_in_recovery(),
               (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datid <> 0 AND usesysid IS NOT NULL),
               current_setting('max_connections'),
               (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datid = d.oid AND usesysid IS NOT NULL),
               CASE WHEN r.rolsuper THEN -1 ELSE d.datconnlimit END,
               (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usesysid = r.oid),
               CASE WHEN r.rolsuper THEN -1 ELSE r.rolconnlimit END,
               current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int,
               pg_catalog.pg_size_bytes(current_setting('shared_buffers')),
               pg_catalog.pg_size_bytes(current_setting('maintenance_work_mem')),
               r.rolbypassrls,
               (SELECT pg_catalog.pg_has_role(c.oid, 'USAGE') FROM pg_catalog.pg_roles c WHERE c.rolname = 'pg_checkpoint'),
               (SELECT 'lz4' = ANY (s.enumvals) AND s.source = 'default' FROM pg_catalog.pg_settings s
                   WHERE s.name = 'default_toast_compression'),
               current_setting('default_tablespace') = (SELECT t.spcname FROM pg_catalog.pg_tablespace t WHERE t.oid = d.dattablespace),
               current_setting('restrict_nonsystem_relation_kind', true) IS NOT NULL,
               current_setting('lc_messages')
        FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
        WHERE d.datname = current_database() AND r.rolname = current_user
        """;
}
