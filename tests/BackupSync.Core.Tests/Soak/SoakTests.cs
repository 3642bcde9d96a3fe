using Xunit.Abstractions;

namespace BackupSync.Tests.Soak;

/// <summary>
/// The fixed part of tests/Soak: fifty faults of seeds that do not change, on all installed versions. More of them, others, and smaller ones of
/// what fails: <c>dotnet run --project tests/Soak</c>; docs/reliability.md.
/// </summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    const int Faults = 50;

    /// <summary>Each with servers of its own, all at once.</summary>
    static readonly (int Source, int Target)[] Pairs = [(15, 17), (18, 18), (18, 19)];

    [SkippableFact]
    public async Task Fifty_faults_lose_nothing_leave_no_target_half_and_hold_nobody_up()
    {
        Skip.If(Environment.GetEnvironmentVariable("BACKUPSYNC_SOAK") is null, "Fifty faults take minutes: they are run where BACKUPSYNC_SOAK is set.");
        Skip.IfNot(OperatingSystem.IsLinux(), "Processes are stopped, and told from others, as on Linux.");
        var pairs = Pairs.Where(p => SoakServers.Pairs.Contains(p)).DefaultIfEmpty(SoakServers.Pairs[0]).ToList();

        var all = await Task.WhenAll(pairs.Select((pair, n) => Task.Run(() => RunAsync(pair, n, pairs.Count))));
        var results = all.SelectMany(r => r).ToList();

        foreach (var result in results)
            output.WriteLine(result.ToString());
        Assert.Equal(Faults, results.Count);
        var failed = results.Where(r => r.Problems.Count > 0).ToList();
        Assert.True(failed.Count == 0, string.Join("\n", failed.Select(f => $"{f}\n{f.Case.Repeat}\n{f.Printed}")));
        Assert.InRange(results.Count(r => r.Happened), Faults / 2, Faults);
    }

    static async Task<List<SoakResult>> RunAsync((int, int) pair, int first, int step)
    {
        await using var servers = new SoakServers();
        var runner = new SoakRunner(servers);
        var results = new List<SoakResult>();
        for (var seed = first + 1; seed <= Faults; seed += step)
        {
            var drawn = SoakCase.Draw(seed, [pair]);
            // As small as they find what they find.
            results.Add(await runner.RunAsync(drawn with { Rows = Math.Min(drawn.Rows, 200), Seconds = Math.Min(drawn.Seconds, 2) }));
        }
        return results;
    }
}
