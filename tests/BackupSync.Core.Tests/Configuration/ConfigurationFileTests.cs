using System.Text;
using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Tests.Configuration;

/// <summary>Good configurations, and how the file is found.</summary>
[Trait("Needs", "nothing")]
public sealed class ConfigurationFileTests : IDisposable
{
    readonly TempFolder _folder = new();
    readonly Dictionary<string, string> _environment = new()
    {
        ["RAILWAY_DATABASE_URL"] = "postgresql://postgres:pw1@roundhouse.proxy.rlwy.net:12345/railway",
        ["DATABASE_URL"] = "postgresql://owner:pw2@ep-cool-1.eu-central-1.aws.neon.tech/neondb?sslmode=require",
    };

    public void Dispose() => _folder.Dispose();

    string? Environment(string name) => _environment.GetValueOrDefault(name);

    BackupSyncConfig Load(string yaml) => ConfigurationFile.Load(_folder.Write("backupsync.yml", yaml), Environment);

    [Fact]
    public void Every_setting_is_read()
    {
        var config = Load("""
            databases:
              railway: { url: "${RAILWAY_DATABASE_URL}", role: production, provider: Railway }
              neon:    { url: "${DATABASE_URL}", role: backup }
              dev:     { url: "postgresql://dev@localhost/dev", role: development }
            tools: { postgresBin: [pg/bin, /opt/pg18/bin, "~/pg"] }
            jobs:
              railway-to-neon:
                source: railway
                target: neon
                mode: Incremental
                publish: transaction
                parallel: 4
                schedule: { cron: "0 6,18 * * *", timeZone: Europe/Berlin, misfireGrace: 5m }
                tables: [users, "app.custom_*"]
                incremental:
                  trackBy: { "audit_*": content, users: updatedat, "*": Auto }
                  updatedAtColumns: [changed]
                  lateness: 30s
                  batchSize: 50
                  deletes: false
                  conflict: lastWriteWins
                  onSchemaChange: stop
                limits: { connect: 10s, dump: 1m, safetyBackup: 2m, restore: 3m, total: 1h30m, connections: 8, blocking: Wait }
                verify: { content: false, report: [users, app.escrows], fullEvery: 12 }
                guards: { minimumBackupSize: 1KiB, maximumShrink: 12.5% }
                exclude: { schemas: [audit], tables: ["tmp_*"], data: [app.log] }
                backups: { directory: backups/railway_neon_sync, keepDays: 14, compression: zstd }
            """);

        Assert.Equal(System.IO.Path.Join(_folder.Path, "backupsync.yml"), config.Path);
        Assert.Equal(
            [("railway", DatabaseRole.Production), ("neon", DatabaseRole.Backup), ("dev", DatabaseRole.Development)],
            config.Databases.Select(d => (d.Name, d.Role)));
        Assert.Equal(DatabaseProvider.Railway, config.Database("railway").Provider);
        Assert.Null(config.Database("neon").Provider);
        Assert.Equal("pw1", config.Database("railway").Address.Password);
        var home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
        Assert.Equal(
            [System.IO.Path.Join(_folder.Path, "pg/bin"), "/opt/pg18/bin", System.IO.Path.Join(home, "pg")],
            config.Tools.PostgresBin);

        var job = Assert.Single(config.Jobs);
        Assert.Equal(("railway-to-neon", "railway", "neon"), (job.Name, job.Source, job.Target));
        Assert.Equal((SyncMode.Incremental, PublishMode.Transaction, 4), (job.Mode, job.Publish, job.Parallel));
        Assert.Equal(
            ("0 6,18 * * *", "Europe/Berlin", TimeSpan.FromMinutes(5)),
            (job.Schedule!.Cron, job.Schedule.TimeZone.Id, job.Schedule.MisfireGrace));
        Assert.Null(job.Schedule.Every);
        Assert.Equal(["users", "app.custom_*"], job.Tables);
        Assert.Equal([new("audit_*", TrackBy.Content), new("users", TrackBy.UpdatedAt), new("*", TrackBy.Auto)], job.Incremental.TrackBy);
        Assert.Equal(["changed"], job.Incremental.UpdatedAtColumns);
        Assert.Equal((TimeSpan.FromSeconds(30), 50, false), (job.Incremental.Lateness, job.Incremental.BatchSize, job.Incremental.Deletes));
        Assert.Equal((ConflictRule.LastWriteWins, SchemaChangeRule.Stop), (job.Incremental.Conflict, job.Incremental.OnSchemaChange));
        Assert.Equal(
            new LimitsConfig
            {
                Connect = TimeSpan.FromSeconds(10), Dump = TimeSpan.FromMinutes(1), SafetyBackup = TimeSpan.FromMinutes(2),
                Restore = TimeSpan.FromMinutes(3), Total = TimeSpan.FromMinutes(90), Connections = 8, Blocking = null,
            },
            job.Limits);
        Assert.False(job.Verify.Content);
        Assert.Equal(12, job.Verify.FullEvery);
        Assert.Equal(["users", "app.escrows"], job.Verify.Report);
        Assert.Equal(new GuardsConfig { MinimumBackupSize = 1024, MaximumShrink = 0.125 }, job.Guards);
        Assert.Equal(["audit"], job.Exclude.Schemas);
        Assert.Equal(["tmp_*"], job.Exclude.Tables);
        Assert.Equal(["app.log"], job.Exclude.Data);
        Assert.Equal(
            new BackupsConfig
            {
                Directory = System.IO.Path.Join(_folder.Path, "backups/railway_neon_sync"),
                KeepDays = 14,
                Compression = BackupCompression.Zstd,
            },
            job.Backups);
        Assert.Equal(config.Tools, job.Tools);
    }

    [Fact]
    public void Everything_has_a_default_but_source_target_and_urls()
    {
        var job = Assert.Single(Load("""
            databases: { a: { url: "postgresql://h/a" }, b: { url: "postgresql://h/b" } }
            jobs:
              nightly: { source: a, target: b }
            """).Jobs);

        Assert.Equal((DatabaseRole.Backup, DatabaseRole.Backup), (job.SourceDatabase.Role, job.TargetDatabase.Role));
        Assert.Equal((SyncMode.Full, PublishMode.Auto, 2), (job.Mode, job.Publish, job.Parallel));
        Assert.Null(job.Schedule);
        Assert.Empty(job.Tables);
        Assert.Empty(job.Incremental.TrackBy);
        Assert.Equal(["updated_at", "modified_at"], job.Incremental.UpdatedAtColumns);
        Assert.Equal((TimeSpan.FromMinutes(5), 1000, true), (job.Incremental.Lateness, job.Incremental.BatchSize, job.Incremental.Deletes));
        Assert.Equal((ConflictRule.SourceWins, SchemaChangeRule.Full), (job.Incremental.Conflict, job.Incremental.OnSchemaChange));
        Assert.Equal(new LimitsConfig(), job.Limits);
        Assert.True(job.Verify.Content);
        Assert.Equal(24, job.Verify.FullEvery);
        Assert.Empty(job.Verify.Report);
        Assert.Equal(new GuardsConfig(), job.Guards);
        Assert.Empty(job.Exclude.Schemas);
        Assert.Equal(new BackupsConfig { Directory = System.IO.Path.Join(_folder.Path, "backups", "nightly") }, job.Backups);
        Assert.Empty(job.Tools.PostgresBin);
    }

    [Fact]
    public void Empty_sections_are_defaults()
    {
        var config = Load("""
            databases: { a: { url: "postgresql://h/a" }, b: { url: "postgresql://h/b" } }
            tools:
            jobs:
              nightly:
                source: a
                target: b
                limits:
                tables:
                incremental: { trackBy: , updatedAtColumns: }
                verify: { report: }
                exclude: {}
            """);

        Assert.Equal(new LimitsConfig(), config.Job("nightly").Limits);
        Assert.Empty(config.Job("nightly").Tables);
        Assert.Empty(config.Job("nightly").Incremental.TrackBy);
        Assert.Equal(["updated_at", "modified_at"], config.Job("nightly").Incremental.UpdatedAtColumns);
        Assert.Empty(config.Job("nightly").Verify.Report);
    }

    /// <summary>The job with the given setting.</summary>
    JobConfig With(string setting) => Load($$"""
        databases: { a: { url: "postgresql://h/a" }, b: { url: "postgresql://h/b" } }
        jobs: { j: { source: a, target: b, {{setting}} } }
        """).Job("j");

    [Theory]
    [InlineData("auto", TrackBy.Auto)]
    [InlineData("updatedAt", TrackBy.UpdatedAt)]
    [InlineData("CONTENT", TrackBy.Content)]
    public void One_way_of_tracking_is_that_of_all_tables(string word, TrackBy way) =>
        Assert.Equal([new TrackByRule("*", way)], With($"incremental: {{ trackBy: {word} }}").Incremental.TrackBy);

    [Theory]
    [InlineData("lateness: 0", 0)]
    [InlineData("lateness: 0s", 0)]
    [InlineData("lateness: 30d", 30 * 86_400)]
    public void Lateness_may_be_nothing(string setting, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), With($"incremental: {{ {setting} }}").Incremental.Lateness);

    [Fact]
    public void Numbers_may_be_as_small_and_as_large_as_is_said()
    {
        Assert.Equal(
            (1, 1_000_000),
            (With("incremental: { batchSize: 1 }").Incremental.BatchSize, With("incremental: { batchSize: "
                + "1000000 }").Incremental.BatchSize));
        Assert.Equal(
            (0, 1_000_000),
            (With("verify: { fullEvery: 0 }").Verify.FullEvery, With("verify: { fullEvery: 1000000 }").Verify.FullEvery));
    }

    [Fact]
    public void Tables_without_stamps_are_fine_where_the_source_wins() =>
        Assert.Empty(With("incremental: { updatedAtColumns: [] }").Incremental.UpdatedAtColumns);

    [Theory]
    [InlineData("1s", 1)]
    [InlineData("5m", 300)]
    [InlineData("30d", 30 * 86_400)]
    public void Schedule_can_be_an_interval(string every, int seconds)
    {
        var schedule = With($"schedule: {{ every: {every}, misfireGrace: 0 }}").Schedule!;

        Assert.Equal((TimeSpan.FromSeconds(seconds), TimeSpan.Zero), (schedule.Every, schedule.MisfireGrace));
        Assert.Null(schedule.Cron);
    }

    [Fact]
    public void Anchors_and_aliases_work()
    {
        var config = Load("""
            databases: { a: { url: "postgresql://h/a" }, b: { url: "postgresql://h/b" }, c: { url: "postgresql://h/c" } }
            jobs:
              one: { source: a, target: b, limits: &slow { dump: 1h } }
              two: { source: a, target: c, limits: *slow }
            """);

        Assert.Equal(TimeSpan.FromHours(1), config.Job("two").Limits.Dump);
    }

    [Theory]
    [InlineData("${HOST}", "db.example")]
    [InlineData("${HOST:-other}", "db.example")]
    [InlineData("${NOT_SET:-other}", "other")]
    [InlineData("${EMPTY:-other}", "other")]
    [InlineData("x${EMPTY}y", "xy")]
    [InlineData("${NOT_SET:-}z", "z")]
    [InlineData("a.${HOST}.${NOT_SET:-b}", "a.db.example.b")]
    [InlineData("$HOST", "$HOST")]
    [InlineData("$${HOST}", "${HOST}")]
    [InlineData("$$", "$$")]
    [InlineData("${NESTED}", "${HOST}")]
    public void Environment_is_expanded(string text, string expected)
    {
        (_environment["HOST"], _environment["EMPTY"], _environment["NESTED"]) = ("db.example", "", "${HOST}");
        var job = Load($$"""
            databases: { a: { url: "postgresql://h/a" }, b: { url: "postgresql://h/b" } }
            jobs: { nightly: { source: a, target: b, verify: { report: ["{{text}}"] } } }
            """).Job("nightly");

        Assert.Equal([expected], job.Verify.Report);
    }

    [Fact]
    public void Typed_values_can_come_from_the_environment()
    {
        _environment["DAYS"] = "30";
        var job = Load("""
            databases: { a: { url: "postgresql://h/a" }, b: { url: "postgresql://h/b" } }
            jobs: { nightly: { source: "${SOURCE:-a}", target: b, parallel: "${PARALLEL:-3}", backups: { keepDays: "${DAYS}" } } }
            """).Job("nightly");

        Assert.Equal(("a", 3, 30), (job.Source, job.Parallel, job.Backups.KeepDays));
    }

    [Theory]
    [InlineData(null, "the environment variable DATABASE_URL is not set")]
    [InlineData("", "${DATABASE_URL} is empty")]
    [InlineData(
        "postgresql://u:Zq7@Wk9@h/d",
        "The connection string holds a second '@': one that belongs to the user or password is written %40.")]
    public void Url_that_the_environment_lacks_fails_only_the_database_it_is_of(string? value, string message)
    {
        _environment.Remove("DATABASE_URL");
        if (value is not null)
            _environment["DATABASE_URL"] = value;
        var path = _folder.Write("backupsync.yml", """
            databases:
              railway: { url: "${RAILWAY_DATABASE_URL}", role: production }
              neon: { url: "${DATABASE_URL}" }
            jobs: { nightly: { source: railway, target: neon } }
            """);

        var config = ConfigurationFile.Load(path, Environment);

        Assert.Equal("railway", config.Database("railway").Address.Database);
        var problem = new ConfigurationProblem(path, 3, 16, "databases.neon.url", message);
        Assert.Equal(problem, config.Database("neon").AddressProblem);
        Assert.Equal([problem], Assert.Throws<ConfigurationException>(() => config.Job("nightly").TargetDatabase.Address).Problems);
        Assert.Equal([problem], ConfigurationFile.Check(path, Environment));
        Assert.DoesNotContain("Zq7", problem.ToString());
        Assert.DoesNotContain("Wk9", config.ToString());
    }

    [Fact]
    public void Nothing_shows_a_password()
    {
        var config = Load("""
            databases: { a: { url: "postgresql://u:Zq7Wk9@h/a" }, b: { url: "${DATABASE_URL}" } }
            jobs: { nightly: { source: a, target: b } }
            """);

        Assert.DoesNotContain("Zq7Wk9", config.Job("nightly").ToString());
        Assert.DoesNotContain("Zq7Wk9", config.Database("a").ToString());
        Assert.DoesNotContain("Zq7Wk9", System.Text.Json.JsonSerializer.Serialize(config.Database("a").Address));
        Assert.Contains("postgresql://u:***@h:5432/a", config.Database("a").ToString());
    }

    [Fact]
    public void Starter_is_valid_once_its_variables_are_set()
    {
        var path = _folder.Write("backupsync.yml", ConfigurationFile.Starter);

        Assert.Empty(ConfigurationFile.Check(path, Environment));
        var job = ConfigurationFile.Load(path, Environment).Job("railway-to-neon");
        Assert.Equal(("railway", "neon", DatabaseRole.Production), (job.Source, job.Target, job.SourceDatabase.Role));

        Assert.Equal(
            ["databases.railway.url: the environment variable RAILWAY_DATABASE_URL is not set", "databases.neon.url: the environment "
                + "variable DATABASE_URL is not set"],
            ConfigurationFile.Check(path, _ => null).Select(p => $"{p.Key}: {p.Message}"));
    }

    [Fact]
    public void Starter_with_every_comment_taken_off_is_valid_too()
    {
        _environment["BACKUPSYNC_PASSPHRASE"] = "correct horse battery";
        _environment["SLACK_WEBHOOK"] = "https://hooks.slack.com/services/x";
        var path = _folder.Write("backupsync.yml", StarterSamples.WithoutComments());

        Assert.Contains("\ntools:", File.ReadAllText(path));
        Assert.Empty(ConfigurationFile.Check(path, Environment));
        var config = ConfigurationFile.Load(path, Environment);
        Assert.Equal((DatabaseProvider.Neon, "critical"), (config.Database("neon").Provider, config.Database("neon").Tier?.Name));
        Assert.Equal(["local", "offsite"], config.Places.Select(p => p.Name));
        Assert.Equal("correct horse battery", config.Encryption!.Passphrase.Reveal());
        Assert.Equal(["railway", "neon"], config.BackupPlan("nightly").Databases.Select(d => d.Name));
        Assert.Equal(["slack", "smtp"], config.Alerts.Channels.Select(c => c.Kind));

        Assert.Contains("\n    incremental:\n      trackBy: auto ", File.ReadAllText(path));
        var job = config.Job("railway-to-neon");
        Assert.Equal((SyncMode.Full, PublishMode.Auto, 2), (job.Mode, job.Publish, job.Parallel));
        Assert.Empty(job.Tables);
        Assert.Equal([new TrackByRule("*", TrackBy.Auto)], job.Incremental.TrackBy);
        var defaults = new IncrementalConfig();
        Assert.Equal(defaults.UpdatedAtColumns, job.Incremental.UpdatedAtColumns);
        Assert.Equal(defaults, job.Incremental with { TrackBy = defaults.TrackBy, UpdatedAtColumns = defaults.UpdatedAtColumns });
        Assert.Equal(new VerifyConfig(), job.Verify with { Report = [] });
    }

    [Fact]
    public void File_in_utf16_as_windows_powershell_writes_it_is_read()
    {
        var path = System.IO.Path.Join(_folder.Path, "backupsync.yml");
        File.WriteAllText(path, "databases: { a: { url: \"postgresql://h/a\" } }", Encoding.Unicode);

        Assert.Single(ConfigurationFile.Load(path, Environment).Databases);
    }

    [Fact]
    public void Named_file_comes_before_the_variable_and_that_before_the_folders()
    {
        var inFolder = _folder.Write("backupsync.yml", "");
        var below = System.IO.Path.Join(_folder.Path, "a", "b");
        Directory.CreateDirectory(below);

        Assert.Equal(inFolder, ConfigurationFile.Find(null, Environment, below));
        _environment["BACKUPSYNC_CONFIG"] = "by-variable.yml";
        Assert.Equal(System.IO.Path.Join(below, "by-variable.yml"), ConfigurationFile.Find(null, Environment, below));
        Assert.Equal(System.IO.Path.Join(below, "named.yml"), ConfigurationFile.Find("named.yml", Environment, below));
        Assert.Equal("/etc/named.yml", ConfigurationFile.Find("/etc/named.yml", Environment, below));
    }

    [Fact]
    public void Nearest_folder_wins_and_yml_comes_before_yaml()
    {
        _folder.Write("backupsync.yml", "");
        var yaml = _folder.Write("a/backupsync.yaml", "");
        var below = System.IO.Path.Join(_folder.Path, "a", "b");
        Directory.CreateDirectory(below);
        Assert.Equal(yaml, ConfigurationFile.Find(null, Environment, below));

        var yml = _folder.Write("a/backupsync.yml", "");
        Assert.Equal(yml, ConfigurationFile.Find(null, Environment, below));
    }

    [Fact]
    public void Where_nothing_is_found_the_error_says_where_it_was_looked_for()
    {
        Assert.Null(ConfigurationFile.Find(null, Environment, _folder.Path));

        var exception = Assert.Throws<BackupSyncException>(() => ConfigurationFile.Locate(null, Environment, _folder.Path));
        Assert.Equal(ErrorIds.ConfigurationNotFound, exception.ErrorId);
        Assert.Equal(
            $"There is no configuration: backupsync.yml or backupsync.yaml is neither in {_folder.Path} nor in a folder above it that "
                + "is yours, and BACKUPSYNC_CONFIG is not set.",
            exception.Message);
        Assert.NotNull(exception.Advice);
    }

    [Fact]
    public void Unknown_database_or_job_is_answered_with_the_nearest_name()
    {
        var config = Load("databases: { railway: { url: 'postgresql://h/a' } }");

        var exception = Assert.Throws<BackupSyncException>(() => config.Database("railwy"));
        Assert.Equal(ErrorIds.UnknownName, exception.ErrorId);
        Assert.EndsWith("Did you mean 'railway'?", exception.Message);
        Assert.EndsWith("It has no jobs.", Assert.Throws<BackupSyncException>(() => config.Job("x")).Message);
    }
}
