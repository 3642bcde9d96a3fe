using System.Text;
using System.Text.Json;
using BackupSync.Files;

namespace BackupSync.Runs;

/// <summary>The record of every run of a job: <c>history.jsonl</c> beside its backups, one JSON object a line, oldest first.</summary>
public static class RunHistory
{
    public const string FileName = RecordNames.History;

    public static string PathOf(string directory) => Path.Combine(directory, FileName);

    /// <summary>Newest first. A torn last line, left by a machine that died, is told to <paramref name="warn"/> and passed over.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: there is a history, but it cannot be read.</exception>
    public static IReadOnlyList<RunResult> Read(string directory, Action<string>? warn = null)
    {
        var path = PathOf(directory);
        if (!File.Exists(path))
            return [];

        var results = new List<RunResult>();
        var number = 0;
        foreach (var line in ReadText(path).Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            if (Parse(line, out var problem) is { } result)
                results.Add(result);
            else
                warn?.Invoke($"{path}:{number}: not the record of a run, passed over: {problem}");
        }
        results.Reverse();
        return results;
    }

    /// <summary>Has ready what writes a record, on the pool, while the run waits for its servers: the first of a process takes a tenth of a second to compile.</summary>
    public static void Prepare() => _ = Preparation.Value;

    static readonly Lazy<Task> Preparation = new(() => Task.Run(() => JsonSerializer.Serialize(new RunResult
    {
        RunId = "", Job = "", Kind = RunKind.Sync, Outcome = RunOutcome.Succeeded, Source = "", Target = "", StartTime = default, EndTime = default,
        Steps = [new StepResult(default, default, default, 0, null)],
        Tables = [new TableResult("", 0, 0, 0, 0, true) { Changes = new TableChanges(default, "", 0, 0, 0, 0, 0, 0, 0) }],
    }, JsonFormat.Line)));

    /// <summary>Adds a run. Several processes may do so at once; when it returns, the record is on the disk.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static void Append(string directory, RunResult result)
    {
        var path = PathOf(directory);
        PrivateFile.CreateFolder(directory);
        var isNew = !File.Exists(path);
        try
        {
            using (var stream = PrivateFile.OpenExclusive(path))
            {
                // A line torn by a crash must not take this one with it.
                var separator = EndsInLineBreak(stream) ? "" : "\n";
                PrivateFile.AppendWhole(stream, Encoding.UTF8.GetBytes($"{separator}{JsonSerializer.Serialize(result, JsonFormat.Line)}\n"));
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

    static RunResult? Parse(string line, out string? problem)
    {
        problem = null;
        try
        {
            return JsonSerializer.Deserialize<RunResult>(line, JsonFormat.Line);
        }
        catch (JsonException e)
        {
            problem = e.Message;
            return null;
        }
    }

    /// <summary>Through the same lock as those who append, so that no line is met half-written.</summary>
    static string ReadText(string path)
    {
        try
        {
            using var stream = PrivateFile.OpenToRead(path);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
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
