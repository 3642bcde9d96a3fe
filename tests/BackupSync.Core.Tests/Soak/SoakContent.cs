using System.Globalization;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Tests.Soak;

/// <summary>
/// What a database holds, read by queries that have nothing of the product's: for each table, what defines it, and each row as JSON, whose
/// keys are in one order whatever the columns'.
/// </summary>
sealed class SoakContent
{
    /// <summary>Written all the time on the source, all rows of it in one statement: in any copy they have one number.</summary>
    public const string Beside = "beside";

    const string Definitions = """
        SELECT c.relname, 'column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
          || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT conrelid::regclass::text, 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conrelid <> 0
        UNION ALL
        SELECT tablename, 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL
        SELECT 'schemas', nspname FROM pg_namespace WHERE nspname !~ '^pg_'
            AND nspname NOT IN ('public', 'information_schema', 'backupsync')
        UNION ALL
        SELECT 'functions', proname || ' ' || pg_get_function_identity_arguments(oid) || ' ' || md5(prosrc)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'sequences', sequencename || ' ' || coalesce(last_value::text, 'unused') FROM pg_sequences WHERE schemaname = 'public'
        UNION ALL
        SELECT 'objects', oid || ' ' || md5(lo_get(oid)) FROM pg_largeobject_metadata
        UNION ALL
        SELECT tgrelid::regclass::text, 'trigger ' || tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
        """;

    readonly SortedDictionary<string, SortedSet<string>> _parts = new(StringComparer.Ordinal);

    /// <summary>Numbers in the table that is written all the time: one, or the copy was torn.</summary>
    public IReadOnlyList<long> BesideNumbers { get; private set; } = [];

    /// <summary>Rows of each table by their key and stamp, where it has both.</summary>
    public Dictionary<string, Dictionary<string, (string Stamp, string Row)>> Keyed { get; } = [];

    public IReadOnlyDictionary<string, long> Counts => _counts;

    readonly Dictionary<string, long> _counts = [];

    public static async Task<SoakContent> ReadAsync(DatabaseAddress address)
    {
        var content = new SoakContent();
        await using var connection = await TestDatabase.OpenAsync(address);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await ExecuteAsync(connection, "SET LOCAL search_path = public; SET LOCAL TimeZone = 'UTC'; SET LOCAL statement_timeout = '120s'");
        foreach (var row in await RowsAsync(connection, Definitions))
            content.Add(row[0], row[1]);
        foreach (var table in await RowsAsync(connection, """
            SELECT relname, (SELECT count(*) FROM pg_attribute WHERE attrelid = c.oid AND attname = 'updated_at')::text,
              (SELECT min(attname) FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND i.indnatts = 1
                  AND a.attnum = i.indkey[0] WHERE attrelid = c.oid)
            FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY relname
            """))
        {
            var (name, stamped, key) = (table[0], table[1] == "1", table[2]);
            if (name == Beside)
            {
                var numbers = await RowsAsync(connection, "SELECT DISTINCT n::text FROM beside");
                content.BesideNumbers = [.. numbers.Select(r => long.Parse(r[0], CultureInfo.InvariantCulture))];
                continue;
            }
            // Without a key, equal rows are told apart by how often they are there.
            var read = key.Length > 0 && stamped ? $"SELECT {key}::text, updated_at::text, to_jsonb(t)::text FROM \"{name}\" t"
                : $"SELECT '', '', to_jsonb(t)::text || ' ' || count(*) FROM \"{name}\" t GROUP BY to_jsonb(t)";
            var rows = await RowsAsync(connection, read);
            content._counts[name] = rows.Count;
            content._parts[$"{name}: rows"] = new SortedSet<string>(rows.Select(r => r[2]), StringComparer.Ordinal);
            if (key.Length > 0 && stamped)
                content.Keyed[name] = rows.ToDictionary(r => r[0], r => (r[1], r[2]));
        }
        return content;
    }

    /// <summary>What a job makes of the target that lets its own rows stay.</summary>
    /// <param name="newerStay">Whether those stay as well whose stamp is later than the source's.</param>
    public static SoakContent Merged(SoakContent source, SoakContent target, bool newerStay)
    {
        var merged = new SoakContent();
        foreach (var (name, part) in source._parts)
            merged._parts[name] = part;
        foreach (var (table, rows) in source.Keyed)
        {
            var result = new Dictionary<string, (string Stamp, string Row)>(target.Keyed.GetValueOrDefault(table, []));
            foreach (var (key, row) in rows)
            {
                if (!newerStay || !result.TryGetValue(key, out var own) || string.CompareOrdinal(own.Stamp, row.Stamp) <= 0)
                    result[key] = row;
            }
            merged._parts[$"{table}: rows"] = new SortedSet<string>(result.Values.Select(r => r.Row), StringComparer.Ordinal);
            merged._counts[table] = result.Count;
        }
        return merged;
    }

    /// <summary>This, with some tables as another one has them.</summary>
    public SoakContent With(SoakContent other, params string[] tables)
    {
        var result = new SoakContent();
        foreach (var (name, part) in _parts)
            result._parts[name] = tables.Any(t => name == $"{t}: rows") ? other._parts[name] : part;
        foreach (var (name, count) in _counts)
            result._counts[name] = tables.Contains(name) ? other._counts[name] : count;
        return result;
    }

    /// <returns>What differs; null for nothing.</returns>
    public string? DifferenceFrom(SoakContent other)
    {
        var differences = new List<string>();
        foreach (var name in _parts.Keys.Union(other._parts.Keys))
        {
            var (mine, others) = (_parts.GetValueOrDefault(name, []), other._parts.GetValueOrDefault(name, []));
            if (mine.SetEquals(others))
                continue;
            var (more, less) = (mine.Except(others).ToList(), others.Except(mine).ToList());
            differences.Add($"{name}: {more.Count} it should not have{Sample(more)}, {less.Count} it lacks{Sample(less)}");
        }
        return differences.Count == 0 ? null : string.Join("; ", differences);

        static string Sample(List<string> lines) => lines.Count == 0 ? "" : $" ({lines[0][..Math.Min(160, lines[0].Length)]})";
    }

    void Add(string part, string line)
    {
        if (part.Trim('"') == Beside)
            return;
        if (!_parts.TryGetValue(part, out var lines))
            _parts[part] = lines = new SortedSet<string>(StringComparer.Ordinal);
        lines.Add(line);
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    static async Task<List<string[]>> RowsAsync(NpgsqlConnection connection, string sql)
    {
        var rows = new List<string[]>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "" : reader.GetString(i))]);
        return rows;
    }
}
