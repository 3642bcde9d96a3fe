using System.Text;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Reporting;

/// <summary>The page as a file, for its owner alone: it tells names and causes.</summary>
public static class ReportFile
{
    public const string DefaultName = "report.html";

    /// <summary>Makes the page and writes it, whole or not at all. A report that is there is replaced.</summary>
    /// <param name="force">Whether any other file is, too.</param>
    /// <inheritdoc cref="ReportPage.OfAsync" path="/param"/>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.FileFailed"/>: there is a file that is no report, or it cannot be written; or no history can be read.
    /// </exception>
    public static async Task WriteAsync(
        BackupSyncConfig config, int days, string path, bool force, TimeProvider clock, Action<string> warn,
        CancellationToken cancellationToken)
    {
        EnsureMayWrite(path, force);
        var page = await ReportPage.OfAsync(config, days, clock, warn, cancellationToken);
        PrivateFile.WriteAllDurably(path, Encoding.UTF8.GetBytes(page));
    }

    static void EnsureMayWrite(string path, bool force)
    {
        if (Directory.Exists(path))
            throw new BackupSyncException(ErrorIds.FileFailed, $"{path} is a folder.", "Name the file to write.");
        if (!force && File.Exists(path) && !IsReport(path))
            throw new BackupSyncException(
                ErrorIds.FileFailed, $"{path} exists already, and is no report.",
                $"Name another file, or replace it with {Spelling.Force}.");
    }

    static bool IsReport(string path)
    {
        try
        {
            using var stream = PlatformFiles.OpenToRead(path, FileShare.ReadWrite | FileShare.Delete);
            var head = new byte[ReportPage.Head.Length];
            return stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length
                && Encoding.UTF8.GetString(head) == ReportPage.Head;
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }
}
