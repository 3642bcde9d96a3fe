using System.Globalization;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

/// <summary>
/// Two services as processes, of which the one that runs is killed at random moments, with all that it has begun: the other goes on.
/// BACKUPSYNC_TEST_KILLS says how often.
/// </summary>
public sealed class ServeKillTests(Servers servers) : IClassFixture<Servers>
{
    static readonly int Kills = Environment.GetEnvironmentVariable("BACKUPSYNC_TEST_KILLS") is { Length: > 0 } stated
        ? int.Parse(stated, CultureInfo.InvariantCulture)
        : 1;

    [Fact]
    public async Task Whoever_is_killed_the_other_runs_what_is_due_and_what_did_not_end_is_told()
    {
        var random = new Random(14);
        await using var scenario = await CliScenario.CreateAsync(servers, settings: "schedule: { every: 2s, misfireGrace: 1h }");
        var active = await StartAsync(scenario, "one");
        var waiting = await StartAsync(scenario, "two");
        for (var kill = 0; kill < Kills; kill++)
        {
            await SucceedsOnceMoreAsync(scenario, active);
            await Task.Delay(random.Next(2500));
            active.KillAll();
            await active.DisposeAsync();
            await waiting.PrintsAsync("Runs what is due.");
            (active, waiting) = (waiting, await StartAsync(scenario, kill % 2 == 0 ? "one" : "two"));
        }
        await SucceedsOnceMoreAsync(scenario, active);
        foreach (var service in new[] { waiting, active })
        {
            service.Signal("-TERM");
            var result = await service.EndAsync();
            Assert.True(result.ExitCode == 0, result.All);
            await service.DisposeAsync();
        }

        var runs = RunHistory.Read(Path.Combine(scenario.Folder, "backups")).OrderBy(r => r.StartTime).ToList();
        var killed = runs.Count(r => r.Outcome == RunOutcome.DidNotEnd);
        Assert.True(killed <= Kills, $"{killed} runs of {Kills} killed services did not end.");
        RunOutcome[] expected = [RunOutcome.Succeeded, RunOutcome.DidNotEnd, RunOutcome.Cancelled, RunOutcome.Skipped];
        Assert.All(runs, r => Assert.True(expected.Contains(r.Outcome), $"{r.Outcome}: {r.Error}"));
        // Nothing was done twice at once.
        var succeeded = runs.Where(r => r.Success).ToList();
        Assert.All(succeeded.Zip(succeeded.Skip(1)), p => Assert.True(p.First.EndTime <= p.Second.StartTime));
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());
    }

    static async Task<Cli> StartAsync(CliScenario scenario, string name)
    {
        var file = Path.Combine(scenario.Folder, $"{name}.yml");
        await File.WriteAllTextAsync(
            file,
            await File.ReadAllTextAsync(Path.Combine(scenario.Folder, "backupsync.yml"))
                + $"\nservice: {{ listen: \"http://127.0.0.1:{ServeCommandTests.FreePort()}\" }}\n");
        var service = scenario.Start("serve", "--config", file);
        await service.PrintsAsync("Serves ");
        return service;
    }

    static async Task SucceedsOnceMoreAsync(CliScenario scenario, Cli service)
    {
        var before = Succeeded(scenario);
        await Eventually.IsTrueAsync(
            () => Task.FromResult(Succeeded(scenario) > before), "a run has succeeded", () => Task.FromResult(service.Printed),
            seconds: 120);
    }

    static int Succeeded(CliScenario scenario) => RunHistory.Read(Path.Combine(scenario.Folder, "backups")).Count(r => r.Success);
}
