namespace BackupSync.Runs;

public enum RunOutcome
{
    Succeeded,

    /// <summary>Failed before the target's content was at stake: nothing was changed.</summary>
    Aborted,

    /// <summary>Failed after that; the target holds what it held before.</summary>
    RolledBack,

    /// <summary>Critical: the target could not be brought back. The safety backup is named.</summary>
    RollbackFailed,

    /// <summary>Another run held the target's lock.</summary>
    Skipped,

    /// <summary>Stopped by the user; the target holds what it held before.</summary>
    Cancelled,

    /// <summary>A backup was taken and is good, but it did not reach every place, or was not proven as asked.</summary>
    Incomplete,
}
