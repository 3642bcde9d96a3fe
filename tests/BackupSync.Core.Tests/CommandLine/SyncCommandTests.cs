using System.Text.Json;
using System.Text.RegularExpressions;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

public sealed partial class SyncCommandTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task A_sync_tells_each_step_as_it_begins_and_ends_with_0()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        var result = await scenario.RunAsync("sync", "railway-to-neon");
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Equal(
            ["Lock", "Check", "Guards", "Statistics", "Dump", "SafetyBackup", "Restore", "Verify", "Publish", "CheckPublished", "CleanUp"],
            StepStarted().Matches(result.Output).Select(m => m.Groups["step"].Value)
                .Order(Comparer<string>.Create((a, b) => Step(a).CompareTo(Step(b)))));
        Assert.Matches(@"(?m)^\d\d:\d\d:\d\d Dump done in \d+\.\ds  \S+\.dump, \d+ kB\r?$", result.Output);
        Assert.Matches(@"Railway → Neon sync completed in \d+\.\ds", result.Output);
        Assert.Contains("public.users", result.Output, StringComparison.Ordinal);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());

        static RunStep Step(string name) => Enum.Parse<RunStep>(name);
    }

    [Fact]
    public async Task Where_none_is_named_the_only_job_runs()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);
    }

    [Fact]
    public async Task Json_is_the_record_of_the_history_alone_on_the_standard_output()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        var result = await scenario.RunAsync("sync", "--json");
        Assert.Equal(0, result.ExitCode);
        var printed = JsonSerializer.Deserialize<RunResult>(result.Output, JsonFormat.ShownLine);
        Assert.Equal(RunOutcome.Succeeded, printed!.Outcome);
        Assert.Equal(1000, printed.SourceStats!["public.users"]);
        Assert.Contains("Dump started", result.Errors, StringComparison.Ordinal);
        var kept = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Join(scenario.Folder, "backups"), "history-*.jsonl")));
        Assert.Equal(kept.TrimEnd(), JsonSerializer.Serialize(printed, JsonFormat.Line));
    }

    [Fact]
    public async Task What_if_tells_the_steps_and_touches_nothing()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        var result = await scenario.RunAsync("sync", "--what-if");
        Assert.Equal(0, result.ExitCode);
        Assert.Matches("(?s)SafetyBackup.*Restore.*Publish", result.Output);
        Assert.False(Directory.Exists(Path.Join(scenario.Folder, "backups")));
    }

    [Fact]
    public async Task A_restore_that_fails_ends_with_3_and_tells_why_and_what_to_do()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);
        await scenario.AddUntransferableAsync();
        await scenario.OnSourceAsync("INSERT INTO users VALUES (0, 'late')");
        var result = await scenario.RunAsync("sync");
        Assert.True(result.ExitCode == 3, result.All);
        Assert.Contains("""unrecognized configuration parameter "test.place""", result.Errors, StringComparison.Ordinal);
        Assert.Contains("BackupSync.RestoreFailed", result.Errors, StringComparison.Ordinal);
        Assert.Contains("To do", result.Errors, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^\d\d:\d\d:\d\d Restore failed after", result.Output);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());
    }

    [Fact]
    public async Task A_guard_that_refuses_ends_with_1_and_force_lifts_it()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);
        await scenario.OnSourceAsync("DELETE FROM users WHERE id > 100");
        var refused = await scenario.RunAsync("sync");
        Assert.True(refused.ExitCode == 1, refused.All);
        Assert.Contains("BackupSync.SourceShrunken", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await scenario.RunAsync("sync", "--force")).ExitCode);
        Assert.Equal(100, await scenario.UsersOnTargetAsync());
    }

    [Fact]
    public async Task A_second_run_ends_with_5()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        await scenario.WhileAnotherRunsAsync(async () =>
        {
            var result = await scenario.RunAsync("sync");
            Assert.True(result.ExitCode == 5, result.All);
        });
    }

    [SkippableTheory]
    [InlineData("Statistics started")]
    [InlineData("Dump started")]
    [InlineData("Restore started")]
    public async Task Interrupted_it_cleans_up_and_ends_with_130(string line)
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 10);
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);
        await scenario.OnSourceAsync("INSERT INTO users SELECT i, repeat('x', 100) FROM generate_series(11, 1000000) i");
        await using var cli = scenario.StartInterruptedAt(line, "sync");
        var result = await cli.EndAsync();
        Assert.True(result.ExitCode == 130, result.All);
        Assert.Equal(10, await scenario.UsersOnTargetAsync());
        Assert.Empty(Directory.GetFiles(Path.Join(scenario.Folder, "backups"), "*.partial"));
    }

    [Fact]
    public async Task Two_urls_need_a_yes_where_nobody_can_be_asked()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 5000);
        var refused = await scenario.RunAsync("sync", "--source", scenario.SourceUrl, "--target", scenario.TargetUrl);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--yes", refused.Errors, StringComparison.Ordinal);
        var result = await scenario.RunAsync(
            "sync", "--source", scenario.SourceUrl, "--target", scenario.TargetUrl, "--yes", "--backup-directory", "adhoc");
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Single(Directory.GetFiles(Path.Join(scenario.Folder, "adhoc"), "history-*.jsonl"));
        Assert.DoesNotContain(TestDatabase.Password, refused.All + result.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sync", "no-such-job")]
    [InlineData("sync", "--source", "postgresql://localhost/only-one")]
    [InlineData("sync", "--source", "", "--target", "")]
    [InlineData("sync", "--config", "nowhere.yml")]
    [InlineData("sync", "--mode")]
    [InlineData("initialize")]
    [InlineData("initialize", "neon")]
    [InlineData("initialize", "neon", "--from", "no-such-database", "--yes")]
    [InlineData("initialize", "no-such-database", "--from", "railway", "--yes")]
    [InlineData("sync", "--no-such-option")]
    [InlineData("no-such-command")]
    public async Task Bad_arguments_end_with_2(params string[] arguments)
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        var result = await scenario.RunAsync(arguments);
        Assert.True(result.ExitCode == 2, result.All);
        Assert.NotEmpty(result.Errors);
        Assert.False(Directory.Exists(Path.Join(scenario.Folder, "backups")));
    }

    [Fact]
    public async Task Variables_that_are_not_set_end_with_2_before_anything_is_touched()
    {
        using var folder = new TempFolder();
        folder.Write("backupsync.yml", """
            databases: { a: { url: "${CLI_IS_NOT_SET_1}" }, b: { url: "${CLI_IS_NOT_SET_2}" } }
            jobs: { copy: { source: a, target: b } }
            """);
        var result = await Cli.RunAsync(["sync", "copy"], workingDirectory: folder.Path);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("CLI_IS_NOT_SET_1", result.Errors, StringComparison.Ordinal);
        Assert.Contains("CLI_IS_NOT_SET_2", result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("backups")));
    }

    [GeneratedRegex(@"(?m)^\d\d:\d\d:\d\d (?<step>\w+) started\r?$")]
    internal static partial Regex StepStarted();
}
