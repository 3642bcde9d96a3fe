using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Operations;
using BackupSync.Runs;
using BackupSync.Tests.Runs;

namespace BackupSync.Tests.Application;

/// <summary>The history of everything that a configuration has: jobs, plans, databases, and what was done by hand.</summary>
[Trait("Needs", "nothing")]
public sealed class RunQueryTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly List<string> _warnings = [];
    readonly BackupSyncConfig _config;

    public RunQueryTests()
    {
        _config = ConfigurationFile.Load(_temp.Write("backupsync.yml", """
            databases:
              railway: { url: "postgresql://u@127.0.0.1/a", role: production }
              neon: { url: "${NOT_SET_ANYWHERE}" }
              staging: { url: "postgresql://u@127.0.0.1/c" }
            places:
              local: { directory: backups }
              attic: { directory: attic }
            jobs:
              copy: { source: railway, target: neon, backups: { directory: copies } }
              refresh: { source: railway, target: staging }
            backupPlans:
              nightly: { databases: [railway, neon], places: [attic] }
            """));
        Add("copies", "sync 1", 1, r => r with { Job = "copy" });
        Add("attic/railway", "plan 2", 2, r => Backup(r, "nightly", "railway"));
        Add("attic/neon", "plan 3", 3, r => Backup(r, "nightly", "neon") with { Outcome = RunOutcome.Incomplete });
        Add("backups/railway", "hand 4", 4, r => Backup(r, BackupOrder.ByHandName, "railway"));
        Add("backups/staging", "restore 5", 5, r => r with { Kind = RunKind.Restore, Job = "restore-staging", DatabaseName = "railway" });
        Add("backups/refresh", "sync 6", 6, r => r with { Job = "refresh", Target = "staging" });
        Add("attic/gone", "drill 7", 7, r => Backup(r, "nightly", "gone") with { Kind = RunKind.Drill });
        Add("copies", "undo 8", 8, r => r with { Job = "copy", Kind = RunKind.Restore });
    }

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Without_a_name_everything_is_listed_newest_first_over_all()
    {
        Assert.Equal(
            ["undo 8", "drill 7", "sync 6", "restore 5", "hand 4", "plan 3", "plan 2", "sync 1"], Find(new RunQuery()));
        Assert.Equal(["undo 8", "drill 7", "sync 6"], Find(new RunQuery { Last = 3 }));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("copy", "undo 8", "sync 1")]
    [InlineData("nightly", "drill 7", "plan 3", "plan 2")]
    [InlineData("by-hand", "hand 4")]
    [InlineData("railway", "undo 8", "sync 6", "hand 4", "plan 2", "sync 1")]
    [InlineData("neon", "undo 8", "plan 3", "sync 1")]
    [InlineData("staging", "sync 6", "restore 5")]
    public void A_name_is_that_of_a_job_a_plan_or_a_database(string name, params string[] expected) =>
        Assert.Equal(expected, Find(new RunQuery { Names = [name] }));

    [Fact]
    public void Several_names_are_one_list_and_databases_limit_it()
    {
        Assert.Equal(["undo 8", "hand 4", "sync 1"], Find(new RunQuery { Names = ["by-hand", "copy"] }));
        Assert.Equal(["plan 2"], Find(new RunQuery { Names = ["nightly"], Databases = ["railway"] }));
        Assert.Equal(["undo 8", "sync 6", "hand 4", "plan 2", "sync 1"], Find(new RunQuery { Databases = ["railway"] }));
    }

    [Fact]
    public void Kinds_outcomes_and_moments_limit_it_too()
    {
        Assert.Equal(["undo 8", "restore 5"], Find(new RunQuery { Kinds = [RunKind.Restore] }));
        Assert.Equal(["plan 3"], Find(new RunQuery { Outcomes = [RunOutcome.Incomplete, RunOutcome.Aborted] }));
        Assert.Equal(["sync 6", "restore 5", "hand 4"], Find(new RunQuery { After = Day(4), Before = Day(6) }));
        Assert.Equal(["undo 8"], Find(new RunQuery { Kinds = [RunKind.Restore], Last = 1, Names = ["neon", "staging"] }));
    }

    [Fact]
    public void An_unknown_name_is_told_with_the_nearest()
    {
        var unknown = Assert.Throws<BackupSyncException>(() => new RunQuery { Names = ["nihgtly"] }.Find(_config, _warnings.Add));

        Assert.Equal(ErrorIds.UnknownName, unknown.ErrorId);
        Assert.Contains("'nightly'", unknown.Message, StringComparison.Ordinal);
    }

    /// <summary>Such as a folder that was copied, and is another place now.</summary>
    [Fact]
    public void A_run_that_stands_in_two_histories_is_listed_once()
    {
        Directory.CreateDirectory(_temp.File("backups/neon"));
        foreach (var file in Directory.GetFiles(_temp.File("attic/neon")))
            File.Copy(file, file.Replace("attic", "backups", StringComparison.Ordinal));

        Assert.Equal(["undo 8", "plan 3", "sync 1"], Find(new RunQuery { Names = ["neon"] }));
        Assert.Equal(8, Find(new RunQuery()).Count());
    }

    [Fact]
    public void One_history_that_cannot_be_read_is_told_and_hides_no_other()
    {
        var whole = RunHistory.Read(_temp.File("copies"));

        Assert.Equal(["undo 8", "sync 1"], MergedHistory.Read([Broken(), whole], _warnings.Add).Select(r => r.RunId));
        Assert.Equal(["It cannot be read."], _warnings);
        Assert.Throws<BackupSyncException>(() => MergedHistory.Read([Broken(), []], _warnings.Add).Count());
        Assert.Throws<BackupSyncException>(() => MergedHistory.Read([Broken()], _warnings.Add).Count());

        static IEnumerable<RunResult> Broken()
        {
            foreach (var message in new[] { "It cannot be read." })
                throw new BackupSyncException(ErrorIds.FileFailed, message);
            yield break;
        }
    }

    [Fact]
    public void Of_a_job_or_a_folder_only_its_own_are_listed()
    {
        var query = new RunQuery();

        Assert.Equal(["undo 8", "sync 1"], query.Find([JobFolder.Of(_config.Job("copy"))], _warnings.Add).Select(r => r.RunId));
        Assert.Equal(["sync 6"], query.Find([JobFolder.Of(_config.Job("refresh"))], _warnings.Add).Select(r => r.RunId));
        Assert.Equal(
            ["restore 5"], query.Find([JobFolder.At(_temp.File("backups/staging"))], _warnings.Add).Select(r => r.RunId));
    }

    /// <summary>What is done with a backup in a bucket is recorded on this machine.</summary>
    [Fact]
    public void A_place_that_is_no_folder_has_its_history_among_this_machines_files()
    {
        var bucket = new S3PlaceConfig { Name = "offsite", Bucket = "b" };
        var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);

        Assert.Equal(Path.Combine(local, "backupsync", "offsite", "neon"), HistoryFolder.Of(bucket, "neon"));
        var folders = HistoryFolder.Of(_config with { Places = [bucket] }, _warnings.Add);
        Assert.Contains(folders, f => f.Directory == HistoryFolder.Of(bucket, "neon") && f.Database == "neon");
        Assert.Contains(folders, f => f.Directory == _temp.File("backups/neon") && f.Database == "neon");
    }

    /// <summary>Only the last block of each history is read: the first lines of these are no records, and nobody is told.</summary>
    [Fact]
    public void The_newest_are_found_without_reading_all()
    {
        foreach (var folder in new[] { "copies", "attic/railway", "backups/refresh" })
        {
            var history = Directory.GetFiles(_temp.File(folder)).Single();
            File.WriteAllText(history, $"no record\n{new string(' ', 200_000)}\n{File.ReadAllText(history)}");
        }

        Assert.Equal(["undo 8", "drill 7", "sync 6"], Find(new RunQuery { Last = 3 }));
        Assert.Empty(_warnings);
        Assert.Equal(8, Find(new RunQuery()).Count());
        Assert.Equal(3, _warnings.Count);
    }

    [Fact]
    public void Months_before_the_first_moment_are_not_opened()
    {
        _temp.Write("copies/history-2025-09.jsonl", "no record\n");

        Assert.Equal(8, Find(new RunQuery { After = new DateTimeOffset(2025, 10, 1, 0, 0, 0, TimeSpan.Zero) }).Count());
        Assert.Empty(_warnings);
        Assert.Equal(8, Find(new RunQuery { After = new DateTimeOffset(2025, 9, 30, 0, 0, 0, TimeSpan.Zero) }).Count());
        Assert.Single(_warnings);
    }

    IEnumerable<string> Find(RunQuery query) => query.Find(_config, _warnings.Add).Select(r => r.RunId);

    static DateTimeOffset Day(int day) => new(2025, 10, day, 0, 0, 0, TimeSpan.Zero);

    static RunResult Backup(RunResult run, string job, string database) =>
        run with { Kind = RunKind.Backup, Job = job, DatabaseName = database, Source = database, Target = "attic" };

    void Add(string folder, string runId, int day, Func<RunResult, RunResult> change) => RunHistory.Append(
        _temp.File(folder),
        change(RunSamples.Succeeded(runId) with { StartTime = Day(day), EndTime = Day(day).AddMinutes(1) }));
}
