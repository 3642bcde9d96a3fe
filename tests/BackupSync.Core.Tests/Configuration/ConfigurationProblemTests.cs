using System.Text;
using BackupSync.Configuration;

namespace BackupSync.Tests.Configuration;

/// <summary>Configurations with mistakes: which are told, and where they are said to be.</summary>
[Trait("Needs", "nothing")]
public sealed class ConfigurationProblemTests : IDisposable
{
    const string Databases = "databases: { a: { url: 'postgresql://h/a' }, b: { url: 'postgresql://h/b' }, prod: { url: "
        + "'postgresql://h/p', role: production } }\n";

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    IReadOnlyList<ConfigurationProblem> Problems(string yaml)
    {
        var path = _folder.Write("backupsync.yml", yaml);
        var exception = Assert.Throws<ConfigurationException>(() => ConfigurationFile.Load(path, _ => null));
        Assert.Equal(exception.Problems, ConfigurationFile.Check(path, _ => null));
        Assert.Equal(ErrorIds.ConfigurationInvalid, exception.ErrorId);
        Assert.All(exception.Problems, p => Assert.Contains(p.ToString(), exception.Message));
        return exception.Problems;
    }

    string Only(string yaml)
    {
        var problem = Assert.Single(Problems(yaml));
        Assert.Equal(System.IO.Path.Join(_folder.Path, "backupsync.yml"), problem.File);
        return problem.Line == 0 ? problem.Message : $"{problem.Line}:{problem.Column}: {problem.Key}: {problem.Message}";
    }

    /// <summary>The one problem of a job that has the given setting in its third line, from column 5 on.</summary>
    string OfJob(string setting) => Only(Databases + "jobs: { j: { source: a, target: b,\n    " + setting + " } }");

    [Fact]
    public void All_problems_are_told_at_once_in_the_order_of_the_file()
    {
        var problems = Problems("""
            databases:
              railway: { url: "mysql://u:Zq7Wk9@h/d", role: prodution }
              neon:    { rul: "${DATABASE_URL}" }
              "bad name": { url: "postgresql://h/d" }
            tool: {}
            jobs:
              nightly:
                source: railwy
                target: neon
                parallel: 0
                paralel: 2
                parallel: 4
                limits: { dump: 5 minutes, totl: 15m }
                verify: { content: maybe, report: users }
                guards: { minimumBackupSize: big, maximumShrink: 50 }
                backups: [x]
              empty:
            """);

        Assert.Equal(
            [
                "2:19: databases.railway.url: The connection string has the scheme 'mysql': PostgreSQL's is 'postgresql' (or 'postgres').",
                "2:49: databases.railway.role: must be one of production, backup, development, not 'prodution'. Did you mean 'production'?",
                "3:3: databases.neon.url: is missing: where the database is, such as \"${DATABASE_URL}\" or "
                    + "postgresql://user:password@host/database",
                "3:14: databases.neon.rul: unknown key. Did you mean 'url'?",
                "4:3: databases.bad name: is no name: letters, digits, '.', '_' and '-' are allowed, the first being a letter or digit",
                "5:1: tool: unknown key. Did you mean 'tools'?",
                "8:13: jobs.nightly.source: there is no database named 'railwy'. Did you mean 'railway'?",
                "10:15: jobs.nightly.parallel: must be a whole number from 1 to 64, not '0'",
                "11:5: jobs.nightly.paralel: unknown key. Did you mean 'parallel'?",
                "12:5: jobs.nightly.parallel: this key is there twice; the first is in line 10",
                "13:21: jobs.nightly.limits.dump: must be a duration such as 90s, 5m, 1h30m or 7d, more than 0 and at most 30d, "
                    + "not '5 minutes'",
                "13:32: jobs.nightly.limits.totl: unknown key. Did you mean 'total'?",
                "14:24: jobs.nightly.verify.content: must be true or false, not 'maybe'",
                "14:39: jobs.nightly.verify.report: must be a list such as [a, b], not a single value",
                "15:34: jobs.nightly.guards.minimumBackupSize: must be a size such as 512B, 10KB, 1.5MB, 1GiB or a number of bytes, "
                    + "not 'big'",
                "15:54: jobs.nightly.guards.maximumShrink: must be a percentage such as 50%, from 0% to 100%, not '50'",
                "16:14: jobs.nightly.backups: must be a mapping ('key: value' lines), not a list",
                "17:3: jobs.empty.source: is missing: the name of the database that is copied",
                "17:3: jobs.empty.target: is missing: the name of the database that becomes the copy",
            ],
            problems.Select(p => $"{p.Line}:{p.Column}: {p.Key}: {p.Message}"));
        Assert.All(problems, p => Assert.DoesNotContain("Zq7Wk9", p.ToString()));
        Assert.Equal(
            $"{System.IO.Path.Join(_folder.Path, "backupsync.yml")}:5:1: tool: unknown key. Did you mean 'tools'?",
            problems[5].ToString());
    }

    [Theory]
    [InlineData(
        "limits: { connect: 0s }",
        "3:24: jobs.j.limits.connect: must be a duration such as 90s, 5m, 1h30m or 7d, more than 0 and at most 30d, not '0s'")]
    [InlineData(
        "limits: { total: 31d }",
        "3:22: jobs.j.limits.total: must be a duration such as 90s, 5m, 1h30m or 7d, more than 0 and at most 30d, not '31d'")]
    [InlineData(
        "limits: { dump: }",
        "3:21: jobs.j.limits.dump: has no value; it must be a duration such as 90s, 5m, 1h30m or 7d, more than 0 and at most 30d")]
    [InlineData(
        "limits: { dump: [1m] }",
        "3:21: jobs.j.limits.dump: must be a duration such as 90s, 5m, 1h30m or 7d, more than 0 and at most 30d, not a list")]
    [InlineData("limits: { connections: 1 }", "3:28: jobs.j.limits.connections: must be a whole number from 2 to 1000, not '1'")]
    [InlineData("limits: { connections: 2 }", "3:28: jobs.j.limits.connections: must be at least 3, not 2: one connection watches who "
        + "waits for the run. 2 do with 'blocking: wait'")]
    [InlineData("limits: { connections: 1001 }", "3:28: jobs.j.limits.connections: must be a whole number from 2 to 1000, not '1001'")]
    [InlineData(
        "limits: { blocking: 0s }",
        "3:25: jobs.j.limits.blocking: must be a duration such as 90s, 5m, 1h30m or 7d, at least 1s and at most 1d, or wait, not '0s'")]
    [InlineData(
        "limits: { blocking: never }",
        "3:25: jobs.j.limits.blocking: must be a duration such as 90s, 5m, 1h30m or 7d, at least 1s and at most 1d, or wait, not 'never'")]
    [InlineData("limits: 5m", "3:13: jobs.j.limits: must be a mapping ('key: value' lines), not a single value")]
    [InlineData("parallel: 65", "3:15: jobs.j.parallel: must be a whole number from 1 to 64, not '65'")]
    [InlineData("parallel: 2.5", "3:15: jobs.j.parallel: must be a whole number from 1 to 64, not '2.5'")]
    [InlineData("parallel: 99999999999999999999", "3:15: jobs.j.parallel: must be a whole number from 1 to 64, not '99999999999999999999'")]
    [InlineData("parallel: '${CPUS}'", "3:15: jobs.j.parallel: the environment variable CPUS is not set")]
    [InlineData("parallel: '${CPUS:-many}'", "3:15: jobs.j.parallel: must be a whole number from 1 to 64, not '${CPUS:-many}'")]
    [InlineData(
        "parallel: '${CPUS'",
        "3:15: jobs.j.parallel: has a '${' that does not begin ${NAME} or ${NAME:-default}; $${ writes ${ itself")]
    [InlineData("publish: swop", "3:14: jobs.j.publish: must be one of auto, swap, transaction, not 'swop'. Did you mean 'swap'?")]
    [InlineData("publish: 1", "3:14: jobs.j.publish: must be one of auto, swap, transaction, not '1'")]
    [InlineData("publish: ''", "3:14: jobs.j.publish: has no value; it must be one of auto, swap, transaction")]
    [InlineData(
        "guards: { maximumShrink: 101% }",
        "3:30: jobs.j.guards.maximumShrink: must be a percentage such as 50%, from 0% to 100%, not '101%'")]
    [InlineData(
        "guards: { minimumBackupSize: -1KB }",
        "3:34: jobs.j.guards.minimumBackupSize: must be a size such as 512B, 10KB, 1.5MB, 1GiB or a number of bytes, not '-1KB'")]
    [InlineData("backups: { keepDays: -1 }", "3:26: jobs.j.backups.keepDays: must be a whole number from 0 to 36500, not '-1'")]
    [InlineData(
        "backups: { compression: zip }",
        "3:29: jobs.j.backups.compression: must be one of auto, none, gzip, lz4, zstd, not 'zip'. Did you mean 'gzip'?")]
    [InlineData("backups: { directory: \"a\\0b\" }", "3:27: jobs.j.backups.directory: has a NUL character in it")]
    [InlineData("exclude: { tables: [a, [b]] }", "3:28: jobs.j.exclude.tables[1]: must be some text, not a list")]
    [InlineData("exclude: { tables: { a: b } }", "3:24: jobs.j.exclude.tables: must be a list such as [a, b], not a mapping")]
    [InlineData("schedule: { timeZone: UTC }", "3:15: jobs.j.schedule.cron: is missing: five fields: minute, hour, day of month, "
        + "month, day of week, such as \"0 6,18 * * *\"; or state every, such as 5m")]
    [InlineData("schedule: { cron: '0 6 * *' }", "3:23: jobs.j.schedule.cron: has 4 fields instead of five fields: minute, hour, day "
        + "of month, month, day of week, such as \"0 6,18 * * *\"")]
    [InlineData(
        "schedule: { cron: '0 25 * * *' }",
        "3:23: jobs.j.schedule.cron: has '25' as its hour: 0 to 23, a list (1,2), a range (1-5) or a step (*/15) is allowed")]
    [InlineData("schedule: { cron: '0 6 31 2 *' }", "3:23: jobs.j.schedule.cron: names a day that never comes")]
    [InlineData("schedule: { cron: '0 6 * * *', timeZone: Europe/Berlim }", "3:46: jobs.j.schedule.timeZone: must be UTC or the name "
        + "of a time zone that this machine knows, such as Europe/Berlin, not 'Europe/Berlim'. Did you mean 'Europe/Berlin'?")]
    [InlineData(
        "schedule: { cron: '0 6 * * *', misfireGrace: soon }",
        "3:50: jobs.j.schedule.misfireGrace: must be a duration such as 90s, 5m, 1h30m or 7d, at most 30d, not 'soon'")]
    [InlineData("mode: increment", "3:11: jobs.j.mode: must be one of full, incremental, not 'increment'. Did you mean 'incremental'?")]
    [InlineData("mode: updatedAt", "3:11: jobs.j.mode: must be one of full, incremental, not 'updatedAt'")]
    [InlineData("tables: users", "3:13: jobs.j.tables: must be a list such as [a, b], not a single value")]
    [InlineData("tables: [users, '']", "3:21: jobs.j.tables[1]: has no value; it must be some text")]
    [InlineData("incremental: true", "3:18: jobs.j.incremental: must be a mapping ('key: value' lines), not a single value")]
    [InlineData("incremental: { latenes: 5m }", "3:20: jobs.j.incremental.latenes: unknown key. Did you mean 'lateness'?")]
    [InlineData("incremental: { every: 5m }", "3:20: jobs.j.incremental.every: unknown key; allowed are trackBy, updatedAtColumns, "
        + "lateness, batchSize, deletes, conflict, onSchemaChange")]
    [InlineData(
        "incremental: { trackBy: updateAt }",
        "3:29: jobs.j.incremental.trackBy: must be one of auto, updatedAt, content, not 'updateAt'. Did you mean 'updatedAt'?")]
    [InlineData(
        "incremental: { trackBy: '' }",
        "3:29: jobs.j.incremental.trackBy: has no value; it must be one of auto, updatedAt, content")]
    [InlineData(
        "incremental: { trackBy: [users] }",
        "3:29: jobs.j.incremental.trackBy: must be a mapping ('key: value' lines), not a list")]
    [InlineData(
        "incremental: { trackBy: { 'audit_*': hash } }",
        "3:42: jobs.j.incremental.trackBy.audit_*: must be one of auto, updatedAt, content, not 'hash'")]
    [InlineData(
        "incremental: { trackBy: { users: } }",
        "3:38: jobs.j.incremental.trackBy.users: has no value; it must be one of auto, updatedAt, content")]
    [InlineData(
        "incremental: { trackBy: { a: auto, a: content } }",
        "3:40: jobs.j.incremental.trackBy.a: this key is there twice; the first is in line 3")]
    [InlineData(
        "incremental: { updatedAtColumns: changed }",
        "3:38: jobs.j.incremental.updatedAtColumns: must be a list such as [a, b], not a single value")]
    [InlineData(
        "incremental: { updatedAtColumns: [[a]], conflict: lastWriteWins }",
        "3:39: jobs.j.incremental.updatedAtColumns[0]: must be some text, not a list")]
    [InlineData(
        "incremental: { updatedAtColumns: [], conflict: lastWriteWins }",
        "3:52: jobs.j.incremental.conflict: lastWriteWins compares rows by their updatedAtColumns, and this list is empty")]
    [InlineData(
        "incremental: { lateness: 300 }",
        "3:30: jobs.j.incremental.lateness: must be a duration such as 90s, 5m, 1h30m or 7d, at most 30d, not '300'")]
    [InlineData(
        "incremental: { lateness: 31d }",
        "3:30: jobs.j.incremental.lateness: must be a duration such as 90s, 5m, 1h30m or 7d, at most 30d, not '31d'")]
    [InlineData("incremental: { batchSize: 0 }", "3:31: jobs.j.incremental.batchSize: must be a whole number from 1 to 1000000, not '0'")]
    [InlineData(
        "incremental: { batchSize: 1000001 }",
        "3:31: jobs.j.incremental.batchSize: must be a whole number from 1 to 1000000, not '1000001'")]
    [InlineData("incremental: { deletes: no }", "3:29: jobs.j.incremental.deletes: must be true or false, not 'no'")]
    [InlineData(
        "incremental: { conflict: targetWins }",
        "3:30: jobs.j.incremental.conflict: must be one of sourceWins, lastWriteWins, not 'targetWins'")]
    [InlineData(
        "incremental: { conflict: lastwritewin }",
        "3:30: jobs.j.incremental.conflict: must be one of sourceWins, lastWriteWins, not 'lastwritewin'. Did you mean 'lastWriteWins'?")]
    [InlineData("incremental: { onSchemaChange: fail }", "3:36: jobs.j.incremental.onSchemaChange: must be one of full, stop, not 'fail'")]
    [InlineData("verify: { fullEvery: -1 }", "3:26: jobs.j.verify.fullEvery: must be a whole number from 0 to 1000000, not '-1'")]
    [InlineData("verify: { fullEvery: 1000001 }", "3:26: jobs.j.verify.fullEvery: must be a whole number from 0 to 1000000, not '1000001'")]
    [InlineData(
        "schedule: { every: 999ms }",
        "3:24: jobs.j.schedule.every: must be a duration such as 90s, 5m, 1h30m or 7d, at least 1s and at most 30d, not '999ms'")]
    [InlineData(
        "schedule: { every: 31d }",
        "3:24: jobs.j.schedule.every: must be a duration such as 90s, 5m, 1h30m or 7d, at least 1s and at most 30d, not '31d'")]
    [InlineData(
        "schedule: { every: 0 }",
        "3:24: jobs.j.schedule.every: must be a duration such as 90s, 5m, 1h30m or 7d, at least 1s and at most 30d, not '0'")]
    [InlineData(
        "schedule: { every: }",
        "3:24: jobs.j.schedule.every: has no value; it must be a duration such as 90s, 5m, 1h30m or 7d, at least 1s and at most 30d")]
    [InlineData(
        "schedule: { cron: '0 25 * * *', every: 5 }",
        "3:44: jobs.j.schedule.every: stands beside 'cron'; a schedule has one of the two")]
    [InlineData("schedule: { evry: 5m, cron: '0 6 * * *' }", "3:17: jobs.j.schedule.evry: unknown key. Did you mean 'every'?")]
    [InlineData(
        "schedule: { when: noon, every: 5m }",
        "3:17: jobs.j.schedule.when: unknown key; allowed are cron, every, timeZone, misfireGrace, catchUp, jitter, overlap")]
    [InlineData("somethingElse: 1", "3:5: jobs.j.somethingElse: unknown key; allowed are source, target, mode, publish, parallel, "
        + "schedule, ping, pingFile, pingCommand, pingSecret, tables, incremental, limits, verify, guards, exclude, backups")]
    public void Mistake_in_a_job_is_told_with_what_is_allowed(string setting, string expected) => Assert.Equal(expected, OfJob(setting));

    [Theory]
    [InlineData("{ source: a, target: prod }", "2:33: jobs.j.target: 'prod' has the role production, and production is never a target")]
    [InlineData("{ source: a, target: a }", "2:33: jobs.j.target: must be another database than the source, not 'a' as well")]
    [InlineData("{ source: a }", "2:9: jobs.j.target: is missing: the name of the database that becomes the copy")]
    [InlineData("{ source: a, target: zebra }", "2:33: jobs.j.target: there is no database named 'zebra'. There are: a, b, prod.")]
    [InlineData(
        "{ source: a, target: 'postgresql://u:Zq7Wk9@h/d' }",
        "2:33: jobs.j.target: there is no database named what stands here. There are: a, b, prod.")]
    public void Source_and_target_are_checked(string job, string expected) =>
        Assert.Equal(expected, Only(Databases + "jobs: { j: " + job + " }"));

    [Fact]
    public void Two_jobs_cannot_share_a_backup_directory()
    {
        Assert.Equal(
            "4:54: jobs.two.backups.directory: is the backup directory of the job 'one' too; each job needs one of its own",
            Only(Databases + """
                jobs:
                  one: { source: a, target: b, backups: { directory: ./x/../same } }
                  two: { source: b, target: a, backups: { directory: same/ } }
                """));
    }

    [Theory]
    [InlineData("", "is empty. Write at least 'databases' into it, and 'jobs' or 'backupPlans'.")]
    [InlineData("# only a comment\n", "is empty. Write at least 'databases' into it, and 'jobs' or 'backupPlans'.")]
    [InlineData("---\n...\n", "is empty. Write at least 'databases' into it, and 'jobs' or 'backupPlans'.")]
    [InlineData("hello", "1:1: : this is no configuration: it must have the key databases, and jobs or backupPlans beside it")]
    [InlineData("- a\n- b\n", "1:1: : this is no configuration: it must have the key databases, and jobs or backupPlans beside it")]
    [InlineData("jobs: {}\n", "1:1: databases: is missing: name at least one database, such as 'neon: { url: \"${DATABASE_URL}\" }'")]
    [InlineData("databases: {}\n", "1:12: databases: is missing: name at least one database, such as 'neon: { url: \"${DATABASE_URL}\" }'")]
    [InlineData("databases: x\n", "1:12: databases: must be a mapping ('key: value' lines), not a single value")]
    [InlineData(
        "databases: { a: 'postgresql://u:Zq7Wk9@h/d' }\n",
        "1:17: databases.a: must be a mapping ('key: value' lines), not a single value")]
    [InlineData("databases: { a: { url: [x] } }\n", "1:24: databases.a.url: must be where the database is, such as \"${DATABASE_URL}\" "
        + "or postgresql://user:password@host/database, not a list")]
    [InlineData(
        "databases: { 'postgresql://u:Zq7Wk9@h/d': {} }\n",
        "1:14: databases.…: is no name: letters, digits, '.', '_' and '-' are allowed, the first being a letter or digit")]
    [InlineData(
        "databases: { a: { url: 'postgresql://h/a', provider: oracle } }\n",
        "1:54: databases.a.provider: must be one of postgresql, neon, railway, cockroachdb, not 'oracle'")]
    public void File_that_is_no_configuration_is_told_so(string yaml, string expected) => Assert.Equal(expected, Only(yaml));

    [Theory]
    [InlineData("databases: { a: ", 1)]
    [InlineData("databases:\n\ta: 1\n", 2)]
    [InlineData("databases: { a: { url: \"x } }\n", 1)]
    [InlineData("databases: *nowhere\n", 1)]
    [InlineData("databases: { [a]: 1 }\n", 1)]
    [InlineData("a: 1\n---\nb: 2\n", 2)]
    [InlineData("a: b: c\n", 1)]
    public void File_that_is_not_yaml_is_told_with_the_place(string yaml, int line)
    {
        var problem = Assert.Single(Problems(yaml));

        Assert.True(problem.Line >= line && problem.Column >= 1, problem.ToString());
        Assert.StartsWith("this is not YAML: ", problem.Message);
    }

    [Fact]
    public void Hostile_nesting_is_refused()
    {
        Assert.Contains("nested too deeply", Only("databases: " + new string('[', 100_000)));
        Assert.Contains("nested too deeply", Only(string.Concat(Enumerable.Range(0, 60).Select(i => new string(' ', i) + "a:\n"))));
    }

    [Fact]
    public void Missing_file_is_an_error_of_its_own()
    {
        var path = System.IO.Path.Join(_folder.Path, "no", "such.yml");

        foreach (var read in new Action[] { () => ConfigurationFile.Load(path), () => ConfigurationFile.Check(path) })
        {
            var exception = Assert.Throws<BackupSyncException>(read);
            Assert.Equal(
                (ErrorIds.ConfigurationNotFound, $"There is no configuration file {path}."),
                (exception.ErrorId, exception.Message));
        }
    }

    [Fact]
    public void Folder_is_refused()
    {
        var problem = Assert.Single(Assert.Throws<ConfigurationException>(() => ConfigurationFile.Load(_folder.Path)).Problems);
        Assert.Equal($"{_folder.Path}: is a folder, not a file.", problem.ToString());
    }

    [Fact]
    public void File_that_is_not_text_is_refused()
    {
        var path = System.IO.Path.Join(_folder.Path, "backupsync.yml");
        foreach (var (bytes, expected) in new[]
        {
            (new byte[] { 0x1f, 0x8b, 0xff, 0xfe, 0x80 }, "is not a text file in UTF-8."),
            (Encoding.UTF8.GetBytes("a: \0"), "is not a text file."),
            (new byte[1_000_001], "is too large to be a configuration."),
        })
        {
            File.WriteAllBytes(path, bytes);
            Assert.Equal([expected], ConfigurationFile.Check(path).Select(p => p.Message));
        }
    }

    [Fact]
    public void File_that_another_process_holds_is_told_so()
    {
        var path = _folder.Write("backupsync.yml", Databases);
        using var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        Assert.StartsWith("cannot be read: ", Assert.Single(ConfigurationFile.Check(path)).Message);
    }

    [SkippableFact]
    public void Unreadable_file_is_told_so()
    {
        Skip.If(OperatingSystem.IsWindows() || Environment.UserName == "root", "Permissions do not bind this user.");
        var path = _folder.Write("backupsync.yml", Databases);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.None);

        Assert.Equal(["cannot be read: access is denied."], ConfigurationFile.Check(path).Select(p => p.Message));
    }

    /// <summary>Statements that are done for each name and each other name are 400 million here, and were 8 and 11 seconds.</summary>
    [Fact]
    public void Twenty_thousand_names_are_read_as_fast_as_they_are_written()
    {
        const int Names = 20_000;
        var all = string.Join(", ", Enumerable.Range(0, Names).Select(i => $"d{i:00000}"));
        var databases = "databases:\n" + string.Concat(Enumerable.Range(0, Names).Select(i => $"  d{i:00000}: {{ url: '${{X}}' }}\n"));
        Assert.Equal(Names, Within(databases + $"backupPlans: {{ p: {{ databases: [{all}] }} }}\n").Count);
        // Names that nobody knows, each nearly one that somebody does: the first are told of it, and no message lists them all.
        var unknown = Within("databases:\n"
            + string.Concat(Enumerable.Range(0, 6000).Select(i => $"  d{i:0000}: {{ url: 'postgresql://h/a' }}\n"))
            + $"backupPlans: {{ p: {{ databases: [{string.Join(", ", Enumerable.Range(0, 6000).Select(i => $"e{i:0000}"))}] }} }}\n");
        Assert.Equal(6000, unknown.Count(p => p.Message.StartsWith("there is no database named", StringComparison.Ordinal)));
        Assert.Contains("Did you mean 'd0000'?", unknown[0].Message, StringComparison.Ordinal);
        Assert.All(unknown, p => Assert.InRange(p.Message.Length, 1, 300));
        Within("databases:\n" + string.Concat(Enumerable.Range(0, 4000).Select(i => $"  d{i:0000}: {{ url: 'postgresql://h/a' }}\n"))
            + "places:\n" + string.Concat(Enumerable.Range(0, 4000).Select(i => $"  p{i:0000}: {{ directory: b{i} }}\n"))
            + "jobs:\n" + string.Concat(
                Enumerable.Range(0, 2000).Select(i => $"  j{i:0000}: {{ source: d{i:0000}, target: d{i + 2000:0000} }}\n")));
        Within($"databases: {{ {new string('a', 400_000)}: {{ url: 'postgresql://h/a' }} }}\nbackupPlans: {{ p: {{ databases: "
            + $"[{new string('b', 400_000)}] }} }}\n");
    }

    IReadOnlyList<ConfigurationProblem> Within(string yaml)
    {
        var path = _folder.Write("backupsync.yml", yaml);
        IReadOnlyList<ConfigurationProblem> problems = [];
        var reading = Task.Run(() => problems = ConfigurationFile.Check(path, _ => null));
        Assert.True(reading.Wait(TimeSpan.FromSeconds(30)), "it takes too long");
        return problems;
    }
}
