using BackupSync.Runs;

namespace BackupSync.Cli;

/// <summary>What the process ends with. Schedulers and scripts decide by these, so they never change.</summary>
static class ExitCodes
{
    public const int Done = 0;

    /// <summary>Failed, and nothing was changed.</summary>
    public const int Failed = 1;

    /// <summary>The arguments or the configuration are wrong.</summary>
    public const int Usage = 2;
    public const int RolledBack = 3;
    public const int RollbackFailed = 4;

    /// <summary>Another run is in progress.</summary>
    public const int Skipped = 5;

    /// <summary>Two databases were compared, and are not equal. Not 1: a failure must not be taken for an answer.</summary>
    public const int Different = 6;

    /// <summary>
    /// A status was asked for, and something is late, has failed or is not known. Not 1: a failure must not be taken for an answer.
    /// </summary>
    public const int NotGood = 7;

    /// <summary>Stopped by Ctrl+C or by a signal.</summary>
    public const int Interrupted = 130;

    /// <summary>For several runs in one command: the worst that happened comes first.</summary>
    static readonly int[] Severity = [RollbackFailed, RolledBack, Interrupted, Failed, Usage, NotGood, Different, Skipped, Done];

    public static int Of(RunOutcome outcome) => RunExitCode.Of(outcome);

    /// <summary>Of a failure before anything was at stake.</summary>
    public static int OfError(string errorId) => errorId switch
    {
        ErrorIds.ConfigurationInvalid or ErrorIds.ConfigurationNotFound or ErrorIds.UnknownName or ErrorIds.ConfirmationNeeded => Usage,
        _ => Failed,
    };

    public static int Worst(IEnumerable<int> codes) => codes.DefaultIfEmpty(Done).MinBy(c => Array.IndexOf(Severity, c));
}
