using BackupSync.Configuration;

namespace BackupSync.Scheduling;

/// <summary>
/// Times as every scheduler can say them: all of these hours, minutes and seconds, on days that are of these. A schedule is one rule, or
/// several that are due one beside the other.
/// </summary>
sealed record CalendarRule
{
    static readonly TimeSpan OneDay = TimeSpan.FromDays(1);

    public required IReadOnlyList<int> Hours { get; init; }
    public required IReadOnlyList<int> Minutes { get; init; }
    public IReadOnlyList<int> Seconds { get; init; } = [0];

    /// <summary>Days of the month; null for all.</summary>
    public IReadOnlyList<int>? Days { get; init; }

    /// <summary>Null for all.</summary>
    public IReadOnlyList<int>? Months { get; init; }

    /// <summary>0 is Sunday; null for all.</summary>
    public IReadOnlyList<int>? Weekdays { get; init; }

    /// <summary>Whether one of <see cref="Days"/> and <see cref="Weekdays"/> is enough, of which neither is null then.</summary>
    public bool IsEitherDay { get; init; }

    /// <summary>
    /// Whether it means "every so often": cron takes a minute or hour that begins with <c>*</c> for that, where clocks change, and all else
    /// for times.
    /// </summary>
    public bool IsInterval { get; init; }

    public required TimeZoneInfo Zone { get; init; }

    public bool IsEveryDay => Days is null && Months is null && Weekdays is null;

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.ConfigurationInvalid"/>: it runs every so often, which no calendar has.
    /// </exception>
    public static IReadOnlyList<CalendarRule> Of(ScheduleItem item) =>
        item.Schedule.Every is { } every ? OfInterval(every, item.What) : [OfCron(item.Schedule)];

    static CalendarRule OfCron(ScheduleConfig schedule)
    {
        var cron = CronExpression.Parse(schedule.Cron!);
        var (days, weekdays) = (Unless(cron.Days, 31), Unless(cron.Weekdays, 7));
        if (cron.IsEitherDay && (days is null || weekdays is null))
            (days, weekdays) = (null, null);
        var rule = new CalendarRule
        {
            Hours = cron.Hours, Minutes = cron.Minutes, Days = days, Weekdays = weekdays, Months = Unless(cron.Months, 12),
            IsEitherDay = cron.IsEitherDay && days is not null, IsInterval = cron.IsInterval, Zone = schedule.TimeZone,
        };
        // Every hour of every day is the same in all zones whose clocks differ by whole hours, and schedulers leave out what clocks repeat.
        return rule.IsEveryDay && rule.Hours.Count == 24 && HasWholeHours(rule.Zone) ? rule with { Zone = TimeZoneInfo.Utc } : rule;
    }

    /// <summary>Multiples of a length of time since 1970, which began on a Thursday.</summary>
    static IReadOnlyList<CalendarRule> OfInterval(TimeSpan every, string what)
    {
        if (every == 7 * OneDay)
            return [new CalendarRule { Hours = [0], Minutes = [0], Weekdays = [4], Zone = TimeZoneInfo.Utc }];
        if (every.Ticks % TimeSpan.TicksPerSecond != 0 || OneDay.Ticks % every.Ticks != 0)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid,
                $"{what} runs every {Durations.Show(every)}, which other schedulers cannot say: it is no part of a day, in whole seconds.",
                "State a length that divides 24 hours, such as 45m, or cron in its place.");
        var times = Enumerable.Range(0, (int)(OneDay / every)).Select(n => n * every).ToList();
        // Hours that have the same minutes are said together, and of these the minutes that have the same seconds.
        return
        [
            .. from hours in times.GroupBy(t => t.Hours).GroupBy(h => string.Join(' ', h.Select(t => t.Minutes * 60 + t.Seconds)))
               from minutes in hours.First().GroupBy(t => t.Minutes).GroupBy(m => string.Join(' ', m.Select(t => t.Seconds)))
               select new CalendarRule
               {
                   Hours = [.. hours.Select(h => h.Key)],
                   Minutes = [.. minutes.Select(m => m.Key)],
                   Seconds = [.. minutes.First().Select(t => t.Seconds)],
                   IsInterval = true,
                   Zone = TimeZoneInfo.Utc,
               },
        ];
    }

    /// <summary>
    /// The five fields of cron. Where either day is enough, neither field begins with <c>*</c>; null where both days are asked for in a way
    /// that has no <c>*</c> either, or where there are seconds.
    /// </summary>
    public string? ToCron()
    {
        if (Seconds is not [0])
            return null;
        var days = Days is null ? "*" : IsEitherDay ? Ranges(Days) : Field(Days, 1, 31);
        var weekdays = Weekdays is null ? "*" : IsEitherDay ? Ranges(Weekdays) : Field(Weekdays, 0, 6);
        if (!IsEitherDay && Days is not null && Weekdays is not null && !days.StartsWith('*') && !weekdays.StartsWith('*'))
            return null;
        var time = IsInterval ? $"{Field(Minutes, 0, 59)} {Field(Hours, 0, 23)}" : $"{Ranges(Minutes)} {string.Join(',', Hours)}";
        return $"{time} {days} {(Months is null ? "*" : Field(Months, 1, 12))} {weekdays}";
    }

    /// <summary><c>*</c>, <c>*/15</c>, or <see cref="Ranges"/>.</summary>
    static string Field(IReadOnlyList<int> values, int first, int last)
    {
        if (values.Count == last - first + 1)
            return "*";
        var step = values.Count > 1 ? values[1] - values[0] : 0;
        return step > 1 && values[0] == first && values[^1] + step > last && IsEven(values, step) ? $"*/{step}" : Ranges(values);
    }

    /// <summary><c>1-5,7</c>.</summary>
    static string Ranges(IReadOnlyList<int> values) => string.Join(',', values
        .Select((value, index) => (value, run: value - index)).GroupBy(v => v.run, v => v.value)
        .Select(r => r.Count() > 2 ? $"{r.First()}-{r.Last()}" : string.Join(',', r)));

    static bool IsEven(IReadOnlyList<int> values, int step) => values.Zip(values.Skip(1)).All(p => p.Second - p.First == step);

    static IReadOnlyList<int>? Unless(IReadOnlyList<int> values, int all) => values.Count == all ? null : values;

    static bool HasWholeHours(TimeZoneInfo zone) => IsWhole(zone.BaseUtcOffset) && zone.GetAdjustmentRules().All(
        r => r.DateEnd.Year < 2020 || (IsWhole(zone.BaseUtcOffset + r.BaseUtcOffsetDelta) && IsWhole(r.DaylightDelta)));

    static bool IsWhole(TimeSpan offset) => offset.Ticks % TimeSpan.TicksPerHour == 0;
}
