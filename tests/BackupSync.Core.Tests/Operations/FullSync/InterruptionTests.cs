using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>Our own process is killed or interrupted: the real program, at every step.</summary>
public sealed class InterruptionTests(Servers servers) : IClassFixture<Servers>
{
    const int Rows = 30_000;

    static IEnumerable<RunStep> Steps =>
        Enum.GetValues<RunStep>().Where(s => s is <= RunStep.CleanUp and not (RunStep.Compare or RunStep.Merge or RunStep.Rollback));

    public static TheoryData<PublishMode> BothWays => Faults.BothWays;

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task Killed_at_any_step_it_leaves_the_old_content_or_the_new_and_the_next_run_clears_up(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.PrepareAsync(Rows);
        var config = scenario.WriteConfig();
        foreach (var step in Steps)
        {
            await scenario.OnSourceAsync($"UPDATE users SET name = '{step}' || id WHERE id % 5 = 0");
            var before = await scenario.TargetContentAsync();

            await using (var cli = Start(config, AtStep(step, cli => cli.Kill())))
            {
                var killed = await cli.EndAsync();
                // The last steps can be over before the signal comes.
                Assert.True(killed.ExitCode == 137 || (killed.ExitCode == 0 && step >= RunStep.CheckPublished), $"{step}: {killed.All}");
            }

            await AssertOldOrNewAsync(scenario, before, step.ToString());
            await RunAgainAsync(scenario, config, step);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(BothWays))]
    public async Task Interrupted_at_any_step_it_leaves_the_old_content_or_the_new_and_nothing_else(PublishMode publish)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows sends Ctrl+C to consoles, not to processes.");
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.PrepareAsync(Rows);
        var config = scenario.WriteConfig();
        foreach (var step in Steps)
        {
            await scenario.OnSourceAsync($"UPDATE users SET name = '{step}' || id WHERE id % 5 = 0");
            var before = await scenario.TargetContentAsync();

            await using var cli = Start(config, AtStep(step, cli => cli.Interrupt()));
            var result = await cli.EndAsync();

            // Too late is too late: what was published and checked before the signal came is a success.
            Assert.True(result.ExitCode == 130 || (result.ExitCode == 0 && step >= RunStep.Verify), $"{step}: {result.All}");
            var after = await scenario.TargetContentAsync();
            Scenario.AssertSame(result.ExitCode == 0 ? await scenario.SourceContentAsync() : before, after);
            await scenario.AssertNothingIsLeftAsync();
        }
    }

    [Fact]
    public async Task Of_two_at_once_one_runs_and_the_other_is_skipped()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.PrepareAsync(Rows);
        await scenario.FillWithNoiseAsync(20);
        var config = scenario.WriteConfig();

        var results = await Task.WhenAll(Cli.RunAsync(Arguments(config)), Cli.RunAsync(Arguments(config)));

        Assert.True(results.Select(r => r.ExitCode).Order().SequenceEqual([0, 5]), string.Join('\n', results.Select(r => r.All)));
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    static Cli Start(string config, Action<Cli, string> onLine) => Cli.Start(Arguments(config), onLine: onLine);

    static string[] Arguments(string config) => ["sync", "railway-to-neon", "--config", config];

    /// <summary>Acts as soon as the line of the step's begin is there.</summary>
    static Action<Cli, string> AtStep(RunStep step, Action<Cli> act)
    {
        var done = 0;
        return (cli, line) =>
        {
            if (line.EndsWith($" {step} started", StringComparison.Ordinal) && Interlocked.Exchange(ref done, 1) == 0)
                act(cli);
        };
    }

    static async Task AssertOldOrNewAsync(Scenario scenario, DatabaseFingerprint before, string what)
    {
        var (after, source) = (await scenario.TargetContentAsync(), await scenario.SourceContentAsync());
        var differences = new[] { before, source }.Select(
            expected => FingerprintComparison.Compare(expected, after, new ComparisonTolerance())).ToList();
        Assert.True(
            differences.Any(d => d.Count == 0),
            $"{what}: neither the old content nor the new: {string.Join('\n', differences.SelectMany(d => d))}");
    }

    static async Task RunAgainAsync(Scenario scenario, string config, RunStep step)
    {
        CliResult again;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        do
        {
            again = await Cli.RunAsync(Arguments(config));
        }
        while (again.ExitCode == 5 && !limit.IsCancellationRequested); // until the server has noticed that the lock's owner is dead
        Assert.True(again.ExitCode == 0, $"after {step}: {again.All}");
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }
}
