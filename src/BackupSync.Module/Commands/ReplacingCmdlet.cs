using System.Management.Automation;

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
}
