using Xunit.Abstractions;

namespace BackupSync.Tests.Soak;

/// <summary>
/// The fixed part of tests/Soak: fifty faults of seeds that do not change, on three pairs of versions. More of them, others, and
/// smaller ones of what fails: <c>dotnet run --project tests/Soak</c>; docs/reliability.md.
/// </summary>
public abstract class SoakTests(SoakServers servers, ITestOutputHelper output, int source, int target)
{
    const int AtOnce = 5;

    /// <param name="fault">Null for any.</param>
    protected async Task RunAsync(int first, SoakFault? fault = null)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Processes are stopped, and told from others, as on Linux.");
        Skip.IfNot(SoakServers.Pairs.Contains((source, target)), $"PostgreSQL {source} and {target} are not both installed.");
        var runner = new SoakRunner(servers);
        var results = new List<SoakResult>();
        foreach (var drawn in Enumerable.Range(first, AtOnce).Select(seed => SoakCase.Draw(seed, [(source, target)], fault: fault)))
        {
            // As small as they find what they find.
            results.Add(await runner.RunAsync(drawn with { Rows = Math.Min(drawn.Rows, 200), Seconds = Math.Min(drawn.Seconds, 2) }));
            output.WriteLine(results[^1].ToString());
        }

        var failed = results.Where(r => r.Problems.Count > 0).ToList();
        Assert.True(failed.Count == 0, string.Join("\n", failed.Select(f => $"{f}\n{f.Case.Repeat}\n{f.Printed}")));
        // Faults that come when all is over show nothing.
        Assert.Contains(results, r => r.Happened && r.Case.Fault != SoakFault.None);
    }
}

public sealed class SoakOn15To17Tests(SoakServers servers, ITestOutputHelper output) :
    SoakTests(servers, output, 15, 17),
    IClassFixture<SoakServers>
{
    [SkippableTheory]
    [InlineData(1)]
    [InlineData(16)]
    public Task Faults_lose_nothing_leave_no_target_half_and_hold_nobody_up(int first) => RunAsync(first);
}

public sealed class SoakOn18Tests(SoakServers servers, ITestOutputHelper output) :
    SoakTests(servers, output, 18, 18),
    IClassFixture<SoakServers>
{
    [SkippableTheory]
    [InlineData(21)]
    [InlineData(26)]
    public Task Faults_lose_nothing_leave_no_target_half_and_hold_nobody_up(int first) => RunAsync(first);

    /// <summary>Whatever is written at that moment, and wherever.</summary>
    [SkippableFact]
    public Task A_full_disk_is_a_sentence() => RunAsync(1, SoakFault.DiskFull);
}

public sealed class SoakOn18To19Tests(SoakServers servers, ITestOutputHelper output) :
    SoakTests(servers, output, 18, 19),
    IClassFixture<SoakServers>
{
    [SkippableTheory]
    [InlineData(41)]
    public Task Faults_lose_nothing_leave_no_target_half_and_hold_nobody_up(int first) => RunAsync(first);
}
