using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Runs;
using BackupSync.Tests.Operations.BackUp;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>
/// Everything that goes from one server to another, between the versions that people have; what arrived is read by plain SQL.
/// </summary>
public sealed class VersionPairTests
{
    public static TheoryData<int, int, PublishMode> Ways
    {
        get
        {
            var ways = new TheoryData<int, int, PublishMode>();
            foreach (var pair in VersionedServers.Pairs)
            {
                ways.Add((int)pair[0], (int)pair[1], PublishMode.Swap);
                ways.Add((int)pair[0], (int)pair[1], PublishMode.Transaction);
            }
            return ways;
        }
    }

    [SkippableTheory, MemberData(nameof(Ways))]
    public async Task A_sync_makes_a_copy_and_makes_it_again(int source, int target, PublishMode publish)
    {
        await using var scenario = await CreateAsync(source, target, publish);

        for (var day = 0; day < 2; day++)
        {
            var result = await scenario.SyncWellAsync();
            Assert.Equal(target < source, result.Warnings.Any(w => w.Contains("which is older than", StringComparison.Ordinal)));
            await AssertCopiedAsync(scenario);
            await scenario.OnSourceAsync(OddShapes.Change);
        }
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableTheory, MemberData(nameof(VersionedServers.Pairs), MemberType = typeof(VersionedServers))]
    public async Task An_incremental_run_brings_what_changed_and_a_comparison_sees_what_differs(int source, int target)
    {
        await using var scenario = await CreateAsync(source, target, PublishMode.Auto);
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync(OddShapes.Change);

        Assert.False((await CompareAsync()).IsEqual);
        Assert.Equal(SyncMode.Incremental, (await scenario.SyncWellAsync(SyncMode.Incremental)).Mode);

        await AssertCopiedAsync(scenario);
        Assert.Equal([], (await CompareAsync()).Items.Where(i => i.State != ComparedState.Equal));

        await scenario.OnTargetAsync("UPDATE events SET what = 'other' WHERE id = 3");
        Assert.Equal(["public.events_2024"], (await CompareAsync()).Items.Where(i => i.State != ComparedState.Equal).Select(i => i.Name));

        Task<ComparisonResult> CompareAsync() =>
            ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions(), null, null, default);
    }

    [SkippableTheory, MemberData(nameof(VersionedServers.Pairs), MemberType = typeof(VersionedServers))]
    public async Task A_backup_is_proven_on_either_server_and_restored_on_the_other(int source, int target)
    {
        await using var scenario = await CreateAsync(source, target, PublishMode.Auto);
        using var folder = new TempFolder();
        var config = new BackupSyncConfig
        {
            Path = folder.File("backupsync.yml"), Databases = [scenario.Job.SourceDatabase, scenario.Job.TargetDatabase], Jobs = [],
            Places = [new FolderPlaceConfig { Name = "local", Directory = folder.File("local") }],
        };
        var taken = (await BackupRunner.BackUpAsync(
            [scenario.Job.SourceDatabase],
            BackupOrders.ByHand(config, null),
            _ => [],
            null,
            default))[0];
        var backup = BackupHandles.Of(Vault.Well(taken).SourceBackup!, config);

        Vault.Well(await ProveAsync(BackupProof.Integrity, null));
        Vault.Well(await ProveAsync(BackupProof.Drill, null));
        Vault.Well(await ProveAsync(BackupProof.Drill, scenario.Job.TargetDatabase));
        var restored = Vault.Well(
            await RestoreRunner.RestoreAsync(backup, [], scenario.Job.TargetDatabase, config, new RunOptions(), [], default));

        Assert.Equal(target < source, restored.Warnings.Any(w => w.Contains("which is older than", StringComparison.Ordinal)));
        await AssertCopiedAsync(scenario);

        await scenario.OnTargetAsync("DELETE FROM events");
        Vault.Well(
            await RestoreRunner.RestoreAsync(backup, ["events"], scenario.Job.TargetDatabase, config, new RunOptions(), [], default));
        await AssertCopiedAsync(scenario);

        Task<RunResult> ProveAsync(BackupProof how, DatabaseConfig? on) =>
            BackupRunner.ProveAsync(backup, how, scenario.Job.SourceDatabase, on, config, [], default);
    }

    [SkippableFact]
    public async Task What_only_the_newer_version_knows_leaves_an_older_target_as_it_is()
    {
        await using var scenario = await Scenario.CreateAsync(await VersionedServers.GetAsync(18), await VersionedServers.GetAsync(17));
        await scenario.FillAsync();
        await scenario.SyncWellAsync();
        var before = await OddShapes.ContentAsync(scenario.TargetAdmin);
        await scenario.OnSourceAsync("CREATE TABLE only_18 (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL)");

        var result = await scenario.SyncAsync();

        Assert.NotNull(result.Error);
        Assert.Contains(result.Warnings, w => w.Contains("which is older than", StringComparison.Ordinal));
        Assert.Equal(before, await OddShapes.ContentAsync(scenario.TargetAdmin));
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableFact]
    public async Task Options_that_an_older_target_does_not_know_are_found_before_anything_is_begun()
    {
        await using var scenario = await Scenario.CreateAsync(await VersionedServers.GetAsync(18), await VersionedServers.GetAsync(15));
        await scenario.FillAsync();
        // All that both know.
        await scenario.OnSourceAsync("""
            CREATE TABLE known (id int PRIMARY KEY, list int[], at point, note text) WITH (fillfactor = 70, autovacuum_enabled = off,
                toast.autovacuum_enabled = off);
            CREATE INDEX ON known USING gin (list) WITH (fastupdate = off); CREATE INDEX ON known USING gist (at) WITH (buffering = on);
            CREATE INDEX ON known USING brin (id) WITH (pages_per_range = 4);
            CREATE VIEW seen WITH (security_barrier, security_invoker = true) AS SELECT id FROM known;
            ALTER TABLE users ADD CONSTRAINT one UNIQUE (id) WITH (fillfactor = 60);
            CREATE FUNCTION set_for_it() RETURNS int LANGUAGE sql SET search_path = public, pg_temp SET work_mem = '5MB'
                SET app.region = 'it''s here' AS 'SELECT 1';
            """);
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("""
            ALTER TABLE known SET (autovacuum_vacuum_max_threshold = 1000, toast.vacuum_truncate = off);
            CREATE TABLE more (id int) WITH (vacuum_max_eager_freeze_failure_rate = 0.1);
            CREATE FUNCTION newer() RETURNS int LANGUAGE sql SET transaction_timeout = '5s' AS 'SELECT 1';
            """);

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, ErrorIds.NotSupported);
        foreach (var unknown in new[]
        {
            "autovacuum_vacuum_max_threshold of public.known",
            "vacuum_max_eager_freeze_failure_rate of public.more",
            "transaction_timeout of public.newer",
        })
            Assert.Contains(unknown, result.Error!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("truncate", result.Error!.Message, StringComparison.Ordinal);
        await scenario.AssertNothingIsLeftAsync();
    }

    static async Task<Scenario> CreateAsync(int source, int target, PublishMode publish)
    {
        var scenario = await Scenario.CreateAsync(
            await VersionedServers.GetAsync(source), await VersionedServers.GetAsync(target), publish);
        await scenario.FillAsync();
        await scenario.OnSourceAsync(OddShapes.Create);
        return scenario;
    }

    static async Task AssertCopiedAsync(Scenario scenario) =>
        Assert.Equal(await OddShapes.ContentAsync(scenario.SourceAdmin), await OddShapes.ContentAsync(scenario.TargetAdmin));
}
