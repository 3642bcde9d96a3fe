using System.Globalization;
using Quartz;

namespace BackupSync.Configuration;

/// <summary>
/// When a cron expression of five fields comes due, as <c>crontab(5)</c> of Debian and of cronie have it: where neither day of month nor day
/// of week begins with <c>*</c>, a day that matches either is due; else it has to match both.
/// </summary>
/// <remarks>
/// Quartz computes the times. Its own expressions have six fields, count days from Sunday = 1, and take a day of month or a day of week,
/// not both: hence the translation, and up to two expressions.
/// </remarks>
sealed class CronSchedule
{
    /// <summary>For messages: what an expression looks like.</summary>
    public const string Allowed = "five fields: minute, hour, day of month, month, day of week, such as \"0 6,18 * * *\"";

    readonly TimeZoneInfo _timeZone;
    readonly List<CronExpression> _expressions;
    readonly DayOfWeek[] _onlyOn;

    /// <param name="expressions">The schedule is due when any of them is.</param>
    /// <param name="onlyOn">And on these days alone; on all of them where there is none.</param>
    CronSchedule(TimeZoneInfo timeZone, IEnumerable<string> expressions, IEnumerable<DayOfWeek> onlyOn)
    {
        _timeZone = timeZone;
        _expressions = [.. expressions.Select(e => new CronExpression(e) { TimeZone = timeZone })];
        _onlyOn = [.. onlyOn];
    }

    /// <summary>The first time after the given one; null where there is none, as for 31 February.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        // This ends: a field that begins with * has the first day of its range, which comes together with every day of the other field.
        for (var next = Due(after); ; next = Due(next.Value))
            if (next is not { } time || _onlyOn.Length == 0 || _onlyOn.Contains(TimeZoneInfo.ConvertTime(time, _timeZone).DayOfWeek))
                return next;
    }

    DateTimeOffset? Due(DateTimeOffset after) => _expressions.Min(e => e.GetTimeAfter(after));

    /// <exception cref="FormatException">The message says which field is wrong.</exception>
    public static CronSchedule Parse(string cron, TimeZoneInfo timeZone)
    {
        var fields = cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
            throw new FormatException($"has {fields.Length} field{(fields.Length == 1 ? "" : "s")} instead of {Allowed}");

        var minutes = Minute.Translate(fields[0]);
        var hours = Hour.Translate(fields[1]);
        var days = DayOfMonth.Translate(fields[2]);
        var months = Month.Translate(fields[3]);
        var weekdays = Weekday.Translate(fields[4]);
        var byDay = $"0 {minutes} {hours} {days} {months} ?";
        var byWeekday = $"0 {minutes} {hours} ? {months} {weekdays}";
        // Cron looks at the first character alone: */2 is a * to it, and so is *,10, but not 10,*.
        var isEither = !fields[2].StartsWith('*') && !fields[4].StartsWith('*');
        var schedule = (days, weekdays) switch
        {
            (_, "*") => new CronSchedule(timeZone, [byDay], []),
            ("*", _) => new CronSchedule(timeZone, [byWeekday], []),
            _ when isEither => new CronSchedule(timeZone, [byDay, byWeekday], []),
            _ => new CronSchedule(timeZone, [byDay], Weekday.All(fields[4]).Select(v => (DayOfWeek)(v % 7))),
        };
        return schedule.Next(DateTimeOffset.UtcNow) is not null ? schedule : throw new FormatException("names a day that never comes");
    }

    static readonly Field Minute = new("minute", 0, 59);
    static readonly Field Hour = new("hour", 0, 23);
    static readonly Field DayOfMonth = new("day of month", 1, 31);
    static readonly Field Month = new("month", 1, 12,
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);

    /// <summary>7 is Sunday as well as 0, so that <c>5-7</c> and <c>FRI-SUN</c> are ranges.</summary>
    static readonly Field Weekday = new("day of week", 0, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])
    {
        ToQuartz = day => (day % 7) + 1,
    };

    sealed record Field(string Name, int Minimum, int Maximum, string[]? Names = null)
    {
        public Func<int, int> ToQuartz { get; init; } = value => value;

        /// <summary>A <c>*</c>, or all values that the field holds, one by one.</summary>
        public string Translate(string text) => text == "*"
            ? "*"
            : string.Join(',', All(text).Select(ToQuartz).Distinct().Order().Select(v => v.ToString(CultureInfo.InvariantCulture)));

        /// <summary>All values that the field holds, as they are written.</summary>
        public IEnumerable<int> All(string text) => text.Split(',').SelectMany(Values);

        IEnumerable<int> Values(string item)
        {
            var slash = item.Split('/');
            var step = 1;
            if (slash.Length > 2
                || (slash.Length == 2 && (!int.TryParse(slash[1], NumberStyles.None, CultureInfo.InvariantCulture, out step) || step == 0)))
                throw Wrong(item);

            var range = slash[0].Split('-');
            var (first, last) = (slash[0], range.Length, slash.Length) switch
            {
                ("*", _, _) => (Minimum, Name == "day of week" ? 6 : Maximum),
                (_, 1, 1) => (Value(item, range[0]), Value(item, range[0])),
                (_, 1, 2) => (Value(item, range[0]), Maximum),
                (_, 2, _) => (Value(item, range[0]), Value(item, range[1])),
                _ => throw Wrong(item),
            };
            if (last < first && Name == "day of week" && last == 0)
                last = 7;
            if (last < first)
                throw Wrong(item);
            for (var value = first; value <= last; value += step)
                yield return value;
        }

        int Value(string item, string text)
        {
            var named = Names is null ? -1 : Array.FindIndex(Names, n => n.Equals(text, StringComparison.OrdinalIgnoreCase));
            if (named >= 0)
                return named + Minimum;
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= Minimum
                && value <= Maximum
                ? value
                : throw Wrong(item);
        }

        FormatException Wrong(string item) =>
            new($"has '{item}' as its {Name}: {Minimum} to {Maximum}{(Names is null ? "" : $" or {Names[0]} to {Names[^1]}")}, a list "
                + "(1,2), a range (1-5) or a step (*/15) is allowed");
    }
}
