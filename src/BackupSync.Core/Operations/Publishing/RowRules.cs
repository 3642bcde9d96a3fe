using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Checks of some tables, and of the domains of their columns, that rows of before need not meet, but rows that are loaded would have
/// to. So they are taken away meanwhile, and put back.
/// </summary>
sealed class RowRules
{
    readonly PgSession _target;
    readonly IReadOnlyList<Rule> _all;

    RowRules(PgSession target, IReadOnlyList<Rule> all) => (_target, _all) = (target, all);

    /// <summary>Those that are NOT VALID.</summary>
    public static Task<RowRules> ReadUnvalidatedAsync(PgSession target, IEnumerable<uint> tables, CancellationToken cancellationToken) =>
        ReadAsync(
            target,
            Query(tables, "k.contype <> 'f' AND NOT k.convalidated AND pg_catalog.pg_get_constraintdef(k.oid) ~ ' NOT VALID$'"),
            cancellationToken);

    /// <summary>All that are enforced.</summary>
    public static Task<RowRules> ReadAllAsync(PgSession target, IEnumerable<uint> tables, CancellationToken cancellationToken) =>
        ReadAsync(
            target, Query(tables, "k.contype = 'c' AND pg_catalog.pg_get_constraintdef(k.oid) !~ ' NOT ENFORCED$'"), cancellationToken);

    static async Task<RowRules> ReadAsync(PgSession target, string query, CancellationToken cancellationToken) =>
        new(target, (await target.RowsAsync(query, cancellationToken)).ConvertAll(Rule.Of));

    /// <summary>
    /// Those of domains that are NOT VALID, and the role's: no reader waits for them. A row of before the rule can change in another
    /// column without being looked at, but is looked at where it comes as a text.
    /// </summary>
    public static async Task<RowRules> ReadOfDomainsAsync(
        PgSession target, IEnumerable<ObjectName> tables, CancellationToken cancellationToken)
    {
        var oids = await target.RowsAsync(
            $"SELECT t FROM unnest({Sql.TextArray(tables.Select(t => t.Qualified))}) n, CAST(pg_catalog.to_regclass(n) AS oid) t "
                + "WHERE t IS NOT NULL", cancellationToken);
        var all = await ReadUnvalidatedAsync(target, oids.Select(r => r.Oid(0)), cancellationToken);
        return new(target, [.. all._all.Where(r => r.IsOfDomain)]);
    }

    public bool IsEmpty => _all.Count == 0;

    /// <summary>The given ones of all that tables and their domains have.</summary>
    /// <param name="constraints">Their oids.</param>
    public static Task<RowRules> ReadAsync(
        PgSession target,
        IEnumerable<uint> tables,
        IEnumerable<uint> constraints,
        CancellationToken cancellationToken) =>
        ReadAsync(target, Query(tables, $"k.oid = ANY (ARRAY[{string.Join(",", constraints)}]::oid[])"), cancellationToken);

    public IEnumerable<string> Drops => _all.Select(r => $"ALTER {r.Owner} DROP CONSTRAINT {r.Name}");

    public async Task DropAsync(CancellationToken cancellationToken)
    {
        foreach (var drop in Drops)
            await _target.DefineAsync(drop, cancellationToken);
    }

    /// <summary>Puts them back for rows to come: those that hold are validated where they were valid.</summary>
    /// <param name="onBroken">Told of each that rows break, and why. Null where none was valid.</param>
    public async Task CreateAsync(Action<string, string>? onBroken, CancellationToken cancellationToken)
    {
        foreach (var rule in _all)
        {
            var wasValid = !rule.Definition.EndsWith(NotValid, StringComparison.Ordinal);
            await _target.DefineAsync(
                $"ALTER {rule.Owner} ADD CONSTRAINT {rule.Name} {rule.Definition}{(wasValid ? NotValid : "")}",
                cancellationToken);
            if (rule.Comment is not null)
                await _target.DefineAsync(
                    $"COMMENT ON CONSTRAINT {rule.Name} ON {rule.Subject} IS {Sql.Literal(rule.Comment)}",
                    cancellationToken);
            if (!wasValid)
                continue;
            try
            {
                await _target.ExecuteAsync($"ALTER {rule.Owner} VALIDATE CONSTRAINT {rule.Name}", cancellationToken);
            }
            catch (PgQueryException broken) when (broken.SqlState is not null && onBroken is not null)
            {
                onBroken($"{rule.Name} of {rule.Owner}", broken.Message);
            }
        }
    }

    const string NotValid = " NOT VALID";

    /// <param name="Owner">As ALTER takes it.</param>
    /// <param name="Name">Quoted.</param>
    /// <param name="Subject">The owner, as COMMENT takes it.</param>
    sealed record Rule(string Owner, string Name, string Definition, string Subject, bool IsOfDomain, string? Comment)
    {
        public static Rule Of(Row row)
        {
            var (kind, owner) = (row.Text(0), row.Name(1).Qualified);
            var isOfDomain = kind == "DOMAIN";
            return new(
                $"{kind} {owner}", Sql.Identifier(row.Text(3)), row.Text(4), isOfDomain ? $"DOMAIN {owner}" : owner, isOfDomain,
                row.TextOrNull(5));
        }
    }

    /// <summary>One that a table inherits is its parent's, and goes and comes with that one.</summary>
    static string Query(IEnumerable<uint> tables, string which) => $"""
        WITH RECURSIVE tree AS (
            SELECT oid FROM pg_catalog.unnest(ARRAY[{string.Join(",", tables)}]::oid[]) oid
            UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN tree ON tree.oid = i.inhrelid),
        types AS (
            SELECT a.atttypid AS oid FROM pg_catalog.pg_attribute a JOIN tree ON tree.oid = a.attrelid
            WHERE a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384
            UNION SELECT part.oid FROM types JOIN pg_catalog.pg_type t ON t.oid = types.oid, LATERAL (
                SELECT t.typbasetype UNION ALL SELECT t.typelem
                UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0
                AND NOT a.attisdropped
                UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r
                WHERE t.oid IN (r.rngtypid, (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid)) part(oid)
            WHERE part.oid >= 16384)
        SELECT 'TABLE', n.nspname, c.relname, k.conname, pg_catalog.pg_get_constraintdef(k.oid),
            pg_catalog.obj_description(k.oid, 'pg_constraint')
        FROM pg_catalog.pg_constraint k JOIN tree ON tree.oid = k.conrelid
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype IN ('c', 'f', 'n') AND k.coninhcount = 0 AND {which}
        UNION ALL
        SELECT 'DOMAIN', n.nspname, t.typname, k.conname, pg_catalog.pg_get_constraintdef(k.oid),
            pg_catalog.obj_description(k.oid, 'pg_constraint')
        FROM pg_catalog.pg_constraint k JOIN types ON types.oid = k.contypid
        JOIN pg_catalog.pg_type t ON t.oid = k.contypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE pg_catalog.pg_has_role(t.typowner, 'USAGE') AND {which}
        ORDER BY 1, 2, 3, 4
        """;
}
