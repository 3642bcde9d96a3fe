using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Operations.Compare;
using BackupSync.Tests.Operations.Compare;

namespace BackupSync.Tests.Comparison;

/// <summary>Which rows differ, and in what.</summary>
public sealed class RowDetailsTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>A table's definition and rows, and three statements for the target; then the keys and columns that are told.</summary>
    public static TheoryData<string, string, string[]> Keys => new()
    {
        {
            "CREATE TABLE t (id integer PRIMARY KEY, a text, b text); INSERT INTO t SELECT n, 'a', 'b' FROM generate_series(1, 1000) n",
            "UPDATE t SET a = 'x', b = NULL WHERE id = 500; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (2000)",
            ["1 SourceOnly ", "2000 TargetOnly ", "500 Different a, b"]
        },
        {
            $"CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t VALUES ({long.MinValue}, 'a'), ({long.MaxValue}, 'a'), (0, "
                + "'a'), (-5, 'a'), (1000000000000, 'a')",
            $"UPDATE t SET a = 'x' WHERE id IN ({long.MinValue}, {long.MaxValue}); DELETE FROM t WHERE id = -5; INSERT INTO t VALUES "
                + "(-6, 'a')",
            ["-5 SourceOnly ", "-6 TargetOnly ", "-9223372036854775808 Different a", "9223372036854775807 Different a"]
        },
        {
            $"CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t SELECT {long.MinValue} + n, 'a' FROM generate_series(0, 999) n",
            $"UPDATE t SET a = 'x' WHERE id = {long.MinValue}; DELETE FROM t WHERE id = {long.MinValue} + 999",
            ["-9223372036854774809 SourceOnly ", "-9223372036854775808 Different a"]
        },
        {
            $"CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t SELECT {long.MaxValue} - n, 'a' FROM generate_series(0, 999) n",
            $"UPDATE t SET a = 'x' WHERE id = {long.MaxValue}; DELETE FROM t WHERE id = {long.MaxValue} - 999",
            ["9223372036854774808 SourceOnly ", "9223372036854775807 Different a"]
        },
        {
            "CREATE TABLE t (id smallint PRIMARY KEY, a text); INSERT INTO t SELECT n, 'a' FROM generate_series(-32768, 32767) n",
            "UPDATE t SET a = 'x' WHERE id IN (-32768, 32767)",
            ["-32768 Different a", "32767 Different a"]
        },
        {
            "CREATE TABLE t (id uuid PRIMARY KEY, a integer); INSERT INTO t SELECT md5(n::text)::uuid, n FROM generate_series(1, 1000) n",
            "UPDATE t SET a = -1 WHERE a = 1; DELETE FROM t WHERE a = 2; INSERT INTO t VALUES ('00000000-0000-0000-0000-000000000000', 0)",
            ["00000000-0000-0000-0000-000000000000 TargetOnly ", "c4ca4238-a0b9-2382-0dcc-509a6f75849b "
                + "Different a", "c81e728d-9d4c-2f63-6f06-7f89cc14862c SourceOnly "]
        },
        {
            "CREATE TABLE t (id uuid PRIMARY KEY, a integer); INSERT INTO t SELECT overlay('ffffffff-ffff-ffff-ffff-ffffffffffff' "
                + "PLACING to_hex(n) FROM 1)::uuid, n FROM generate_series(268435456, 268436455) n",
            "UPDATE t SET a = -1 WHERE a = 268436455; DELETE FROM t WHERE a = 268435456; INSERT INTO t VALUES "
                + "('ffffffff-ffff-ffff-ffff-ffffffffffff', 0), ('ffffffff-ffff-ffff-ffff-fffffffffffe', 0)",
            ["10000000-ffff-ffff-ffff-ffffffffffff SourceOnly ", "100003e7-ffff-ffff-ffff-ffffffffffff "
                + "Different a", "ffffffff-ffff-ffff-ffff-fffffffffffe TargetOnly ", "ffffffff-ffff-ffff-ffff-ffffffffffff TargetOnly "]
        },
        {
            "CREATE TABLE t (a integer, b text, c integer, PRIMARY KEY (b, a)); INSERT INTO t SELECT n % 10, 'b' || n, n FROM "
                + "generate_series(1, 1000) n",
            "UPDATE t SET c = -1 WHERE c = 1; DELETE FROM t WHERE c = 2",
            ["b1, 1 Different c", "b2, 2 SourceOnly "]
        },
        {
            // Two keys that are one text where only a tab is put between their columns.
            "CREATE TABLE t (a text, b text, c integer, PRIMARY KEY (a, b)); INSERT INTO t VALUES (E'x\\ty', 'z', 1), ('x', E'y\\tz', 1)",
            "UPDATE t SET c = 2",
            ["x\ty, z Different c", "x, y\tz Different c"]
        },
        {
            "CREATE TABLE t (id text PRIMARY KEY, a text); INSERT INTO t VALUES (E'tab\\there', NULL), (E'back\\\\slash\\\\', NULL), "
                + "(E'new\\nline\\r', NULL), ('Größe € 用户', NULL), ('', ''), ('\\N', 'x'), ('it''s', 'x'), ('{a,\"b\"}', 'x')",
            "UPDATE t SET a = coalesce(a, '') || 'y'",
            [" Different a", "Größe € 用户 Different a", "\\N Different a", "back\\slash\\ Different a", "it's Different a",
                "new\nline\r Different a", "tab\there Different a", "{a,\"b\"} Different a"]
        },
        {
            "CREATE EXTENSION citext; CREATE TABLE t (id citext PRIMARY KEY, a citext); INSERT INTO t VALUES ('Abc', 'Abc'), "
                + "('Def', 'Def')",
            "UPDATE t SET a = 'ABC' WHERE id = 'abc'",
            ["Abc Different a"]
        },
        {
            "CREATE TABLE t (id numeric PRIMARY KEY, a numeric); INSERT INTO t VALUES (1.0, 1.0), (2.00, 2.00)",
            "UPDATE t SET a = 1.00 WHERE id = 1",
            ["1.0 Different a"]
        },
        {
            "CREATE TYPE mood AS ENUM ('sad', 'it''s ok'); CREATE SCHEMA \"Mixed Case\"; CREATE TABLE \"Mixed Case\".\"T\" (\"The "
                + "Key\" mood PRIMARY KEY, \"a \"\"b\" mood); INSERT INTO \"Mixed Case\".\"T\" VALUES ('it''s ok', 'sad')",
            "UPDATE \"Mixed Case\".\"T\" SET \"a \"\"b\" = NULL",
            ["it's ok Different a \"b"]
        },
        {
            // The text of a key that is not told apart by its case, or by the blanks at its end.
            "CREATE TABLE t (id char(5) PRIMARY KEY, bits bit(3), a text); INSERT INTO t VALUES ('a', '101', 'a'), ('abcde', '111', "
                + "'a'), ('b''\\', '000', 'a')",
            "UPDATE t SET a = 'x'; UPDATE t SET bits = '001' WHERE id = 'a'",
            ["a     Different a, bits", "abcde Different a", "b'\\   Different a"]
        },
        {
            "CREATE TABLE t (id bit(3) PRIMARY KEY, a text); INSERT INTO t VALUES ('101', 'a'), ('111', 'a')",
            "UPDATE t SET a = 'x'",
            ["101 Different a", "111 Different a"]
        },
        {
            "CREATE TABLE t (id integer[] PRIMARY KEY, a text); INSERT INTO t VALUES ('{1,2}', 'a'), ('{}', 'a')",
            "UPDATE t SET a = 'x'",
            ["{1,2} Different a", "{} Different a"]
        },
        {
            "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE t (id text "
                + "COLLATE nocase PRIMARY KEY, a text COLLATE nocase); INSERT INTO t VALUES ('Abc', 'Abc')",
            "UPDATE t SET a = 'ABC'",
            ["Abc Different a"]
        },
        {
            "CREATE DOMAIN code AS varchar(9) CHECK (VALUE <> ''); CREATE TABLE t (id code, at timestamptz, a text, UNIQUE (id, at)); "
                + "ALTER TABLE t ALTER id SET NOT NULL, ALTER at SET NOT NULL; INSERT INTO t VALUES ('x', '2024-01-01 00:00+00', 'a'), "
                + "('x', 'infinity', 'a')",
            "UPDATE t SET a = 'x'",
            ["x, 2024-01-01 00:00:00+00 Different a", "x, infinity Different a"]
        },
        {
            "CREATE TABLE t (id integer, t integer, b integer, k integer, n integer, u integer, c0 integer, r integer, PRIMARY KEY (t, "
                + "b)); INSERT INTO t SELECT n, n, n, n, n, n, n, n FROM generate_series(1, 300) n",
            "UPDATE t SET k = 0, n = 0, u = 0, c0 = 0, r = 0 WHERE t = 5; UPDATE t SET b = 0 WHERE t = 6",
            ["5, 5 Different c0, k, n, r, u", "6, 0 TargetOnly ", "6, 6 SourceOnly "]
        },
        {
            "CREATE TABLE b (b integer PRIMARY KEY, n text); INSERT INTO b SELECT n, 'x' FROM generate_series(1, 300) n; CREATE TABLE "
                + "k (k text PRIMARY KEY, t text); INSERT INTO k SELECT n, 'x' FROM generate_series(1, 300) n",
            "UPDATE b SET n = 'y' WHERE b = 7; UPDATE k SET t = 'y' WHERE k = '7'",
            ["7 Different n", "7 Different t"]
        },
        {
            "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE TABLE h (id integer, m mood, a text, PRIMARY KEY (id, m)) PARTITION BY "
                + "HASH (m); CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE h1 PARTITION OF h "
                + "FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO h SELECT n, (ARRAY['a', 'b', 'c']::mood[])[1 + n % 3], 'a' "
                + "FROM generate_series(1, 300) n",
            "UPDATE h SET a = 'x' WHERE id = 7; DELETE FROM h WHERE id = 8; INSERT INTO h VALUES (8, 'b', 'a')",
            ["7, b Different a", "8, b TargetOnly ", "8, c SourceOnly "]
        },
        {
            "CREATE TABLE r (id integer PRIMARY KEY, a text) PARTITION BY RANGE (id); CREATE TABLE r0 PARTITION OF r FOR VALUES FROM "
                + "(0) TO (500); CREATE TABLE r1 PARTITION OF r DEFAULT; INSERT INTO r SELECT n, 'a' FROM generate_series(0, 999) n",
            "UPDATE r SET a = 'x' WHERE id IN (499, 500); DELETE FROM r WHERE id = 0",
            ["0 SourceOnly ", "499 Different a", "500 Different a"]
        },
        {
            "CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES",
            "TRUNCATE t; INSERT INTO t DEFAULT VALUES",
            [" SourceOnly  x2"]
        },
        {
            "CREATE TABLE t (a integer, b text); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, NULL), (3, E'new\\nline')",
            "INSERT INTO t VALUES (1, 'x'), (1, 'x'); DELETE FROM t WHERE a = 2",
            ["(1,x) TargetOnly  x2", "(2,) SourceOnly "]
        },
        {
            "CREATE TABLE t (id integer PRIMARY KEY, j json, x xml, p point, f float8, i interval, b bytea, r int4range); INSERT INTO "
                + "t VALUES (1, '{\"a\":1}', '<a/>', '(1,2)', 0, '24 hours', '\\x00', '[1,3)')",
            "UPDATE t SET j = '{\"a\": 1}', x = '<a></a>', p = '(1,3)', f = '-0', i = '1 day', b = '\\x01', r = '[1,4)'",
            ["1 Different b, f, i, j, p, r, x"]
        },
        {
            "CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer, twice integer GENERATED ALWAYS AS (a * 2) "
                + "STORED); INSERT INTO t (a) SELECT n FROM generate_series(1, 10) n",
            "UPDATE t SET a = 0 WHERE id = 5",
            ["5 Different a, twice"]
        },
        {
            "CREATE TABLE p (id integer PRIMARY KEY, a text); CREATE TABLE c () INHERITS (p); INSERT INTO p VALUES (1, 'a'); INSERT "
                + "INTO c VALUES (1, 'a'), (1, 'a')",
            "UPDATE c SET a = 'x'; UPDATE ONLY p SET a = 'y'",
            ["(a,1) SourceOnly  x2", "(x,1) TargetOnly  x2", "1 Different a"]
        },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Rows_are_told_by_their_keys(string both, string onTarget, string[] told)
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers, both, onTarget: onTarget);

        var rows = (await databases.RowsAsync()).Select(r => $"{r.Key} {r.State} {r.Columns}{(r.Rows > 1 ? $" x{r.Rows}" : "")}");

        Assert.Equal(told, rows.Order(StringComparer.Ordinal));
        await databases.OnBothAsync("ANALYZE");
        Assert.Equal(told.Length, (await databases.RowsAsync()).Count);
    }

    /// <summary>Tables of one name whose definitions differ: on the source, on the target; then what is told.</summary>
    public static TheoryData<string, string, string[]> Definitions => new()
    {
        {
            // The target does not enforce the key, and has one twice.
            "CREATE TABLE t (id integer PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'a'), (2, 'a')",
            "CREATE TABLE t (id integer NOT NULL, a text); INSERT INTO t VALUES (1, 'a'), (1, 'a'), (2, 'x')",
            ["(a,1) TargetOnly ", "(a,2) SourceOnly ", "(x,2) TargetOnly "]
        },
        {
            "CREATE TABLE t (id integer PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'a')",
            "CREATE TABLE t (id integer, a text PRIMARY KEY); INSERT INTO t VALUES (1, 'b')",
            ["(a,1) SourceOnly ", "(b,1) TargetOnly "]
        },
        {
            "CREATE TABLE t (id integer PRIMARY KEY, a text, b text, c text, d float8); INSERT INTO t VALUES (1, 'a', '1', 'x', 1.5), "
                + "(2, 'a', '2', 'y', 2)",
            "CREATE TABLE t (id bigint PRIMARY KEY, a varchar(5), b json, c xml, d text, e integer); INSERT INTO t VALUES (1, 'a', "
                + "'1', 'x', '1.5'), (2, 'a', '3', 'y', '2.0')",
            ["2 Different b, d"]
        },
        {
            "CREATE TABLE t (id integer PRIMARY KEY, a integer); INSERT INTO t VALUES (1, 1)",
            "CREATE TABLE t (id text PRIMARY KEY, a integer); INSERT INTO t VALUES ('1', 2), ('x', 3)",
            ["(1,1) SourceOnly ", "(2,1) TargetOnly ", "(3,x) TargetOnly "]
        },
        {
            "CREATE TABLE t (a integer, b integer, c integer, PRIMARY KEY (a, b)); INSERT INTO t VALUES (1, 2, 3), (2, 1, 3)",
            "CREATE TABLE t (a integer, b integer, c integer, PRIMARY KEY (b, a)); INSERT INTO t VALUES (1, 2, 3), (2, 1, 4)",
            ["2, 1 Different c"]
        },
        {
            "CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (1)",
            "CREATE TABLE t (b integer); INSERT INTO t VALUES (1)",
            [" SourceOnly "]
        },
        {
            "CREATE SCHEMA one; CREATE EXTENSION citext SCHEMA one; CREATE TABLE t (id one.citext PRIMARY KEY, a one.citext); INSERT "
                + "INTO t VALUES ('a', 'a'), ('b', 'b')",
            "CREATE SCHEMA two; CREATE EXTENSION citext SCHEMA two; CREATE TABLE t (id two.citext PRIMARY KEY, a two.citext); INSERT "
                + "INTO t VALUES ('a', 'a'), ('b', 'x')",
            ["b Different a"]
        },
        {
            "CREATE TABLE t (id integer PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'a'), (2, 'b')",
            "CREATE TABLE t (id integer PRIMARY KEY, a text) PARTITION BY HASH (id); CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH "
                + "(MODULUS 1, REMAINDER 0); INSERT INTO t VALUES (1, 'a'), (2, 'x')",
            ["2 Different a"]
        },
        {
            "CREATE TABLE t (id integer PRIMARY KEY, gone integer, a text); ALTER TABLE t DROP gone; INSERT INTO t VALUES (1, 'a'), "
                + "(2, 'b')",
            "CREATE TABLE t (a text, id integer PRIMARY KEY); INSERT INTO t VALUES ('a', 1), ('x', 2)",
            ["2 Different a"]
        },
        {
            "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 300)",
            "CREATE TABLE t (id integer PRIMARY KEY)",
            [.. Enumerable.Range(1, 300).Select(n => $"{n} SourceOnly ").Order(StringComparer.Ordinal)]
        },
        {
            "CREATE TABLE t (id text PRIMARY KEY)",
            "CREATE TABLE t (id text PRIMARY KEY); INSERT INTO t VALUES ('a')",
            ["a TargetOnly "]
        },
    };

    [Theory]
    [MemberData(nameof(Definitions))]
    public async Task Rows_of_tables_whose_definitions_differ_are_told(string source, string target, string[] told)
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers);
        await databases.Source.ExecuteAsync(source);
        await databases.Target.ExecuteAsync(target);

        Assert.Equal(told, (await databases.RowsAsync()).Select(r => $"{r.Key} {r.State} {r.Columns}{(r.Rows > 2 ? $" x{r.Rows}" : "")}")
            .Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("integer", "n")]
    [InlineData("text", "n::text")]
    public async Task Of_many_rows_only_those_that_differ_are_told(string type, string key)
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            $"CREATE TABLE t (id {type} PRIMARY KEY, a text); INSERT INTO t SELECT {key}, md5(n::text) FROM generate_series(1, 100000) n",
            onTarget: "UPDATE t SET a = 'x' WHERE id IN ('7', '70000'); DELETE FROM t WHERE id = '99999'");

        Assert.Equal(
            ["7 Different a", "70000 Different a", "99999 SourceOnly "],
            (await databases.RowsAsync()).Select(r => $"{r.Key} {r.State} {r.Columns}"));
    }

    /// <summary>
    /// Of random uuids; of such that tell the time first, beside one that is far from them; and of many that lie closer together than
    /// can be told.
    /// </summary>
    [Theory]
    [InlineData("md5(n::text)::uuid")]
    [InlineData("(CASE WHEN n = 1 THEN '00000000-0000-0000-0000-000000000000' ELSE '0199' || lpad(to_hex(n), 8, '0') || "
        + "right(md5(n::text), 20) END)::uuid")]
    [InlineData("(CASE WHEN n = 1 THEN 'ffffffff-0000-0000-0000-000000000000' ELSE lpad(n::text, 32, '0') END)::uuid")]
    public async Task Of_many_rows_with_uuids_only_those_that_differ_are_told(string key)
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            $"CREATE TABLE t (id uuid PRIMARY KEY, a integer, b text); INSERT INTO t SELECT {key}, n, md5(n::text) FROM "
                + "generate_series(1, 30000) n; ANALYZE t",
            onTarget: "UPDATE t SET b = 'x' WHERE a IN (1, 7, 29999); DELETE FROM t WHERE a = 30000");

        Assert.Equal(
            ["Different b", "Different b", "Different b", "SourceOnly "],
            (await databases.RowsAsync()).Select(r => $"{r.State} {r.Columns}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("integer PRIMARY KEY", "n")]
    [InlineData("uuid PRIMARY KEY", "md5(n::text)::uuid")]
    [InlineData("text PRIMARY KEY", "n::text")]
    [InlineData("integer", "n")]
    public async Task Many_rows_that_differ_come_one_after_the_other(string definition, string key)
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            $"CREATE TABLE t (id {definition}, a integer, b text); INSERT INTO t SELECT {key}, n, 'b' FROM generate_series(1, 40000) n",
            onTarget: "UPDATE t SET b = 'x' WHERE a % 2 = 0");
        var hasKey = definition.Contains("KEY", StringComparison.Ordinal);

        var rows = await databases.RowsAsync();

        Assert.Equal(hasKey ? 20_000 : 40_000, rows.Count);
        Assert.Equal(rows.Count, rows.Select(r => (r.Key, r.State)).Distinct().Count());
        if (hasKey)
            Assert.All(rows, r => Assert.Equal((RowState.Different, "b"), (r.State, r.Columns)));
    }

    [Theory]
    [InlineData("integer PRIMARY KEY")]
    [InlineData("text PRIMARY KEY")]
    [InlineData("integer")]
    public async Task A_comparison_can_be_stopped_while_rows_come(string definition)
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            $"CREATE TABLE t (id {definition}, b text); INSERT INTO t SELECT n, 'b' FROM generate_series(1, "
                + "20000) n", onTarget: "UPDATE t SET b = 'x'");
        using var stop = new CancellationTokenSource();
        var told = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => databases.CompareAsync(new ComparisonOptions { Detail = true }, _ =>
        {
            if (++told == 500)
                stop.Cancel();
            stop.Token.ThrowIfCancellationRequested();
        }, stop.Token));

        Assert.Equal(500, told);
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task A_failure_of_whoever_takes_the_rows_is_handed_on()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers, "CREATE TABLE t (id integer PRIMARY KEY)", "INSERT INTO t SELECT generate_series(1, 5000)");

        await Assert.ThrowsAsync<NotSupportedException>(
            () => databases.CompareAsync(new ComparisonOptions { Detail = true }, _ => throw new NotSupportedException()));

        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task Rows_of_one_table_alone_are_told_where_asked()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers,
            "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY)",
            "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)");

        Assert.Equal("public.b", Assert.Single(await databases.RowsAsync("b")).Table);
    }

    [Fact]
    public async Task Progress_never_runs_back_and_names_what_is_read()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers,
            "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY)",
            "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)");
        var told = new List<ComparisonProgress>();

        await ComparisonRunner.RunAsync(
            databases.SourceConfig, databases.TargetConfig, new ComparisonOptions { Detail = true }, told.Add, _ => { }, default);

        // Each table where it begins and where it has been read, on both sides, and again for its rows.
        Assert.Equal(10, told.Count);
        Assert.Equal(told.Select(p => p.Fraction).Order(), told.Select(p => p.Fraction));
        Assert.Equal(["public.a", "public.b"], told.Select(p => p.Item).Distinct().Order());
    }
}
