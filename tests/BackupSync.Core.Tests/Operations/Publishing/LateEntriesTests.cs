using BackupSync.Configuration;

namespace BackupSync.Tests.Operations.Publishing;

/// <summary>
/// pg_restore's workers load tables at once, and the smaller one is there before the larger one that its expressions read.
/// </summary>
public sealed class LateEntriesTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData("""
        CREATE FUNCTION is_code(int) RETURNS boolean LANGUAGE sql STABLE AS $$
            SELECT EXISTS (SELECT FROM public.z_codes WHERE code = $1) $$;
        CREATE TABLE a_items(id int PRIMARY KEY, code int CHECK (is_code(code)));
        INSERT INTO a_items SELECT g, g FROM generate_series(1, 10) g;
        """)]
    [InlineData("""
        CREATE FUNCTION known(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN IF NOT EXISTS (SELECT FROM public.z_codes WHERE code = $1) THEN RAISE 'no such code %', $1; END IF; RETURN $1; END $$;
        CREATE TABLE a_items(code int, same int GENERATED ALWAYS AS (known(code)) STORED);
        CREATE TABLE b_items(code int, same int GENERATED ALWAYS AS (known(code)) STORED);
        CREATE TABLE c_items(code int);
        CREATE INDEX ON c_items (known(code));
        INSERT INTO a_items SELECT g FROM generate_series(1, 10) g;
        INSERT INTO b_items SELECT g FROM generate_series(1, 10) g;
        INSERT INTO c_items SELECT g FROM generate_series(1, 10) g;
        """)]
    public async Task What_reads_another_table_is_loaded_after_it(string items)
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await TestDatabase.ExecuteAsync(scenario.Source, "CREATE TABLE z_codes(code int PRIMARY KEY, pad text); INSERT INTO z_codes "
            + "SELECT g, repeat('x', 200) FROM generate_series(1, 50000) g;" + items);

        var result = await scenario.SyncAsync();

        Assert.True(result.Success, $"{result.Error}");
        Assert.Contains(scenario.LogLines, l => l.Contains("everything is loaded once more, and this after it", StringComparison.Ordinal));
        Assert.Contains(scenario.LogLines, l => l.Contains("dropping the previous database", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("code int CHECK (is_code(code))")]
    [InlineData("code int, same int GENERATED ALWAYS AS (known(code)) STORED")]
    public async Task So_it_is_in_one_transaction(string columns)
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction);
        await TestDatabase.ExecuteAsync(scenario.Source, $"""
            CREATE TABLE z_codes (code int PRIMARY KEY); INSERT INTO z_codes SELECT generate_series(1, 10);
            CREATE FUNCTION is_code(int) RETURNS boolean LANGUAGE sql STABLE AS $$
                SELECT EXISTS (SELECT FROM public.z_codes WHERE code = $1) $$;
            CREATE FUNCTION known(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
            $$ BEGIN IF NOT EXISTS (SELECT FROM public.z_codes WHERE code = $1) THEN RAISE 'no such code %', $1; END IF; RETURN $1; END $$;
            CREATE TABLE "a Items" ({columns}); INSERT INTO "a Items" (code) SELECT generate_series(1, 10);
            CREATE TABLE b_items (code int REFERENCES z_codes);
            """);

        var result = await scenario.SyncAsync();

        Assert.True(result.Success, $"{result.Error}");
        Assert.Contains(scenario.LogLines, l => l.Contains("everything is loaded once more, and this last", StringComparison.Ordinal));
        Assert.Equal(10, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM \"a Items\""));
    }

    /// <summary>As its workers do now and then where partitions have triggers and foreign keys.</summary>
    [SkippableFact]
    public async Task Where_workers_stand_in_each_others_way_one_does_it()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync();
        using var tools = new WrappedTools(servers.Tools, "pg_restore",
            "[[ \"$*\" != *--jobs=2* ]] || { echo 'pg_restore: error: could not execute query: ERROR:  deadlock detected' >&2; exit 1; }");
        scenario.Job = scenario.Job with { Parallel = 2, Tools = tools.Config };

        await scenario.SyncWellAsync();

        Assert.Contains(scenario.LogLines, l => l.Contains("by one of them", StringComparison.Ordinal));
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    /// <summary>No order of rows brings a function that the path does not lead to.</summary>
    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task What_lacks_a_function_is_not_loaded_again(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await TestDatabase.ExecuteAsync(scenario.Source, """
            CREATE SCHEMA lib; CREATE SCHEMA app;
            CREATE FUNCTION lib.bare(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
            SET search_path = app, lib;
            CREATE FUNCTION app.slug(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN bare(v); END $$;
            CREATE TABLE app.goods (id int PRIMARY KEY, name text, slug text GENERATED ALWAYS AS (slug(name)) STORED);
            INSERT INTO app.goods (id, name) VALUES (1, 'x');
            """);

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, BackupSync.Runs.RunOutcome.RolledBack, BackupSync.Runs.RunStep.Restore, ErrorIds.RestoreFailed);
        Assert.Contains("function bare(text) does not exist", result.Error!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(", and this ", string.Join("\n", scenario.LogLines), StringComparison.Ordinal);
    }

    /// <summary>The only rows there are come late: not before their own table.</summary>
    [Fact]
    public async Task The_only_rows_are_loaded_behind_their_table()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await TestDatabase.ExecuteAsync(scenario.Source, """
            CREATE SCHEMA app;
            CREATE TABLE app.rules (n int CHECK (n > coalesce(current_setting('app.least', true), '18')::int));
            SET app.least = '1'; INSERT INTO app.rules VALUES (5);
            """);

        var result = await scenario.SyncAsync();

        Assert.Contains("violates check constraint", result.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_breaks_its_check_anywhere_fails_as_before_and_is_not_tried_for_ever()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await TestDatabase.ExecuteAsync(scenario.Source, """
            CREATE TABLE people(age int, CHECK (age > coalesce(current_setting('app.least', true), '18')::int));
            SET app.least = '1'; INSERT INTO people VALUES (5);
            """);

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, BackupSync.Runs.RunOutcome.RolledBack, BackupSync.Runs.RunStep.Restore, ErrorIds.RestoreFailed);
        Assert.Contains("mend the rows or the rule", result.Error!.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("Failing row", result.Error.Detail, StringComparison.Ordinal);
        Assert.Single(scenario.LogLines, l => l.Contains("everything is loaded once more", StringComparison.Ordinal));
    }
}
