using BackupSync.Runs;

namespace BackupSync.Benchmarks;

/// <summary>One way of doing the work.</summary>
sealed record Contender(string Key, string Title, Func<CancellationToken, Task<Measurement>> RunAsync);

/// <param name="PeakBytes">The most memory that our process had, its children not counted; null where there is none of ours.</param>
/// <param name="Steps">What a run of ours says of itself.</param>
sealed record Measurement(TimeSpan Duration, long? PeakBytes = null, IReadOnlyList<StepResult>? Steps = null);

/// <summary>How much of the other's time ours may take.</summary>
sealed record Target(string Ours, string Other, double Most);

/// <summary>Those that are compared. What each leaves behind is removed outside of its time.</summary>
interface IContenders
{
    IReadOnlyList<Contender> All { get; }
    IReadOnlyList<Target> Targets { get; }
}
