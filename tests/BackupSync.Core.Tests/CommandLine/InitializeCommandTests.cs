using System.Text.Json;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

/// <summary>First copies by the real program.</summary>
public sealed class InitializeCommandTests(Servers servers) : IClassFixture<Servers>
{
    static readonly string[] Initialize = ["initialize", "neon", "--from", "railway"];

    [Fact]
    public async Task A_first_copy_is_a_full_sync_by_the_job_between_the_two()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, settings: "mode: incremental");
        var result = await scenario.RunAsync([.. Initialize, "--yes"]);
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains("Restore done", result.Output, StringComparison.Ordinal);
        Assert.Contains("Railway → Neon sync completed", result.Output, StringComparison.Ordinal);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());

        // The incremental run that follows has no reason for a full one.
        await scenario.OnSourceAsync("DELETE FROM users WHERE id > 900");
        var next = await scenario.RunAsync("sync", "--json");
        Assert.True(next.ExitCode == 0, next.All);
        var run = JsonSerializer.Deserialize<RunResult>(next.Output, JsonFormat.ShownLine)!;
        Assert.Equal(SyncMode.Incremental, run.Mode);
        Assert.Empty(run.Warnings);
    }

    [Fact]
    public async Task Without_a_job_the_settings_are_the_defaults_and_the_history_has_a_folder_of_its_own()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 5000);
        await WithoutJobAsync(scenario);
        var result = await scenario.RunAsync([.. Initialize, "--yes", "--json"]);
        Assert.True(result.ExitCode == 0, result.All);
        var run = JsonSerializer.Deserialize<RunResult>(result.Output, JsonFormat.ShownLine)!;
        Assert.Equal(("railway-to-neon", SyncMode.Full, RunOutcome.Succeeded), (run.Job, run.Mode, run.Outcome));
        Assert.NotNull(run.RpoSeconds);
        Assert.Single(Directory.GetFiles(Path.Join(scenario.Folder, "backups", "railway-to-neon"), "history-*.jsonl"));
    }

    [Fact]
    public async Task What_if_tells_the_steps_and_touches_nothing()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        var told = await scenario.RunAsync([.. Initialize, "--what-if"]);
        Assert.True(told.ExitCode == 0, told.All);
        Assert.Contains("What if: railway → neon", told.Output, StringComparison.Ordinal);
        Assert.Matches("(?s)SafetyBackup.*Restore.*Publish", told.Output);
        var json = await scenario.RunAsync([.. Initialize, "--what-if", "--json"]);
        Assert.Equal(RunStep.Lock, JsonSerializer.Deserialize<List<PlannedStep>>(json.Output, JsonFormat.Shown)![0].Step);
        Assert.False(Directory.Exists(Path.Join(scenario.Folder, "backups")));
    }

    [Fact]
    public async Task Unattended_it_needs_a_yes_whatever_job_there_is()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        var refused = await scenario.RunAsync(Initialize);
        Assert.True(refused.ExitCode == 2, refused.All);
        Assert.Contains("--yes", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(TestDatabase.Password, refused.All, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Join(scenario.Folder, "backups")));
    }

    [Fact]
    public async Task A_production_database_is_never_the_copy_and_nobody_is_asked()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        foreach (var arguments in (string[][])[[], ["--force"], ["--what-if"]])
        {
            var result = await scenario.RunAsync(["initialize", "railway", "--from", "neon", .. arguments]);
            Assert.True(result.ExitCode == 1, result.All);
            Assert.Contains("production", result.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("--yes", result.Errors, StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists(Path.Join(scenario.Folder, "backups")));
    }

    [Theory]
    [InlineData("nean", "railway", 2, "Did you mean 'neon'?")]
    [InlineData("neon", "railwya", 2, "Did you mean 'railway'?")]
    [InlineData("neon", "neon", 1, "'neon' cannot be made a copy of itself.")]
    public async Task Names_that_cannot_be_meant_are_told(string name, string from, int exitCode, string message)
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        var result = await scenario.RunAsync("initialize", name, "--from", from, "--yes");
        Assert.True(result.ExitCode == exitCode, result.All);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
    }

    static Task WithoutJobAsync(CliScenario scenario) => File.WriteAllTextAsync(Path.Join(scenario.Folder, "backupsync.yml"), """
        databases:
          railway: { url: "${CLI_SOURCE_URL}", role: production }
          neon: { url: "${CLI_TARGET_URL}" }
        """);
}
