using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using BackupSync.Configuration;

namespace BackupSync.Scheduling;

/// <summary>A task for Windows' Task Scheduler: <c>schtasks /create /xml FILE /tn NAME</c>.</summary>
/// <remarks>https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema</remarks>
static class WindowsTask
{
    static readonly XNamespace Ns = "http://schemas.microsoft.com/windows/2004/02/mit/task";

    /// <summary>A task takes no more triggers.</summary>
    const int MostTriggers = 48;

    static readonly TimeSpan ShortestRepetition = TimeSpan.FromMinutes(1);
    static readonly TimeSpan LongestRepetition = TimeSpan.FromDays(31);

    public static ScheduleFile Of(ExportedRun run, string program, string config, TimeProvider clock, TimeZoneInfo machine)
    {
        var triggers = Triggers(run, clock.GetUtcNow(), machine).ToList();
        if (triggers.Count > MostTriggers)
            throw ScheduleExport.Refused(
                run, $"it needs {triggers.Count} triggers, and a task takes {MostTriggers}.", "State every, such as 5m, or fewer times.");
        var isLocal = triggers.Any(t => !t.Element(Ns + "StartBoundary")!.Value.EndsWith('Z'));
        var task = new XElement(
            Ns + "Task", new XAttribute("version", "1.3"),
            Element("RegistrationInfo",
                Text("Description", $"{run.Title} ({run.Schedule}){(isLocal ? $"; the machine's clock is that of {machine.Id}" : "")}"),
                Text("URI", $@"\{run.Id}")),
            Element("Triggers", [.. triggers]),
            // Whoever registers it says as whom it runs: schtasks /ru.
            Element("Principals",
                new XElement(Ns + "Principal", new XAttribute("id", "Author"), Text("RunLevel", "LeastPrivilege"))),
            Element("Settings",
                Text("MultipleInstancesPolicy", run.Schedule.Overlap == Overlap.Queue ? "Queue" : "IgnoreNew"),
                Text("DisallowStartIfOnBatteries", "false"),
                Text("StopIfGoingOnBatteries", "false"),
                Text("StartWhenAvailable", run.Schedule.CatchUp == CatchUp.One ? "true" : "false"),
                Text("RunOnlyIfNetworkAvailable", "true"),
                Text("ExecutionTimeLimit", XmlConvert.ToString(run.Limit))),
            new XElement(Ns + "Actions", new XAttribute("Context", "Author"), Element("Exec",
                Text("Command", program),
                Text("Arguments", string.Join(' ', run.Arguments.Concat(["--config", config]).Select(Quoted))),
                Text("WorkingDirectory", Path.GetDirectoryName(config)!))));
        var text = $"<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n{task}\n";
        return new ScheduleFile($"{run.Id}.xml", text.ReplaceLineEndings("\r\n"));
    }

    static IEnumerable<XElement> Triggers(ExportedRun run, DateTimeOffset now, TimeZoneInfo machine)
    {
        if (run.Schedule.Every is { } every)
        {
            if (every < ShortestRepetition || every > LongestRepetition)
                throw ScheduleExport.Refused(run, "a task repeats every minute to every 31 days.", "State a length between them.");
            return [Repeating(run, run.Schedule.Next(now)!.Value, every)];
        }
        var rule = CalendarRule.Of(run.Item).Single();
        var times = (from hour in rule.Hours from minute in rule.Minutes select new TimeSpan(hour, minute, 0)).ToList();
        var step = (times.Count > 1 ? times[1] : times[0] + TimeSpan.FromDays(1)) - times[0];
        var isEven = times.Zip(times.Skip(1).Append(times[0] + TimeSpan.FromDays(1))).All(t => t.Second - t.First == step);
        var isUtc = rule.Zone.HasSameRules(TimeZoneInfo.Utc);
        // Counted from a moment, in real time: what is due every so often in UTC is that.
        if (rule.IsEveryDay && isEven && isUtc)
            return [Repeating(run, run.Schedule.Next(now)!.Value, step)];
        if (!isUtc && !rule.Zone.HasSameRules(machine))
            throw ScheduleExport.Refused(
                run, $"Windows' scheduler knows the machine's own clock ({machine.Id}) and UTC, and not that of {rule.Zone.Id}.",
                "Export it where it is to run, or state another timeZone.");
        if (isUtc && !rule.IsEveryDay && !machine.HasSameRules(TimeZoneInfo.Utc))
            throw ScheduleExport.Refused(
                run, $"Windows' scheduler takes days as the machine's own clock ({machine.Id}) has them, and not as UTC.",
                "State the machine's timeZone.");
        if (rule.Days is not null && rule.Weekdays is not null)
            throw ScheduleExport.Refused(
                run, rule.IsEitherDay ? "a task would start twice on a day that is both." : "a task has no days that are both.",
                "State day of month or day of week.");
        var today = TimeZoneInfo.ConvertTime(now, rule.Zone).Date;
        return times.Select(time => new XElement(
            Ns + "CalendarTrigger", Text("StartBoundary", $"{today + time:yyyy-MM-dd'T'HH:mm:ss}{(isUtc ? "Z" : "")}"),
            Delay(run), Days(rule)));
    }

    static XElement Repeating(ExportedRun run, DateTimeOffset first, TimeSpan every) => new(
        Ns + "TimeTrigger", Element("Repetition", Text("Interval", XmlConvert.ToString(every))),
        Text("StartBoundary", first.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)), Delay(run));

    static XElement? Delay(ExportedRun run) =>
        run.Schedule.Jitter > TimeSpan.Zero ? Text("RandomDelay", XmlConvert.ToString(run.Schedule.Jitter)) : null;

    static XElement Days(CalendarRule rule)
    {
        var weekdays = Element("DaysOfWeek", [.. (rule.Weekdays ?? []).Select(d => Element($"{(DayOfWeek)d}"))]);
        var months = Element("Months", [.. (rule.Months ?? [.. Enumerable.Range(1, 12)])
            .Select(m => Element(CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(m)))]);
        if (rule.Weekdays is null && rule.IsEveryDay)
            return Element("ScheduleByDay", Text("DaysInterval", "1"));
        if (rule.Weekdays is null)
            return Element("ScheduleByMonth",
                Element("DaysOfMonth", [.. (rule.Days ?? [.. Enumerable.Range(1, 31)]).Select(d => Text("Day", $"{d}"))]), months);
        return rule.Months is null
            ? Element("ScheduleByWeek", Text("WeeksInterval", "1"), weekdays)
            : Element("ScheduleByMonthDayOfWeek",
                Element("Weeks", [.. new[] { "1", "2", "3", "4", "Last" }.Select(w => Text("Week", w))]), weekdays, months);
    }

    static XElement Element(string name, params XElement?[] content) => new(Ns + name, content);

    static XElement Text(string name, string text) => new(Ns + name, Printable.Line(text));

    /// <summary>As programs take their command line apart on Windows: a backslash counts only before a quotation mark.</summary>
    static string Quoted(string word)
    {
        if (word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "\\/._-:@+".Contains(c)))
            return word;
        var quoted = new StringBuilder("\"");
        var backslashes = 0;
        foreach (var c in word)
        {
            quoted.Append('\\', c == '"' ? backslashes + 1 : 0).Append(c);
            backslashes = c == '\\' ? backslashes + 1 : 0;
        }
        return quoted.Append('\\', backslashes).Append('"').ToString();
    }
}
