using System.Text.Json;

namespace BackupSync.Tests.CommandLine;

/// <summary>Names that other people chose, and what servers say, steer no terminal and forge no line.</summary>
public sealed class OthersWordsTests(Servers servers) : IClassFixture<Servers>
{
    const string Name = "x\u001b[2J\n06:00:12 railway-to-neon: sync completed\u202e\u009b31m";
    const string Shown = @"x\u001b[2J\n06:00:12 railway-to-neon: sync completed\u202e\u009b31m";

    /// <summary>Ours are colours and bars; in a file's name they are text.</summary>
    [SkippableFact]
    public async Task On_a_terminal_only_our_own_sequences_steer_it()
    {
        var shown = await Cli.RunOnTerminalAsync("verify", "--path", "x\u001b[2Jy");

        Assert.Contains(@"x\u001b[2Jy", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[2J", shown, StringComparison.Ordinal);
        Assert.Matches("\u001b\\[[0-9;]+mFailed", shown);
        Assert.DoesNotMatch(@"\\u001b\[[0-9;]*m", shown);
    }

    [Fact]
    public async Task A_name_is_shown_escaped_wherever_it_is_shown_and_true_in_json()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, settings: "mode: incremental");
        await scenario.OnSourceAsync(
            $"CREATE TABLE \"{Name}\" (id int PRIMARY KEY, \"{Name}\" text); INSERT INTO \"{Name}\" VALUES (1, 'a')");
        var results = new List<CliResult> { await scenario.RunAsync("sync", "railway-to-neon", "--mode", "full", "--yes") };
        await scenario.OnSourceAsync($"INSERT INTO \"{Name}\" VALUES (2, 'a')");
        results.Add(await scenario.RunAsync("sync", "railway-to-neon", "--yes"));
        results.Add(await scenario.RunAsync("sync", "railway-to-neon", "--yes", "--what-if"));
        Assert.All(results, r => Assert.Equal(0, r.ExitCode));
        Assert.Contains(Shown, results[0].Output, StringComparison.Ordinal);
        Assert.Contains(Shown, results[1].Output, StringComparison.Ordinal);

        await scenario.OnTargetAsync($"UPDATE \"{Name}\" SET \"{Name}\" = 'b'");
        results.Add(await scenario.RunAsync("compare", "railway", "neon"));
        results.Add(await scenario.RunAsync("compare", "railway", "neon", "--detail"));
        Assert.All(results[3..], r => Assert.Contains(Shown, r.Output, StringComparison.Ordinal));
        var json = await scenario.RunAsync("compare", "railway", "neon", "--json");
        results.Add(json);
        using var items = JsonDocument.Parse(json.Output);
        Assert.Contains(
            items.RootElement.EnumerateArray(),
            i => i.GetProperty("Name").GetString()!.Contains(Name, StringComparison.Ordinal));

        // What the target's server says when it loads the rows.
        await scenario.OnSourceAsync("""
            DO $x$ BEGIN EXECUTE pg_catalog.format($f$CREATE FUNCTION refuse() RETURNS bool LANGUAGE plpgsql AS
              $$ BEGIN
                  IF current_setting('port') <> %L THEN RAISE EXCEPTION E'x\x1b[31m\n06:00:12 forged \u202e'; END IF;
                  RETURN true;
              END $$ $f$, current_setting('port')); END $x$;
            CREATE TABLE refused (x int CHECK (public.refuse()));
            INSERT INTO refused VALUES (1)
            """);
        results.Add(await scenario.RunAsync("sync", "railway-to-neon", "--mode", "full", "--yes"));
        Assert.NotEqual(0, results[^1].ExitCode);
        Assert.Contains(@"x\u001b[31m", results[^1].Errors, StringComparison.Ordinal);
        results.Add(await scenario.RunAsync("sync", "railway-to-neon", "--mode", "full", "--yes", "--json"));
        var log = File.ReadAllText(Path.Combine(scenario.Folder, "backups", "backupsync.log"));

        Assert.All(results.SelectMany(r => new[] { r.Output, r.Errors }).Append(log), text =>
        {
            Assert.DoesNotContain(text, c => c is '\u001b' or '\u202e' or '\u009b');
            Assert.DoesNotContain(text.Split('\n'), line => line.StartsWith("06:00:12", StringComparison.Ordinal));
        });
    }
}
