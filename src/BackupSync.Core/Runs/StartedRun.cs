using System.Globalization;
using System.Text;
using System.Text.Json;
using BackupSync.Files;

namespace BackupSync.Runs;

/// <summary>
/// The note of a run that has begun, beside its history. Its process holds it locked, and removes it when the history has the run's end. The
/// system lets go of the lock when that process dies: a note that nobody holds is of a run that has left no end.
/// </summary>
sealed class StartedRun
{
    readonly string _path;
    readonly FileStream _note;

    StartedRun(string path, FileStream note) => (_path, _note) = (path, note);

    /// <summary>When it returns, the note is on the disk.</summary>
    /// <param name="run">As it stands at its beginning.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static StartedRun Begin(string directory, RunResult run)
    {
        PrivateFile.CreateFolder(directory);
        var path = Path.Combine(directory, RecordNames.Started(run.RunId));
        var note = PrivateFile.OpenExclusive(path);
        try
        {
            note.Write(Encoding.UTF8.GetBytes($"{JsonSerializer.Serialize(run, RunJson.Line)}\n"));
            note.Flush(flushToDisk: true);
            PlatformFiles.FlushFolder(directory);
            return new StartedRun(path, note);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            note.Dispose();
            Remove(path);
            throw FileFailure.From(e, path, "write");
        }
    }

    /// <summary>Notes a step that is about to be taken. Where the disk does not take it, the run is told without its step.</summary>
    public void Note(RunStep step, DateTimeOffset time)
    {
        try
        {
            PrivateFile.AppendWhole(_note, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{step} {time:O}\n")));
        }
        catch (IOException)
        {
            // What the history will not take either is told there.
        }
    }

    /// <param name="isRecorded">Whether the history has the run's end; the note stays where it has not, for nothing else tells of it.</param>
    public void End(bool isRecorded)
    {
        _note.Dispose();
        if (isRecorded)
            Remove(_path);
    }

    /// <summary>Runs of a folder that have left no end, newest first. Nothing is written.</summary>
    public static IReadOnlyList<RunResult> Unended(string directory) => [.. Notes(directory)
        .Select(path => Read(path) is { } run && !IsRecorded(directory, run) ? run : null)
        .OfType<RunResult>().OrderByDescending(r => r.EndTime)];

    /// <summary>Puts runs that have left no end into the history and among the latest ones, and removes their notes.</summary>
    /// <returns>Those that this call has recorded: of several processes that try, one has each.</returns>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static IReadOnlyList<RunResult> Settle(string directory)
    {
        List<RunResult> settled = [];
        foreach (var path in Notes(directory))
        {
            // One that was removed meanwhile is made anew, is empty, and goes.
            using var turn = TryOpen(() => PlatformFiles.Open(path, FileMode.OpenOrCreate, FileShare.None, FileOptions.None));
            if (turn is null)
                continue;
            if (Parse(turn) is { } run && !IsRecorded(directory, run))
            {
                RunHistory.Append(directory, run);
                LatestRuns.Update(directory, run);
                settled.Add(run);
            }
            if (OperatingSystem.IsWindows())
                turn.Dispose(); // there an open file cannot be removed
            Remove(path);
        }
        return settled;
    }

    static IReadOnlyList<string> Notes(string directory)
    {
        try
        {
            return Directory.Exists(directory) ? Directory.GetFiles(directory, RecordNames.Started("*")) : [];
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, directory, "list");
        }
    }

    /// <summary>A machine may die when the history has the end, and the note is there still.</summary>
    static bool IsRecorded(string directory, RunResult run) => RunHistory.Of(directory, [(run.RunId, run.EndTime)]).Any();

    /// <returns>Null where it is held, gone, or torn: it died before it had begun anything.</returns>
    static RunResult? Read(string path)
    {
        using var note = TryOpen(() => PlatformFiles.OpenToRead(path, FileShare.Read));
        return note is null ? null : Parse(note);
    }

    static FileStream? TryOpen(Func<FileStream> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            return null;
        }
    }

    static RunResult? Parse(FileStream note)
    {
        using var reader = new StreamReader(note, leaveOpen: true);
        try
        {
            if (reader.ReadLine() is not { } first || JsonSerializer.Deserialize<RunResult>(first, RunJson.Line) is not { } run)
                return null;
            var (step, seen) = ((RunStep?)null, run.StartTime);
            while (reader.ReadLine()?.Split(' ') is [var name, var moment])
            {
                if (Enum.TryParse<RunStep>(name, out var noted)
                    && DateTimeOffset.TryParse(moment, CultureInfo.InvariantCulture, out var time))
                    (step, seen) = (noted, time);
            }
            return run with
            {
                Outcome = RunOutcome.DidNotEnd,
                EndTime = seen,
                Error = new RunError(
                    ErrorIds.RunDidNotEnd, step,
                    $"Its process was killed, or its machine stopped{(step is null ? "" : $", in the step {step}")}.", Detail: null,
                    "Run it again: what it has left behind is cleared away then.", Rollback: null),
            };
        }
        catch (Exception e) when (e is JsonException || FileFailure.Is(e))
        {
            return null;
        }
    }

    /// <summary>One that comes back by a power cut is found to be recorded.</summary>
    static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            // Whoever looks next finds that its run is recorded, and tries again.
        }
    }
}
