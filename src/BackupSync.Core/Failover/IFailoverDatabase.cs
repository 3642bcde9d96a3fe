namespace BackupSync.Failover;

enum FailoverRole
{
    /// <summary>It takes writes: no sync may write to it, from whatever machine.</summary>
    Active,

    /// <summary>Syncs may write to it.</summary>
    Copy,

    /// <summary>The application's role cannot write, which was tried; no sync may write either, for it may have rows of its own.</summary>
    Fenced,
}

/// <summary>What a database says of itself: kept within it, so that whoever reaches it sees it.</summary>
/// <param name="AsOf">Of a copy: up to when it has everything, by the witness's clock.</param>
sealed record FailoverMark(FailoverRole Role, long Number, DateTimeOffset AsOf)
{
    /// <summary>Whether a mark may take this one's place: an older number never does, and one number has one role.</summary>
    public bool GivesWayTo(FailoverRole role, long number) => number > Number || (number == Number && role == Role);

    /// <summary>
    /// Whether a sync may write where this mark is; asked when it begins, and in the transaction that publishes what it has brought.
    /// </summary>
    /// <param name="begun">The target's mark when the sync began.</param>
    public bool MayBeWritten(FailoverMark begun) => Role == FailoverRole.Copy && begun.Role == Role && begun.Number == Number;
}

/// <summary>One of the two sides. Each call may end in a <see cref="NoAnswerException"/>.</summary>
interface IFailoverDatabase
{
    Task<ProbeFinding> ProbeAsync(CancellationToken cancellationToken);

    Task<FailoverMark> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Marks it and does what the role says, tried by a new connection of the application's role; in one with the check that the mark
    /// there <see cref="FailoverMark.GivesWayTo"/> it.
    /// </summary>
    /// <returns>False where a newer mark is there.</returns>
    Task<bool> MarkAsync(FailoverRole role, long number, CancellationToken cancellationToken);

    /// <summary>Brings rows that only this side has to files; again where that was done before.</summary>
    Task<bool> SetAsideAsync(long number, CancellationToken cancellationToken);

    /// <summary>Brings this side, which no client writes to, to the state of the other; true where they are equal then.</summary>
    /// <param name="number">Under which this side was marked as fenced: where it is marked otherwise, nothing is done.</param>
    Task<bool> BringOverAsync(long number, CancellationToken cancellationToken);
}
