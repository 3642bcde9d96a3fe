using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Operations.Restore;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Application;

/// <summary>What a plan shows is what a run takes: the same steps with the same limits.</summary>
public sealed class PlanTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData(PublishMode.Swap, SyncMode.Full)]
    [InlineData(PublishMode.Transaction, SyncMode.Full)]
    [InlineData(PublishMode.Transaction, SyncMode.Incremental)]
    public async Task Of_a_sync(PublishMode publish, SyncMode mode)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.FillAsync(20);
        await scenario.SyncWellAsync();
        var plan = JobRunner.PlanSync(scenario.Job, mode);
        var before = scenario.Events.Count;

        await scenario.SyncWellAsync(mode);

        Assert.Equal(Shown(plan), Taken(scenario.Events.Skip(before)));
    }

    [Fact]
    public async Task Of_a_restore()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync(20);
        var backup = (await scenario.SyncWellAsync()).SourceBackup!;
        var plan = RestoreRunner.PlanUndo(SafetyRestore.Of(scenario.Job, backup, null), new RunOptions());
        var before = scenario.Events.Count;

        Assert.Null((await scenario.RestoreAsync(backup)).Error);

        Assert.Equal(Shown(plan), Taken(scenario.Events.Skip(before)));
    }

    [Fact]
    public async Task Of_a_restore_of_tables()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync(20);
        var backup = BackupHandles.Of((await scenario.SyncWellAsync()).SourceBackup!, null);
        var plan = new RestoreSteps(Requests.Restore(scenario.Job, backup, ["users"], new RunOptions())).All.Select(PlannedStep.Of);
        var events = new List<RunEvent>();

        Assert.Null((await Scenario.RestoreTablesAsync(scenario.Job, backup, ["users"], new Listener(events))).Error);

        Assert.Equal(Shown(plan), Taken(events));
    }

    /// <summary>Without it the rename would not wait for the pooler's clients, and nobody would know.</summary>
    [Fact]
    public void A_pooler_whose_variable_is_missing_is_told_before_a_restore_begins()
    {
        var problem = new ConfigurationProblem("backupsync.yml", 5, 9, "databases.neon.pooler", "the variable POOLER_URL is not set");
        var target = new DatabaseConfig(DatabaseAddress.Parse("postgresql://h/neon"))
        {
            Name = "neon", Role = DatabaseRole.Backup, PoolerProblem = problem,
        };

        var told = Assert.Throws<ConfigurationException>(() => RestoreRunner.EnsureMayRestore(target, new RunOptions()));

        Assert.Contains("POOLER_URL", told.Message, StringComparison.Ordinal);
    }

    static IEnumerable<(RunStep, TimeSpan?)> Shown(IEnumerable<PlannedStep> plan) => plan.Select(s => (s.Step, s.Limit)).Order();

    static IEnumerable<(RunStep, TimeSpan?)> Taken(IEnumerable<RunEvent> events) =>
        events.OfType<StepStarted>().Select(s => (s.Step, s.Limit)).Order();

    sealed class Listener(List<RunEvent> events) : IRunObserver
    {
        public void OnEvent(RunEvent runEvent) => events.Add(runEvent);
    }
}
