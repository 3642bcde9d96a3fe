using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Operations;

/// <summary>What a restore is asked to do: to publish a backup, or some tables of it, on a database.</summary>
sealed record RestoreRequest
{
    public required BackupHandle Backup { get; init; }

    /// <summary>The only tables to restore, as patterns; none for everything.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];
    public required Endpoint Target { get; init; }
    public required RunSettings Settings { get; init; }
    public PublishMode Publish { get; init; } = PublishMode.Auto;
    public VerifyConfig Verify { get; init; } = new();

    /// <summary>How long the safety backups of its folder are kept, in days.</summary>
    public required int KeepDays { get; init; }

    /// <summary>Lets it replace a production database.</summary>
    public bool AllowProduction { get; init; }

    /// <summary>Leaves out, and names, what PostgreSQL refuses to create. Rows and sequences have to be those of the backup nevertheless.</summary>
    public bool SkipRefused { get; init; }
}
