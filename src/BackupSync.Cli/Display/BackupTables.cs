using BackupSync.Backups;
using BackupSync.Operations.Expire;
using Spectre.Console;
using static BackupSync.Cli.Display.Tables;

namespace BackupSync.Cli.Display;

/// <summary>Backups and what becomes of them, as people read them.</summary>
static class BackupTables
{
    public static void Show(IReadOnlyList<BackupFile> backups)
    {
        if (backups.Count == 0)
            Screen.WriteLine("There are no backups.");
        else
            ShowWithFiles(Headings, backups.Select(Row), backups);
        foreach (var doubtful in backups.Where(b => b.NotAuthenticated is not null))
            Failures.Warn($"Not authenticated: {doubtful.Path}: {doubtful.NotAuthenticated}.");
    }

    public static Table List(IEnumerable<BackupFile> backups) =>
        Filled([.. Headings, "File"], backups.Select(b => (Text[])[.. Row(b), Plain(b.FileName)]));

    /// <summary>
    /// Rows with the files they are about; the folders stand once, below. Where that is too wide, the files stand below too:
    /// a name in four pieces cannot be read or copied.
    /// </summary>
    /// <param name="files">One for each row; null where there is none.</param>
    public static void ShowWithFiles(string[] headings, IEnumerable<Text[]> rows, IReadOnlyList<BackupFile?> files)
    {
        var withoutFiles = rows.ToList();
        string[] all = [.. headings, "File"];
        List<Text[]> withFiles = [.. withoutFiles.Zip(files, (row, file) => (Text[])[.. row, Plain(file?.FileName)])];
        if (WidthOf(all, withFiles) <= Screen.Width)
        {
            Screen.Write(Filled(all, withFiles));
            ShowFolders(files);
            return;
        }
        Screen.Write(Filled(headings, withoutFiles));
        foreach (var file in files.OfType<BackupFile>())
            Screen.WriteWhole(file.Path);
    }

    public static Table Retention(IEnumerable<RetentionDecision> decisions) => Filled(
        OfRetention,
        decisions.Select(d => (Text[])
            [d.Remove
                ? new Text("Remove", Color.Yellow)
                : Plain("Keep"), Plain(Size(d.Size)), Plain(d.Backup?.FileName ?? d.Path), Plain(d.Reason)]));

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

    public static Text Proof(ProofRecord? proof) => proof?.Describe(DateTimeOffset.UtcNow) switch
    {
        null => Plain(""),
        var words when proof!.Verdict == ProofVerdict.NotProven => Plain(words, Color.Yellow),
        var words => State(words, proof.Good),
    };

    /// <summary>What is known of whether it is good; whether it is ours at all goes before that.</summary>
    static Text Proven(BackupFile backup) =>
        backup.NotAuthenticated is null ? Proof(backup.Proof) : State("NOT AUTHENTICATED", isGood: false);

    static string KindOf(BackupFile backup) => backup.Kind switch
    {
        BackupKind.Manual => "by hand",
        var kind => $"{kind.ToString().ToLowerInvariant()} {backup.Job}",
    };

    /// <summary>Of backups, before their files.</summary>
    public static readonly string[] Headings =
        ["Database", "Kind", "Created (UTC)", ">Size", ">Rows", "Proven", "Place", "Encrypted", "Tag", "Kept"];

    public static readonly string[] OfRetention = ["Action", ">Size", "File", "Why"];

    static Text[] Row(BackupFile b) =>
    [
        Plain(b.Database), Plain(KindOf(b)), Plain(Time(b.Created)), Plain(Size(b.Size)), Plain(Number(b.Rows)), Proven(b),
        Plain(b.Place), Plain(b.Encrypted ? "yes" : "no"), Plain(b.Tag),
        Plain(b.Pinned ? "for ever" : b.KeepDays is { } days ? $"{days} days" : ""),
    ];

    static readonly char[] Separators = ['/', Path.DirectorySeparatorChar];
}
