using System.Text;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Scheduling;

/// <summary>A scheduler that is not ours.</summary>
public enum OtherScheduler
{
    /// <summary>A service and a timer for each job and plan.</summary>
    Systemd,

    /// <summary>A crontab with a line for each.</summary>
    Cron,

    /// <summary>Windows' own: a task for each, as XML.</summary>
    TaskScheduler,

    /// <summary>A CronJob for each job, and for each database of a plan.</summary>
    Kubernetes,
}

/// <summary>A file for a scheduler. There is no secret in it.</summary>
/// <param name="Name">Without a folder.</param>
public sealed record ScheduleFile(string Name, string Text)
{
    /// <summary>As the scheduler reads it: Windows' wants UTF-16.</summary>
    internal byte[] Bytes => Text.StartsWith("<?xml", StringComparison.Ordinal)
        ? [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(Text)]
        : Encoding.UTF8.GetBytes(Text);
}

/// <summary>
/// Schedules for those who keep a scheduler already: files that call <c>backupsync sync</c> and <c>plan</c> at the same times. What a
/// scheduler cannot say exactly is refused; what it does otherwise where clocks change or runs are missed stands in the file.
/// </summary>
public static class ScheduleExport
{
    /// <param name="names">Of jobs and plans; all that have a schedule where none is named.</param>
    /// <param name="program">Where the program is there, or its image; null for the usual.</param>
    /// <param name="machine">The time zone of the machine that runs it, which Windows' scheduler keeps to.</param>
    /// <exception cref="BackupSyncException">
    /// A name is unknown or has no schedule, nothing has one, or the scheduler cannot say a schedule.
    /// </exception>
    public static IReadOnlyList<ScheduleFile> Make(
        BackupSyncConfig config, IReadOnlyList<string> names, OtherScheduler scheduler, string? program, TimeProvider clock,
        TimeZoneInfo machine)
    {
        var runs = ExportedRun.Of(config, names, byMember: scheduler == OtherScheduler.Kubernetes);
        if (runs.Count == 0)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid, $"Nothing in {config.Path} has a schedule.",
                "Add one to a job or plan, such as schedule: { cron: \"0 6,18 * * *\" }.");
        var file = Path.GetFullPath(config.Path);
        foreach (var word in runs.SelectMany(r => r.Arguments.Concat(r.Folders)).Append(file).Append(program ?? UsualProgram).Distinct())
            EnsurePlain(word);
        return scheduler switch
        {
            OtherScheduler.Systemd => [.. runs.SelectMany(r => SystemdUnits.Of(r, program ?? UsualProgram, file))],
            OtherScheduler.Cron => [Crontab.Of(runs, program ?? UsualProgram, file)],
            OtherScheduler.TaskScheduler => [.. runs.Select(r => WindowsTask.Of(r, program ?? "backupsync.exe", file, clock, machine))],
            _ => [.. runs.Select(r => KubernetesCronJob.Of(r, program ?? "backupsync", Path.GetDirectoryName(file)!))],
        };
    }

    /// <summary>Writes them for their owner alone, all or none where one is there already.</summary>
    /// <param name="folder">An absolute path; made where it is missing.</param>
    /// <param name="overwrite">Whether files that are there are replaced.</param>
    /// <returns>Their paths.</returns>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: a file is there, or cannot be written.</exception>
    public static IReadOnlyList<string> Write(IReadOnlyList<ScheduleFile> files, string folder, bool overwrite)
    {
        if (File.Exists(folder))
            throw new BackupSyncException(ErrorIds.FileFailed, $"{folder} is a file.", "Name the folder to write to.");
        var paths = files.Select(f => Path.Combine(folder, f.Name)).ToList();
        if (!overwrite && paths.FirstOrDefault(Path.Exists) is { } taken)
            throw new BackupSyncException(
                ErrorIds.FileFailed, $"{taken} exists already; nothing was written.",
                $"Name another folder, or replace it with {Spelling.Force}.");
        PrivateFile.CreateFolder(folder);
        foreach (var (file, path) in files.Zip(paths))
            PrivateFile.WriteAllDurably(path, file.Bytes, overwrite);
        return paths;
    }

    /// <summary>What cannot be seen could end a line. Names have no such characters, but paths may.</summary>
    static void EnsurePlain(string word)
    {
        if (Printable.Line(word) != word)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid, $"'{Printable.Line(word)}' cannot stand in a file for a scheduler.",
                "Give it a name without control characters.");
    }

    const string UsualProgram = "/usr/local/bin/backupsync";

    /// <summary>What a scheduler lacks; the message begins with the job or plan.</summary>
    internal static BackupSyncException Refused(ExportedRun run, string why, string advice) => new(
        ErrorIds.ConfigurationInvalid, $"{run.Item.What} ({run.Schedule}): {why}", advice);
}
