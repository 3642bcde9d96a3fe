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

    /// <summary>Its process was killed or its machine stopped: it has left no end. A target holds what it held before, or the whole new content.</summary>
    DidNotEnd,
}

/// <summary>What a process ends with that did a run, and what watchers of runs are told. Scripts decide by these: they never change.</summary>
static class RunExitCode
{
    public static int Of(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Succeeded => 0,
        RunOutcome.RolledBack => 3,
        RunOutcome.RollbackFailed => 4,
        RunOutcome.Skipped => 5,
        RunOutcome.Cancelled => 130,
        _ => 1,
    };
}
