using System.Text.Json;
using BackupSync.Files;
using BackupSync.Runs;
using BackupSync.Tests.Backups;

namespace BackupSync.Tests.Runs;

/// <summary>A history that has grown: over months, and to more than anybody wants to read.</summary>
[Trait("Needs", "nothing")]
public sealed class LongHistoryTests : IDisposable
{
    const string Rubbish = "who reads this is told that it is no record\n";

    readonly TempFolder _temp = new();
    readonly List<string> _warnings = [];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Months_of_UTC_and_the_old_file_follow_each_other()
    {
        Append("old", new DateTimeOffset(2025, 9, 1, 0, 0, 0, TimeSpan.Zero));
        File.Move(_temp.File("history-2025-09.jsonl"), _temp.File("history.jsonl"));
        Append("september", new DateTimeOffset(2025, 10, 1, 1, 59, 59, TimeSpan.FromHours(2)));
        Append("october", new DateTimeOffset(2025, 10, 1, 2, 0, 0, TimeSpan.FromHours(2)));
        Append("december", new DateTimeOffset(2025, 12, 31, 23, 59, 59, TimeSpan.Zero));
        Append("january", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _temp.Write("history-2026-13.jsonl", Rubbish);
        _temp.Write("history-2026-01.jsonl.bak", Rubbish);

        Assert.Equal(["january", "december", "october", "september", "old"], Ids(RunHistory.Read(_temp.Path, _warnings.Add)));
        Assert.Empty(_warnings);
        Assert.Equal(
            ["history-2025-09.jsonl", "history-2025-10.jsonl", "history-2025-12.jsonl", "history-2026-01.jsonl", "history.jsonl"],
            Directory.GetFiles(_temp.Path).Select(f => Path.GetFileName(f))
                .Where(f => f.EndsWith(".jsonl", StringComparison.Ordinal) && f != "history-2026-13.jsonl")
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_old_file_is_read_and_written_no_more()
    {
        _temp.Write("history.jsonl", Line("1", BackupSamples.Morning) + Line("2", BackupSamples.Morning) + "{\"run_id\":\"3");
        var before = File.ReadAllText(_temp.File("history.jsonl"));

        Append("4", BackupSamples.Morning);

        Assert.Equal(["4", "2", "1"], Ids(RunHistory.Read(_temp.Path, _warnings.Add)));
        Assert.Single(_warnings);
        Assert.Equal(before, File.ReadAllText(_temp.File("history.jsonl")));
    }

    [Fact]
    public void The_newest_of_a_year_are_found_in_one_block()
    {
        WriteYear();

        Assert.Equal(["2026-12-28-7", "2026-12-28-6", "2026-12-28-5"], Ids(RunHistory.Read(_temp.Path, _warnings.Add).Take(3)));
        Assert.Empty(_warnings);

        var read = 0;
        Assert.Equal(4, LinesFromEnd.Read(RunHistory.PathOf(_temp.Path, new DateTimeOffset(2026, 12, 1, 0, 0, 0, default)), n => read += n)
            .Take(4)
            .Count());
        Assert.InRange(read, 1, 65536);
    }

    /// <summary>Each month begins with a line that whoever reads it is told of.</summary>
    [Fact]
    public void Who_filters_reads_all_and_skips_what_is_not_looked_for()
    {
        WriteYear();

        var failed = RunHistory.Read(_temp.Path, _warnings.Add, r => r.Outcome == RunOutcome.RolledBack).Take(2);

        Assert.Equal(["2026-12-14-0", "2026-11-14-0"], Ids(failed));
        Assert.Single(_warnings);
        Assert.Equal(12, RunHistory.Read(_temp.Path, where: r => r.Outcome == RunOutcome.RolledBack).Count());
        Assert.Equal(12 * 28 * 8, RunHistory.Read(_temp.Path).Count());
    }

    [Fact]
    public void Runs_of_backups_are_looked_for_around_them_only()
    {
        WriteYear();
        // Whoever opens them fails.
        foreach (var month in new[] { "2026-12", "2026-09", "2026-07", "2026-02" })
            Replace($"history-{month}.jsonl");

        Assert.Equal(
            ["2026-10-20-3", "2026-08-15-0"],
            Ids(RunHistory.Of(_temp.Path, [("2026-08-15-0", Day(8, 15)), ("2026-10-20-3", Day(10, 20)), ("none", Day(4, 15))])));
        Assert.Empty(RunHistory.Of(_temp.Path, []));
        // At its month's end the record may be in the next one.
        Assert.Equal(["2026-06-01-0"], Ids(RunHistory.Of(_temp.Path, [("2026-06-01-0", Day(5, 31))])));

        void Replace(string name)
        {
            if (OperatingSystem.IsWindows())
                return;
            File.Delete(_temp.File(name));
            using var pipe = System.Diagnostics.Process.Start("mkfifo", _temp.File(name));
            pipe.WaitForExit();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_530)]
    [InlineData(65_536)]
    [InlineData(200_000)]
    [InlineData(3_000_000)]
    public void Lines_of_any_length_are_whole_and_have_their_place(int length)
    {
        string[] lines = ["first", "", new string('x', length), "é測試", new string('y', length / 2), "torn"];
        var path = _temp.Write("lines", string.Join('\n', lines));

        var read = LinesFromEnd.Read(path).Select(l => (l.Offset, Text: System.Text.Encoding.UTF8.GetString(l.Bytes!.Value.Span))).Reverse()
            .ToList();

        Assert.Equal(lines, read.Select(l => l.Text));
        Assert.Equal([0, 6, 7, length + 8], read.Take(4).Select(l => l.Offset));
    }

    [Fact]
    public void A_line_without_end_costs_no_memory_and_no_other_run()
    {
        Append("1", BackupSamples.Morning);
        var path = RunHistory.PathOf(_temp.Path, BackupSamples.Morning);
        using (var stream = File.OpenWrite(path))
        {
            // No bytes are stored for it.
            stream.SetLength(stream.Length + LinesFromEnd.LongestLine + 10_000_000);
            stream.Seek(0, SeekOrigin.End);
            stream.WriteByte((byte)'\n');
        }
        Append("2", BackupSamples.Morning);

        Assert.Equal(["2", "1"], Ids(RunHistory.Read(_temp.Path, _warnings.Add)));
        Assert.Contains($"is longer than {ByteSizes.Show(LinesFromEnd.LongestLine)}", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_who_takes_his_time_holds_up_no_writer()
    {
        Append("1", BackupSamples.Morning);
        Append("2", BackupSamples.Morning);

        using var slow = RunHistory.Read(_temp.Path, _warnings.Add).GetEnumerator();
        Assert.True(slow.MoveNext());
        using (PrivateFile.OpenExclusive(RunHistory.PathOf(_temp.Path, BackupSamples.Morning), TimeSpan.Zero))
        {
        }
        Append("3", BackupSamples.Morning);

        Assert.True(slow.MoveNext());
        Assert.Equal("1", slow.Current.RunId);
        Assert.False(slow.MoveNext());
    }

    [Fact]
    public void Text_that_is_no_UTF8_is_no_record_and_a_mark_at_the_beginning_is_passed_over()
    {
        File.WriteAllBytes(_temp.File("history.jsonl"),
            [.. System.Text.Encoding.UTF8.Preamble, .. System.Text.Encoding.UTF8
                .GetBytes(Line("1", BackupSamples.Morning).ReplaceLineEndings("\r\n"))]);
        File.AppendAllText(_temp.File("history.jsonl"), Line("2é", BackupSamples.Morning), System.Text.Encoding.Latin1);

        Assert.Equal(["1"], Ids(RunHistory.Read(_temp.Path, _warnings.Add)));
        Assert.Single(_warnings);
        Assert.Equal(["1"], Ids(RunHistory.Read(_temp.Path, _warnings.Add, r => r.Job != "")));
    }

    [SkippableFact]
    public void A_link_in_place_of_a_months_file_is_not_written_through()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege there.");
        var other = _temp.Write("other", "theirs");
        File.CreateSymbolicLink(RunHistory.PathOf(_temp.Path, BackupSamples.Morning), other);

        var e = Assert.Throws<BackupSyncException>(() => Append("1", BackupSamples.Morning));

        Assert.Contains("is a link", e.Message, StringComparison.Ordinal);
        Assert.Equal("theirs", File.ReadAllText(other));
    }

    [Fact]
    public void The_head_of_a_record_tells_what_the_record_does()
    {
        var run = RunSamples.Failed() with { Mode = BackupSync.Configuration.SyncMode.Incremental, SnapshotTime = BackupSamples.Morning };
        var line = JsonSerializer.SerializeToUtf8Bytes(run, JsonFormat.Line);

        Assert.Equal(RunHead.Of(run), RunHead.Parse(line));
        // It ends before the tables begin.
        Assert.NotNull(
            RunHead.Parse(line.AsSpan(0, System.Text.Encoding.UTF8.GetString(line).IndexOf("source_stats", StringComparison.Ordinal))));
        Assert.Null(RunHead.Parse("{\"run_id\":\"1\"}"u8));
        Assert.Null(RunHead.Parse("[1]"u8));
    }

    /// <summary>Eight runs a day, of 28 days each month; one a month failed.</summary>
    void WriteYear()
    {
        for (var month = 1; month <= 12; month++)
        {
            var lines = new System.Text.StringBuilder(Rubbish);
            for (var day = 1; day <= 28; day++)
            {
                for (var i = 0; i < 8; i++)
                    lines.Append(Line(
                        $"2026-{month:00}-{day:00}-{i}",
                        Day(month, day).AddHours(i),
                        day == 14 && i == 0 ? RunOutcome.RolledBack : RunOutcome.Succeeded));
            }
            _temp.Write($"history-2026-{month:00}.jsonl", lines.ToString());
        }
    }

    static DateTimeOffset Day(int month, int day) => new(2026, month, day, 0, 0, 0, TimeSpan.Zero);

    static string Line(string runId, DateTimeOffset end, RunOutcome outcome = RunOutcome.Succeeded) =>
        JsonSerializer.Serialize(RunSamples.Succeeded(runId) with { EndTime = end, Outcome = outcome }, JsonFormat.Line) + "\n";

    void Append(string runId, DateTimeOffset end) => RunHistory.Append(_temp.Path, RunSamples.Succeeded(runId) with { EndTime = end });

    static IEnumerable<string> Ids(IEnumerable<RunResult> runs) => runs.Select(r => r.RunId);
}
