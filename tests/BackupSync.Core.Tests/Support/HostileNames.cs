using BackupSync.Postgres;

namespace BackupSync.Tests;

/// <summary>
/// Names that look like something else where they are printed: line breaks, quotes, comments, statements, commands of psql, marks of the
/// end of rows.
/// </summary>
static class HostileNames
{
    /// <summary>With a line break of each kind; two that programs print alike; some that would be statements of their own.</summary>
    static readonly string[] Names =
    [
        "of\nlines", "of lines", "\nat both ends\n", "of\rreturns\r\nand breaks", "tab\t", "back\\slash\\", "it's \"quoted\"", "a;b.c, (d)",
        "$$ $a$ %s {0}",
        "x (a) FROM stdin;\n1\n\\.\n", "COPY public.of (id) FROM stdin;", "--\nSELECT 1/0;", "/* open\n*/ --", "\\.\n",
        "\\restrict x\n\\! false", "next\u0085para\u2029sep",
        "x\"\npg_restore: error: could not execute query: ERROR:", "x\"\nCommand was: SET transaction_timeout = 0;",
    ];

    static readonly string[] Schemas = ["public", "sch\"em\na;", "COPY x FROM stdin;\n\\."];

    public static IReadOnlyList<ObjectName> Tables { get; } =
        [.. Names.Select((n, i) => new ObjectName(Schemas[i % Schemas.Length], n)), new(Schemas[2], Names[0]), new(Schemas[0], Names[1])];

    /// <summary>Each with a column of its own name, and rows that look like the end of rows and like what comes behind it.</summary>
    public static string Create => string.Join('\n', Schemas.Skip(1).Select(s => $"CREATE SCHEMA {Sql.Identifier(s)};")
        .Concat(Tables.Select((t, i) => $"""
        CREATE TABLE {t.Qualified} (id int PRIMARY KEY, {Sql.Identifier(t.Name)} text,
            updated_at timestamptz NOT NULL DEFAULT now());
        INSERT INTO {t.Qualified}
        SELECT i, E'\\.\n\nCOPY public.x (a) FROM stdin;\n' || i || {Sql.Literal(t.Name)} FROM generate_series(1, {i + 3}) i;
        """)));

    /// <param name="deleted">The id of the row that goes from each.</param>
    public static string Change(int deleted, string text) => string.Join('\n', Tables.Select(t => $"""
        DELETE FROM {t.Qualified} WHERE id = {deleted};
        UPDATE {t.Qualified} SET {Sql.Identifier(t.Name)} = '{text}', updated_at = now() WHERE id = 2;
        """));

    /// <summary>What the tables hold, as the server itself tells it: one text.</summary>
    public static async Task<string> ContentAsync(DatabaseAddress address)
    {
        await using var connection = await TestDatabase.OpenAsync(address);
        var texts = new List<string>();
        foreach (var table in Tables)
        {
            await using var command = new Npgsql.NpgsqlCommand(
                $"SELECT count(*) || ' ' || md5(string_agg(concat_ws('|', id, {Sql.Identifier(table.Name)}, "
                    + "extract(epoch FROM updated_at)), '|' ORDER BY id)) "
                + $"FROM {table.Qualified}", connection);
            texts.Add($"{table.Display} {await command.ExecuteScalarAsync()}");
        }
        return string.Join('\n', texts);
    }
}
