using BackupSync.Runs;
using BackupSync.Tests.Backups;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Runs;

[Trait("Needs", "nothing")]
public sealed class LogFileTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly List<string> _warnings = [];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void A_run_reads_from_top_to_bottom()
    {
        var log = new LogFile(_temp.Path, _warnings.Add);
        RunEvent[] events =
        [
            new RunStarted("a1b2c3d4", "railway-to-neon"),
            new StepStarted(RunStep.Dump, "dump railway", TimeSpan.FromMinutes(5)),
            new StepProgress(RunStep.Dump, 0.5, "public.users", 7, 9, 100),
            new StepEnded(new StepResult(RunStep.Dump, StepState.Succeeded, BackupSamples.Morning, 1.54, "1.84 MB")),
            new StepStarted(RunStep.Verify, "verify neon", null),
            new StepEnded(new StepResult(RunStep.Verify, StepState.Failed, BackupSamples.Morning, 61, null)),
            new RunLog(RunLogLevel.Warning, "ROLLING BACK: Restoring from safety backup..."),
            new RunEnded(RunSamples.Failed("a1b2c3d4")),
        ];
        foreach (var e in events)
            log.OnEvent(e with { Time = BackupSamples.Morning });

        Assert.Equal(
            """
            2025-10-18T06:00:12Z INFO  [railway-to-neon a1b2c3d4] Run started
            2025-10-18T06:00:12Z INFO  [railway-to-neon a1b2c3d4] Dump started: dump railway (limit 300.0s)
            2025-10-18T06:00:12Z INFO  [railway-to-neon a1b2c3d4] Dump succeeded in 1.5s: 1.84 MB
            2025-10-18T06:00:12Z INFO  [railway-to-neon a1b2c3d4] Verify started: verify neon
            2025-10-18T06:00:12Z ERROR [railway-to-neon a1b2c3d4] Verify failed in 61.0s
            2025-10-18T06:00:12Z WARN  [railway-to-neon a1b2c3d4] ROLLING BACK: Restoring from safety backup...
            2025-10-18T06:00:12Z ERROR [railway-to-neon a1b2c3d4] Run ended: RolledBack in 42.1s
            2025-10-18T06:00:12Z ERROR [railway-to-neon a1b2c3d4] BackupSync.VerificationFailed in Verify: public.users differs.
            2025-10-18T06:00:12Z ERROR [railway-to-neon a1b2c3d4] Detail: ERROR:  first line
                DETAIL:  second line
            2025-10-18T06:00:12Z ERROR [railway-to-neon a1b2c3d4] Rollback: Rollback successful - Neon database preserved
            2025-10-18T06:00:12Z ERROR [railway-to-neon a1b2c3d4] Advice: Look at the triggers.

            """.ReplaceLineEndings("\n"),
            Text());
        Assert.Empty(_warnings);
    }

    [Fact]
    public void The_arrow_of_a_completed_sync_is_utf8()
    {
        Log().OnEvent(new RunLog(RunLogLevel.Information, "Railway → Neon sync completed in 42.1s"));

        Assert.Contains("Railway → Neon sync completed in 42.1s\n", Text(), StringComparison.Ordinal);
        Assert.NotEqual(0xEF, File.ReadAllBytes(LogFile.PathOf(_temp.Path))[0]);
    }

    [Theory]
    [InlineData("first\nsecond\n", "first\n    second\n")]
    [InlineData("first\r\nsecond", "first\n    second\n")]
    [InlineData("first\rsecond", "first\n    second\n")]
    [InlineData("first\u2028second", "first\n    second\n")]
    [InlineData("a\u001b[31mred\0", "a\\u001b[31mred\\u0000\n")]
    public void No_message_forges_a_line_or_steers_a_terminal(string message, string expected)
    {
        Log().OnEvent(new RunLog(RunLogLevel.Error, message));

        Assert.EndsWith("] " + expected, Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_leaves_no_line()
    {
        Log().OnEvent(new StepProgress(RunStep.Dump, 0.5, null, null, null, null));

        Assert.Empty(Directory.GetFiles(_temp.Path));
    }

    [SkippableFact]
    public void Folder_and_file_are_their_owners_alone()
    {
        new LogFile(_temp.File("new"), _warnings.Add).OnEvent(new RunLog(RunLogLevel.Information, "x"));

        Assert.Equal(Mode.OwnerFolder, Mode.Of(_temp.File("new")));
        Assert.Equal(Mode.OwnerFile, Mode.Of(_temp.File("new/backupsync.log")));
    }

    [Fact]
    public void A_log_over_its_limit_makes_room_and_one_before_is_kept()
    {
        var log = new LogFile(_temp.Path, _warnings.Add) { Limit = 1000 };
        for (var i = 0; i < 100; i++)
            log.OnEvent(new RunLog(RunLogLevel.Information, $"line {i}"));

        var before = File.ReadAllLines(_temp.File("backupsync.log.1"));
        var lines = before.Concat(File.ReadAllLines(_temp.File("backupsync.log"))).ToList();
        Assert.Equal(["backupsync.log", "backupsync.log.1"], Directory.GetFiles(_temp.Path).Select(f => Path.GetFileName(f)).Order());
        Assert.All(Directory.GetFiles(_temp.Path), f => Assert.InRange(new FileInfo(f).Length, 1, 1000));
        Assert.Equal(
            Enumerable.Range(100 - lines.Count, lines.Count).Select(i => $"line {i}"),
            lines.Select(l => l[(l.IndexOf(']') + 2)..]));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Several_runs_write_whole_lines_and_lose_none_while_rotating()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(w => Task.Run(() =>
        {
            var log = new LogFile(_temp.Path, _warnings.Add) { Limit = 12_000 };
            for (var i = 0; i < 50; i++)
                log.OnEvent(new RunLog(RunLogLevel.Information, $"writer {w} line {i} {new string('x', 40)}"));
        })));

        var lines = Directory.GetFiles(_temp.Path).SelectMany(File.ReadAllLines).ToList();
        Assert.Empty(_warnings);
        Assert.Equal(200, lines.Distinct().Count());
        Assert.All(lines, l => Assert.EndsWith("xxx", l, StringComparison.Ordinal));
        Assert.True(File.Exists(_temp.File("backupsync.log.1")));
    }

    [Fact]
    public void A_log_that_cannot_be_written_is_told_once_and_does_not_throw()
    {
        var log = new LogFile(Path.Combine(_temp.Write("file", ""), "below"), _warnings.Add);

        for (var i = 0; i < 3; i++)
            log.OnEvent(new RunLog(RunLogLevel.Information, "x"));

        Assert.StartsWith("Lines are missing from the log: Cannot create the folder", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_held_up_by_another_are_written_later()
    {
        var log = Log();
        using (var other = BackupSync.Files.PrivateFile.OpenExclusive(LogFile.PathOf(_temp.Path)))
        {
            log.OnEvent(new RunLog(RunLogLevel.Information, "first"));
            log.OnEvent(new RunLog(RunLogLevel.Information, "second"));
        }
        log.OnEvent(new RunLog(RunLogLevel.Information, "third"));

        Assert.Equal(["first", "second", "third"], Text().TrimEnd().Split('\n').Select(l => l[(l.IndexOf(']') + 2)..]));
        Assert.Single(_warnings);
    }

    [SkippableFact]
    public async Task On_a_full_disk_no_line_is_torn_and_none_lost_once_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync(65536);
        var log = new LogFile(disk.Path, _warnings.Add);
        log.OnEvent(new RunLog(RunLogLevel.Information, "before"));
        disk.Fill();
        for (var i = 0; i < 100; i++)
            log.OnEvent(new RunLog(RunLogLevel.Information, $"{i} {new string('x', 100)}"));
        Assert.Contains("The disk is full", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.EndsWith("\n", File.ReadAllText(LogFile.PathOf(disk.Path)), StringComparison.Ordinal);

        File.Delete(Path.Combine(disk.Path, "filler"));
        log.OnEvent(new RunLog(RunLogLevel.Information, "after"));

        Assert.Equal(102, File.ReadAllLines(LogFile.PathOf(disk.Path)).Length);
    }

    LogFile Log() => new(_temp.Path, _warnings.Add);

    string Text() => File.ReadAllText(LogFile.PathOf(_temp.Path));
}
