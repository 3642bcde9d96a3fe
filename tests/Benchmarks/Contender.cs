using BackupSync.Runs;

namespace BackupSync.Benchmarks;

/// <summary>One way of doing the work.</summary>
sealed record Contender(string Key, string Title, Func<CancellationToken, Task<Measurement>> RunAsync)
{
    /// <summary>False for what ours is compared with.</summary>
    public bool IsOurs { get; init; } = true;
}

/// <param name="PeakBytes">The most memory that our process had, its children not counted; null where there is none of ours.</param>
/// <param name="Steps">What a run of ours says of itself.</param>
sealed record Measurement(TimeSpan Duration, long? PeakBytes = null, IReadOnlyList<StepResult>? Steps = null)
{
    /// <summary>What came over the wire from the source, in relation to the size of its tables; null where nobody has counted.</summary>
    public double? ShareRead { get; init; }
}

/// <summary>How much of the other's time ours may take.</summary>
sealed record Target(string Ours, string Other, double Most)
{
    /// <summary>The most of the data that may be read over the wire; null where it is not looked at.</summary>
    public double? MostRead { get; init; }
}

/// <summary>Those that are compared. What each leaves behind is removed outside of its time.</summary>
interface IContenders
{
    IReadOnlyList<Contender> All { get; }
    IReadOnlyList<Target> Targets { get; }
}
