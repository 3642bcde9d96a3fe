using System.Globalization;
using System.Text;
using BackupSync.Postgres;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Changes of every kind to <see cref="RandomTables"/> and the realistic tables, the same for the same seed.</summary>
/// <param name="stampsSometimes">Whether <c>stamped_sometimes</c> is trusted to stamp what it changes: then each change does.</param>
/// <param name="first">Numbers from here on are new.</param>
/// <param name="alone">Whether tables may be taken from all others for a moment.</param>
sealed class RandomWork(Random random, bool stampsSometimes, int first, bool alone)
{
    static readonly string[] Texts = ["plain", "", "\\N", "\\.", "a\tb", "a\nb", "\\", "\\\\n", "NULL", "ü😀", "it's", "\"q\"", "{a,b}",
        "\r", "\u0001", "a\u00a0b", " lead", "trail "];

    int _fresh = first;

    /// <summary>One statement or several, as one transaction.</summary>
    public string Next()
    {
        var operations = new Func<string>[]
        {
            // Stamped by a trigger.
            () => $"INSERT INTO stamped (name, code, slot, note, parent) VALUES ({Text()} || {Fresh()}, {Maybe($"'c{Fresh()}'")}, "
                + $"{Fresh()}, {Text()}, {Maybe(Row("stamped", "id"))})",
            () => $"UPDATE stamped SET note = {Text()} WHERE id % {Number(2, 30)} = {Number(0, 2)}",
            () => $"UPDATE stamped SET parent = {Row("stamped", "id")} WHERE id = {Row("stamped", "id")}",
            () => $"DELETE FROM stamped WHERE id = {Row("stamped", "id")}",
            () => Swap("stamped", "id", "name", "'aside'"),
            () => Swap("stamped", "id", "code", "NULL"),
            () => Swap("stamped", "id", "slot", "-1"),
            () => Rotate("stamped", "id", "slot"),
            () => Replace("stamped", "id", "name, code, slot, note, parent"),
            () => "INSERT INTO stamped (id, name, slot) OVERRIDING SYSTEM VALUE "
                + $"VALUES ({Number(-500, 0)}, 'by hand {Fresh()}', {Fresh()})",
            () => $"INSERT INTO stamped_here VALUES ({Fresh()}, {Text()})",
            () => $"UPDATE stamped_here SET body = {Text()} WHERE id = {Row("stamped_here", "id")}",
            () => $"UPDATE stamped_here SET id = {Fresh()} WHERE id = {Row("stamped_here", "id")}",
            () => $"DELETE FROM stamped_here WHERE id = {Row("stamped_here", "id")}",

            // Stamped by who changes it, or not.
            () => $"INSERT INTO stamped_sometimes VALUES (md5('{Fresh()}')::uuid, {Text()}, {Maybe("now()")})",
            () => "UPDATE stamped_sometimes SET body = "
                + $"{Text()}{(stampsSometimes || Number(0, 2) == 0 ? ", modified_at = now()" : "")} WHERE id = "
                + $"{Row("stamped_sometimes", "id")}",
            () => $"DELETE FROM stamped_sometimes WHERE id = {Row("stamped_sometimes", "id")}",
            () => $"INSERT INTO stamped_by_program VALUES ({Number(-9000, 9000)}.{Number(1, 99)}, {Text()}, clock_timestamp())",
            () => $"UPDATE stamped_by_program SET body = {Text()}, updated_at = clock_timestamp() WHERE id = "
                + $"{Row("stamped_by_program", "id")}",
            () => "UPDATE stamped_by_program SET id = (id::text || '0')::numeric, updated_at = clock_timestamp() WHERE id = "
                + $"{Row("stamped_by_program", "id")}",
            () => $"DELETE FROM stamped_by_program WHERE id = {Row("stamped_by_program", "id")}",

            // Keys of all kinds, not stamped.
            () => $"INSERT INTO by_text VALUES ({Text()} || {(Number(0, 2) == 0 ? "''" : $"'{Fresh()}'")}, {Maybe(Text())})",
            () => $"UPDATE by_text SET body = {Maybe(Text())} WHERE key = {Row("by_text", "key")}",
            () => $"UPDATE by_text SET key = key || {Text()} WHERE key = {Row("by_text", "key")}",
            () => $"DELETE FROM by_text WHERE key = {Row("by_text", "key")}",
            () => $"INSERT INTO by_several VALUES ({Fresh()}, {Text()}, '2024-02-29', '{{\"a\": [1.50, null]}}')",
            () => $"UPDATE by_several SET {(Number(0, 2) == 0 ? $"b = b || {Text()}" : "body = body || '{\"x\": 1.0}', c = c + 1")} "
                + $"WHERE a % {Number(3, 40)} = 0",
            () => $"DELETE FROM by_several WHERE a = {Row("by_several", "a")}",
            () => $"INSERT INTO by_citext VALUES ('Neu{Fresh()}', 1)",
            () => $"UPDATE by_citext SET key = {(Number(0, 2) == 0 ? "upper" : "lower")}(key::text)::citext WHERE n % {Number(2, 9)} = 0",
            () => $"UPDATE by_citext SET n = n + 1 WHERE key = {Row("by_citext", "key")}",
            () => $"DELETE FROM by_citext WHERE key = {Row("by_citext", "key")}",
            () => $"INSERT INTO by_enum VALUES ((enum_range(NULL::colour))[{Number(1, 5)}], {Number(-32768, 32767)}, {Text()})",
            () => $"UPDATE by_enum SET key = (enum_range(NULL::colour))[{Number(1, 5)}] WHERE n = {Row("by_enum", "n")}",
            () => $"DELETE FROM by_enum WHERE n = {Row("by_enum", "n")}",
            () => "INSERT INTO sparse VALUES "
                + $"({random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture)}, {Text()})",
            () => $"UPDATE sparse SET body = {Text()} WHERE id = {Row("sparse", "id")}",
            () => $"DELETE FROM sparse WHERE id = {Row("sparse", "id")}",
            () => $"INSERT INTO \"Quoted Table\" VALUES ({Fresh()}, {Text()}, {Maybe($"'s{Fresh()}'")})",
            () => Swap("\"Quoted Table\"", "\"Id €\"", "\"select\"", "NULL"),
            () => $"DELETE FROM \"Quoted Table\" WHERE \"Id €\" = {Row("\"Quoted Table\"", "\"Id €\"")}",

            // Foreign keys.
            () => $"INSERT INTO circle_a VALUES ({Fresh()}, NULL, {Text()}); INSERT INTO circle_b VALUES ({_fresh}, {_fresh}, "
                + $"{Text()}); UPDATE circle_a SET b = {_fresh} WHERE id = {_fresh}",
            () => $"UPDATE circle_a SET b = {Row("circle_b", "id")} WHERE id = {Row("circle_a", "id")}",
            () => $"UPDATE circle_b SET a = {Row("circle_a", "id")} WHERE id = {Row("circle_b", "id")}",
            () => $"UPDATE circle_a SET b = NULL WHERE b = {_fresh}; DELETE FROM circle_b WHERE id = {_fresh}; DELETE FROM circle_a "
                + $"WHERE id = {_fresh}",
            () => "UPDATE circle_a SET b = NULL; TRUNCATE circle_a, circle_b; INSERT INTO circle_a VALUES (1, NULL, 'new'), "
                + $"({Fresh()}, NULL, 'new'); INSERT INTO circle_b VALUES (1, 1, 'new'), (2, {_fresh}, 'new')",
            () => $"INSERT INTO parents VALUES ({Fresh()}, 'code {_fresh}'); INSERT INTO kids_cascade VALUES ({_fresh}, {_fresh}, "
                + $"'kid'); INSERT INTO one_to_one VALUES (md5('{_fresh}')::uuid, {_fresh}, 'one')",
            () => $"DELETE FROM parents WHERE id = {Row("parents", "id")}",
            () => $"UPDATE parents SET id = {Fresh()} WHERE id = {Row("parents", "id")}",
            () => $"UPDATE parents SET code = 'code {Fresh()}' WHERE id = {Row("parents", "id")}",
            () => $"UPDATE parents SET updated_at = now() WHERE id = {Row("parents", "id")}",
            () => $"INSERT INTO kids_cascade VALUES ({Fresh()}, {Row("parents", "id")}, {Text()})",
            () => $"UPDATE kids_cascade SET parent = {Row("parents", "id")} WHERE id = {Row("kids_cascade", "id")}",
            () => $"DELETE FROM kids_cascade WHERE id = {Row("kids_cascade", "id")}",
            () => $"INSERT INTO kids_null VALUES ({Fresh()}, {Maybe(Row("parents", "id"))}, {Text()})",
            () => $"UPDATE kids_null SET parent = {Row("parents", "id")} WHERE parent IS NULL",
            () => $"INSERT INTO kids_restrict VALUES ({Fresh()}, {Row("parents", "id")}, {Text()})",
            () => $"DELETE FROM kids_restrict WHERE id % {Number(2, 9)} = 0",
            () => $"INSERT INTO kids_by_code VALUES ({Fresh()}, {Row("parents", "code")})",
            () => $"UPDATE kids_by_code SET code = {Row("parents", "code")} WHERE id = {Row("kids_by_code", "id")}",
            () => $"DELETE FROM kids_by_code WHERE id = {Row("kids_by_code", "id")}",
            () => $"INSERT INTO one_to_one VALUES (md5('{Fresh()}')::uuid, {Row("parents", "id")}, {Text()})",
            () => $"UPDATE one_to_one SET body = {Text()} WHERE id = {Row("one_to_one", "id")}",

            // Unique values, bounds, ranges.
            () => $"INSERT INTO softly_deleted VALUES ({Fresh()}, 'mail{Number(0, 60)}', 'Nick {_fresh}', 'tag {_fresh}', {_fresh})",
            () => $"WITH gone AS (UPDATE softly_deleted SET deleted_at = now() WHERE id = {Row("softly_deleted", "id")} AND deleted_at "
                + $"IS NULL RETURNING email) INSERT INTO softly_deleted SELECT {Fresh()}, email || 'x', 'n {_fresh}', 't {_fresh}', "
                + $"{_fresh} FROM gone",
            () => $"UPDATE softly_deleted SET deleted_at = now() WHERE id = {Row("softly_deleted", "id")}; INSERT INTO softly_deleted "
                + $"SELECT {Fresh()}, email, 'n {_fresh}', 't {_fresh}', {_fresh} FROM softly_deleted WHERE deleted_at = now() LIMIT 1",
            () => Swap("softly_deleted", "id", "email", "'aside'"),
            () => Swap("softly_deleted", "id", "nick", "'aside'"),
            () => Swap("softly_deleted", "id", "tag", "'aside'"),
            () => $"UPDATE softly_deleted SET rank = (SELECT max(rank) + min(rank) FROM softly_deleted) - rank",
            () => $"UPDATE softly_deleted SET tag = NULL WHERE id = {Row("softly_deleted", "id")}",
            () => $"DELETE FROM softly_deleted WHERE id = {Row("softly_deleted", "id")}",
            () => $"INSERT INTO meetings VALUES ({Fresh()}, {Number(0, 9)}, int4range({_fresh} * 10, {_fresh} * 10 + 9))",
            () => $"UPDATE meetings SET room = room + 100 WHERE id = {Row("meetings", "id")}",
            () => $"DELETE FROM meetings WHERE id = {Row("meetings", "id")}",
            () => $"INSERT INTO numbered (id, body) VALUES ({Fresh()}, {Text()})",
            () => $"UPDATE numbered SET body = {Text()} WHERE id = {Row("numbered", "id")}",
            () => $"UPDATE numbered SET id = {Fresh()} WHERE id = {Row("numbered", "id")}",

            // Partitions, tables without keys, policies, large objects, sequences.
            () => $"INSERT INTO moving VALUES ({Fresh()}, (ARRAY['north', 'south', 'east', 'west'])[{Number(1, 5)}], {Text()})",
            () => $"UPDATE moving SET region = (ARRAY['north', 'south', 'east', 'west'])[{Number(1, 5)}] WHERE id = {Row("moving", "id")}",
            () => $"UPDATE moving SET body = {Text()} WHERE id % {Number(3, 20)} = 0",
            () => $"UPDATE moving SET parent = {Row("parents", "id")} WHERE id % {Number(3, 20)} = 0",
            () => $"DELETE FROM moving WHERE id = {Row("moving", "id")}",
            () => $"UPDATE events SET at = at + interval '{Number(-300, 300)} days' WHERE id = {Number(0, 1000)}",
            () => $"UPDATE regions SET code = (ARRAY['de', 'us', 'jp', NULL])[{Number(1, 5)}] WHERE name LIKE '%a%'",
            () => $"INSERT INTO twins VALUES ({Number(0, 5)}, {Text()}), ({Number(0, 5)}, 'twin')",
            () => "DELETE FROM twins WHERE ctid = (SELECT max(ctid) FROM twins)",
            () => "INSERT INTO no_columns DEFAULT VALUES",
            () => $"UPDATE guarded SET body = {Text()} WHERE id = {Number(1, 30)}",
            () => $"INSERT INTO pictures VALUES ({Fresh()}, lo_from_bytea(0, convert_to({Text()}, 'UTF8')))",
            () => "DELETE FROM pictures WHERE id = (SELECT min(id) FROM pictures) AND lo_unlink(content) = 1",
            () => $"SELECT lo_put(content, {Number(0, 100)}, '\\x00ff') FROM pictures WHERE id = {Row("pictures", "id")}",
            () => $"SELECT nextval('odd_numbers') FROM generate_series(1, {Number(1, 9)})",
            () => $"SELECT setval('odd_numbers', {Number(1, 999)}, {(Number(0, 2) == 0 ? "true" : "false")})",
            () => $"UPDATE users SET full_name = {Text()}, updated_at = now() WHERE id % {Number(20, 90)} = 0",
            () => $"UPDATE documents SET archived = NOT archived",
            () => $"DELETE FROM cache; INSERT INTO cache VALUES ({Text()}, '\\x5c4e')",
            () => $"TRUNCATE {(Number(0, 2) == 0 ? "twins" : "numbered")}",
        };
        var next = operations[random.Next(operations.Length)]();
        return alone ? next : next.Replace(
            "TRUNCATE circle_a, circle_b",
            "DELETE FROM circle_b; DELETE FROM circle_a",
            StringComparison.Ordinal).Replace("TRUNCATE", "DELETE FROM", StringComparison.Ordinal);
    }

    /// <summary>Those that a constraint forbids are passed over, as an application would.</summary>
    /// <returns>How many were done.</returns>
    public async Task<int> DoAsync(PgSession session, int count)
    {
        var done = 0;
        for (var i = 0; i < count; i++)
        {
            try
            {
                await session.ExecuteAsync(Next(), default);
                done++;
            }
            catch (PgQueryException refused) when (refused.SqlState?.StartsWith("23", StringComparison.Ordinal) == true)
            {
                // Each is a transaction of its own, so nothing of it is there.
            }
        }
        return done;
    }

    string Swap(string table, string key, string column, string aside) => $"""
        CREATE TEMP TABLE pair ON COMMIT DROP AS SELECT {key} AS k, {column} AS v FROM {table}
            ORDER BY md5({key}::text || '{Fresh()}') LIMIT 2;
        UPDATE {table} SET {column} = {aside} WHERE {key} = (SELECT min(k) FROM pair);
        UPDATE {table} SET {column} = (SELECT v FROM pair ORDER BY k LIMIT 1) WHERE {key} = (SELECT max(k) FROM pair);
        UPDATE {table} SET {column} = (SELECT v FROM pair ORDER BY k DESC LIMIT 1) WHERE {key} = (SELECT min(k) FROM pair)
        """;

    static string Rotate(string table, string key, string column) => $"""
        CREATE TEMP TABLE ring ON COMMIT DROP AS SELECT {key} AS k, coalesce(lead({column}) OVER w, first_value({column}) OVER w) AS v
            FROM {table} WINDOW w AS (ORDER BY {key});
        UPDATE {table} SET {column} = -1000000 - {column};
        UPDATE {table} AS t SET {column} = ring.v FROM ring WHERE ring.k = t.{key}
        """;

    /// <summary>A row goes, and another with its values comes.</summary>
    string Replace(string table, string key, string columns) =>
        $"CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT * FROM {table} WHERE {key} = {Row(table, key)}; DELETE FROM {table} WHERE "
            + $"{key} IN (SELECT {key} FROM gone); INSERT INTO {table} ({columns}) SELECT {columns} FROM gone";

    string Row(string table, string column) =>
        $"(SELECT {column} FROM {table} ORDER BY 1 OFFSET {Number(0, 10000)} % greatest(1, (SELECT count(*) FROM {table})) LIMIT 1)";

    string Text()
    {
        var text = new StringBuilder();
        for (var i = Number(1, 3); i > 0; i--)
            text.Append(Texts[random.Next(Texts.Length)]);
        return Sql.Literal(text.ToString());
    }

    string Maybe(string value) => Number(0, 4) == 0 ? "NULL" : value;

    string Fresh() => (++_fresh).ToString(CultureInfo.InvariantCulture);

    int Number(int from, int to) => random.Next(from, to);
}
