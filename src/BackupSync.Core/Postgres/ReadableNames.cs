using System.Text;

namespace BackupSync.Postgres;

/// <summary>
/// A database of encoding SQL_ASCII keeps whatever bytes it is given. Its rows are copied and hashed as bytes, but names of objects are
/// compared as text: they have to be UTF-8, as ASCII is.
/// </summary>
static class ReadableNames
{
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.NotSupported"/>: a name is not.</exception>
    public static async Task EnsureAsync(PgSession session, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync<string>("SELECT pg_catalog.current_setting('server_encoding')", cancellationToken) != "SQL_ASCII")
            return;
        foreach (var name in await session.RowsAsync(NotAscii, cancellationToken))
        {
            var bytes = Convert.FromHexString(name.Text(1));
            if (System.Text.Unicode.Utf8.IsValid(bytes))
                continue;
            throw new BackupSyncException(ErrorIds.NotSupported,
                $"{session.Login.Label} has the encoding SQL_ASCII, and the name of the {name.Text(0)} {Shown(bytes)} in it is not "
                    + "UTF-8: it cannot be told from others.",
                "Rename it (with client_encoding SQL_ASCII), or move the database to one of encoding UTF8: pg_dump, then a restore "
                    + "with the client_encoding that its bytes are of.");
        }
    }

    static string Shown(byte[] bytes)
    {
        var shown = new StringBuilder();
        foreach (var value in bytes)
            shown.Append(char.IsAscii((char)value) && !char.IsControl((char)value) ? ((char)value).ToString() : $"\\x{value:x2}");
        return shown.ToString();
    }

    const string NotAscii = """
        SELECT kind, pg_catalog.encode(pg_catalog.convert_to(name, 'SQL_ASCII'), 'hex') FROM (
            SELECT 'schema' AS kind, nspname::text AS name FROM pg_catalog.pg_namespace
            UNION ALL SELECT 'relation', relname::text FROM pg_catalog.pg_class
            UNION ALL SELECT 'column', attname::text FROM pg_catalog.pg_attribute WHERE attnum > 0
            UNION ALL SELECT 'constraint', conname::text FROM pg_catalog.pg_constraint
            UNION ALL SELECT 'trigger', tgname::text FROM pg_catalog.pg_trigger
            UNION ALL SELECT 'policy', polname::text FROM pg_catalog.pg_policy
            UNION ALL SELECT 'rule', rulename::text FROM pg_catalog.pg_rewrite
            UNION ALL SELECT 'routine', proname::text FROM pg_catalog.pg_proc
            UNION ALL SELECT 'argument of a routine', pg_catalog.array_to_string(proargnames, ' ') FROM pg_catalog.pg_proc
            WHERE proargnames IS NOT NULL
            UNION ALL SELECT 'type', typname::text FROM pg_catalog.pg_type
            UNION ALL SELECT 'value of an enum', enumlabel::text FROM pg_catalog.pg_enum
            UNION ALL SELECT 'operator class', opcname::text FROM pg_catalog.pg_opclass
            UNION ALL SELECT 'operator family', opfname::text FROM pg_catalog.pg_opfamily
            UNION ALL SELECT 'collation', collname::text FROM pg_catalog.pg_collation
            UNION ALL SELECT 'conversion', conname::text FROM pg_catalog.pg_conversion
            UNION ALL SELECT 'statistics', stxname::text FROM pg_catalog.pg_statistic_ext
            UNION ALL SELECT 'text search configuration', cfgname::text FROM pg_catalog.pg_ts_config
            UNION ALL SELECT 'text search dictionary', dictname::text FROM pg_catalog.pg_ts_dict
            UNION ALL SELECT 'event trigger', evtname::text FROM pg_catalog.pg_event_trigger
            UNION ALL SELECT 'foreign server', srvname::text FROM pg_catalog.pg_foreign_server) n
        WHERE name ~ '[^[:ascii:]]'
        """;
}
