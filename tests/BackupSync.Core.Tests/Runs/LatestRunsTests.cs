using BackupSync.Runs;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Runs;

[Trait("Needs", "nothing")]
public sealed class LatestRunsTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly List<string> _warnings = [];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void The_last_run_and_the_last_good_one_of_each_job_kind_and_database()
    {
        Assert.Empty(LatestRuns.Read(_temp.Path));
        Record(RunSamples.Succeeded("good"));
        Record(RunSamples.Failed("bad"));
        Record(RunSamples.Succeeded("other") with { Job = "other" });
        Record(RunSamples.Failed("backup") with { Kind = RunKind.Backup });
        Record(RunSamples.Failed("drill") with { Kind = RunKind.Drill, Source = "a.dump" });
        Record(RunSamples.Succeeded("drill 2") with { Kind = RunKind.Drill, Source = "b.dump" });

        var latest = LatestRuns.Read(_temp.Path);

        Assert.Equal(
            [
                ("railway-to-neon", RunKind.Sync, "neon", "bad", "good"), ("other", RunKind.Sync, "neon", "other", "other"),
                ("railway-to-neon", RunKind.Backup, "railway", "backup", null),
                ("railway-to-neon", RunKind.Drill, null, "drill 2", "drill 2"),
            ],
            latest.Select(l => (l.Job, l.Kind, l.Database, l.Last.RunId, l.LastGood?.RunId)));
        Assert.Equal(RunSamples.Failed().Error, latest[0].Error);
        Assert.Null(latest[1].Error);
        Assert.Equal(RunHead.Of(RunSamples.Succeeded("good")), latest[0].LastGood);
        Assert.Empty(_warnings);
        Assert.Equal(["history-2025-10.jsonl", "latest.json"], Names());
    }

    [Fact]
    public void A_good_run_of_before_there_was_such_a_file_is_found_in_the_history()
    {
        RunHistory.Append(_temp.Path, RunSamples.Succeeded("1"));
        RunHistory.Append(_temp.Path, RunSamples.Succeeded("2") with { Target = "elsewhere" });
        RunHistory.Append(_temp.Path, RunSamples.Failed("3"));

        Record(RunSamples.Failed("4"));

        Assert.Equal("1", Assert.Single(LatestRuns.Read(_temp.Path)).LastGood?.RunId);
    }

    /// <summary>Such as the manifest of a backup that somebody has called so.</summary>
    [Theory]
    [InlineData("{\"format\": 3}")]
    [InlineData("null")]
    [InlineData("")]
    public void What_is_somebody_elses_stays_and_is_told(string theirs)
    {
        _temp.Write("latest.json", theirs);

        Record(RunSamples.Succeeded("1"));

        Assert.StartsWith("Run 1 is not among the latest ones: ", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(theirs, File.ReadAllText(_temp.File("latest.json")));
        Assert.Single(RunHistory.Read(_temp.Path));
    }

    [Fact]
    public async Task Many_writers_at_once_lose_no_job_and_readers_see_whole_files()
    {
        var jobs = Enumerable.Range(0, 4).Select(j => $"job {j}").ToList();
        await Task.WhenAll(jobs.Select(job => Task.Run(() =>
        {
            for (var i = 0; i < 10; i++)
            {
                Record(RunSamples.Succeeded($"{job} {i}") with { Job = job });
                _ = LatestRuns.Read(_temp.Path);
            }
        })));

        Assert.Equal(jobs.Select(j => $"{j} 9"), LatestRuns.Read(_temp.Path).Select(l => l.LastGood!.RunId).Order(StringComparer.Ordinal));
        Assert.Empty(_warnings);
    }

    [SkippableFact]
    public void It_is_its_owners_alone_and_a_link_is_replaced_not_followed()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege there.");
        Record(RunSamples.Succeeded("1"));
        Assert.Equal(Mode.OwnerFile, Mode.Of(_temp.File("latest.json")));
        Assert.Equal(Mode.OwnerFile, Mode.Of(_temp.File(".latest.lock")));

        File.Move(_temp.File("latest.json"), _temp.File("moved.json"));
        File.CreateSymbolicLink(_temp.File("latest.json"), _temp.File("moved.json"));
        var before = File.ReadAllText(_temp.File("moved.json"));
        Record(RunSamples.Succeeded("2"));

        Assert.Equal(before, File.ReadAllText(_temp.File("moved.json")));
        Assert.Null(new FileInfo(_temp.File("latest.json")).LinkTarget);
        Assert.Equal("2", Assert.Single(LatestRuns.Read(_temp.Path)).Last.RunId);
        Assert.Empty(_warnings);
    }

    void Record(RunResult run) => new HistoryWriter(_temp.Path, Warn).OnEvent(new RunEnded(run));

    void Warn(string warning)
    {
        lock (_warnings)
            _warnings.Add(warning);
    }

    IEnumerable<string> Names() =>
        Directory.GetFiles(_temp.Path).Select(f => Path.GetFileName(f)).Where(f => f[0] != '.').Order(StringComparer.Ordinal);
}
