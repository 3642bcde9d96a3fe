namespace BackupSync.Scheduling;

/// <summary>Lines for <c>crontab -e</c>.</summary>
/// <remarks><c>crontab(5)</c> of cronie and of Debian, which differ in <c>CRON_TZ</c>.</remarks>
static class Crontab
{
    /// <summary>Debian's cron takes no longer command.</summary>
    const int LongestCommand = 998;

    public static ScheduleFile Of(IReadOnlyList<ExportedRun> runs, string program, string config)
    {
        var lines = new List<string>
        {
            "# Lines for `crontab -e`. CRON_TZ is understood by cronie alone (Red Hat, SUSE, Arch). The cron of Debian and Ubuntu, and",
            "# most others, take the machine's own clock: there lines are right where `timedatectl` tells the zone that stands above them.",
            "# What a run prints is mailed; its exit code tells how it ended. Secrets stand in the environment file, for its owner alone.",
            "# Missed runs are not made up, jitter is not kept. Runs on one target exclude each other by its lock.",
        };
        foreach (var zone in runs.SelectMany(r => Lines(r, program, config)).GroupBy(l => l.Zone, l => l.Line))
        {
            lines.AddRange("", $"CRON_TZ={zone.Key}");
            lines.AddRange(zone);
        }
        lines.Add("");
        return new ScheduleFile("backupsync.crontab", string.Join('\n', lines));
    }

    static IEnumerable<(string Zone, string Line)> Lines(ExportedRun run, string program, string config)
    {
        string[] words = [program, .. run.Arguments, "--config", config];
        var command = $"set -a; [ ! -r \"$HOME/.config/backupsync/environment\" ] || . \"$HOME/.config/backupsync/environment\"; "
            + string.Join(' ', words.Select(Quoted));
        if (command.Length > LongestCommand)
            throw ScheduleExport.Refused(run, $"cron takes no command of more than {LongestCommand} characters.", "Shorten the paths.");
        foreach (var rule in CalendarRule.Of(run.Item))
        {
            var times = rule.ToCron() ?? throw ScheduleExport.Refused(
                run, rule.Seconds is [0] ? "cron would take either day for enough." : "cron knows no seconds.",
                rule.Seconds is [0] ? "Begin the day of month with *, such as */2." : "State whole minutes, such as 5m.");
            yield return (SystemdUnits.ZoneName(rule.Zone), $"{times}  {command}");
        }
    }

    /// <summary>For the shell, and for cron, to which a per cent sign ends the command.</summary>
    static string Quoted(string word) => (word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-:@+".Contains(c)) ? word
        : $"'{Printable.Line(word).Replace("'", "'\\''", StringComparison.Ordinal)}'").Replace("%", "\\%", StringComparison.Ordinal);
}
