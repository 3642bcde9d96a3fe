using BackupSync.Files;

namespace BackupSync.Configuration;

/// <summary>Reads the sync jobs of one file.</summary>
sealed class JobReader(IReadOnlyList<DatabaseConfig> databases, ToolsConfig tools, PlaceReader places)
{
    /// <summary>Null where its source or target could not be read, which is reported.</summary>
    public JobConfig? Read(string name, YamlSection job)
    {
        var defaults = new { Limits = new LimitsConfig(), Verify = new VerifyConfig(), Guards = new GuardsConfig() };
        var source = job.Reference("source", "database", "the name of the database that is copied", databases, d => d.Name);
        var target = job.Reference("target", "database", "the name of the database that becomes the copy", databases, d => d.Name);
        if (target is { Role: DatabaseRole.Production })
            job.Report("target", $"'{target.Name}' has the role production, and production is never a target");
        if (source is not null && source.Name == target?.Name)
            job.Report("target", $"must be another database than the source, not '{target.Name}' as well");

        var mode = job.Choice("mode", SyncMode.Full);
        var publish = job.Choice("publish", PublishMode.Auto);
        var parallel = job.Integer("parallel", 2, 1, 64);
        var schedule = job.Has("schedule") ? job.Section("schedule", ScheduleReader.Read) : null;
        var ping = AlertsReader.ReadPing(job);
        var tables = job.Texts("tables");
        var incremental = job.Section("incremental", IncrementalReader.Read);
        var limits = job.Section("limits", limits => CheckConnections(limits, new LimitsConfig
        {
            Connect = limits.Duration("connect", defaults.Limits.Connect, ScheduleReader.LongestLimit),
            Dump = limits.Duration("dump", defaults.Limits.Dump, ScheduleReader.LongestLimit),
            SafetyBackup = limits.Duration("safetyBackup", defaults.Limits.SafetyBackup, ScheduleReader.LongestLimit),
            Restore = limits.Duration("restore", defaults.Limits.Restore, ScheduleReader.LongestLimit),
            Total = limits.Duration("total", defaults.Limits.Total, ScheduleReader.LongestLimit),
            Blocking = ReadBlocking(limits),
            Connections = limits.Integer("connections", defaults.Limits.Connections, LimitsConfig.LeastWithoutWatch, 1000),
        }));
        var verify = job.Section("verify", verify => new VerifyConfig
        {
            Content = verify.Boolean("content", defaults.Verify.Content),
            Report = verify.Texts("report"),
            FullEvery = verify.Integer("fullEvery", defaults.Verify.FullEvery, 0, 1_000_000),
        });
        var guards = job.Section("guards", guards => new GuardsConfig
        {
            MinimumBackupSize = guards.Size("minimumBackupSize", defaults.Guards.MinimumBackupSize),
            MaximumShrink = guards.Percentage("maximumShrink", defaults.Guards.MaximumShrink),
        });
        var exclude = job.Section("exclude", exclude => new ExcludeConfig
        {
            Schemas = exclude.Texts("schemas"),
            Tables = exclude.Texts("tables"),
            Data = exclude.Texts("data"),
        });
        var backups = job.Section("backups", backups => ReadBackups(name, backups));

        return source is null || target is null ? null : new JobConfig
        {
            Name = name,
            SourceDatabase = source,
            TargetDatabase = target,
            Mode = mode,
            Publish = publish,
            Parallel = parallel,
            Schedule = schedule,
            Ping = ping,
            Tables = tables,
            Incremental = incremental,
            Limits = limits,
            Verify = verify,
            Guards = guards,
            Exclude = exclude,
            Backups = backups,
            Tools = tools,
        };
    }

    static LimitsConfig CheckConnections(YamlSection section, LimitsConfig limits)
    {
        if (limits.Connections < limits.LeastConnections)
        {
            section.Report("connections",
                $"must be at least {limits.LeastConnections}, not {limits.Connections}: one connection watches who waits for the run. "
                    + $"{limits.Connections} do with 'blocking: wait'");
        }
        return limits;
    }

    /// <summary>How long others may have to wait for a run; null for ever.</summary>
    public static TimeSpan? ReadBlocking(YamlSection limits) => limits.Value<TimeSpan?>(
        "blocking", new LimitsConfig().Blocking,
        (string text, out TimeSpan? value) =>
        {
            value = null;
            if (text.Equals("wait", StringComparison.OrdinalIgnoreCase))
                return true;
            var known = Durations.TryParse(text, out var time) && time >= ShortestBlocking && time <= LongestBlocking;
            value = time;
            return known;
        },
        $"{Durations.Allowed}, at least 1s and at most 1d, or wait", null,
        new DurationForm(ShortestBlocking, LongestBlocking), new WordForm("wait"));

    static readonly TimeSpan ShortestBlocking = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestBlocking = TimeSpan.FromDays(1);

    BackupsConfig ReadBackups(string job, YamlSection backups)
    {
        var defaults = new BackupsConfig { Directory = backups.FullPath(backups.Text("directory", $"backups/{job}")) };
        // Retention, and "the newest good backup", count by directory.
        var real = RealPath.Of(defaults.Directory);
        if (_directories.TryGetValue(real, out var other))
            backups.Report("directory", $"is the backup directory of the job '{other}' too; each job needs one of its own");
        else if (places.UserOf(defaults.Directory) is { } user)
            backups.Report("directory", $"is {user} too; each job needs one of its own");
        _directories.TryAdd(real, job);
        return defaults with
        {
            KeepDays = backups.Integer("keepDays", defaults.KeepDays, 0, 36_500),
            Compression = backups.Choice("compression", defaults.Compression),
        };
    }

    readonly Dictionary<string, string> _directories = new(RealPath.Comparer);
}
