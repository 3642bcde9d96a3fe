using System.Globalization;
using BackupSync.Configuration;

namespace BackupSync.Scheduling;

/// <summary>A service and a timer for systemd (247 or newer).</summary>
/// <remarks>https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html, "Calendar Events".</remarks>
static class SystemdUnits
{
    static readonly string[] Weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    /// <summary>What <c>ProtectHome</c> hides.</summary>
    static readonly string[] Homes = ["/home/", "/root/", "/run/user/"];

    public static IEnumerable<ScheduleFile> Of(ExportedRun run, string program, string config)
    {
        yield return new ScheduleFile($"{run.Id}.service", Service(run, program, config));
        yield return new ScheduleFile($"{run.Id}.timer", Timer(run));
    }

    /// <summary>As <c>OnCalendar</c> has it; a rule of which either day is enough is two of them.</summary>
    public static IEnumerable<string> Calendar(CalendarRule rule)
    {
        if (rule.IsEitherDay)
            return Calendar(rule with { IsEitherDay = false, Days = null })
                .Concat(Calendar(rule with { IsEitherDay = false, Weekdays = null }));
        var weekdays = rule.Weekdays is null ? "" : string.Join(',', rule.Weekdays.Select(d => Weekdays[d])) + " ";
        var day = $"{weekdays}*-{List(rule.Months, 12)}-{List(rule.Days, 31)}";
        var time = $"{List(rule.Hours, 24)}:{List(rule.Minutes, 60)}:{List(rule.Seconds, 60)}";
        return [$"{day} {time} {ZoneName(rule.Zone)}"];
    }

    /// <summary>The name that is used everywhere but on Windows.</summary>
    public static string ZoneName(TimeZoneInfo zone) =>
        zone.HasIanaId || !TimeZoneInfo.TryConvertWindowsIdToIanaId(zone.Id, out var name) ? zone.Id : name;

    static string Service(ExportedRun run, string program, string config)
    {
        var isAtHome = run.Folders.Append(config).Any(f => Homes.Any(h => f.StartsWith(h, StringComparison.Ordinal)));
        return $"""
            # systemctl start {run.Id}.service        one run now
            # journalctl -u {run.Id}                  what it said

            [Unit]
            Description={Escape(run.Title)}
            Wants=network-online.target
            After=network-online.target

            [Service]
            Type=oneshot
            User=backupsync
            WorkingDirectory={Escape(Path.GetDirectoryName(config)!)}
            ExecStart={string.Join(' ', new[] { program }.Concat(run.Arguments).Concat(["--config", config]).Select(Word))}

            # What the configuration takes from the environment, such as DATABASE_URL=…: owned by root with mode 0600.
            EnvironmentFile=-/etc/backupsync/environment

            # Another run is in progress: that one does the work.
            SuccessExitStatus=5

            # A run ends by its own limits. Being stopped, it brings the target back first.
            TimeoutStartSec={Seconds(run.Limit)}
            TimeoutStopSec=10min
            KillMode=mixed

            UMask=0077
            ProtectSystem=strict
            # They have to be there, and belong to the user.
            ReadWritePaths={string.Join(' ', run.Folders.Select(Quoted))}
            ProtectHome={(isAtHome ? "no" : "yes")}
            PrivateTmp=yes
            PrivateDevices=yes
            ProtectKernelTunables=yes
            ProtectKernelModules=yes
            ProtectControlGroups=yes
            RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
            RestrictSUIDSGID=yes
            LockPersonality=yes
            NoNewPrivileges=yes

            """.ReplaceLineEndings("\n");
    }

    static string Timer(ExportedRun run)
    {
        var rules = CalendarRule.Of(run.Item);
        var isMadeUp = run.Schedule.CatchUp == CatchUp.One;
        var lines = new List<string>
        {
            $"# systemctl enable --now {run.Id}.timer",
            "",
            "[Unit]",
            $"Description={Escape($"{run.Title} ({run.Schedule})")}",
            "",
            "[Timer]",
        };
        if (rules.FirstOrDefault(r => r.Zone.SupportsDaylightSavingTime) is { } moving)
            lines.AddRange(
                $"# Where the clock of {moving.Zone.Id} is changed, systemd leaves out the times that it jumps over and, of what",
                "# runs every so often, the second pass of an hour that comes twice. `backupsync serve` does not.");
        lines.AddRange(rules.SelectMany(Calendar).Select(c => $"OnCalendar={c}"));
        lines.Add("AccuracySec=1s");
        if (run.Schedule.Jitter > TimeSpan.Zero)
            lines.AddRange(
                "# The same each time on one machine.", $"RandomizedDelaySec={Seconds(run.Schedule.Jitter)}", "FixedRandomDelay=true");
        lines.AddRange(
            isMadeUp
                ? "# A run that the machine slept through is made up for when it is back, however late: misfireGrace is not systemd's."
                : "# A run that the machine slept through is left out.",
            $"Persistent={(isMadeUp ? "true" : "false")}",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "");
        return string.Join('\n', lines);
    }

    static string List(IReadOnlyList<int>? values, int all) => values is null || values.Count == all ? "*"
        : string.Join(',', values.Select(v => v.ToString("00", CultureInfo.InvariantCulture)));

    static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds)}s");

    /// <summary>A word of a command, in which systemd looks for variables, too.</summary>
    static string Word(string text) => IsPlain(text) ? text : Quoted(text).Replace("$", "$$", StringComparison.Ordinal);

    static string Quoted(string text) => IsPlain(text) ? text
        : $"\"{Escape(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    static bool IsPlain(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "/._-:@+".Contains(c));

    /// <summary>A per cent sign begins a specifier.</summary>
    static string Escape(string text) => Printable.Line(text).Replace("%", "%%", StringComparison.Ordinal);
}
