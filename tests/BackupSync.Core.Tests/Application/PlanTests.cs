using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;
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

        Assert.Null((await Scenario.RestoreTablesAsync(scenario.Job, backup, ["users"], new RunListener(events.Add))).Error);

        Assert.Equal(Shown(plan), Taken(events));
    }

    /// <summary>Without it the rename would not wait for the pooler's clients, and nobody would know.</summary>
    [Fact]
    public void A_pooler_whose_variable_is_missing_is_told_where_the_database_would_be_renamed_and_nowhere_else()
    {
        var problem = new ConfigurationProblem("backupsync.yml", 5, 9, "databases.neon.pooler", "the variable POOLER_URL is not set");
        var database = new DatabaseConfig(DatabaseAddress.Parse("postgresql://h/neon"))
        {
            Name = "neon", Role = DatabaseRole.Backup, PoolerProblem = problem,
        };
        var job = AdHocJob.From("postgresql://h/railway", "postgresql://h/neon");
        var backup = new BackupHandle(
            new BackupFile("/b/x.dump", BackupKind.Plan, "nightly", "neon", default, 1, 1, 1, "r", "15.18", "00"),
            FolderPlaceConfig.At("/b"), null);
        var settings = new RunSettings { Job = "restore-neon", Folder = "/b" };
        RestoreRequest Restore(params string[] tables) => Requests.Restore(backup, tables, database, settings, new RunOptions());

        Assert.Contains("POOLER_URL", Assert.Throws<ConfigurationException>(() => Restore()).Message, StringComparison.Ordinal);
        Assert.Throws<ConfigurationException>(() => Requests.Sync(job with { TargetDatabase = database }, new RunOptions()));
        Assert.Equal("neon", Restore("users").Target.Name);
        Assert.Equal("neon", Requests.Sync(job with { SourceDatabase = database }, new RunOptions()).Source.Name);
        Assert.Equal("neon", Requests.Endpoint(database).Name);
    }

    static IEnumerable<(RunStep, TimeSpan?)> Shown(IEnumerable<PlannedStep> plan) => plan.Select(s => (s.Step, s.Limit)).Order();

    static IEnumerable<(RunStep, TimeSpan?)> Taken(IEnumerable<RunEvent> events) =>
        events.OfType<StepStarted>().Select(s => (s.Step, s.Limit)).Order();
}
