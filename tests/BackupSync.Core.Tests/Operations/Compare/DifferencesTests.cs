using BackupSync.Comparison;
using BackupSync.Operations.Compare;

namespace BackupSync.Tests.Operations.Compare;

/// <summary>What a comparison says of tables, sequences, large objects and all else.</summary>
public sealed class DifferencesTests(Servers servers) : IClassFixture<Servers>
{
    const string Users = """
        CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, email text);
        CREATE INDEX users_email ON users (email);
        CREATE TABLE notes (body text);
        CREATE SEQUENCE numbers;
        INSERT INTO users SELECT n, 'name ' || n FROM generate_series(1, 100) n;
        INSERT INTO notes VALUES ('a'), ('a'), ('b');
        """;

    [Fact]
    public async Task Databases_of_the_same_content_are_equal()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers);
        await databases.LoadRealisticDataAsync(servers.Tools);
        var rows = new List<RowDifference>();

        var result = await databases.CompareAsync(new ComparisonOptions { Detail = true, Parallel = 3 }, rows.Add);

        Assert.All(result.Items, i => Assert.Equal((ComparedState.Equal, null), (i.State, i.What)));
        Assert.True(result.IsEqual);
        Assert.Empty(rows);
        Assert.Empty(result.BesideRows);
        Assert.Contains(result.Items, i => i is { Kind: ComparedKind.Table, Name: "public.users", SourceRows: 500, TargetRows: 500 });
        Assert.Contains(result.Items, i => i.Kind == ComparedKind.Sequence);
        Assert.Contains(result.Items, i => i.Kind == ComparedKind.LargeObjects);
        Assert.Equal(("primary", "secondary"), (result.Source, result.Target));
        Assert.StartsWith("primary and secondary are equal: 21 tables, ", result.Summary, StringComparison.Ordinal);
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task A_days_work_is_found_and_then_told_row_by_row()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers);
        await databases.LoadRealisticDataAsync(servers.Tools);
        await new RealisticData(servers.Tools).ChangeAsync(databases.Source.Address);

        var result = await databases.CompareAsync();
        Assert.False(result.IsEqual);
        Assert.StartsWith("primary and secondary differ: ", result.Summary, StringComparison.Ordinal);

        var rows = await databases.RowsAsync();
        // In every table what one side has more of is what its number of rows tells.
        foreach (var table in result.Items.Where(i => i.Kind == ComparedKind.Table))
        {
            var own = rows.Where(r => r.Table == table.Name).ToList();
            Assert.Equal(table.State == ComparedState.Different, own.Count > 0);
            Assert.Equal(table.SourceRows - table.TargetRows, own.Where(r => r.State == RowState.SourceOnly).Sum(r => r.Rows)
                - own.Where(r => r.State == RowState.TargetOnly).Sum(r => r.Rows));
            Assert.All(own.Where(r => r.State == RowState.Different), r => Assert.NotEmpty(r.Columns));
        }
    }

    [Theory]
    [InlineData("UPDATE users SET name = 'x' WHERE id = 7", "Table", "public.users", "Different", "the content of its 100 rows differs")]
    [InlineData("INSERT INTO users VALUES (0, 'x')", "Table", "public.users", "Different", "100 rows on the source, 101 on the target")]
    [InlineData("DELETE FROM users WHERE id = 7", "Table", "public.users", "Different", "100 rows on the source, 99 on the target")]
    [InlineData("INSERT INTO notes VALUES ('a')", "Table", "public.notes", "Different", "3 rows on the source, 4 on the target")]
    [InlineData("UPDATE notes SET body = 'b'", "Table", "public.notes", "Different", "the content of its 3 rows differs")]
    [InlineData("DROP INDEX users_email", "Object", "index public.users_email on users", "SourceOnly", "the target lacks it")]
    [InlineData("CREATE INDEX more ON users (name)", "Object", "index public.more on users", "TargetOnly", "the source lacks it")]
    [InlineData("DROP TABLE users", "Table", "public.users", "SourceOnly", "the target has no such table")]
    [InlineData("CREATE TABLE more (id integer PRIMARY KEY)", "Table", "public.more", "TargetOnly", "the source has no such table")]
    [InlineData(
        "SELECT nextval('numbers')",
        "Sequence",
        "public.numbers",
        "Different",
        "not used yet, 1 comes next on the source, last value 1 on the target")]
    [InlineData("DROP SEQUENCE numbers", "Sequence", "public.numbers", "SourceOnly", "the target has no such sequence")]
    [InlineData("CREATE SEQUENCE more", "Sequence", "public.more", "TargetOnly", "the source has no such sequence")]
    [InlineData("SELECT lo_from_bytea(4711, 'x')", "LargeObjects", "large objects", "Different", "0 on the source, 1 on the target")]
    [InlineData(
        "ALTER TABLE users ALTER name DROP NOT NULL",
        "Object",
        "table public.users",
        "Different",
        "only on the source: name text not null; only on the target: name text")]
    [InlineData(
        "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "Object",
        "function public.one()",
        "TargetOnly",
        "the source lacks it")]
    [InlineData(
        "ALTER TABLE users ALTER id TYPE bigint",
        "Object",
        "table public.users",
        "Different",
        "only on the source: id integer not null; only on the target: id bigint not null")]
    public async Task One_difference_is_told_and_nothing_else(string onTarget, string kind, string name, string state, string what)
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers, Users, onTarget: onTarget);

        var difference = Assert.Single(await databases.DifferencesAsync());

        Assert.Equal(
            (kind, name, state, what),
            (difference.Kind.ToString(), difference.Name, difference.State.ToString(), difference.What));
    }

    [Fact]
    public async Task Owners_and_grants_are_compared_where_that_is_asked_for()
    {
        const string both = $"{Users} ALTER TABLE users OWNER TO pg_database_owner; ALTER TABLE notes OWNER TO pg_database_owner; "
            + "ALTER SEQUENCE numbers OWNER TO pg_database_owner;";
        await using var databases = await ComparedDatabases.CreateAsync(servers, both,
            onTarget: "GRANT SELECT ON users TO pg_monitor; GRANT UPDATE (name) ON users TO PUBLIC; ALTER TABLE notes OWNER TO pg_monitor");
        Assert.Empty(await databases.DifferencesAsync());

        var differences = (await databases.CompareAsync(new ComparisonOptions { Rights = true })).BesideRows.ToList();

        Assert.Equal(
            ["rights of TABLE public.notes: owned by pg_database_owner on the source, by pg_monitor on the target",
                "rights of TABLE public.users (name): only on the target: UPDATE for PUBLIC", "rights of TABLE public.users: only on "
                    + "the target: SELECT for pg_monitor"],
            differences.Order(StringComparer.Ordinal));
        Assert.Equal(2, (await databases.CompareAsync(new ComparisonOptions { Rights = true, Tables = ["users"] })).BesideRows.Count());
    }

    [Fact]
    public async Task A_column_that_only_one_side_has_is_told_and_so_are_rows_that_differ_in_the_others()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers, Users, onTarget: "ALTER TABLE users ADD extra integer DEFAULT 1; UPDATE users SET name = 'x' WHERE id = 7");

        var differences = await databases.DifferencesAsync();
        Assert.Equal(
            [("public.users", "its columns differ, and so does its content"), ("table public.users", "only on the target: extra "
                + "integer default")],
            differences.Select(d => (d.Name, d.What!)));
        Assert.Equal([new RowDifference("public.users", "7", RowState.Different, "name", 1)], await databases.RowsAsync());
    }

    [Fact]
    public async Task The_content_of_large_objects_is_compared()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers, "SELECT lo_from_bytea(4711, 'x')", onTarget: "SELECT lo_put(4711, 0, 'y')");

        var difference = Assert.Single(await databases.DifferencesAsync());
        Assert.Equal((ComparedKind.LargeObjects, "their content differs"), (difference.Kind, difference.What));
        Assert.Equal(["large objects: their content differs"], (await databases.CompareAsync()).BesideRows);
    }

    [Fact]
    public async Task Some_tables_are_compared_without_the_others()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers,
            Users + "CREATE TABLE notes_old (body text); CREATE TABLE \"Notes New\" (body text);",
            onTarget: "DELETE FROM notes; DROP INDEX users_email; DROP SEQUENCE numbers; INSERT INTO \"Notes New\" VALUES ('x')");

        var one = await databases.CompareAsync("users");
        Assert.Equal(["public.users", "index public.users_email on users"], one.Items.Select(i => i.Name));
        Assert.Equal("primary and secondary differ: 1 other object", one.Summary[..one.Summary.IndexOf(" (", StringComparison.Ordinal)]);

        Assert.Equal(["public.notes", "public.notes_old"], (await databases.CompareAsync("notes*")).Items.Select(i => i.Name));
        Assert.Equal(
            ["public.\"Notes New\"", "public.notes"],
            (await databases.CompareAsync("public.notes", "Notes ???")).Items.Select(i => i.Name));
    }

    [Fact]
    public async Task A_partitioned_tables_name_stands_for_its_partitions()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers, """
            CREATE TABLE events (id integer PRIMARY KEY, body text) PARTITION BY RANGE (id);
            CREATE TABLE first PARTITION OF events FOR VALUES FROM (0) TO (100);
            CREATE TABLE second PARTITION OF events FOR VALUES FROM (100) TO (200);
            CREATE TABLE other (id integer);
            INSERT INTO events SELECT n, 'x' FROM generate_series(0, 199) n;
            """, onTarget: "UPDATE events SET body = 'y' WHERE id = 150; DROP TABLE other; ALTER TABLE events ADD extra integer");

        Assert.Equal(
            ["public.first", "public.second", "partitioned table public.events", "table public.first", "table public.second"],
            (await databases.DifferencesAsync("events")).Select(i => i.Name));
        Assert.Equal(["public.first", "table public.first"], (await databases.DifferencesAsync("first")).Select(i => i.Name));
    }

    [Fact]
    public async Task A_hash_partition_that_one_side_lacks_is_told()
    {
        const string Parent = "CREATE TABLE h (id integer PRIMARY KEY) PARTITION BY HASH (id);";
        await using var databases = await ComparedDatabases.CreateAsync(servers, Parent,
            "CREATE TABLE h_0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE h_1 PARTITION OF h FOR VALUES WITH "
                + "(MODULUS 2, REMAINDER 1); INSERT INTO h VALUES (1), (2), (3);",
            "CREATE TABLE h_0 PARTITION OF h FOR VALUES WITH (MODULUS 1, REMAINDER 0); INSERT INTO h VALUES (1), (2), (3);");

        var differences = await databases.DifferencesAsync();

        Assert.Contains(differences, d => d is { Name: "table public.h_1", State: ComparedState.SourceOnly });
        Assert.DoesNotContain(differences, d => d.Kind == ComparedKind.Table);
    }

    [Fact]
    public async Task An_empty_target_lacks_each_table_once()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers);
        await databases.Source.ExecuteAsync(Users);

        Assert.Equal(["public.notes", "public.users", "public.numbers"], (await databases.DifferencesAsync()).Select(d => d.Name));
    }

    [Fact]
    public async Task Two_empty_databases_are_equal()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers);
        var result = await databases.CompareAsync();
        Assert.Empty(result.Items);
        Assert.StartsWith("primary and secondary are equal: 0 tables, 0 rows (", result.Summary, StringComparison.Ordinal);
    }
}
