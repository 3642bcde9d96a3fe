using System.Text.Json;
using System.Text.RegularExpressions;
using BackupSync.Runs;
using BackupSync.Tests.Backups;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Runs;

[Trait("Needs", "nothing")]
public sealed class RunHistoryTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly List<string> _warnings = [];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void No_folder_means_no_runs() => Assert.Empty(RunHistory.Read(_temp.File("missing"), _warnings.Add));

    [Fact]
    public void What_is_written_is_read_newest_first()
    {
        RunResult[] runs = [RunSamples.Succeeded("1"), RunSamples.Failed("2"), RunSamples.Failed("3", RunOutcome.Skipped)];
        foreach (var run in runs)
            RunHistory.Append(_temp.Path, run);

        var read = RunHistory.Read(_temp.Path, _warnings.Add).ToList();

        Assert.Equal(runs.Reverse().Select(Json), read.Select(Json));
        Assert.Equal([false, false, true], read.Select(r => r.Success));
        Assert.Equal(42.123, read[2].DurationSeconds);
        Assert.Equal(13, read[2].SourceStats!["public.users"]);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_line_has_the_keys_that_dashboards_read()
    {
        RunHistory.Append(_temp.Path, RunSamples.Succeeded());

        var text = File.ReadAllText(Month());
        var keys = JsonDocument.Parse(text).RootElement.EnumerateObject().Select(p => p.Name).ToList();

        Assert.Equal(1, text.Count(c => c == '\n'));
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Contains("Größe 測試", text, StringComparison.Ordinal);
        Assert.Contains("\"outcome\":\"Succeeded\"", text, StringComparison.Ordinal);
        string[] expected =
        [
            "success", "start_time", "end_time", "duration_seconds", "source_stats", "backup_stats", "error",
            "run_id", "job", "kind", "outcome", "steps", "tables", "source_backup", "safety_backup", "versions",
        ];
        Assert.Subset(keys.ToHashSet(), expected.ToHashSet());
    }

    [Fact]
    public void A_line_of_before_backups_had_tags_and_proofs_is_read()
    {
        var run = RunSamples.Succeeded();
        RunHistory.Append(_temp.Path, run with { SourceBackup = run.SourceBackup! with { Tag = "x" } });
        var path = Month();
        var line = File.ReadAllText(path);
        var old = System.Text.RegularExpressions.Regex
            .Replace(line, ",\"(place|tag|pinned|keep_days|encrypted|proof)\":(null|false|\"x\")", "");
        Assert.True(line.Length - old.Length > 70, line);
        File.WriteAllText(path, old);

        Assert.Equal(run.SourceBackup, Assert.Single(RunHistory.Read(_temp.Path, _warnings.Add)).SourceBackup);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_torn_last_line_is_told_and_costs_no_other_run()
    {
        RunHistory.Append(_temp.Path, RunSamples.Succeeded("1"));
        var whole = new FileInfo(Month()).Length;
        File.AppendAllText(Month(), "{\"run_id\":\"2\",\"jo");

        Assert.Equal(["1"], RunHistory.Read(_temp.Path, _warnings.Add).Select(r => r.RunId));
        Assert.Contains(
            $"history-2025-10.jsonl: not the record of a run, passed over: at byte {whole}:",
            Assert.Single(_warnings),
            StringComparison.Ordinal);

        RunHistory.Append(_temp.Path, RunSamples.Succeeded("3"));

        Assert.Equal(["3", "1"], RunHistory.Read(_temp.Path).Select(r => r.RunId));
    }

    [Theory]
    [InlineData("a note of somebody")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("\0\0\0\0")]
    [InlineData(null)]
    public void A_foreign_line_is_told_and_passed_over(string? line)
    {
        RunHistory.Append(_temp.Path, RunSamples.Succeeded("1"));
        // A number that cannot be, in a line that is one otherwise.
        line ??= Regex.Replace(Json(RunSamples.Succeeded("x")), "\"duration_seconds\":[0-9.]+", "\"duration_seconds\":1e400");
        File.AppendAllText(Month(), line + "\n\n");
        RunHistory.Append(_temp.Path, RunSamples.Succeeded("2"));

        Assert.Equal(["2", "1"], RunHistory.Read(_temp.Path, _warnings.Add).Select(r => r.RunId));
        Assert.Single(_warnings);
    }

    [SkippableFact]
    public void Folder_and_file_are_their_owners_alone()
    {
        RunHistory.Append(_temp.File("new"), RunSamples.Succeeded());

        Assert.Equal(Mode.OwnerFolder, Mode.Of(_temp.File("new")));
        Assert.Equal(Mode.OwnerFile, Mode.Of(_temp.File("new/history-2025-10.jsonl")));
    }

    [Fact]
    public async Task Many_writers_and_readers_at_once_lose_nothing()
    {
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(() =>
        {
            for (var i = 0; i < 25; i++)
            {
                RunHistory.Append(_temp.Path, RunSamples.Failed($"{w}-{i}"));
                _ = RunHistory.Read(_temp.Path, _warnings.Add).Count();
            }
        }));

        await Task.WhenAll(writers);

        Assert.Equal(100, RunHistory.Read(_temp.Path, _warnings.Add).DistinctBy(r => r.RunId).Count());
        Assert.Empty(_warnings);
    }

    [Fact]
    public void The_writer_records_a_run_when_it_ends()
    {
        var writer = new HistoryWriter(_temp.File("new"), _warnings.Add);

        writer.OnEvent(new RunStarted("1", "railway-to-neon"));
        Assert.False(Directory.Exists(_temp.File("new")));

        writer.OnEvent(new RunEnded(RunSamples.Failed("1")));
        Assert.Equal("1", Assert.Single(RunHistory.Read(_temp.File("new"))).RunId);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_history_that_cannot_be_written_is_told_and_does_not_throw()
    {
        var writer = new HistoryWriter(Path.Combine(_temp.Write("file", ""), "below"), _warnings.Add);

        writer.OnEvent(new RunEnded(RunSamples.Succeeded("lost")));

        Assert.Contains("Run lost is missing from the history", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_full_disk_tears_no_line_and_costs_no_other_run()
    {
        await using var disk = await SmallDisk.MountAsync(65536);
        RunHistory.Append(disk.Path, RunSamples.Succeeded("1"));
        disk.Fill();
        var writer = new HistoryWriter(disk.Path, _warnings.Add);
        for (var i = 0; i < 10; i++)
            writer.OnEvent(new RunEnded(RunSamples.Failed("lost or not")));
        Assert.NotEmpty(_warnings);
        Assert.All(_warnings, w => Assert.Contains("The disk is full", w, StringComparison.Ordinal));

        File.Delete(Path.Combine(disk.Path, "filler"));
        RunHistory.Append(disk.Path, RunSamples.Succeeded("2"));

        var torn = new List<string>();
        var read = RunHistory.Read(disk.Path, torn.Add).Select(r => r.RunId).ToList();
        Assert.Equal(("2", "1"), (read[0], read[^1]));
        Assert.Empty(torn);
        writer.OnEvent(new RunEnded(RunSamples.Succeeded("3")));
        Assert.Equal("3", Assert.Single(LatestRuns.Read(disk.Path)).LastGood?.RunId);
        Assert.DoesNotContain(Directory.GetFiles(disk.Path), f => f.EndsWith(".partial", StringComparison.Ordinal));
    }

    string Month() => RunHistory.PathOf(_temp.Path, BackupSamples.Morning);

    static string Json(RunResult result) => JsonSerializer.Serialize(result, JsonFormat.Line);
}
