using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Tests.Operations.Compare;
using BackupSync.Verification;

namespace BackupSync.Tests.Verification;

/// <summary>Whatever differs shows in the sum of the rows' hashes.</summary>
public sealed class RowHashTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>A type, what stands for null where its values are hashed (or might), and another value.</summary>
    static readonly (string Type, string Default, string Other)[] Types =
    [
        ("boolean", "false", "true"), ("smallint", "0", "1"), ("integer", "0", "1"), ("bigint", "0", "1"), ("oid", "0", "1"),
        ("\"char\"", "", "a"), ("name", "", "a"), ("text", "", "a"), ("varchar(5)", "", "a"), ("char(5)", "", "a"),
        ("text COLLATE \"C\"", "", "a"),
        ("uuid", "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"),
        ("time", "00:00", "00:01"), ("timestamp", "2000-01-01", "infinity"), ("timestamptz", "2000-01-01 00:00+00", "-infinity"),
        ("inet", "0.0.0.0", "::1"), ("cidr", "0.0.0.0", "::1"), ("macaddr", "00:00:00:00:00:00", "00:00:00:00:00:01"),
        ("bytea", "", "a"), ("date", "2000-01-01", "infinity"), ("numeric", "0", "0.0"), ("float4", "0", "-0"), ("float8", "0", "-0"),
        ("interval", "1 day", "24 hours"),
        ("timetz", "00:00+00", "00:00+01"), ("json", "null", "{}"), ("jsonb", "null", "1.0"), ("int4range", "empty", "[1,2)"),
        ("integer[]", "{}", "{NULL}"), ("pair", "(,)", "(1,)"), ("mood", "a", "b"),
    ];

    static readonly string AllTypes =
        "CREATE TYPE pair AS (a integer, b integer); CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (id integer PRIMARY KEY, "
            + $"{string.Join(", ", Types.Select((t, i) => $"c{i} {t.Type}"))});";

    [Fact]
    public async Task Null_is_told_from_the_value_that_stands_for_it()
    {
        // Row by row, another column is null on one side only.
        var rows = string.Join(
            ' ',
            Types.Select((_, row) => $"INSERT INTO t VALUES ({row}, {string.Join(", ", Types.Select(t => $"'{t.Default}'"))});"));
        await using var databases = await ComparedDatabases.CreateAsync(servers, AllTypes + rows,
            onTarget: string.Join(' ', Types.Select((_, row) => $"UPDATE t SET c{row} = NULL WHERE id = {row};")));

        Assert.Equal(
            Types.Select((_, row) => $"{row} Different c{row}").Order(StringComparer.Ordinal),
            (await databases.RowsAsync()).Select(r => $"{r.Key} {r.State} {r.Columns}"));
    }

    /// <summary>PostgreSQL's hashes of a record and of an array forget their seed then.</summary>
    [Fact]
    public async Task Null_is_told_from_the_value_that_stands_for_it_where_all_else_is_null()
    {
        // Columns that are hashed one by one stand beside such as are hashed together.
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            $"{AllTypes} {string.Join(' ', Types.Select((t, row) => $"INSERT INTO t (id, c{row}) VALUES ({row}, '{t.Default}');"))} "
                + $"{Pairs("CREATE TABLE t{0}_{1} (a {2}, b {3}); INSERT INTO t{0}_{1} VALUES ('{4}', NULL);")}",
            onTarget: string.Join(' ', Types.Select((_, row) => $"UPDATE t SET c{row} = NULL WHERE id = {row};"))
                + Pairs("UPDATE t{0}_{1} SET a = NULL;"));

        Assert.Equal(
            Types.Select((_, row) => $"{row} Different c{row}").Order(StringComparer.Ordinal),
            (await databases.RowsAsync("public.t")).Select(r => $"{r.Key} {r.State} {r.Columns}"));
        Assert.Equal(Types.Length * Together.Length + 1, (await databases.DifferencesAsync()).Count);

        static string Pairs(string sql) =>
            string.Concat(
                Types.SelectMany((t, i) => Together.Select((type, j) => string.Format(null, sql, i, j, t.Type, type, t.Default))));
    }

    static readonly string[] Together = ["numeric", "date", "bytea"];

    [Fact]
    public async Task Values_that_two_rows_have_exchanged_show()
    {
        var (first, second) = (string.Join(", ", Types.Select(t => $"'{t.Default}'")), string.Join(
            ", ",
            Types.Select(t => $"'{t.Other}'")));
        await using var databases = await ComparedDatabases.CreateAsync(
            servers,
            $"{AllTypes} INSERT INTO t VALUES (1, {first}), (2, {second});");
        Assert.Empty(await databases.DifferencesAsync());

        for (var i = 0; i < Types.Length; i++)
        {
            await databases.Target.ExecuteAsync($"UPDATE t SET c{i} = (SELECT c{i} FROM t AS o WHERE o.id = 3 - t.id)");
            Assert.Equal($"c{i}: public.t", $"c{i}: {Assert.Single(await databases.DifferencesAsync()).Name}");
            await databases.Target.ExecuteAsync($"UPDATE t SET c{i} = (SELECT c{i} FROM t AS o WHERE o.id = 3 - t.id)");
        }
        Assert.Empty(await databases.DifferencesAsync());
    }

    /// <summary>Backups keep the sums of their day: those have to come out the same for ever, on every server.</summary>
    [Theory]
    [InlineData(FingerprintMethod.RecordHash, "9333909170664779009")]
    [InlineData(FingerprintMethod.MixedHash, "7418857032726405035")]
    [InlineData(FingerprintMethod.ChainedHash, "932456757580304928")]
    [InlineData(FingerprintMethod.ValueHash, "22390542224228315404")]
    [InlineData(FingerprintMethod.ValueText, "-10951895029544993349")]
    [InlineData(FingerprintMethod.TextHash, "1735379261664433141")]
    [InlineData(FingerprintMethod.RowsOnly, null)]
    public async Task The_same_rows_always_have_the_same_sum(FingerprintMethod method, string? sum)
    {
        await using var database = await servers.CreateSourceAsync();
        await database.ExecuteAsync($"""
            {AllTypes}
            INSERT INTO t VALUES (1, {string.Join(", ", Types.Select(t => $"'{t.Default}'"))}),
                (2, {string.Join(", ", Types.Select(t => $"'{t.Other}'"))}); INSERT INTO t (id) VALUES (3);
            """);
        await using var session = await PgSession.OpenAsync(new PgLogin("test", database.Address, "test", ReadOnly: true), default);

        var content = await FingerprintReader.ReadAsync([session], method, CatalogFilter.None, null, default);

        Assert.Equal((3, sum), (content.Tables["public.t"].Rows, content.Tables["public.t"].Hash));
    }

    /// <summary>
    /// Bigints and times of which one half can stand for the other, and nulls, which are told by bits of a number as these are.
    /// </summary>
    [Theory]
    [InlineData("a bigint", "b bigint", "c bigint")]
    [InlineData("a bigint", "b bigint", "c integer")]
    [InlineData("a bigint", "b timestamptz", "c timestamptz")]
    [InlineData("a timestamp", "b bigint", "c bigint")]
    [InlineData("a timestamp", "b integer", "c timestamp")]
    [InlineData("a bigint", "b numeric", "c bigint")]
    [InlineData("a bigint", "b text", "c bigint")]
    public async Task Of_one_run_no_two_rows_have_one_hash(params string[] columns)
    {
        await using var database = await servers.CreateSourceAsync();
        string[] numbers =
            ["0", "1", "2", "4", "8", "3", "6", "-1", "-2", "4294967296", "4294967297", "4294967295", "-4294967296", "8589934594", "NULL"];
        var values = columns.Select(c => c.Split(' ')[1] switch
        {
            "integer" => numbers.Where(n => n.Length < 3 || n == "NULL"),
            "timestamp" or "timestamptz" => numbers.Select(n => $"'2000-01-01'::timestamp + {n} * interval '0.000001 s'"),
            _ => numbers,
        });
        var lists = values.Select((v, i) => $"(VALUES {string.Join(", ", v.Select(n => $"({n})"))}) AS v{i}");
        await database.ExecuteAsync($"""
            CREATE TABLE t ({string.Join(", ", columns)});
            INSERT INTO t SELECT * FROM {string.Join(", ", lists)};
            """);
        await using var session = await PgSession.OpenAsync(new PgLogin("test", database.Address, "test", ReadOnly: true), default);
        var table = Assert.Single(await TableColumns.ReadAsync(session, CatalogFilter.None, default));

        foreach (var of in new[] { table, table with { Columns = [.. table.Columns.Reverse()] } })
        {
            var (hash, sooner) =
                (of.RowHash(FingerprintMethod.RunHash), (of with { IsSeldomNull = true }).RowHash(FingerprintMethod.RunHash));
            Assert.NotEqual(hash, sooner);
            var row = (await session.RowsAsync($"SELECT count(*) - count(DISTINCT {hash}), count(*) FILTER (WHERE {hash} IS DISTINCT "
                + $"FROM {sooner}), count(*) > 1000 FROM {table.Rows}", default))[0];
            Assert.Equal("0 0 t", string.Join(' ', row.Fields));
        }
    }

    [Fact]
    public async Task In_a_wide_table_each_half_of_a_bigint_counts()
    {
        const int columns = 130;
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            "CREATE TABLE t (id integer PRIMARY KEY, "
                + $"{string.Join(", ", Enumerable.Range(0, columns).Select(i => $"c{i} bigint DEFAULT 0"))}); INSERT INTO t SELECT "
                + $"generate_series(0, {columns - 1});",
            onTarget: string.Join(' ', Enumerable.Range(0, columns).Select(i => $"UPDATE t SET c{i} = 4294967297 WHERE id = {i};")));

        Assert.Equal(
            Enumerable.Range(0, columns).Select(i => $"{i} c{i}").Order(StringComparer.Ordinal),
            (await databases.RowsAsync()).Select(r => $"{r.Key} {r.Columns}"));
    }

    [Fact]
    public async Task In_a_wide_table_each_null_has_its_place()
    {
        const int columns = 200;
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            "CREATE TABLE t (id integer PRIMARY KEY, "
                + $"{string.Join(", ", Enumerable.Range(0, columns).Select(i => $"c{i} integer DEFAULT 0"))}); INSERT INTO t SELECT "
                + $"generate_series(0, {columns - 1});",
            onSource: string.Join(' ', Enumerable.Range(0, columns).Select(i => $"UPDATE t SET c{i} = NULL WHERE id = {i};")),
            onTarget: string.Join(
                ' ',
                Enumerable.Range(0, columns).Select(i => $"UPDATE t SET c{(i + 63) % columns} = NULL WHERE id = {i};")));

        Assert.Equal(columns, (await databases.RowsAsync()).Count(r => r.State == RowState.Different && r.Columns.Split(", ").Length == 2));
    }
}
