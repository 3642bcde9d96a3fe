using BackupSync.Application.Views;
using BackupSync.Runs;

namespace BackupSync.Cli.Display;

/// <summary>What came of several runs of one kind, a row for each.</summary>
static class RunsTable
{
    public static void Show(IReadOnlyList<RunResult> runs)
    {
        if (runs.Count == 0)
            return;
        var shown = ViewTable.Show(ResultViews.Of(runs[0].Kind), runs);
        var backups = runs.Select(r => r.SourceBackup).ToList();
        if (shown.Any(c => c.Name == "File"))
            BackupTables.ShowFolders(backups);
        else
            BackupTables.ShowPaths(backups);
    }
}
