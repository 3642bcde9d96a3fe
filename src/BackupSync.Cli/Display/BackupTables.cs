using BackupSync.Application.Views;
using BackupSync.Backups;

namespace BackupSync.Cli.Display;

/// <summary>Backups, with where they are.</summary>
static class BackupTables
{
    public static void Show(IReadOnlyList<BackupFile> backups)
    {
        var shown = ViewTable.Show(ResultViews.Backups, backups, "There are no backups.");
        if (shown.Any(c => c.Name == "File"))
            ShowFolders(backups);
        else
            ShowPaths(backups);
        foreach (var doubtful in backups.Where(b => b.NotAuthenticated is not null))
            Failures.Warn($"Not authenticated: {doubtful.Path}: {doubtful.NotAuthenticated}.");
    }

    /// <summary>Where the files do not fit into the table they stand below: a name in four pieces cannot be read or copied.</summary>
    public static void ShowPaths(IEnumerable<BackupFile?> backups)
    {
        foreach (var file in backups.OfType<BackupFile>())
            Screen.WriteWhole(file.Path);
    }

    /// <summary>The folders of a place are told as one.</summary>
    public static void ShowFolders(IEnumerable<BackupFile?> backups)
    {
        foreach (var folder in backups.OfType<BackupFile>().Select(FolderOf).Distinct())
            Screen.WriteWhole($"in {folder}");
    }

    static string FolderOf(BackupFile backup)
    {
        var folder = backup.Path[..^NameOf(backup.Path).Length].TrimEnd(Separators);
        return NameOf(folder) == backup.Database ? folder[..^backup.Database.Length] + "<database>" : folder;
    }

    /// <summary>Of a path or an address.</summary>
    static string NameOf(string path) => path[(path.LastIndexOfAny(Separators) + 1)..];

    static readonly char[] Separators = ['/', Path.DirectorySeparatorChar];
}
