using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Operations;

/// <summary>What is asked for where a backup of one database is taken.</summary>
sealed record BackupRequest
{
    public required Endpoint Database { get; init; }

    /// <summary>The folder is the database's own in <see cref="Local"/>, or where <see cref="File"/> is to be.</summary>
    public required RunSettings Settings { get; init; }
    public required BackupKind Kind { get; init; }

    /// <summary>Where it is written first, whether or not it stays there.</summary>
    public required FolderPlaceConfig Local { get; init; }

    /// <summary>Where it is to be in the end.</summary>
    public required IReadOnlyList<PlaceConfig> Places { get; init; }

    /// <summary>An export: the file to write, by its absolute path, instead of a name of ours. One that exists is replaced.</summary>
    public string? File { get; init; }
    public string? Tag { get; init; }
    public bool Pinned { get; init; }

    /// <summary>In days; null where <see cref="Keep"/> decides.</summary>
    public int? KeepDays { get; init; }

    /// <summary>By which older ones of the same plan are removed afterwards; null where none are.</summary>
    public KeepConfig? Keep { get; init; }
    public BackupProof Verify { get; init; } = BackupProof.None;
}
