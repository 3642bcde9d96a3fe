using System.Text.Json;
using BackupSync.Files;

namespace BackupSync.Runs;

/// <summary>How a job stands with a database.</summary>
/// <param name="Database">Which one is written or, by a backup, read; null for what is done with a backup that was there already.</param>
/// <param name="Last">The last run, however it ended.</param>
/// <param name="LastGood">The last run that succeeded; null where none ever did.</param>
/// <param name="Error">Why the last run did not succeed.</param>
sealed record LatestRun(string Job, RunKind Kind, string? Database, RunHead Last, RunHead? LastGood, RunError? Error);

/// <summary>
/// <c>latest.json</c> beside a job's backups: of each job, kind of run and database the last run and the last good one, for those who
/// ask often how things stand. The history is written first, so a machine that dies in between leaves it one run behind.
/// </summary>
static class LatestRuns
{
    internal sealed record Content(IReadOnlyList<LatestRun> Runs);

    /// <summary>Has ready what writes it, as <see cref="RunHistory.Prepare"/> does.</summary>
    public static void Prepare() => _ = Preparation.Value;

    static readonly Lazy<Task> Preparation = new(() => Task.Run(() =>
    {
        var head = new RunHead("", "", default, default, null, default, default, default);
        var content = new Content([new LatestRun("", default, "", head, head, new RunError("", default, "", null, null, null))]);
        JsonSerializer.Deserialize<Content>(JsonSerializer.SerializeToUtf8Bytes(content, RunJson.Indented), RunJson.Indented);
    }));

    public static string PathOf(string directory) => Path.Combine(directory, RecordNames.Latest);

    /// <summary>None where there is no such file. A run that has left no end is the last one of its kind all the same.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: it cannot be read, or is something else.</exception>
    public static IReadOnlyList<LatestRun> Read(string directory)
    {
        // First these: what ends meanwhile is in the file then.
        var unended = StartedRun.Unended(directory);
        var runs = ReadFile(directory);
        if (unended.Count == 0)
            return runs;
        var all = runs.ToList();
        foreach (var run in unended.Reverse())
            Add(all, directory, run);
        return all;
    }

    static IReadOnlyList<LatestRun> ReadFile(string directory)
    {
        var path = PathOf(directory);
        try
        {
            if (!File.Exists(path))
                return [];
            using var stream = PlatformFiles.OpenToRead(path, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > LinesFromEnd.LongestLine)
                throw new JsonException($"It has {ByteSizes.Show(stream.Length)}.");
            return JsonSerializer.Deserialize<Content>(stream, RunJson.Indented)?.Runs ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            // It may be somebody's own, such as the manifest of a backup that is called latest: it is never written over.
            throw new BackupSyncException(
                ErrorIds.FileFailed,
                // What the library says names our types.
                $"{path} does not tell the latest runs: {(e.Path is null ? e.Message : "It is torn, or something else.")}",
                "Remove it, or give it another name.", e);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    /// <summary>
    /// Takes in a run that the history has. Several processes may do so at once; readers find the file of before, or the new one.
    /// </summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public static void Update(string directory, RunResult result)
    {
        using var turn = PrivateFile.OpenExclusive(Path.Combine(directory, RecordNames.LatestLock));
        var runs = ReadFile(directory).ToList();
        if (!Add(runs, directory, result))
            return;
        var content = JsonSerializer.SerializeToUtf8Bytes(new Content(runs), RunJson.Indented);
        PrivateFile.WriteAllDurably(PathOf(directory), [.. content, (byte)'\n']);
    }

    /// <returns>Whether it is the last one: what has left no end may be told after a later run.</returns>
    static bool Add(List<LatestRun> runs, string directory, RunResult result)
    {
        var database = DatabaseOf(result);
        var index = runs.FindIndex(r => r.Job == result.Job && r.Kind == result.Kind && r.Database == database);
        if (result.Outcome == RunOutcome.DidNotEnd && index >= 0 && runs[index].Last.StartTime >= result.StartTime)
            return false;
        var head = RunHead.Of(result);
        var good = result.Success ? head : index >= 0 ? runs[index].LastGood : LastGoodOf(directory, result, database);
        var latest = new LatestRun(result.Job, result.Kind, database, head, good, result.Error);
        if (index >= 0)
            runs[index] = latest;
        else
            runs.Add(latest);
        return true;
    }

    /// <summary>Of runs that were before this file was.</summary>
    static RunHead? LastGoodOf(string directory, RunResult result, string? database) =>
        RunHistory.Read(directory, where: h => h.Outcome == RunOutcome.Succeeded && h.Job == result.Job && h.Kind == result.Kind)
            .Where(r => DatabaseOf(r) == database).Select(RunHead.Of).FirstOrDefault();

    static string? DatabaseOf(RunResult result) => result.Kind switch
    {
        RunKind.Sync or RunKind.Restore => result.Target,
        RunKind.Backup => result.Source,
        _ => null,
    };
}
