using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using BackupSync.Configuration;
using BackupSync.Scheduling;
using Microsoft.Extensions.Time.Testing;
using YamlDotNet.Serialization;

namespace BackupSync.Tests.Scheduling;

[Trait("Needs", "nothing")]
public sealed partial class ScheduleExportTests : IDisposable
{
    const string Program = "/usr/bin/backup sync";
    const string Now = "2026-01-04 10:20:30";

    /// <summary>The name of a folder.</summary>
    const string Hostile = "it's 100% $HOME \"; touch hacked";

    static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(DateTimeOffset.Parse(Now + "Z", CultureInfo.InvariantCulture));

    public void Dispose() => _temp.Dispose();

    [SkippableTheory]
    [InlineData("cron: \"0 6,18 * * *\"")]
    [InlineData("cron: \"0 6,18 * * *\", timeZone: Asia/Kolkata")]
    [InlineData("cron: \"*/15 * * * *\", timeZone: Europe/Berlin")]
    [InlineData("cron: \"7-59/20 1-22/3 * * *\"")]
    [InlineData("cron: \"30 4 1,15 * FRI\"")]
    [InlineData("cron: \"30 4 31 * 0\"")]
    [InlineData("cron: \"30 4 */2 * MON-FRI\"")]
    [InlineData("cron: \"0 0 29 2 *\"")]
    [InlineData("cron: \"5 4 * JAN,JUL SUN\", timeZone: America/New_York")]
    [InlineData("every: 1s")]
    [InlineData("every: 30s")]
    [InlineData("every: 90s")]
    [InlineData("every: 5m")]
    [InlineData("every: 45m")]
    [InlineData("every: 6h")]
    [InlineData("every: 1d")]
    [InlineData("every: 7d")]
    public void Systemd_comes_due_when_we_do(string schedule)
    {
        var config = Configured(schedule);
        var calendars = Lines(Make(config, OtherScheduler.Systemd), "OnCalendar=");

        var theirs = calendars.SelectMany(SystemdTimes).Distinct().Order().Take(20);

        Assert.Equal(Schedules.Next(config.Jobs[0].Schedule!, _clock.GetUtcNow(), 20), theirs);
    }

    [SkippableFact]
    public void Units_are_what_systemd_takes()
    {
        var config = Configured("cron: \"0 6 * * *\", timeZone: Europe/Berlin, jitter: 30s", "a.B", Hostile);
        var files = Make(config, OtherScheduler.Systemd, "/usr/bin/env");
        var paths = ScheduleExport.Write(files, _temp.Path, overwrite: false);

        var (output, exitCode) = Systemd(["verify", "--man=no", .. paths]);

        Assert.DoesNotContain("backupsync-", output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
        Assert.Matches(@"^backupsync-sync-a-b-[0-9a-f]{6}\.service$", files[0].Name);
        Assert.Contains(
            @$"ExecStart=/usr/bin/env sync a.B --config ""{_temp.Path}/it's 100%% $$HOME \""; touch hacked/backupsync.yml""", files[0].Text,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cron: \"0 6,18 * * *\"", "0 6,18 * * *")]
    [InlineData("cron: \"5/20 */2 * * *\"", "5,25,45 */2 * * *")]
    [InlineData("cron: \"0,30 0,12 * * *\"", "0,30 0,12 * * *")]
    [InlineData("cron: \"30 4 1-31/2 * FRI-SUN\"", "30 4 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * 0,5,6")]
    [InlineData("cron: \"30 4 */2 * MON-FRI\"", "30 4 */2 * 1-5")]
    [InlineData("cron: \"30 4 1-31 * MON\"", "30 4 * * *")]
    [InlineData("every: 5m", "*/5 * * * *")]
    [InlineData("every: 6h", "0 */6 * * *")]
    [InlineData("every: 7d", "0 0 * * 4")]
    [InlineData("every: 45m", "*/45 */3 * * *", "30 1,4,7,10,13,16,19,22 * * *", "15 2,5,8,11,14,17,20,23 * * *")]
    public void Cron_comes_due_when_we_do(string schedule, params string[] expected)
    {
        var config = Configured(schedule);
        var lines = Lines(Make(config, OtherScheduler.Cron), "").SkipWhile(l => l != "CRON_TZ=UTC").Skip(1).Where(l => l.Length > 0);

        Assert.Equal(expected.Order(StringComparer.Ordinal).Select(e => e + "  set -a;"),
            lines.Select(l => l[..(l.IndexOf("set -a;", StringComparison.Ordinal) + 7)]).Order(StringComparer.Ordinal));
        var theirs = expected.Select(e => new ScheduleConfig { Cron = e })
            .SelectMany(e => Schedules.Next(e, _clock.GetUtcNow(), 20)).Order().Take(20);
        Assert.Equal(Schedules.Next(config.Jobs[0].Schedule!, _clock.GetUtcNow(), 20), theirs);
    }

    [Fact]
    public void A_crontab_states_its_zones_and_runs_what_was_meant()
    {
        var config = Configured("cron: \"0 6 * * *\", timeZone: Europe/Berlin", "copy", Hostile);
        var text = Make(config, OtherScheduler.Cron, "/bin/echo").Single().Text;
        var line = text.Split('\n').SkipWhile(l => l != "CRON_TZ=Europe/Berlin").ElementAt(1);
        // What cron hands to the shell: a per cent sign that is not escaped would end it.
        Assert.DoesNotMatch(@"(?<!\\)%", line);
        var command = line[line.IndexOf("set -a", StringComparison.Ordinal)..].Replace(@"\%", "%", StringComparison.Ordinal);

        var (output, exitCode) = Run("/bin/sh", ["-c", command]);

        Assert.Equal($"sync copy --config {config.Path}\n", output);
        Assert.Equal(0, exitCode);
    }

    [Theory]
    [InlineData(OtherScheduler.Systemd, "every: 7m", "it is no part of a day")]
    [InlineData(OtherScheduler.Systemd, "every: 1500ms", "it is no part of a day")]
    [InlineData(OtherScheduler.Cron, "every: 30s", "cron knows no seconds")]
    [InlineData(OtherScheduler.Cron, "every: 2d", "it is no part of a day")]
    [InlineData(OtherScheduler.Kubernetes, "every: 45m", "one schedule of whole minutes")]
    [InlineData(OtherScheduler.Kubernetes, "cron: \"0 0 */2 * 1\"", "takes either day for enough")]
    [InlineData(OtherScheduler.TaskScheduler, "every: 30s", "repeats every minute to every 31 days")]
    [InlineData(OtherScheduler.TaskScheduler, "cron: \"0 6 * * *\", timeZone: Asia/Tokyo", "machine's own clock (Europe/Berlin)")]
    [InlineData(OtherScheduler.TaskScheduler, "cron: \"0 6 * * 1\"", "takes days as the machine's own clock")]
    [InlineData(OtherScheduler.TaskScheduler, "cron: \"0 6 1 * 1\", timeZone: Europe/Berlin", "twice on a day that is both")]
    [InlineData(OtherScheduler.TaskScheduler, "cron: \"*/7 * * * *\", timeZone: Europe/Berlin", "needs 216 triggers")]
    public void What_a_scheduler_cannot_say_is_refused(OtherScheduler scheduler, string schedule, string why)
    {
        var refusal = Assert.Throws<BackupSyncException>(() => Make(Configured(schedule), scheduler));

        Assert.Equal(ErrorIds.ConfigurationInvalid, refusal.ErrorId);
        Assert.Contains("the job copy", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("every: 5m", "TimeTrigger", "2026-01-04T10:25:00Z", "PT5M")]
    [InlineData("every: 7m", "TimeTrigger", "2026-01-04T10:22:00Z", "PT7M")]
    [InlineData("cron: \"0 6,18 * * *\"", "TimeTrigger", "2026-01-04T18:00:00Z", "PT12H")]
    [InlineData("cron: \"0 6,7 * * *\"", "CalendarTrigger", "2026-01-04T06:00:00Z 2026-01-04T07:00:00Z", "ScheduleByDay")]
    [InlineData("cron: \"0 6 * * 1-5\", timeZone: Europe/Berlin", "CalendarTrigger", "2026-01-04T06:00:00", "Monday Tuesday Wednesday")]
    [InlineData("cron: \"0 6 1 2 *\", timeZone: Europe/Berlin", "CalendarTrigger", "2026-01-04T06:00:00", "ScheduleByMonth February")]
    [InlineData("cron: \"0 6 * 2 1\", timeZone: Europe/Berlin", "CalendarTrigger", "2026-01-04T06:00:00", "Monday Last")]
    public void A_task_of_Windows_has_triggers_for_exactly_these_times(string schedule, string kind, string starts, string holds)
    {
        var file = Make(Configured(schedule), OtherScheduler.TaskScheduler).Single();
        var path = ScheduleExport.Write([file], _temp.Path, overwrite: false).Single();
        Assert.Equal(Encoding.Unicode.GetPreamble(), File.ReadAllBytes(path).Take(2));

        var triggers = XDocument.Load(path).Root!.Elements().Single(e => e.Name.LocalName == "Triggers").Elements().ToList();

        Assert.All(triggers, t => Assert.Equal(kind, t.Name.LocalName));
        Assert.Equal(
            starts.Split(' '), triggers.Select(t => t.Elements().Single(e => e.Name.LocalName == "StartBoundary").Value));
        foreach (var word in holds.Split(' '))
            Assert.Contains(word, triggers[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_of_Windows_calls_what_was_meant()
    {
        var config = Configured("every: 5m, overlap: queue, jitter: 30s", "copy", "a \"b\" <c> & \\");
        var task = XDocument.Parse(Make(config, OtherScheduler.TaskScheduler).Single().Text);
        string Of(string name) => task.Descendants().Single(e => e.Name.LocalName == name).Value;

        Assert.Equal(Program, Of("Command"));
        Assert.Equal($"sync copy --config \"{_temp.Path}/a \\\"b\\\" <c> & \\/backupsync.yml\"", Of("Arguments"));
        Assert.Equal(("Queue", "PT30S", "PT30M"), (Of("MultipleInstancesPolicy"), Of("RandomDelay"), Of("ExecutionTimeLimit")));
    }

    [Fact]
    public void Kubernetes_has_a_CronJob_for_each_job_and_each_database_of_a_plan()
    {
        var config = Configured("cron: \"0 6 * * *\", timeZone: Europe/Berlin, misfireGrace: 10m", "true");
        var files = Make(config, OtherScheduler.Kubernetes, "registry.example.com/backupsync:1");

        Assert.Equal(
            ["backupsync-sync-true.yaml", "backupsync-plan-nightly-one.yaml", "backupsync-plan-nightly-two.yaml"],
            files.Select(f => f.Name));
        var jobs = files.Select(f => new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(f.Text)).ToList();
        Assert.All(jobs, j => Assert.Equal("CronJob", j["kind"]));
        Assert.Equal(["0 6 * * *", "Europe/Berlin", "Forbid", "600"],
            new[] { "schedule", "timeZone", "concurrencyPolicy", "startingDeadlineSeconds" }.Select(k => At(jobs[0], $"spec {k}")));
        Assert.Equal(["15 2 * * *", "Etc/UTC"], new[] { "schedule", "timeZone" }.Select(k => At(jobs[1], $"spec {k}")));
        const string container = "spec jobTemplate spec template spec containers 0";
        Assert.Equal(
            ["sync", "true", "--config", "/var/lib/backupsync/backupsync.yml"], (IEnumerable<object>)At(jobs[0], $"{container} args"));
        Assert.Equal(["plan", "nightly", "--database", "two"], ((IEnumerable<object>)At(jobs[2], $"{container} args")).Take(4));
        Assert.Equal("true", At(jobs[0], $"{container} securityContext readOnlyRootFilesystem"));
        Assert.Equal("registry.example.com/backupsync:1", At(jobs[0], $"{container} image"));
        Assert.DoesNotContain("outside of the volume", files[0].Text, StringComparison.Ordinal);
        // A word that YAML would take for something else is quoted.
        Assert.Contains("\"true\"", files[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_become_the_same_differ_and_do_not_depend_on_what_is_chosen()
    {
        var config = Config("""
            jobs:
              a.b: { source: one, target: two, schedule: { every: 1h } }
              A_B: { source: one, target: two, schedule: { every: 1h } }
            """);
        var all = Make(config, OtherScheduler.Systemd).Select(f => f.Name).ToList();

        Assert.Equal(4, all.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(
            all.Skip(2),
            ScheduleExport.Make(config, ["A_B"], OtherScheduler.Systemd, null, _clock, Berlin).Select(f => f.Name));
    }

    [Fact]
    public void A_path_that_would_be_more_than_a_path_is_refused()
    {
        foreach (var scheduler in Enum.GetValues<OtherScheduler>())
        {
            var refusal = Assert.Throws<BackupSyncException>(() => Make(Configured("every: 1h"), scheduler, "backupsync\n* * * * * rm"));
            Assert.Contains("cannot stand in a file for a scheduler", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Files_are_private_hold_no_secret_and_replace_none_unasked()
    {
        foreach (var scheduler in Enum.GetValues<OtherScheduler>())
        {
            var files = Make(Configured("every: 1h"), scheduler);
            var folder = _temp.File($"{scheduler}/new");
            var paths = ScheduleExport.Write(files, folder, overwrite: false);

            Assert.All(paths, p => Assert.DoesNotContain("geheim", File.ReadAllText(p), StringComparison.Ordinal));
            foreach (var path in OperatingSystem.IsWindows() ? [] : paths)
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, ModeOf(path));
            File.Delete(paths[^1]);
            File.WriteAllText(paths[0], "mine");
            Assert.Equal(ErrorIds.FileFailed, Assert.Throws<BackupSyncException>(() => ScheduleExport.Write(files, folder, false)).ErrorId);
            Assert.Equal("mine", File.ReadAllText(paths[0]));
            ScheduleExport.Write(files, folder, overwrite: true);
            Assert.NotEqual("mine", File.ReadAllText(paths[0]));
        }
    }

    static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    static object At(object node, string path) => path.Split(' ').Aggregate(node, (n, key) => n switch
    {
        IDictionary<object, object> map => map[key],
        IDictionary<string, object> map => map[key],
        IList<object> list => list[int.Parse(key, CultureInfo.InvariantCulture)],
        _ => throw new InvalidOperationException(key),
    });

    IReadOnlyList<ScheduleFile> Make(BackupSyncConfig config, OtherScheduler scheduler, string? program = Program) =>
        ScheduleExport.Make(
            config, scheduler == OtherScheduler.Kubernetes ? [] : [.. config.Jobs.Select(j => j.Name)], scheduler, program, _clock, Berlin);

    static IEnumerable<string> Lines(IReadOnlyList<ScheduleFile> files, string prefix) => files.SelectMany(f => f.Text.Split('\n'))
        .Where(l => l.StartsWith(prefix, StringComparison.Ordinal)).Select(l => l[prefix.Length..]);

    BackupSyncConfig Configured(string schedule, string name = "copy", string folder = "") => Config(
        $$"""
        jobs:
          "{{name}}": { source: one, target: two, schedule: { {{schedule}} } }
        backupPlans:
          nightly: { databases: [one, two], schedule: { cron: "15 2 * * *" } }
        """, folder);

    BackupSyncConfig Config(string rest, string folder = "")
    {
        var file = _temp.Write(Path.Join(folder, "backupsync.yml"), $$"""
            databases:
              one: { url: "postgresql://app:geheim@one.example.com/app" }
              two: { url: "postgresql://app:geheim@two.example.com/app" }

            """ + rest);
        return ConfigurationFile.Load(file);
    }

    static List<DateTimeOffset> SystemdTimes(string calendar)
    {
        var (output, exitCode) = Systemd(["calendar", $"--base-time={Now} UTC", "--iterations=20", calendar]);
        Assert.True(exitCode == 0, output);
        return [.. Moment().Matches(output).Select(m => DateTimeOffset.ParseExact(
            m.Groups[1].Value, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal))];
    }

    static (string Output, int ExitCode) Systemd(IEnumerable<string> arguments)
    {
        Skip.IfNot(File.Exists("/usr/bin/systemd-analyze"), "systemd-analyze is not installed here.");
        return Run("/usr/bin/systemd-analyze", arguments);
    }

    static (string Output, int ExitCode) Run(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TZ"] = "UTC";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output + errors.GetAwaiter().GetResult(), process.ExitCode);
    }

    [GeneratedRegex(@"(?:Next elapse|Iter\. #\d+): \w+ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")]
    private static partial Regex Moment();
}
