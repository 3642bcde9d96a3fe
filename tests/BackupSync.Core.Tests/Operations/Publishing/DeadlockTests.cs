using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Publishing;

/// <summary>
/// Somebody holds what a run locks late, and then asks for what it locks early. The server looks whether he is in a deadlock when it has
/// looked for the run already, or long before it does, so he is the one whom it would end.
/// </summary>
public sealed class DeadlockTests(Servers servers) : IClassFixture<Servers>
{
    const string Relations = """
        CREATE TABLE z (id int PRIMARY KEY); CREATE SEQUENCE numbers; CREATE TABLE parts (id int) PARTITION BY RANGE (id);
        CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9); CREATE VIEW looks AS SELECT id FROM z;
        CREATE MATERIALIZED VIEW holds AS SELECT id FROM z;
        CREATE TABLE a (id int PRIMARY KEY); INSERT INTO z VALUES (1); INSERT INTO a VALUES (1); INSERT INTO parts VALUES (1)
        """;

    [SkippableTheory]
    [MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task A_reader_of_a_target_that_is_replaced_in_one_transaction_goes_on(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Transaction);
        await scenario.OnSourceAsync(Relations);
        await scenario.OnTargetAsync(Relations);

        await using var other = await BeginAsync(scenario, "SELECT count(*) FROM a");
        var result = await scenario.SyncAsync(other.At(RunStep.Restore, "a", """
            SELECT (SELECT count(*) FROM parts), (SELECT count(*) FROM looks), (SELECT count(*) FROM holds), (SELECT last_value
                FROM numbers),
                   (SELECT count(*) FROM z)
            """));

        await other.EndWellAsync();
        AssertWell(result);
    }

    [Theory]
    [InlineData("a", "z")]
    [InlineData("z", "a")]
    public async Task A_writer_of_a_target_that_is_brought_up_to_date_goes_on(string held, string wanted)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        foreach (var address in new[] { scenario.SourceAdmin, scenario.TargetAdmin })
            await Scenario.ExecuteAsync(address, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE z (id int PRIMARY KEY)");
        await scenario.OnSourceAsync("INSERT INTO a VALUES (1)");

        await using var other = await BeginAsync(scenario, $"INSERT INTO {held} VALUES (7)");
        var result = await scenario.SyncAsync(
            other.At(RunStep.Compare, held, $"INSERT INTO {wanted} VALUES (7)"),
            mode: SyncMode.Incremental);

        await other.EndWellAsync();
        AssertWell(result);
    }

    /// <summary>What a foreign key refers to is locked as well where it is dropped.</summary>
    [Theory]
    [InlineData("parent", "child")]
    [InlineData("child", "parent")]
    public async Task A_reader_of_a_table_that_is_restored_goes_on(string held, string wanted)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync("""
            CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY REFERENCES parent);
            INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)
            """);
        var backup = (await scenario.SyncWellAsync()).SourceBackup!;

        await using var other = await BeginAsync(scenario, $"SELECT count(*) FROM {held}");
        var asking = new RunListener(other.At(RunStep.Restore, held, $"SELECT count(*) FROM {wanted}"));
        var result = await Scenario.RestoreTablesAsync(scenario.Job, BackupHandles.Of(backup, null), ["child"], asking);

        await other.EndWellAsync();
        AssertWell(result);
    }

    [Fact]
    public async Task Without_the_servers_language_locks_are_asked_for_again()
    {
        await using var scenario = await Scenario.CreateAsync(servers, role: TestRole.Owner);
        foreach (var address in new[] { scenario.SourceAdmin, scenario.Target })
            await Scenario.ExecuteAsync(address, "CREATE TABLE public.a (id int PRIMARY KEY); CREATE TABLE public.z (id int PRIMARY KEY)");
        await scenario.OnSourceAsync("INSERT INTO a VALUES (1)");
        await scenario.OnTargetAsync("REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC");
        await using var other = await Scenario.OpenAsync(scenario.TargetAdmin);
        await other.ExecuteAsync("BEGIN; INSERT INTO z VALUES (7)", default);

        var ending = Task.CompletedTask;
        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Compare, () => ending = Task.Run(async () =>
        {
            await Task.Delay(1500);
            await other.ExecuteAsync("INSERT INTO a VALUES (7); ROLLBACK", default);
        })), mode: SyncMode.Incremental);

        await ending;
        AssertWell(result);
        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM a"));
    }

    /// <summary>A migration has a table for which the run comes to wait, and asks for one that the run has read or locked before.</summary>
    [SkippableTheory]
    [InlineData(15, RunStep.Statistics, SyncMode.Full)]
    [InlineData(15, RunStep.Dump, SyncMode.Full)]
    [InlineData(17, RunStep.Dump, SyncMode.Full, false)]
    [InlineData(18, RunStep.Statistics, SyncMode.Full)]
    [InlineData(18, RunStep.Dump, SyncMode.Full)]
    [InlineData(18, RunStep.Dump, SyncMode.Full, false)]
    [InlineData(18, RunStep.Compare, SyncMode.Incremental)]
    [InlineData(19, RunStep.Dump, SyncMode.Full)]
    public async Task A_migration_of_a_source_that_is_read_goes_on(int major, RunStep step, SyncMode mode, bool isLate = true)
    {
        await using var scenario = await CreateWideAsync(major);
        if (mode == SyncMode.Incremental)
            await scenario.SyncWellAsync();
        await using var migration = await Migration.BeginAsync(scenario.SourceAdmin);

        var running = scenario.SyncAsync(step == RunStep.Dump ? Faults.AtStep(step, migration.LockLast) : null, mode: mode);
        if (step != RunStep.Dump)
            await migration.LockLastWhenFirstIsReadAsync();
        await migration.GoOnAsync(running, isLate);

        var result = await running;
        Assert.True(result.Success, $"{result.Error}");
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_migration_of_what_is_compared_goes_on(int major)
    {
        await using var scenario = await CreateWideAsync(major);
        await scenario.SyncWellAsync();
        await using var migration = await Migration.BeginAsync(scenario.SourceAdmin);

        var running = ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions { Parallel = 1 }, null, null, default);
        await migration.LockLastWhenFirstIsReadAsync();
        await migration.GoOnAsync(running, isLate: true);

        Assert.False((await running).IsEqual);
    }

    static async Task<Scenario> CreateWideAsync(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        var scenario = await Scenario.CreateAsync(server, server);
        scenario.Job = scenario.Job with { Parallel = 1 };
        await scenario.OnSourceAsync("""
            DO $$ BEGIN FOR i IN 1..8 LOOP
                EXECUTE format('CREATE TABLE w%1$s (id int PRIMARY KEY); INSERT INTO w%1$s SELECT generate_series(1, %2$s)', i,
                    (8 - i) * 20000);
            END LOOP; END $$
            """);
        return scenario;
    }

    /// <summary>Alters one table, and another one later, and must not be ended by the server for a deadlock.</summary>
    sealed class Migration(PgSession session, PgSession watching) : IAsyncDisposable
    {
        const string IsWaitedFor = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'w8'::regclass";

        bool _isBegun;

        public static async Task<Migration> BeginAsync(DatabaseAddress admin)
        {
            var session = await Scenario.OpenAsync(admin);
            await session.ExecuteAsync("BEGIN", default);
            return new Migration(session, await Scenario.OpenAsync(admin));
        }

        /// <summary>The last that is read, for it is the smallest.</summary>
        public void LockLast()
        {
            if (!_isBegun)
                Task.Run(() => session.ExecuteAsync("ALTER TABLE w8 ADD note text", default)).GetAwaiter().GetResult();
            _isBegun = true;
        }

        public async Task LockLastWhenFirstIsReadAsync()
        {
            const string IsRead = """
                SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
                WHERE granted AND relation = 'w1'::regclass AND query LIKE '%"w1"%' AND application_name LIKE 'backupsync%'
                """;
            await Eventually.IsTrueAsync(
                async () => await watching.ScalarAsync<long>(IsRead, default) > 0, "the first table is read", 60, pause: 1);
            LockLast();
        }

        /// <param name="isLate">After the server has looked for the run, so that only the migration finds a deadlock; else before.</param>
        public async Task GoOnAsync(Task running, bool isLate)
        {
            await Eventually.IsTrueAsync(
                async () => running.IsCompleted
                    || await watching.ScalarAsync<long>(IsWaitedFor, default) > 0, "the run waits", 60, pause: 5);
            Assert.False(running.IsCompleted, "The run has waited for nothing.");
            await Task.Delay(isLate ? 1300 : 600);
            foreach (var table in Enumerable.Range(1, 7))
                await session.ExecuteAsync($"ALTER TABLE w{table} ADD note text", default);
            await session.ExecuteAsync("COMMIT", default);
        }

        public async ValueTask DisposeAsync()
        {
            await session.DisposeAsync();
            await watching.DisposeAsync();
        }
    }

    static void AssertWell(RunResult result)
    {
        Assert.True(result is { Success: true }, $"{result.Error}");
        Assert.DoesNotContain(result.Warnings, w => w.Contains("begins anew", StringComparison.Ordinal));
    }

    static async Task<Other> BeginAsync(Scenario scenario, string statement)
    {
        await scenario.OnTargetAsync($"ALTER ROLE {scenario.Target.User} SET deadlock_timeout = '1min'");
        var session = await Scenario.OpenAsync(scenario.TargetAdmin);
        await session.ExecuteAsync($"BEGIN; {statement}", default);
        return new Other(scenario, session);
    }

    sealed class Other(Scenario scenario, PgSession session) : IAsyncDisposable
    {
        Task _asking = Task.CompletedTask;

        /// <summary>When the run waits for a table that is held, asks for another one.</summary>
        public Action<RunEvent> At(RunStep step, string held, string statement) => Faults.AtStep(step, () => _asking = Task.Run(async () =>
        {
            await using var watching = await Scenario.OpenAsync(scenario.TargetAdmin);
            var waits = $"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{held}'::regclass";
            await Eventually.IsTrueAsync(async () => await watching.ScalarAsync<long>(waits, default) > 0, "the run waits", 60, pause: 5);
            await session.ExecuteAsync($"{statement}; ROLLBACK", default);
        }));

        public async Task EndWellAsync()
        {
            Assert.NotSame(Task.CompletedTask, _asking);
            await _asking;
        }

        public ValueTask DisposeAsync() => session.DisposeAsync();
    }
}
