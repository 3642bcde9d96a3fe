namespace BackupSync.Configuration;

/// <summary>
/// When a cron expression comes due in a time zone. The walk goes along UTC, whose moments all exist once, and reads the zone's clock at
/// each. What happens where that clock is changed is cron's custom: what runs every so often keeps its pace, through both passes of
/// a repeated hour; what runs at a time runs once, in the first pass, or, where the clock jumps over it, when it has jumped.
/// </summary>
/// <remarks>Times are minutes, as offsets are; a zone's offset changes once in a day of UTC at most.</remarks>
sealed class CronSchedule
{
    static readonly TimeSpan OneDay = TimeSpan.FromDays(1);
    static readonly TimeSpan OneMinute = TimeSpan.FromMinutes(1);

    /// <summary>No offset is longer than 14 hours, so that every clock can be read between them.</summary>
    static readonly DateTime FirstDay = DateTime.MinValue.AddDays(3);
    static readonly DateTime LastDay = DateTime.MaxValue.Date.AddDays(-3);

    readonly CronExpression _expression;
    readonly TimeZoneInfo _zone;

    CronSchedule(CronExpression expression, TimeZoneInfo zone) => (_expression, _zone) = (expression, zone);

    /// <exception cref="FormatException">The message says which field is wrong.</exception>
    public static CronSchedule Parse(string cron, TimeZoneInfo timeZone) => new(CronExpression.Parse(cron), timeZone);

    /// <summary>The first time after the given one, in UTC; null where there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        return NextAfter(Later(after.UtcDateTime, FirstDay)) is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null;
    }

    DateTime? NextAfter(DateTime after)
    {
        var (repeatedUntil, between) = (DateTime.MinValue, DateTime.MinValue);
        DateTime? next = null;
        void Consider(DateTime due)
        {
            if (due > after && (next is null || due < next))
                next = due;
        }

        // A change of the clock may still have its effect two days later: an hour that is repeated, a wait that was made longer.
        for (var day = after.Date - OneDay - OneDay; day <= LastDay; day += OneDay)
        {
            var (before, offset) = (OffsetAt(day - OneMinute), OffsetAt(day + OneDay - OneMinute));
            var change = before == offset ? day : FirstWith(offset, day, day + OneDay);
            if (before != offset)
            {
                ConsiderWithin(day, change, before);
                if (offset < before)
                    repeatedUntil = change + (before - offset);
                between = AtChange(change, before, offset) ?? between;
            }
            ConsiderWithin(change, day + OneDay, offset);
            Consider(between);
            if (next < day + OneDay)
                return next;
        }
        return null;

        void ConsiderWithin(DateTime start, DateTime end, TimeSpan offset)
        {
            foreach (var reading in _expression.Within(Later(start, after - OneMinute) + offset, end + offset))
            {
                var due = reading - offset;
                if (due > after && (_expression.IsInterval || due >= repeatedUntil))
                {
                    Consider(due);
                    return;
                }
            }
        }
    }

    /// <summary>What is due, beside the clock's readings, where it is changed; null for nothing.</summary>
    /// <param name="change">When its offset from UTC changes, from <paramref name="before"/> to <paramref name="offset"/>.</param>
    DateTime? AtChange(DateTime change, TimeSpan before, TimeSpan offset)
    {
        // The clock says one thing, and at once another.
        var (old, now) = (change + before, change + offset);
        var missed = First(old);
        if (!_expression.IsInterval)
            return missed < now ? change : null;

        // As long after the last one as it would have been without the change, unless one comes earlier by itself.
        if (missed is not { } unchanged || First(now) is { } next && next - now <= unchanged - old)
            return null;
        var isNormalWait = _expression.IsAllDay
            && _expression.Within(old - OneDay, old).Select(t => (DateTime?)t).LastOrDefault() is { } last
            && unchanged - last <= _expression.Step;
        return unchanged < now || isNormalWait ? change + (unchanged - old) : null;
    }

    /// <summary>The first reading from this on that matches, of the next two days.</summary>
    DateTime? First(DateTime reading) =>
        _expression.Within(reading, reading + OneDay + OneDay).Select(t => (DateTime?)t).FirstOrDefault();

    TimeSpan OffsetAt(DateTime moment) => _zone.GetUtcOffset(DateTime.SpecifyKind(moment, DateTimeKind.Utc));

    DateTime FirstWith(TimeSpan offset, DateTime without, DateTime with)
    {
        // The first of a day's minutes may have it already.
        if (OffsetAt(without) == offset)
            return without;
        while (with - without > OneMinute)
        {
            var middle = without + OneMinute * Math.Floor((with - without) / OneMinute / 2);
            (without, with) = OffsetAt(middle) == offset ? (without, middle) : (middle, with);
        }
        return with;
    }

    static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;
}
