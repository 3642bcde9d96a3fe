using System.Text.Json;
using System.Text.RegularExpressions;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

/// <summary>Incremental runs by the real program.</summary>
public sealed partial class IncrementalCommandTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task What_was_done_with_each_table_is_shown_and_why_so()
    {
        await using var scenario = await CreateAsync();
        var first = await scenario.RunAsync("sync", "--mode", "full");
        Assert.True(first.ExitCode == 0, first.All);
        Assert.DoesNotContain("Inserted", first.Output, StringComparison.Ordinal);
        Assert.Matches("Run .*, full, published by ", first.Output);
        Assert.Equal(0, (await scenario.RunAsync("sync", "--mode", "incremental")).ExitCode);

        await scenario.OnSourceAsync("""
            INSERT INTO items (id) VALUES (101), (102);
            UPDATE items SET name = 'changed', updated_at = clock_timestamp() WHERE id = 1;
            DELETE FROM items WHERE id BETWEEN 10 AND 12;
            """);
        var result = await scenario.RunAsync("sync", "--mode", "incremental");
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Equal(
            ["Lock", "Check", "Guards", "Compare", "Merge", "Verify", "Publish"],
            SyncCommandTests.StepStarted().Matches(result.Output).Select(m => m.Groups["step"].Value));
        Assert.Matches(@"Table +Inserted +Updated +Deleted +Target rows +Way +Unchanged +Kept +Read +Duration +Reason", result.Output);
        Assert.Matches(@"public\.items +2 +1 +3 +99 +UpdatedAt +\d+ +0 +[\d.]+ k?B +[\d.]+s +by updated_at", result.Output);
        // Of many tables those that have not changed would be the most.
        Assert.DoesNotContain("public.users ", result.Output, StringComparison.Ordinal);
        Assert.Contains("and 1 other table unchanged", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"Summary +2 rows inserted, 1 updated, 3 deleted in 1 table, [\d.]+s", result.Output);
        Assert.Contains("Neon updated: 2 inserted, 1 updated, 3 deleted in 1 table", result.Output, StringComparison.Ordinal);
        Assert.Matches("Run .*, incremental", result.Output);
        Assert.Matches(@"Age of copy +[\d.]+s \(RPO\): railway as of \d{4}-", result.Output);

        var history = await scenario.RunAsync("history");
        Assert.Equal(["Incremental", "Incremental", "Full"], Modes().Matches(history.Output).Select(m => m.Groups["mode"].Value));
    }

    [Fact]
    public async Task The_job_says_how_it_runs_and_the_option_otherwise()
    {
        await using var scenario = await CreateAsync("mode: incremental");
        Assert.Equal(SyncMode.Full, (await JsonAsync(scenario, "--mode", "full")).Mode);
        Assert.Equal(SyncMode.Incremental, (await JsonAsync(scenario)).Mode);
        await scenario.OnSourceAsync("UPDATE items SET name = 'in silence' WHERE id = 5");
        Assert.Equal(0, Items(await JsonAsync(scenario)).All);
        Assert.Equal(
            (1, "the whole content was asked for"),
            (Items(await JsonAsync(scenario, "--full-verify")).Updated, Items(await LastAsync(scenario)).Reason));
    }

    [Fact]
    public async Task A_target_without_tables_gets_all_of_them_and_a_warning()
    {
        await using var scenario = await CreateAsync("mode: incremental");
        var result = await scenario.RunAsync("sync");
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains("A full sync follows.", result.All, StringComparison.Ordinal);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());
        Assert.Equal(SyncMode.Full, (await LastAsync(scenario)).Mode);
    }

    [Fact]
    public async Task Json_tells_mode_age_and_the_changes_of_each_table()
    {
        await using var scenario = await CreateAsync();
        Assert.Equal(0, (await scenario.RunAsync("sync", "--json")).ExitCode);
        await scenario.OnSourceAsync("DELETE FROM items WHERE id = 7");
        var result = await scenario.RunAsync("sync", "--mode", "incremental", "--json");
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains("Merge started", result.Errors, StringComparison.Ordinal);

        var printed = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("Incremental", printed.GetProperty("Mode").GetString());
        Assert.True(printed.GetProperty("SnapshotTime").GetDateTimeOffset() > printed.GetProperty("StartTime").GetDateTimeOffset());
        Assert.True(printed.GetProperty("RpoSeconds").GetDouble() > 0);
        var items = printed.GetProperty("Tables").EnumerateArray().Single(t => t.GetProperty("Table").GetString() == "public.items")
            .GetProperty("Changes");
        Assert.Equal("Content", items.GetProperty("Way").GetString());
        Assert.Equal("the target has no notes of an earlier run", items.GetProperty("Reason").GetString());
        Assert.Equal(
            (0, 0, 1),
            (items.GetProperty("Inserted").GetInt64(), items.GetProperty("Updated").GetInt64(), items.GetProperty("Deleted").GetInt64()));
        Assert.True(items.GetProperty("Bytes").GetInt64() > 0);

        var kept = (await File.ReadAllLinesAsync(Directory.GetFiles(Path.Join(scenario.Folder, "backups"), "history-*.jsonl").Max()!))[^1];
        var run = JsonSerializer.Deserialize<RunResult>(result.Output, JsonFormat.ShownLine);
        Assert.Equal(kept, JsonSerializer.Serialize(run, JsonFormat.Line));
    }

    [Fact]
    public async Task What_if_tells_the_steps_of_either_mode_and_touches_nothing()
    {
        await using var scenario = await CreateAsync("mode: incremental");
        var incremental = await scenario.RunAsync("sync", "--what-if");
        Assert.Equal(0, incremental.ExitCode);
        Assert.Matches("(?s)Compare.*Merge.*Verify.*Publish: commit", incremental.Output);
        Assert.DoesNotContain("SafetyBackup", incremental.Output, StringComparison.Ordinal);
        var full = await scenario.RunAsync("sync", "--what-if", "--mode", "Full", "--json");
        Assert.Equal(0, full.ExitCode);
        var steps = JsonSerializer.Deserialize<List<PlannedStep>>(full.Output, JsonFormat.Shown)!.ConvertAll(s => s.Step);
        Assert.Contains(RunStep.SafetyBackup, steps);
        Assert.DoesNotContain(RunStep.Merge, steps);
        Assert.False(Directory.Exists(Path.Join(scenario.Folder, "backups")));
    }

    [Fact]
    public async Task Tables_that_have_changed_their_form_end_with_1_where_the_job_says_stop()
    {
        await using var scenario = await CreateAsync("incremental: { onSchemaChange: stop }");
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);
        await scenario.OnSourceAsync("ALTER TABLE items ADD COLUMN colour text; DELETE FROM users WHERE id > 900");
        var result = await scenario.RunAsync("sync", "--mode", "incremental");
        Assert.True(result.ExitCode == 1, result.All);
        Assert.Contains("BackupSync.SchemaChanged", result.Errors, StringComparison.Ordinal);
        Assert.Contains("colour", result.Errors, StringComparison.Ordinal);
        Assert.Contains("--mode full", result.Errors, StringComparison.Ordinal);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());

        Assert.Equal(0, (await scenario.RunAsync("sync", "--mode", "full")).ExitCode);
        Assert.Equal(900, await scenario.UsersOnTargetAsync());
    }

    [Fact]
    public async Task Two_urls_can_be_synced_incrementally_too()
    {
        await using var scenario = await CreateAsync();
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);
        await scenario.OnSourceAsync("DELETE FROM users WHERE id > 900");
        string[] arguments = ["sync", "--source", scenario.SourceUrl, "--target", scenario.TargetUrl, "--mode", "incremental"];
        var refused = await scenario.RunAsync(arguments);
        Assert.Equal(2, refused.ExitCode);
        Assert.Matches("About to update the content of .*, or replace it by a copy if the tables differ", refused.Errors);
        var result = await scenario.RunAsync([.. arguments, "--yes"]);
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains("Merge done", result.Output, StringComparison.Ordinal);
        Assert.Equal(900, await scenario.UsersOnTargetAsync());
    }

    [Theory]
    [InlineData("partial")]
    [InlineData("1")]
    [InlineData("full,incremental")]
    public async Task A_mode_that_does_not_exist_ends_with_2_and_names_those_that_do(string mode)
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        var result = await scenario.RunAsync("sync", "--mode", mode);
        Assert.True(result.ExitCode == 2, result.All);
        Assert.Contains($"--mode: '{mode}' is none of full, incremental.", result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Join(scenario.Folder, "backups")));
    }

    [Theory]
    [InlineData("history", "--outcome", "succeeded, aborted, rolledBack")]
    [InlineData("backups", "--kind", "source, safety, manual, plan")]
    public async Task Other_options_of_a_few_words_name_them_too(string command, string option, string allowed)
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        var result = await scenario.RunAsync(command, option, "0");
        Assert.True(result.ExitCode == 2, result.All);
        Assert.Contains($"{option}: '0' is none of {allowed}", result.Errors, StringComparison.Ordinal);
        Assert.Equal(
            0,
            (await scenario.RunAsync(command, option, allowed.Split(", ")[0], option, allowed.Split(", ")[1].ToUpperInvariant())).ExitCode);
    }

    async Task<CliScenario> CreateAsync(string settings = "")
    {
        var scenario = await CliScenario.CreateAsync(servers, settings: settings);
        await scenario.OnSourceAsync("""
            CREATE TABLE items (id int PRIMARY KEY, name text, updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
            INSERT INTO items SELECT n, 'item ' || n, clock_timestamp() - interval '1 day' FROM generate_series(1, 100) n;
            """);
        return scenario;
    }

    static async Task<RunResult> JsonAsync(CliScenario scenario, params string[] options)
    {
        var result = await scenario.RunAsync(["sync", "--json", .. options]);
        Assert.True(result.ExitCode == 0, result.All);
        return JsonSerializer.Deserialize<RunResult>(result.Output, JsonFormat.ShownLine)!;
    }

    static async Task<RunResult> LastAsync(CliScenario scenario) =>
        JsonSerializer.Deserialize<List<RunResult>>(
            (await scenario.RunAsync("history", "--last", "1", "--json")).Output,
            JsonFormat.Shown)!.Single();

    static TableChanges Items(RunResult run) => run.Tables.Single(t => t.Table == "public.items").Changes!;

    [GeneratedRegex(@"Sync .* Succeeded +\S+ +(?<mode>\w+)")]
    private static partial Regex Modes();
}
