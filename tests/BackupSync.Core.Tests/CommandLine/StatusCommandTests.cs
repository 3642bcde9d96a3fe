using System.Text.Json;
using BackupSync.Application;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

/// <summary>What monitoring asks: is all as it should be?</summary>
public sealed class StatusCommandTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task A_job_is_good_when_it_has_synced_and_failed_when_that_fails()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        var before = await scenario.RunAsync("status");
        Assert.True(before.ExitCode == 7, before.All);
        Assert.Matches("railway-to-neon +Never +Job", before.Output);
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);

        var good = await scenario.RunAsync("status");
        Assert.True(good.ExitCode == 0, good.All);
        Assert.Matches("railway-to-neon +Good", good.Output);
        Assert.Matches("(?m)^neon +Good", good.Output);

        await scenario.AddUntransferableAsync();
        Assert.Equal(3, (await scenario.RunAsync("sync")).ExitCode);
        var failed = await scenario.RunAsync("status", "railway-to-neon");
        Assert.True(failed.ExitCode == 7, failed.All);
        Assert.Matches("(?m)^State +Failed\r?$", failed.Output);
        Assert.Matches("(?m)^Error id +RestoreFailed\r?$", failed.Output);
        Assert.Matches("(?m)^Copied by +Full\r?$", failed.Output);
        Assert.DoesNotContain(TestDatabase.Password, failed.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_is_good_when_its_plan_has_run_and_nothing_is_connected_to_for_that()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("plan", "nightly");
        await scenario.RunWellAsync("drill", "auth", "--latest", "--place", "local");

        // No variable that a URL names is set.
        var report = await Cli.RunAsync(["status", "--json"], workingDirectory: scenario.Folder);

        Assert.True(report.ExitCode == 0, report.All);
        var auth = JsonSerializer.Deserialize<List<StatusEntry>>(report.Output, JsonFormat.Shown)!.Single(e => e.Name == "auth");
        Assert.Equal((StatusState.Good, "nightly", 3600.0), (auth.State, auth.CopiedBy, auth.RpoLimitSeconds));
        Assert.StartsWith("restored ", auth.Proof, StringComparison.Ordinal);
        Assert.Equal((RunKind.Drill, RunOutcome.Succeeded), (auth.LastKind, auth.LastOutcome));
        Assert.InRange(auth.AgeSeconds!.Value, 0, 600);
        Assert.Equal(2, auth.NextDue!.Value.UtcDateTime.Hour);
        Assert.DoesNotContain("\"Age\"", report.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_was_done_is_in_one_history()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("plan", "nightly");
        await scenario.RunWellAsync("export", "auth", scenario.File("auth.dump"));
        await scenario.RunWellAsync("verify", "auth", "--latest", "--place", "local");
        await scenario.RunWellAsync("copy", "auth", "--latest", "--place", "local", "--to", "offsite");
        await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "standby", "--yes");

        Assert.Equal(
            [RunKind.Restore, RunKind.Verify, RunKind.Backup, RunKind.Backup],
            (await HistoryAsync(scenario)).Select(r => r.Kind).Where(k => k != RunKind.Copy));
        Assert.Equal(RunKind.Backup, Assert.Single(await HistoryAsync(scenario, "nightly", "--kind", "backup")).Kind);
        Assert.Equal(RunKind.Restore, Assert.Single(await HistoryAsync(scenario, "-n", "1")).Kind);
        Assert.Equal(["standby"], (await HistoryAsync(scenario, "standby")).Select(r => r.Target));
        Assert.Equal(scenario.File("auth.dump"), (await HistoryAsync(scenario, "by-hand", "--database", "auth"))[^1].Target);
        Assert.Empty(await HistoryAsync(scenario, "--before", "2001-01-01"));
        var table = await scenario.RunWellAsync("history");
        Assert.Matches(@"Verify +by-hand +auth +Succeeded", table.Output);
        var unknown = await scenario.RunAsync("history", "nihgtly");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("Did you mean 'nightly'?", unknown.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_is_wrong_is_a_failure_and_no_answer()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, rows: 1);

        Assert.Equal(2, (await scenario.RunAsync("status", "--config", "nowhere.yml")).ExitCode);
        var unknown = await scenario.RunAsync("status", "atuh");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("Did you mean 'auth'?", unknown.Errors, StringComparison.Ordinal);
    }

    static async Task<List<RunResult>> HistoryAsync(BackupScenario scenario, params string[] arguments) =>
        JsonSerializer.Deserialize<List<RunResult>>(
            (await scenario.RunWellAsync(["history", .. arguments, "--json"])).Output, JsonFormat.Shown)!;
}
