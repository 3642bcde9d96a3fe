using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Tables of extensions whose rows users add, and a dump holds. The tables stay with their extensions; their rows are replaced.
/// </summary>
static class ConfigurationTables
{
    /// <summary>Takes those rows away that a dump would hold, of tables that refer to others first.</summary>
    /// <param name="warn">Told where tables refer to each other in a circle.</param>
    public static async Task EmptyAsync(IQueryRunner target, Action<string> warn, CancellationToken cancellationToken)
    {
        var left = (await LockAsync(target, cancellationToken)).ToDictionary(t => t.Oid);
        if (left.Count == 0)
            return;
        var keys = (await target.RowsAsync(Keys, cancellationToken)).Select(r => (From: r.Oid(0), To: r.Oid(1))).ToList();
        while (left.Count > 0)
        {
            var next = left.Keys.Where(t => !keys.Any(k => k.To == t && left.ContainsKey(k.From))).ToList();
            if (next.Count == 0)
            {
                warn($"The tables {string.Join(", ", left.Values.Select(t => t.Name))} of extensions refer to each other in a circle: "
                    + "their rows may not be replaceable in one transaction.");
                next = [.. left.Keys];
            }
            foreach (var table in next)
            {
                await target.ExecuteAsync($"DELETE FROM {left[table].Name} {left[table].Condition}", cancellationToken);
                left.Remove(table);
            }
        }
    }

    /// <summary>Reads which they are until all of them are locked: meanwhile an owner may have put a view in the place of one.</summary>
    static async Task<List<Table>> LockAsync(IQueryRunner target, CancellationToken cancellationToken)
    {
        var locked = new HashSet<(uint Oid, string Name)>();
        while (true)
        {
            var tables = (await target.RowsAsync(Tables, cancellationToken)).ConvertAll(Table.Of);
            var open = tables.Where(t => locked.Add((t.Oid, t.Name))).ToList();
            if (open.Count == 0)
                return tables;
            foreach (var table in open)
                await target.ExecuteAsync($"LOCK TABLE ONLY {table.Name} IN ROW EXCLUSIVE MODE", cancellationToken);
        }
    }

    /// <param name="Name">As the server writes it.</param>
    /// <param name="Condition">Of the rows that a dump would hold; empty for all.</param>
    sealed record Table(uint Oid, string Name, string Condition)
    {
        public static Table Of(Row row) => new(row.Oid(0), row.Text(1), row.TextOrNull(2) ?? "");
    }

    const string Tables = """
        SELECT c.config, c.config::regclass::text, c.condition
        FROM pg_catalog.pg_extension e, LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) c(config,
            condition)
        JOIN pg_catalog.pg_class r ON r.oid = c.config AND r.relkind = 'r'
        WHERE pg_catalog.has_table_privilege(c.config, 'DELETE')
        """;

    const string Keys = """
        SELECT DISTINCT k.conrelid, k.confrelid FROM pg_catalog.pg_constraint k
        WHERE k.contype = 'f' AND k.conrelid <> k.confrelid
          AND k.conrelid IN (SELECT pg_catalog.unnest(extconfig) FROM pg_catalog.pg_extension)
          AND k.confrelid IN (SELECT pg_catalog.unnest(extconfig) FROM pg_catalog.pg_extension)
        """;
}
