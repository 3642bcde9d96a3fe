using System.Globalization;

namespace BackupSync.Files;

/// <summary>What the records of runs are called that stand beside backups, and are none themselves.</summary>
static class RecordNames
{
    public const string Log = "backupsync.log";
    public const string PreviousLog = Log + ".1";

    /// <summary>The history of before it was kept by month. It is read as the oldest, and not written any more.</summary>
    public const string OldHistory = "history.jsonl";

    public const string Latest = "latest.json";

    /// <summary>Whose holder may replace <see cref="Latest"/>.</summary>
    public const string LatestLock = ".latest.lock";

    /// <summary>Whose holder may change or remove backups in the folder.</summary>
    public const string BackupsLock = ".backups.lock";

    const string StartedPrefix = ".run-";
    const string StartedSuffix = ".note";

    const string MonthFormat = "'history-'yyyy'-'MM'.jsonl'";

    public static bool Has(string fileName) =>
        fileName is Log or PreviousLog or OldHistory or Latest or LatestLock or BackupsLock
        || MonthOf(fileName) is not null
        || (fileName.StartsWith(StartedPrefix, StringComparison.Ordinal) && fileName.EndsWith(StartedSuffix, StringComparison.Ordinal));

    /// <summary>The note of a run that goes on, such as <c>.run-a1b2c3d4e5.note</c>.</summary>
    public static string Started(string runId) => StartedPrefix + runId + StartedSuffix;

    /// <summary>The history of a moment's month, such as <c>history-2026-11.jsonl</c>. Months are those of UTC.</summary>
    public static string History(DateTimeOffset moment) => moment.UtcDateTime.ToString(MonthFormat, CultureInfo.InvariantCulture);

    /// <summary>The month that a history is of; null where it is no name of one.</summary>
    public static DateOnly? MonthOf(string fileName) =>
        DateOnly.TryParseExact(fileName, MonthFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var month) ? month : null;
}
