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
    readonly string _creation;
    readonly IReadOnlyList<(string? Role, string Setting)> _settings;
    readonly IReadOnlyList<(string Privilege, string Grantee, bool Grantable)>? _grants;

    DatabaseProperties(string?[] row, IReadOnlyList<(string?, string)> settings, IReadOnlyList<(string, string, bool)>? grants)
    {
        _creation = Creation(row);
        _owner = row[6]!;
        _comment = row[7];
        _connectionLimit = row[8]!;
        _isTemplate = row[10] == "t";
        _settings = settings;
        _grants = grants;
    }

    /// <param name="session">On any database of the server.</param>
    public static async Task<DatabaseProperties> ReadAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        // Version 15 brought ICU databases, 17 the builtin provider and another name for the column.
        var major = session.ServerVersion.Major;
        var provider = major >= 15 ? "d.datlocprovider::text" : "'c'";
        var locale = major >= 17 ? "d.datlocale" : major >= 15 ? "d.daticulocale" : "NULL";
        var name = Sql.Literal(database);
        var row = (await session.RowsAsync(
            $"""
            SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, {provider}, {locale}, t.spcname,
                   pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.shobj_description(d.oid, 'pg_database'), d.datconnlimit, d.datacl IS NULL, d.datistemplate
            FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = {name}
            """, cancellationToken))[0];
        var settings = await session.RowsAsync(
            $"""
            SELECT r.rolname, s.setting FROM pg_catalog.pg_db_role_setting g
            JOIN pg_catalog.pg_database d ON d.oid = g.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.setrole,
            LATERAL pg_catalog.unnest(g.setconfig) s(setting) WHERE d.datname = {name}
            """, cancellationToken);
        var grants = await session.RowsAsync(
            $"""
            SELECT a.privilege_type, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, a.is_grantable
            FROM pg_catalog.pg_database d, LATERAL pg_catalog.aclexplode(d.datacl) a WHERE d.datname = {name}
            """, cancellationToken);
        return new DatabaseProperties(row, [.. settings.Select(s => (s[0], s[1]!))],
            row[9] == "t" ? null : [.. grants.Select(g => (g[0]!, g[1]!, g[2] == "t"))]);
    }

    /// <summary>Creates an empty database of the same encoding and locale that nobody else may connect to yet.</summary>
    public async Task CreateAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync($"CREATE DATABASE {Sql.Identifier(database)} TEMPLATE template0 {_creation}", cancellationToken);
        await session.ExecuteAsync($"REVOKE ALL ON DATABASE {Sql.Identifier(database)} FROM PUBLIC", cancellationToken);
    }

    /// <summary>Gives the database the settings that the old one had, its own and those of roles in it: functions may read them while rows are loaded.</summary>
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

    static async Task AttemptAsync(PgSession session, string statement, string what, Action<string> warn, CancellationToken cancellationToken)
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
    public IEnumerable<(string What, string Statement)> Settings(string database)
    {
        foreach (var (role, setting) in _settings)
        {
            var (parameter, value) = (setting[..setting.IndexOf('=')], setting[(setting.IndexOf('=') + 1)..]);
            var subject = role is null ? $"DATABASE {Sql.Identifier(database)}" : $"ROLE {Sql.Identifier(role)} IN DATABASE {Sql.Identifier(database)}";
            yield return ($"the setting {parameter} of {(role is null ? "the database" : $"role {role} in the database")}",
                $"ALTER {subject} SET {Sql.Identifier(parameter)} TO {SettingValue(parameter, value)}");
        }
    }

    static string Creation(string?[] row)
    {
        var (encoding, collate, ctype, provider, locale, tablespace) = (row[0]!, row[1]!, row[2]!, row[3], row[4], row[5]!);
        var creation = $"ENCODING {Sql.Literal(encoding)} LC_COLLATE {Sql.Literal(collate)} LC_CTYPE {Sql.Literal(ctype)}";
        creation += provider switch
        {
            "i" => $" LOCALE_PROVIDER icu ICU_LOCALE {Sql.Literal(locale!)}",
            "b" => $" LOCALE_PROVIDER builtin BUILTIN_LOCALE {Sql.Literal(locale!)}",
            _ => "",
        };
        return tablespace == "pg_default" ? creation : $"{creation} TABLESPACE {Sql.Identifier(tablespace)}";
    }

    // These are kept as lists of quoted names, which must not be quoted as a whole: pg_dump's variable_is_guc_list_quote.
    static readonly HashSet<string> Lists =
        ["local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces", "unix_socket_directories"];

    static string SettingValue(string parameter, string value) =>
        Lists.Contains(parameter) && value is not ("" or "\"\"") ? value : Sql.Literal(value is "\"\"" ? "" : value);
}
