using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Operations;

/// <summary>How backups are to be taken: by a plan, or by hand. Which databases is said apart.</summary>
public sealed record BackupOrder
{
    /// <summary>What stands as the job in manifests and records of backups that no plan has taken.</summary>
    public const string ByHandName = "by-hand";

    internal BackupOrder(RunSettings settings, BackupKind kind, FolderPlaceConfig local, IReadOnlyList<PlaceConfig> places) =>
        (Settings, Kind, Local, Places) = (settings, kind, local, places);

    /// <summary>
    /// How each of its runs works; the job is the plan's name, or <see cref="ByHandName"/>. Its folder is the local place's: each database
    /// has its own in there.
    /// </summary>
    internal RunSettings Settings { get; init; }
    internal BackupKind Kind { get; init; }

    /// <summary>Where backups are written first, whether or not they stay there; logs and history are kept there too.</summary>
    internal FolderPlaceConfig Local { get; init; }

    /// <summary>Where they are to be in the end.</summary>
    public IReadOnlyList<PlaceConfig> Places { get; init; }

    /// <summary>
    /// An export: the file to write, by its absolute path, instead of a name of ours in <see cref="Local"/>. One that exists is
    /// replaced.
    /// </summary>
    internal string? File { get; init; }

    internal string? Tag { get; init; }
    internal bool Pinned { get; init; }

    /// <summary>In days; null where <see cref="Keep"/> decides.</summary>
    internal int? KeepDays { get; init; }
    internal KeepConfig? Keep { get; init; }
    internal BackupProof Verify { get; init; } = BackupProof.None;

    /// <summary>How many databases at once; those of one server also share its connections.</summary>
    internal int Parallel { get; init; } = 2;

    /// <summary>Who is told how its runs end; null for nobody. No operation looks at it.</summary>
    internal AlertsConfig? Alerts { get; init; }

    /// <summary>Who is told that it begins and ends, all of its runs together; null for nobody.</summary>
    internal LateValue<Secret>? Ping { get; init; }

    /// <summary>The folder in which is remembered what its places were given; null for an order that no plan has made.</summary>
    internal string? State { get; init; }

    /// <summary>What time it is for the runs.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
