using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Tables that refer to each other in a circle: no order of writing suits, and nobody is shut out for it.</summary>
public sealed class CircularKeyTests
{
    const string Circle = """
        CREATE TABLE teams (id int PRIMARY KEY, owner int, region int NOT NULL DEFAULT 1, name text, UNIQUE (region, id));
        CREATE TABLE people (id int PRIMARY KEY, team int NOT NULL REFERENCES teams, boss int REFERENCES people, home_region int,
            home int, FOREIGN KEY (home_region, home) REFERENCES teams (region, id));
        ALTER TABLE teams ADD CONSTRAINT teams_owner FOREIGN KEY (owner) REFERENCES people;
        INSERT INTO teams SELECT g, NULL, 1, 'team ' || g FROM generate_series(1, 50) g;
        INSERT INTO people SELECT g, g, CASE WHEN g > 1 THEN g - 1 END, 1, 51 - g FROM generate_series(1, 50) g;
        UPDATE teams SET owner = id;
        """;

    const string Work = """
        INSERT INTO teams SELECT g, NULL, 1, 'new' FROM generate_series(51, 60) g;
        INSERT INTO people SELECT g, g, 1, 1, g - 1 FROM generate_series(51, 60) g; UPDATE teams SET owner = id WHERE id > 50;
        UPDATE teams SET owner = 111 - id WHERE id > 50; UPDATE people SET home = 60 WHERE id = 5;
        UPDATE teams SET owner = NULL WHERE id IN (20, 21); UPDATE people SET boss = NULL WHERE boss IN (20, 21) OR id IN (20, 21);
        UPDATE people SET home = 1 WHERE home IN (20, 21);
        DELETE FROM people WHERE id IN (20, 21); DELETE FROM teams WHERE id IN (20, 21);
        """;

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(18)]
    [InlineData(19)]
    public async Task Readers_go_on_while_a_circle_is_written(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync(Circle);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync(Work);
        var shut = "";

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Verify, () => shut = Scenario.TextAsync(scenario.TargetAdmin,
            "SELECT string_agg(c.relname || ' ' || l.mode, ', ') FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND l.database "
                + "= (SELECT oid FROM pg_database WHERE datname = current_database()) WHERE l.mode = 'AccessExclusiveLock' AND "
                + "c.relpersistence = 'p'").GetAwaiter().GetResult() ?? ""),
            mode: SyncMode.Incremental);

        Assert.True(
            result is { Success: true, Mode: SyncMode.Incremental },
            $"{result.Error?.Message} {string.Join('\n', result.Warnings)}");
        Assert.Equal("", shut);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        Assert.Equal((10L, 2L), (result.Changes("public.teams").Inserted, result.Changes("public.teams").Deleted));
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));
    }

    /// <summary>
    /// Where none of its columns may be NULL, and a check looks at them, there is no other way than to make a key deferrable for a
    /// while.
    /// </summary>
    [SkippableTheory]
    [InlineData("ALTER TABLE a ADD CHECK (b IS NOT NULL OR id < 0)")]
    [InlineData("ALTER TABLE a ALTER b SET NOT NULL")]
    public async Task A_circle_without_a_column_that_may_be_null_is_carried(string rule)
    {
        var server = await VersionedServers.GetAsync(18);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync($"""
            CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
            INSERT INTO a SELECT g, g FROM generate_series(1, 9) g; INSERT INTO b SELECT g, g FROM generate_series(1, 9) g;
            ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; {rule};
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.OnSourceAsync("WITH x AS (INSERT INTO a VALUES (10, 10)) INSERT INTO b VALUES (10, 10); WITH x AS (DELETE FROM "
            + "a WHERE id = 3) DELETE FROM b WHERE id = 3");

        await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal("f", await Scenario.TextAsync(
            scenario.TargetAdmin,
            "SELECT DISTINCT left(condeferrable::text, 1) FROM pg_constraint WHERE contype = 'f'"));
    }
}
