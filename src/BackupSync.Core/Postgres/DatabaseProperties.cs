namespace BackupSync.Postgres;

/// <summary>
/// What belongs to a database itself rather than to its content, and so is in no dump: encoding and locale, owner, comment,
/// connection limit, settings and grants. A swap carries it over from the old database to the new one.
/// </summary>
sealed class DatabaseProperties
{
    readonly string _owner;
    readonly string? _comment;
    readonly string _connectionLimit;
    readonly bool _isTemplate;
    readonly string _tablespace;
    readonly IReadOnlyList<(string Privilege, string Grantee, bool Grantable)>? _grants;

    DatabaseProperties(Entry entry, IReadOnlyList<DatabaseSetting> settings, IReadOnlyList<(string, string, bool)>? grants)
    {
        Options = entry.Options with { Settings = settings };
        (_tablespace, _owner, _comment) = (entry.Tablespace, entry.Owner, entry.Comment);
        (_connectionLimit, _isTemplate) = (entry.ConnectionLimit, entry.IsTemplate);
        _grants = grants;
    }

    public DatabaseOptions Options { get; }

    /// <param name="session">On any database of the server.</param>
    public static async Task<DatabaseProperties> ReadAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        var name = Sql.Literal(database);
        var entry = Entry.Of((await session.RowsAsync(Entry.Query(session.ServerVersion.Major, name), cancellationToken))[0]);
        var settings = await session.RowsAsync(
            $"""
            SELECT r.rolname, s.setting FROM pg_catalog.pg_db_role_setting g
            JOIN pg_catalog.pg_database d ON d.oid = g.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.setrole,
            LATERAL pg_catalog.unnest(g.setconfig) s(setting) WHERE d.datname = {name}
            """, cancellationToken);
        var grants = await session.RowsAsync(
            $"""
            SELECT a.privilege_type, CASE WHEN a.grantee = 0 THEN 'PUBLIC'
                ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, a.is_grantable
            FROM pg_catalog.pg_database d, LATERAL pg_catalog.aclexplode(d.datacl) a WHERE d.datname = {name}
            """, cancellationToken);
        return new DatabaseProperties(entry, [.. settings.Select(s => Setting(s.TextOrNull(0), s.Text(1)))],
            entry.HasDefaultGrants ? null : [.. grants.Select(g => (g.Text(0), g.Text(1), g.Flag(2)))]);
    }

    /// <summary>Creates an empty database of the same encoding and locale that nobody else may connect to yet.</summary>
    public async Task CreateAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        var tablespace = _tablespace == "pg_default" ? "" : $" TABLESPACE {Sql.Identifier(_tablespace)}";
        await session.ExecuteAsync(
            $"CREATE DATABASE {Sql.Identifier(database)} TEMPLATE template0 {Options.Creation}{tablespace}",
            cancellationToken);
        await session.ExecuteAsync($"REVOKE ALL ON DATABASE {Sql.Identifier(database)} FROM PUBLIC", cancellationToken);
    }

    /// <summary>
    /// Gives the database the settings that the old one had, its own and those of roles in it: functions may read them while rows are
    /// loaded.
    /// </summary>
    /// <param name="warn">Told what this role may not carry over.</param>
    public async Task ApplySettingsAsync(PgSession session, string database, Action<string> warn, CancellationToken cancellationToken)
    {
        foreach (var (what, statement) in Settings(database))
            await AttemptAsync(session, statement, what, warn, cancellationToken);
    }

    /// <summary>Gives the database everything else that the old one had.</summary>
    /// <param name="warn">Told what this role may not carry over.</param>
    public async Task ApplyAsync(PgSession session, string database, Action<string> warn, CancellationToken cancellationToken)
    {
        var name = Sql.Identifier(database);
        if (_comment is not null)
            await session.ExecuteAsync($"COMMENT ON DATABASE {name} IS {Sql.Literal(_comment)}", cancellationToken);
        if (_connectionLimit != "-1")
            await session.ExecuteAsync($"ALTER DATABASE {name} CONNECTION LIMIT {_connectionLimit}", cancellationToken);
        if (_isTemplate)
            await session.ExecuteAsync($"ALTER DATABASE {name} IS_TEMPLATE true", cancellationToken);
        if (_grants is null)
        {
            await session.ExecuteAsync($"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO PUBLIC", cancellationToken);
        }
        else
        {
            foreach (var (privilege, grantee, grantable) in _grants)
            {
                await AttemptAsync(session, $"GRANT {privilege} ON DATABASE {name} TO {grantee}{(grantable ? " WITH GRANT OPTION" : "")}",
                    $"the grant of {privilege} to {grantee}", warn, cancellationToken);
            }
        }
        // Last: afterwards the rest might be another role's to change.
        await session.ExecuteAsync($"ALTER DATABASE {name} OWNER TO {Sql.Identifier(_owner)}", cancellationToken);
    }

    static async Task AttemptAsync(
        PgSession session,
        string statement,
        string what,
        Action<string> warn,
        CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync(statement, cancellationToken);
        }
        catch (PgQueryException refused) when (refused.ErrorId == ErrorIds.PrivilegeMissing)
        {
            warn($"{session.Login.Label}: {what} is not carried over: {refused.Message}");
        }
    }

    /// <summary>The statements that give a database its settings, each with what it is about.</summary>
    public IEnumerable<(string What, string Statement)> Settings(string database) =>
        Options.Settings.Select(s => (s.What, s.Statement(database)));

    static DatabaseSetting Setting(string? role, string setting) =>
        new(role, setting[..setting.IndexOf('=')], setting[(setting.IndexOf('=') + 1)..]);

    /// <summary>What pg_database says of it.</summary>
    /// <param name="HasDefaultGrants">Nobody has granted or revoked anything.</param>
    sealed record Entry(
        DatabaseOptions Options, string Tablespace, string Owner, string? Comment, string ConnectionLimit, bool HasDefaultGrants,
        bool IsTemplate)
    {
        /// <param name="name">The database's, as a literal.</param>
        public static string Query(int major, string name)
        {
            // Version 15 brought ICU databases, 16 their rules, 17 the builtin provider and another name for the column.
            var provider = major >= 15 ? "d.datlocprovider::text" : "NULL";
            var locale = major >= 17 ? "d.datlocale" : major >= 15 ? "d.daticulocale" : "NULL";
            var rules = major >= 16 ? "d.daticurules" : "NULL";
            return $"""
                SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, {provider}, {locale}, {rules}, t.spcname,
                       pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.shobj_description(d.oid, 'pg_database'), d.datconnlimit,
                       d.datacl IS NULL, d.datistemplate
                FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = {name}
                """;
        }

        public static Entry Of(Row row) => new(
            new DatabaseOptions(
                row.Text(0), row.Text(1), row.Text(2), DatabaseOptions.ProviderOf(row.TextOrNull(3)), row.TextOrNull(4), row.TextOrNull(5)),
            Tablespace: row.Text(6),
            Owner: row.Text(7),
            Comment: row.TextOrNull(8),
            ConnectionLimit: row.Text(9),
            HasDefaultGrants: row.Flag(10),
            IsTemplate: row.Flag(11));
    }
}
