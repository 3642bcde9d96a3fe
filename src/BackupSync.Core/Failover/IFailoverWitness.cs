namespace BackupSync.Failover;

/// <summary>A call had no answer: it may have been carried out, may be carried out later, or never.</summary>
sealed class NoAnswerException(string message) : Exception(message);

/// <param name="PermitsUntil">By when each proxy has stopped leading that was given a permit.</param>
/// <param name="Now">By the witness's clock, which is taken to run steadily: only this clock is compared with the others here.</param>
sealed record WitnessView(
    FailoverRecord Record, IReadOnlyList<ObserverReport> Reports, DateTimeOffset PermitsUntil, DateTimeOffset Now);

/// <summary>What decides who may act. Each call is one atomic change there, or a <see cref="NoAnswerException"/>.</summary>
interface IFailoverWitness
{
    /// <summary>Keeps what an observer says, with the witness's time, and says how all stands.</summary>
    Task<WitnessView> ReportAsync(ObserverReport report, CancellationToken cancellationToken);

    Task<WitnessView> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Puts another record in the place of the one with the number before; false where that is not there any more.</summary>
    Task<bool> ChangeAsync(FailoverRecord next, CancellationToken cancellationToken);

    /// <summary>
    /// Where the record says <see cref="FailoverRecord.MayLead"/>, notes a permit from now on and gives the side; null where it does not.
    /// </summary>
    Task<FailoverSide?> PermitAsync(TimeSpan length, CancellationToken cancellationToken);
}
