using System.Globalization;
using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Operations.Expire;

/// <summary>Keeping by count: the newest of each of the last days, weeks (from Monday) and months that have one, in UTC.</summary>
static class RetentionPeriods
{
    /// <summary>Why backups stay, as a phrase by their path.</summary>
    public static Dictionary<string, string> Newest(IEnumerable<BackupFile> newestFirst, KeepConfig keep)
    {
        var backups = newestFirst.ToList();
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(keep.Daily, DayOf, day => $"the newest of its day, {Show(day, "yyyy-MM-dd")}");
        Add(keep.Weekly, WeekOf, monday => $"the newest of its week, from {Show(monday, "yyyy-MM-dd")}");
        Add(keep.Monthly, MonthOf, month => $"the newest of its month, {Show(month, "yyyy-MM")}");
        return reasons;

        void Add(int? count, Func<BackupFile, DateOnly> period, Func<DateOnly, string> reason)
        {
            // Groups come in the order of their first, which is their newest.
            foreach (var group in backups.GroupBy(period).Take(count ?? 0))
                reasons.TryAdd(group.First().Path, reason(group.Key));
        }
    }

    /// <summary>What those are not that go; null where nothing is kept by count.</summary>
    public static string? Describe(KeepConfig keep)
    {
        (int? Count, string Unit)[] stated = [(keep.Daily, "days"), (keep.Weekly, "weeks"), (keep.Monthly, "months")];
        var periods = stated.Where(p => p.Count is not null).Select(p => $"{p.Count} {p.Unit}").ToList();
        return periods.Count == 0 ? null : $"not the newest of any of the last {string.Join(" or ", periods)}";
    }

    static DateOnly DayOf(BackupFile backup) => DateOnly.FromDateTime(backup.Created.UtcDateTime);

    static DateOnly WeekOf(BackupFile backup)
    {
        var day = DayOf(backup);
        return day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
    }

    static DateOnly MonthOf(BackupFile backup) => new(backup.Created.UtcDateTime.Year, backup.Created.UtcDateTime.Month, 1);

    static string Show(DateOnly day, string format) => day.ToString(format, CultureInfo.InvariantCulture);
}
