namespace BackupSync;

/// <summary>
/// What an operator says to BackupSync, in the words of each head. Texts have both, <c>-Force (--force)</c>, for logs and histories are read
/// with either; a head shows its own alone.
/// </summary>
/// <param name="Cmdlet">In PowerShell.</param>
/// <param name="Command">In a shell.</param>
public sealed record Spelling(string Cmdlet, string Command)
{
    public static readonly Spelling AllowProduction = new("-AllowProduction", "--allow-production");
    public static readonly Spelling All = new("-All", "--all");
    public static readonly Spelling Before = new("-Before", "--before");
    public static readonly Spelling Detail = new("-Detail", "--detail");
    public static readonly Spelling Directory = new("-Path", "--directory");
    public static readonly Spelling Force = new("-Force", "--force");
    public static readonly Spelling Job = new("-Job", "--job");
    public static readonly Spelling KeepDays = new("-KeepDays", "--keep-days");
    public static readonly Spelling Latest = new("-Latest", "--latest");
    public static readonly Spelling ModeFull = new("-Mode Full", "--mode full");
    public static readonly Spelling NoKeepDays = new("-NoKeepDays", "--no-keep-days");
    public static readonly Spelling NoTag = new("-NoTag", "--no-tag");
    public static readonly Spelling On = new("-On", "--on");
    public static readonly Spelling OthersWait = new("-OthersWait", "--others-wait");
    public static readonly Spelling Path = new("-Path", "--path");
    public static readonly Spelling PathAndTo = new("-Path … -To …", "--path … --to …");
    public static readonly Spelling Pin = new("-Pin", "--pin");
    public static readonly Spelling Place = new("-Place", "--place");
    public static readonly Spelling Quiet = new("-Quiet", "--quiet");
    public static readonly Spelling SkipRefused = new("-SkipRefused", "--skip-refused");
    public static readonly Spelling Table = new("-Table", "--table");
    public static readonly Spelling Tag = new("-Tag", "--tag");
    public static readonly Spelling TargetUrl = new("-TargetUrl", "--target-url");
    public static readonly Spelling To = new("-To", "--to");
    public static readonly Spelling Unauthenticated = new("-Unauthenticated", "--unauthenticated");
    public static readonly Spelling Unpin = new("-Unpin", "--unpin");
    public static readonly Spelling Url = new("-Url", "--url");
    public static readonly Spelling AlertList = new("Get-DbAlert", "backupsync alert list");
    public static readonly Spelling HealthOfAll = new("Get-DbHealth -All", "backupsync health --all");
    public static readonly Spelling ResumeSchedule = new("Resume-DbSyncSchedule", "backupsync schedule resume");
    public static readonly Spelling TestChannel = new("Test-DbAlertChannel", "backupsync alert test");
    public static readonly Spelling Compare = new("Compare-DbData -Table … -Detail", "backupsync compare --table … --detail");
    public static readonly Spelling CopyBackup = new("Copy-DbBackup", "backupsync copy");
    public static readonly Spelling ListBackups = new("Get-DbBackup", "backupsync backups");
    public static readonly Spelling InitializeSecondary = new("Initialize-DbSecondary", "backupsync initialize");
    public static readonly Spelling RestoreBackup = new("Restore-DbBackup", "backupsync restore --path");
    public static readonly Spelling SignBackupAt = new("Set-DbBackupSignature -Path", "backupsync backups sign --path");
    public static readonly Spelling SignBackupsOf = new("Set-DbBackupSignature -Job", "backupsync backups sign --job");

    static readonly IReadOnlyList<Spelling> Known =
    [
        AllowProduction, All, Before, Detail, Directory, Force, Job, KeepDays, Latest, ModeFull, NoKeepDays, NoTag, On, OthersWait, Path,
        PathAndTo, Pin, Place, Quiet, SkipRefused, Table, Tag, TargetUrl, To, Unauthenticated, Unpin, Url, AlertList, HealthOfAll,
        ResumeSchedule, TestChannel, Compare, CopyBackup, ListBackups, InitializeSecondary, RestoreBackup, SignBackupAt, SignBackupsOf,
    ];

    /// <summary>A text as cmdlets say it.</summary>
    public static string InCmdlets(string text) => Said(text, s => s.Cmdlet);

    /// <summary>The same as <c>backupsync</c> says it.</summary>
    public static string InCommands(string text) => Said(text, s => s.Command);

    public override string ToString() => $"{Cmdlet} ({Command})";

    static string Said(string text, Func<Spelling, string> own) => text.Contains('(', StringComparison.Ordinal)
        ? Known.Aggregate(text, (said, s) => said.Replace(s.ToString(), own(s), StringComparison.Ordinal))
        : text;
}
