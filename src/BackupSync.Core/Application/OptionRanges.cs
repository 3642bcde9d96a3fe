namespace BackupSync.Application;

/// <summary>What numbers both heads take, from the least to the most, and which holds where none is said.</summary>
public static class OptionRanges
{
    /// <summary>For how many days a backup is kept that is taken by hand.</summary>
    public const int LeastKeepDays = 1, MostKeepDays = 36_500;

    /// <summary>How many days old the backups of jobs may be that stay when older ones are removed.</summary>
    public const int LeastAgeInDays = 0, MostAgeInDays = 36_500;

    /// <summary>How many runs the history shows, of all together; all where none is said.</summary>
    public const int LeastRuns = 1, MostRuns = 1_000_000;

    /// <summary>Of how many days a report tells.</summary>
    public const int LeastReportDays = 1, MostReportDays = 3660, ReportDays = 30;

    /// <summary>In characters.</summary>
    public const int MostOfTag = 100;

    /// <summary>For how many seconds to try to connect.</summary>
    public const int LeastTimeout = 1, MostTimeout = 3600, Timeout = 30;

    /// <summary>How many minutes a comparison may take.</summary>
    public const int LeastMinutes = 1, MostMinutes = 10_080, Minutes = 60;

    /// <summary>How many tables are compared at once.</summary>
    public const int LeastParallel = 1, MostParallel = 64, Parallel = 2;

    /// <summary>How many of the next times of a schedule are listed one by one.</summary>
    public const int LeastScheduleTimes = 1, MostScheduleTimes = 1000;
}
