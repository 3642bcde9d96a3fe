using System.Globalization;

namespace BackupSync.Configuration;

/// <summary>
/// What a cron expression of five fields matches on the face of a clock, as <c>crontab(5)</c> of Debian and of cronie have it: where neither
/// day of month nor day of week begins with <c>*</c>, a day that matches either is due; else it has to match both.
/// </summary>
sealed class CronExpression
{
    /// <summary>For messages: what an expression looks like.</summary>
    public const string Allowed = "five fields: minute, hour, day of month, month, day of week, such as \"0 6,18 * * *\"";

    /// <summary>After so many days the calendar begins anew, weekdays and leap years with it.</summary>
    const int DaysOfGregorianCycle = 146_097;

    static readonly Field Minute = new("minute", 0, 59);
    static readonly Field Hour = new("hour", 0, 23);
    static readonly Field DayOfMonth = new("day of month", 1, 31);
    static readonly Field Month = new("month", 1, 12,
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);

    /// <summary>7 is Sunday as well as 0, so that <c>5-7</c> and <c>FRI-SUN</c> are ranges.</summary>
    static readonly Field Weekday = new("day of week", 0, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]);

    readonly HashSet<int> _days;
    readonly HashSet<int> _months;
    readonly HashSet<int> _weekdays;
    readonly bool _eitherDay;

    CronExpression(string[] fields)
    {
        Hours = [.. Hour.All(fields[1]).Distinct().Order()];
        Minutes = [.. Minute.All(fields[0]).Distinct().Order()];
        Times = [.. Hours.SelectMany(h => Minutes.Select(m => new TimeSpan(h, m, 0)))];
        _days = [.. DayOfMonth.All(fields[2])];
        _months = [.. Month.All(fields[3])];
        _weekdays = [.. Weekday.All(fields[4]).Select(v => v % 7)];
        // Cron looks at the first character alone: */2 is a * to it, and so is *,10, but not 10,*.
        _eitherDay = !fields[2].StartsWith('*') && !fields[4].StartsWith('*');
        IsAllDay = fields[1].StartsWith('*');
        IsInterval = IsAllDay || fields[0].StartsWith('*') || fields[1].Contains('-', StringComparison.Ordinal);
    }

    /// <summary>What its fields match, in order.</summary>
    public IReadOnlyList<int> Hours { get; }

    /// <inheritdoc cref="Hours"/>
    public IReadOnlyList<int> Minutes { get; }

    /// <inheritdoc cref="Hours"/>
    public IReadOnlyList<int> Days => [.. _days.Order()];

    /// <inheritdoc cref="Hours"/>
    public IReadOnlyList<int> Months => [.. _months.Order()];

    /// <summary>0 is Sunday.</summary>
    public IReadOnlyList<int> Weekdays => [.. _weekdays.Order()];

    /// <summary>Whether a day is due that is one of its days of month or one of its weekdays; else it has to be both.</summary>
    public bool IsEitherDay => _eitherDay;

    /// <summary>The times of a day that is due, in order.</summary>
    public IReadOnlyList<TimeSpan> Times { get; }

    /// <summary>Whether it means "every so often" (a minute or hour field that begins with <c>*</c>, a range of hours), not "at".</summary>
    public bool IsInterval { get; }

    /// <summary>Whether it goes on through all hours, so that the longest wait on a due day is its step.</summary>
    public bool IsAllDay { get; }

    /// <summary>The longest wait from one of its times to the next, where all days are due.</summary>
    public TimeSpan Step => Times.Zip(Times.Skip(1).Append(Times[0] + TimeSpan.FromDays(1)), (time, next) => next - time).Max();

    /// <exception cref="FormatException">The message says which field is wrong.</exception>
    public static CronExpression Parse(string cron)
    {
        var fields = cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
            throw new FormatException($"has {fields.Length} field{(fields.Length == 1 ? "" : "s")} instead of {Allowed}");
        var expression = new CronExpression(fields);
        var first = new DateTime(2000, 1, 1);
        return Enumerable.Range(0, DaysOfGregorianCycle).Any(d => expression.IsDue(first.AddDays(d)))
            ? expression
            : throw new FormatException("names a day that never comes");
    }

    /// <summary>Whether a day of the calendar is one of its days.</summary>
    public bool IsDue(DateTime day)
    {
        var (byDay, byWeekday) = (_days.Contains(day.Day), _weekdays.Contains((int)day.DayOfWeek));
        return _months.Contains(day.Month) && (_eitherDay ? byDay || byWeekday : byDay && byWeekday);
    }

    /// <summary>What it matches from one reading of a clock until before another.</summary>
    public IEnumerable<DateTime> Within(DateTime from, DateTime until)
    {
        for (var day = from.Date; day < until; day = day.AddDays(1))
        {
            if (!IsDue(day))
                continue;
            foreach (var time in Times)
            {
                if (day + time >= until)
                    yield break;
                if (day + time >= from)
                    yield return day + time;
            }
        }
    }

    sealed record Field(string Name, int Minimum, int Maximum, string[]? Names = null)
    {
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
            // A step may be as long as it likes.
            for (long value = first; value <= last; value += step)
                yield return (int)value;
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
