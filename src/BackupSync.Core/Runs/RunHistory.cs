using System.Text;
using System.Text.Json;
using BackupSync.Files;

namespace BackupSync.Runs;

/// <summary>
/// The record of every run of a job, beside its backups: <c>history-2026-11.jsonl</c> has those that ended in that month of UTC, one
/// JSON object a line, oldest first. <c>history.jsonl</c>, where all were kept before, is read as the oldest. It grows for ever, so
/// nothing here reads all of it unless all is asked for.
/// </summary>
static class RunHistory
{
    /// <summary>How far the moment of a backup, by its server's clock, may be from the end of its run, by this machine's.</summary>
    internal static readonly TimeSpan Margin = TimeSpan.FromDays(7);

    /// <summary>Where a run is kept that ends at this moment.</summary>
    public static string PathOf(string directory, DateTimeOffset end) => Path.Combine(directory, RecordNames.History(end));

    /// <summary>
    /// Newest first, read as far as they are asked for. A line that is no record, such as a torn one that a machine left which died, is
    /// told to
    /// <paramref name="warn"/> and passed over.
    /// </summary>
    /// <param name="where">Which runs; what is left out costs little. Null for all.</param>
    /// <param name="since">Files of months before are not opened: a run that began at this moment or later is in none of them.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.FileFailed"/>, while it is read: there is a history, but it cannot be read.
    /// </exception>
    public static IEnumerable<RunResult> Read(
        string directory, Action<string>? warn = null, Func<RunHead, bool>? where = null, DateTimeOffset? since = null)
    {
        var first = since is { } moment ? DateOnly.FromDateTime(moment.UtcDateTime).AddDays(1 - moment.UtcDateTime.Day) : DateOnly.MinValue;
        return Files(directory)
            .Where(path => RecordNames.MonthOf(Path.GetFileName(path)) is not { } month || month >= first)
            .SelectMany(path => ReadFile(path, warn, where));
    }

    /// <summary>
    /// The runs that took these backups, newest first. Only the months around a backup are read, and none further than it takes to find
    /// all or to be past the oldest: a backup of long ago, whose run left no record, must not have each clean-up read what has been
    /// written since.
    /// </summary>
    internal static IEnumerable<RunResult> Of(string directory, IReadOnlyList<(string RunId, DateTimeOffset Created)> backups)
    {
        if (backups.Count == 0)
            yield break;
        var sought = backups.Select(b => b.RunId).ToHashSet(StringComparer.Ordinal);
        var months = backups.SelectMany(b => new[] { b.Created - Margin, b.Created, b.Created + Margin })
            .Select(RecordNames.History).Append(RecordNames.OldHistory).ToHashSet(StringComparer.Ordinal);
        var isPast = false;
        var oldest = backups.Min(b => b.Created) - Margin;
        bool IsSought(RunHead head)
        {
            isPast = head.EndTime < oldest;
            return isPast || sought.Contains(head.RunId);
        }
        foreach (var path in Files(directory).Where(p => months.Contains(Path.GetFileName(p))))
        {
            foreach (var run in ReadFile(path, warn: null, IsSought))
            {
                if (isPast)
                    break;
                yield return run;
                if (sought.Remove(run.RunId) && sought.Count == 0)
                    yield break;
            }
        }
    }

    /// <summary>
    /// Has ready what writes a record, on the pool, while the run waits for its servers: the first of a process takes a tenth of a
    /// second to compile.
    /// </summary>
    public static void Prepare() => _ = Preparation.Value;

    static readonly Lazy<Task> Preparation = new(() => Task.Run(() => JsonSerializer.Serialize(new RunResult
    {
        RunId = "", Job = "", Kind = RunKind.Sync, Outcome = RunOutcome.Succeeded, Source = "", Target = "", StartTime = default, EndTime =
            default,
        Steps = [new StepResult(default, default, default, 0, null)],
        Tables = [new TableResult("", 0, 0, 0, 0, true) { Changes = new TableChanges(default, "", 0, 0, 0, 0, 0, 0, 0) }],
    }, RunJson.Line)));

    /// <summary>Adds a run. Several processes may do so at once; when it returns, the record is on the disk.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static void Append(string directory, RunResult result)
    {
        var path = PathOf(directory, result.EndTime);
        PrivateFile.CreateFolder(directory);
        var isNew = !File.Exists(path);
        try
        {
            using (var stream = PrivateFile.OpenExclusive(path))
            {
                // A line torn by a crash must not take this one with it.
                var separator = EndsInLineBreak(stream) ? "" : "\n";
                PrivateFile.AppendWhole(
                    stream,
                    Encoding.UTF8.GetBytes($"{separator}{JsonSerializer.Serialize(result, RunJson.Line)}\n"));
                stream.Flush(flushToDisk: true);
            }
            if (isNew)
                PlatformFiles.FlushFolder(directory);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "write");
        }
    }

    /// <summary>The files of a history, newest first.</summary>
    static IReadOnlyList<string> Files(string directory)
    {
        try
        {
            if (!Directory.Exists(directory))
                return [];
            var months = Directory.EnumerateFiles(directory, "history-*.jsonl")
                .Where(p => RecordNames.MonthOf(Path.GetFileName(p)) is not null)
                .OrderDescending(StringComparer.Ordinal);
            return [.. months, Path.Combine(directory, RecordNames.OldHistory)];
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, directory, "list");
        }
    }

    static IEnumerable<RunResult> ReadFile(string path, Action<string>? warn, Func<RunHead, bool>? where)
    {
        foreach (var line in LinesFromEnd.Read(path))
        {
            if (line.Bytes is not { } bytes)
            {
                warn?.Invoke($"{path}: not the record of a run, passed over: what begins at byte {line.Offset} is longer than "
                    + ByteSizes.Show(LinesFromEnd.LongestLine));
                continue;
            }
            if (Parse(bytes.Span, line.Offset, where, out var problem) is { } result)
                yield return result;
            else if (problem is not null)
                warn?.Invoke($"{path}: not the record of a run, passed over: at byte {line.Offset}: {problem}");
        }
    }

    /// <returns>Null where it is not looked for, is blank or, with a problem, no record.</returns>
    static RunResult? Parse(ReadOnlySpan<byte> line, long offset, Func<RunHead, bool>? where, out string? problem)
    {
        problem = null;
        // An editor may have put a mark at the beginning.
        if (offset == 0 && line.StartsWith(Encoding.UTF8.Preamble))
            line = line[Encoding.UTF8.Preamble.Length..];
        if (line.IndexOfAnyExcept(" \t\r"u8) < 0)
            return null;
        if (where is not null && RunHead.Parse(line) is { } head && !where(head))
            return null;
        try
        {
            var result = JsonSerializer.Deserialize<RunResult>(line, RunJson.Line);
            problem = result is null ? "null" : null;
            return result;
        }
        catch (JsonException e)
        {
            // What the library says names our types, which tells a reader nothing.
            var place = e.BytePositionInLine is { } at ? $", after {Quantity.Of(at, "byte")}" : "";
            problem = $"it is torn, or lacks what a record has{place}";
            return null;
        }
    }

    static bool EndsInLineBreak(FileStream stream)
    {
        if (stream.Length == 0)
            return true;
        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() == '\n';
    }
}
