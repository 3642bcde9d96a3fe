using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Operations;

/// <summary>How backups are to be taken: by a plan, or by hand. Which databases is said apart.</summary>
public sealed record BackupOrder
{
    /// <summary>What stands as the job in manifests and records of backups that no plan has taken.</summary>
    public const string ByHandName = "by-hand";

    /// <summary>The plan's name, or <see cref="ByHandName"/>.</summary>
    public required string Name { get; init; }
    public required BackupKind Kind { get; init; }

    /// <summary>Where backups are written first, whether or not they stay there; logs and history are kept there too.</summary>
    public required FolderPlaceConfig Local { get; init; }

    /// <summary>Where they are to be in the end.</summary>
    public required IReadOnlyList<PlaceConfig> Places { get; init; }

    /// <summary>
    /// An export: the file to write, by its absolute path, instead of a name of ours in <see cref="Local"/>. One that exists is
    /// replaced.
    /// </summary>
    public string? File { get; init; }

    public string? Tag { get; init; }
    public bool Pinned { get; init; }

    /// <summary>In days; null where <see cref="Keep"/> decides.</summary>
    public int? KeepDays { get; init; }
    public KeepConfig? Keep { get; init; }
    public BackupProof Verify { get; init; } = BackupProof.None;
    public BackupCompression Compression { get; init; } = BackupCompression.Auto;

    /// <summary>Null where backups are not encrypted.</summary>
    public EncryptionConfig? Encryption { get; init; }

    /// <summary>
    /// What manifests are signed with, also those of backups that are not encrypted; null where the configuration has no passphrase.
    /// </summary>
    internal EncryptionConfig? Signing { get; init; }
    public ToolsConfig Tools { get; init; } = new();

    /// <summary>How many databases at once; those of one server also share its connections.</summary>
    public int Parallel { get; init; } = 2;

    /// <summary>For one database. A backup may take hours; what hangs must not hang for ever.</summary>
    public LimitsConfig Limits { get; init; } = RunSettings.LongLimits;

    /// <summary>What time it is for the runs.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
