using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Recovery;
using BackupSync.Runs;
using BackupSync.Sync;

namespace BackupSync.Tests.Sync;

/// <summary>
/// Somebody on the target holds what a run locks late, and then asks for what it locks early. The server looks whether he is in a deadlock
/// long before it looks for the run, so he is the one whom it would end.
/// </summary>
public sealed class DeadlockTests(Servers servers) : IClassFixture<Servers>
{
    const string Relations = """
        CREATE TABLE z (id int PRIMARY KEY); CREATE SEQUENCE numbers; CREATE TABLE parts (id int) PARTITION BY RANGE (id);
        CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9); CREATE VIEW looks AS SELECT id FROM z; CREATE MATERIALIZED VIEW holds AS SELECT id FROM z;
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
            SELECT (SELECT count(*) FROM parts), (SELECT count(*) FROM looks), (SELECT count(*) FROM holds), (SELECT last_value FROM numbers),
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
        var result = await scenario.SyncAsync(other.At(RunStep.Compare, held, $"INSERT INTO {wanted} VALUES (7)"), mode: SyncMode.Incremental);

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
        var asking = new Observer(other.At(RunStep.Restore, held, $"SELECT count(*) FROM {wanted}"));
        var result = await JobRunner.RunAsync(scenario.Job, RunKind.Restore, backup.FileName, "Restore of child", [asking],
            run => new TableRestorePipeline(run, scenario.Job, BackupHandle.Of(backup, null), ["child"], new RunOptions()), default);

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

    sealed class Observer(Action<RunEvent> onEvent) : IRunObserver
    {
        public void OnEvent(RunEvent runEvent) => onEvent(runEvent);
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
