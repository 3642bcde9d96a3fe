using System.Management.Automation;
using BackupSync.Backups;

namespace BackupSync.Module.Commands;

/// <summary>A cmdlet that publishes a backup, of whatever database on whatever other.</summary>
public abstract class ReplacingCmdlet : RunCmdlet
{
    /// <summary>It does not give way to others.</summary>
    [Parameter]
    public SwitchParameter OthersWait { get; set; }

    /// <summary>What the server refuses to create is left out, and named.</summary>
    [Parameter]
    public SwitchParameter SkipRefused { get; set; }

    /// <summary>What is not known to be ours is used as well.</summary>
    [Parameter]
    public SwitchParameter Unauthenticated { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    readonly List<(string File, string Database, Action Restore)> _piped = [];

    /// <summary>Restores at once what was named; what is piped when all of it is known.</summary>
    protected void InTurn(BackupFile backup, string database, Action restore)
    {
        if (MyInvocation.ExpectingInput)
            _piped.Add((backup.FileName, database, restore));
        else
            restore();
    }

    /// <summary>Of several backups for one database the last would stay, which of a list that begins with the newest is the oldest.</summary>
    protected override void Finish()
    {
        if (_piped.GroupBy(p => p.Database).FirstOrDefault(d => d.Count() > 1) is { } several)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid,
                $"{several.Count()} backups would be restored to {several.Key}, one over the other: "
                    + $"{string.Join(", ", several.Select(p => p.File).Take(3))}{(several.Count() > 3 ? " …" : ".")} Nothing was done.",
                $"Pipe the one that you mean, such as that of {Spelling.ListBackups} {Spelling.Latest}.");
        foreach (var (_, _, restore) in _piped)
            restore();
    }
}
