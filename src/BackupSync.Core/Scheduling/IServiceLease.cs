namespace BackupSync.Scheduling;

/// <summary>
/// What lets one of several services run. Who holds it may begin runs until it says that it is lost; the target's lock has the last word
/// all the same.
/// </summary>
interface IServiceLease : IAsyncDisposable
{
    /// <summary>Takes it where nobody holds it, or keeps it. To be asked again before <see cref="Renewal"/> is over.</summary>
    /// <returns>Who holds it instead, as the end of a sentence; null where we do.</returns>
    Task<string?> HoldAsync(CancellationToken cancellationToken);

    /// <summary>Whether it is ours now, by this machine's own clocks: nobody is asked.</summary>
    bool IsHeld { get; }

    /// <summary>Why it is not known who holds it; null where that is known.</summary>
    string? Problem { get; }

    /// <summary>How often it is asked by who holds it.</summary>
    TimeSpan Renewal { get; }

    /// <summary>Grows with each holder: what is said by an older one is out of date. 0 where the system itself knows who holds it.</summary>
    long Fence { get; }
}
