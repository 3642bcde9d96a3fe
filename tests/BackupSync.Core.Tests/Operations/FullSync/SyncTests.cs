using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>What a run that goes well does, and what it leaves.</summary>
public sealed class SyncTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData(PublishMode.Swap, TestRole.Superuser)]
    [InlineData(PublishMode.Swap, TestRole.Creator)]
    [InlineData(PublishMode.Transaction, TestRole.Superuser)]
    [InlineData(PublishMode.Transaction, TestRole.Owner)]
    public async Task Target_is_an_equal_copy_of_a_realistic_source_and_again_after_a_days_work(PublishMode publish, TestRole role)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish, role);
        await scenario.LoadRealisticDataAsync(servers.Tools);

        var first = await scenario.SyncAsync();
        Assert.Null(first.Error);
        Assert.Equal(RunOutcome.Succeeded, first.Outcome);
        Assert.Equal(publish.ToString(), first.Publish);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());

        await scenario.DoADaysWorkAsync(servers.Tools);
        var second = await scenario.SyncAsync();
        Assert.Null(second.Error);
        Assert.Equal(RunOutcome.Succeeded, second.Outcome);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task Long_values_are_stored_the_fast_way_unless_somebody_chose_another(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.OnSourceAsync("""
            CREATE TABLE long_values (id int, of_its_own text COMPRESSION pglz, other text);
            INSERT INTO long_values VALUES (1, repeat('long ', 2000), repeat('long ', 2000))
            """);
        await scenario.SyncWellAsync();
        Assert.Equal(("pglz", "lz4"), await MethodsAsync());

        await scenario.OnTargetAsync(
            $"ALTER DATABASE {Sql.Identifier(scenario.TargetAdmin.Database)} SET default_toast_compression = pglz");
        await scenario.SyncWellAsync();
        Assert.Equal(("pglz", "pglz"), await MethodsAsync());

        async Task<(string?, string?)> MethodsAsync()
        {
            await using var session = await Scenario.OpenAsync(scenario.TargetAdmin);
            var row = (await session.RowsAsync(
                "SELECT pg_column_compression(of_its_own), pg_column_compression(other) FROM public.long_values",
                default))[0];
            return (row.TextOrNull(0), row.TextOrNull(1));
        }
    }

    [Theory]
    [InlineData(TestRole.Superuser, "Swap")]
    [InlineData(TestRole.Creator, "Swap")]
    [InlineData(TestRole.Owner, "Transaction")]
    public async Task Auto_chooses_the_way_the_role_may_go(TestRole role, string expected)
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Auto, role);
        await scenario.FillAsync();

        var result = await scenario.SyncAsync();

        Assert.Null(result.Error);
        Assert.Equal(expected, result.Publish);
    }

    /// <summary>With one way as with the other the target becomes what the source is.</summary>
    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_table_that_only_the_target_had_is_told_as_dropped_and_the_rest_as_verified(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync(13);
        await scenario.SyncWellAsync();
        await scenario.OnTargetAsync("CREATE TABLE only_here (id integer); INSERT INTO only_here VALUES (1)");

        var result = await scenario.SyncAsync();

        Assert.Null(result.Error);
        Assert.Equal("public.only_here", Assert.Single(result.Tables, t => t.Dropped).Table);
        Assert.Contains(", verified, 1 table dropped, ", result.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Result_record_and_log_tell_the_same_facts()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync(13);
        await scenario.FillAsync(1, "escrows");
        await scenario.FillAsync(13, "wallets");
        scenario.Job = scenario.Job with { Verify = new VerifyConfig { Report = ["users", "escrows", "wallets"] } };
        await scenario.SyncWellAsync();

        var result = await scenario.SyncAsync();

        Assert.True(result.Success);
        Assert.Equal(13, result.SourceStats!["public.users"]);
        Assert.Equal(13, result.BackupStats!["public.users"]);
        Assert.Equal(13, result.PreviousStats!["public.users"]);
        Assert.All(result.Tables, t => Assert.True(t.Verified));
        Assert.Equal(
            [RunStep.Lock, RunStep.Check, RunStep.Guards, RunStep.Statistics, RunStep.Dump, RunStep.SafetyBackup, RunStep.Restore,
                RunStep.Verify, RunStep.Publish, RunStep.CheckPublished, RunStep.CleanUp],
            result.Steps.OrderBy(s => s.Step).Select(s => s.Step));
        Assert.All(result.Steps, s => Assert.Equal(StepState.Succeeded, s.State));

        // Requirement A7: what operators grep for.
        Assert.Matches(@"Railway → Neon sync completed in \d+(\.\d+)?s", scenario.LogText);
        Assert.Matches(@"Safety backup created: neon_safety_backup_\d{8}_\d{6}\.dump \(\d+(\.\d+)? (B|kB|MB)\)", scenario.LogText);
        Assert.Contains("Neon verification: 13 users, 1 escrows, 13 wallets", scenario.LogText, StringComparison.Ordinal);

        // Requirement B6, and the record is the result.
        var line = File.ReadAllLines(RunHistory.PathOf(scenario.Directory, result.EndTime)).Last();
        foreach (var key in new[] { "success", "start_time", "end_time", "duration_seconds", "source_stats", "backup_stats", "error" })
            Assert.Contains($"\"{key}\":", line, StringComparison.Ordinal);
        Assert.Equal(result.RunId, RunHistory.Read(scenario.Directory).First().RunId);
    }

    [Fact]
    public async Task Backups_are_named_described_and_private()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var result = await scenario.SyncAsync();

        var backups = BackupCatalog.List(scenario.Directory);

        Assert.Equal(2, backups.Count(b => b.RunId == result.RunId));
        Assert.Matches(@"^source_db_backup_\d{8}_\d{6}(_\d+)?\.dump$", result.SourceBackup!.FileName);
        Assert.Matches(@"^neon_safety_backup_\d{8}_\d{6}(_\d+)?\.dump$", result.SafetyBackup!.FileName);
        Assert.Equal(1000, result.SafetyBackup.Rows);
        await BackupArchive.CheckAsync(result.SourceBackup.Path, default);
        await BackupArchive.CheckAsync(result.SafetyBackup.Path, default);
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in Directory.GetFiles(scenario.Directory))
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task Source_may_be_written_to_all_the_time(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync(20_000);
        await scenario.OnSourceAsync("CREATE SEQUENCE busy");
        using var stop = new CancellationTokenSource();
        var writing = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var written = 0;
            await using var session = await Scenario.OpenAsync(scenario.SourceAdmin);
            while (!stop.IsCancellationRequested)
            {
                await session.ExecuteAsync("INSERT INTO users (name) VALUES ('new'); UPDATE users SET name = name || '!' WHERE id = 1 "
                    + "+ (random() * 1000)::int; DELETE FROM users WHERE id = (SELECT min(id) FROM users); SELECT "
                    + "nextval('busy');", default);
                written++;
            }
            return written;
        })).ToList();
        try
        {
            for (var run = 0; run < 3; run++)
            {
                var result = await scenario.SyncAsync();
                Assert.Null(result.Error);
                Assert.Equal(result.SourceStats, result.BackupStats);
            }
        }
        finally
        {
            await stop.CancelAsync();
        }
        Assert.All(await Task.WhenAll(writing), written => Assert.True(written > 10));
    }

    [Fact]
    public async Task Names_of_every_kind_are_carried_over()
    {
        var longest = new string('n', 60) + "ü!"; // 63 bytes
        await using var scenario = await Scenario.CreateAsync(servers);
        foreach (var name in new[]
        {
            "User",
            "with space",
            "quo\"te",
            "it's",
            "semi;colon",
            "日本語",
            longest,
            "a.b",
            "$dollar$",
            "back\\slash",
            "select",
        })
        {
            var quoted = Sql.Identifier(name);
            await scenario.OnSourceAsync($"CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.{quoted} ({quoted} serial PRIMARY KEY, v "
                + $"text); INSERT INTO {quoted}.{quoted} (v) VALUES ('x'), ('y');");
        }
        foreach (var publish in new[] { PublishMode.Swap, PublishMode.Transaction, PublishMode.Swap })
        {
            scenario.Job = scenario.Job with { Publish = publish };
            var result = await scenario.SyncAsync();
            Assert.Null(result.Error);
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
    }

    [Fact]
    public async Task What_is_excluded_is_not_copied_and_does_not_fail_verification()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        await scenario.OnSourceAsync("""
            CREATE SCHEMA scratch; CREATE TABLE scratch.junk (i int);
            CREATE TABLE audit_log (id serial PRIMARY KEY, what text); CREATE INDEX ON audit_log (what);
            INSERT INTO audit_log (what) VALUES ('x');
            CREATE TABLE sessions (id serial PRIMARY KEY, token text);
            INSERT INTO sessions (token) SELECT 'secret' FROM generate_series(1, 50);
            """);
        scenario.Job = scenario.Job with { Exclude = new ExcludeConfig
        {
            Schemas = ["scratch"],
            Tables = ["public.audit*"],
            Data = ["sessions"],
        } };

        var result = await scenario.SyncAsync();

        Assert.Null(result.Error);
        var content = await scenario.TargetContentAsync();
        Assert.Equal(["public.sessions", "public.users"], content.Tables.Keys.Order());
        Assert.Equal(0, content.Tables["public.sessions"].Rows);
        Assert.Equal(1000, content.Tables["public.users"].Rows);
        Assert.DoesNotContain("schema scratch", content.Objects.Keys);
    }

    /// <summary>What could not be created without it is told before anything is dumped, and by its name.</summary>
    [Theory]
    [InlineData(
        "CREATE TABLE rest (i int PRIMARY KEY, e int REFERENCES ex)", "constraint rest_e_fkey on table public.rest needs public.ex")]
    [InlineData("CREATE VIEW rest AS SELECT * FROM ex", "needs public.ex")]
    [InlineData("CREATE FUNCTION rest(ex) RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.rest(public.ex) needs public.ex")]
    [InlineData("CREATE TABLE rest (i int, e ex[])", "column e of table public.rest needs public.ex")]
    [InlineData("CREATE TABLE rest () INHERITS (ex)", "table public.rest needs public.ex")]
    [InlineData("CREATE TABLE rest (i int DEFAULT nextval('ex_i_seq'))", "needs public.ex_i_seq")]
    public async Task What_is_excluded_and_needed_is_refused(string rest, string told)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        await scenario.OnSourceAsync($"CREATE TABLE ex (i serial PRIMARY KEY); {rest}");
        scenario.Job = scenario.Job with { Exclude = new ExcludeConfig { Tables = ["ex"] } };

        var refused = await scenario.SyncAsync();

        Faults.AssertFailed(refused, RunOutcome.Aborted, RunStep.Check, ErrorIds.ConfigurationInvalid);
        Assert.Contains("exclude leaves out what the rest needs: ", refused.Error!.Message, StringComparison.Ordinal);
        Assert.Contains(told, refused.Error.Message, StringComparison.Ordinal);
        Assert.Contains("exclude.data", refused.Error.Advice, StringComparison.Ordinal);

        scenario.Job = scenario.Job with { Exclude = new ExcludeConfig { Tables = ["ex", "rest"] } };
        if (!rest.Contains("FUNCTION", StringComparison.Ordinal))
            await scenario.SyncWellAsync();
    }

    [Fact]
    public async Task A_pattern_that_excludes_nothing_is_told()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        scenario.Job = scenario.Job with { Exclude = new ExcludeConfig { Tables = ["adit_log"] } };

        var result = await scenario.SyncAsync();

        Assert.Equal("exclude.tables: 'adit_log' matches nothing on the source.", Assert.Single(result.Warnings));
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_value_of_100_MB_is_copied(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.OnSourceAsync(
            "CREATE TABLE big (v text); INSERT INTO big SELECT repeat('0123456789', 10000000); INSERT INTO big VALUES ('small')");

        var result = await scenario.SyncAsync();

        Assert.Null(result.Error);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [Fact]
    public async Task Databases_own_properties_and_the_targets_grants_survive_a_swap()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync();
        await scenario.OnSourceAsync("CREATE TABLE secrets (v text); INSERT INTO secrets VALUES ('x')");
        await scenario.SyncWellAsync();
        var database = Sql.Identifier(scenario.Target.Database);
        var reader = Sql.Identifier($"reader_{Guid.NewGuid():N}");
        await scenario.OnTargetAsync($"""
            CREATE ROLE {reader};
            COMMENT ON DATABASE {database} IS 'the standby';
            ALTER DATABASE {database} SET work_mem = '7MB';
            ALTER DATABASE {database} SET search_path = "$user", public, "Odd, name";
            ALTER DATABASE {database} CONNECTION LIMIT 42;
            REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;
            GRANT SELECT ON users TO {reader};
            ALTER DEFAULT PRIVILEGES FOR ROLE {Sql.Identifier(scenario.Target.User)} GRANT SELECT ON TABLES TO {reader};
            """);
        await scenario.OnSourceAsync("CREATE TABLE added (i int)");

        var result = await scenario.SyncAsync();

        Assert.Null(result.Error);
        Assert.Empty(result.Warnings);
        await using var session = await Scenario.OpenAsync(scenario.TargetAdmin);
        Assert.Equal("the standby", await session.ScalarAsync<string>(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
            default));
        Assert.Equal("7MB", await session.ScalarAsync<string>("SHOW work_mem", default));
        Assert.Equal(
            42,
            await session.ScalarAsync<int>("SELECT datconnlimit FROM pg_database WHERE datname = current_database()", default));
        Assert.Equal("{\"search_path=\\\"$user\\\", public, \\\"Odd, name\\\"\",work_mem=7MB}",
            await session.ScalarAsync<string>("SELECT array(SELECT unnest(setconfig) ORDER BY 1)::text FROM pg_db_role_setting s JOIN "
                + "pg_database d ON d.oid = setdatabase WHERE datname = current_database()", default));
        Assert.False(
            await session.ScalarAsync<bool>("SELECT has_database_privilege('pg_monitor', current_database(), 'TEMPORARY')", default));
        Assert.True(await session.ScalarAsync<bool>("SELECT has_database_privilege('pg_monitor', current_database(), 'CONNECT')", default));
        var name = Sql.Bare(reader);
        Assert.True(await session.ScalarAsync<bool>("SELECT has_table_privilege($1, 'public.users', 'SELECT')", default, name));
        Assert.True(await session.ScalarAsync<bool>("SELECT has_table_privilege($1, 'public.added', 'SELECT')", default, name));
        Assert.False(await session.ScalarAsync<bool>("SELECT has_table_privilege($1, 'public.secrets', 'SELECT')", default, name));
    }

    [Fact]
    public async Task Planner_statistics_are_there_when_the_copy_is_published()
    {
        foreach (var publish in new[] { PublishMode.Swap, PublishMode.Transaction })
        {
            await using var scenario = await Scenario.CreateAsync(servers, publish);
            await scenario.FillAsync();

            await scenario.SyncWellAsync();

            Assert.Equal(
                1000,
                await Scenario.CountAsync(scenario.TargetAdmin, "SELECT reltuples::bigint FROM pg_class WHERE relname = 'users'"));
            Assert.True(await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM pg_stats WHERE tablename = 'users'") >= 3);
        }
    }
}
