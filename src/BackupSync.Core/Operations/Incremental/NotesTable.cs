using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// A table of ours in the target. One of another shape, by hand or of another version, is as good as none, and so is one with triggers or
/// rules: these would run as our role.
/// </summary>
/// <param name="Columns">As in its definition, a type as the server names it in short.</param>
sealed record NotesTable(string Name, string Columns)
{
    /// <summary>Makes it, and the schema of these, where it is not there.</summary>
    public async Task EnsureAsync(PgSession target, CancellationToken cancellationToken)
    {
        if (!await IsThereAsync(target, cancellationToken))
            await CreateAsync(target, cancellationToken);
        // Where all tables are published, no row goes from one whose rows nothing tells apart.
        if (await target.ScalarAsync<bool>(
            $"""
            SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE puballtables) AND c.relreplident = 'd'
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisprimary)
            FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass('{Name}')
            """, cancellationToken))
        {
            await target.DefineAsync($"ALTER TABLE {Name} REPLICA IDENTITY FULL", cancellationToken);
        }
    }

    async Task CreateAsync(PgSession target, CancellationToken cancellationToken)
    {
        // IF NOT EXISTS asks for the right to create also where nothing is to be created.
        var found = (await target.RowsAsync(
            $"""
            SELECT pg_catalog.to_regnamespace('{CatalogQueries.StateSchema}'),
                   (SELECT relkind FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass('{Name}'))
            """, cancellationToken))[0];
        var (schema, kind) = (found.TextOrNull(0), found.TextOrNull(1));
        if (schema is null)
            await target.DefineAsync($"CREATE SCHEMA {CatalogQueries.StateSchema}", cancellationToken);
        if (kind is not (null or "r"))
        {
            throw new BackupSyncException(ErrorIds.NotSupported,
                $"{target.Login.Label}: {Name}, where incremental runs keep their notes, is no table.",
                $"Rename or drop what is called {Name} there, then run again: the run compares all content and makes the table anew.");
        }
        await target.DefineAsync($"{(kind is null ? "" : $"DROP TABLE {Name}; ")}CREATE TABLE {Name} ({Columns})", cancellationToken);
    }

    public async Task<bool> IsThereAsync(IQueryRunner target, CancellationToken cancellationToken)
    {
        var columns = (await target.RowsAsync(
            $"""
            SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
                       CASE WHEN a.attnum = ANY (p.conkey) THEN 'PRIMARY KEY' WHEN a.attnotnull THEN 'NOT NULL' END), ', '
                           ORDER BY a.attnum)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                LEFT JOIN pg_catalog.pg_constraint p ON p.conrelid = c.oid AND p.contype = 'p'
            WHERE c.oid = pg_catalog.to_regclass('{Name}') AND c.relkind = 'r' AND NOT c.relhastriggers AND NOT c.relhasrules
            """, cancellationToken))[0].TextOrNull(0);
        return columns?.Replace("timestamp with time zone", "timestamptz", StringComparison.Ordinal) == Columns;
    }
}
