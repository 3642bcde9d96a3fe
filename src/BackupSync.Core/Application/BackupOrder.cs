using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;

namespace BackupSync.Application;

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
    public LimitsConfig Limits { get; init; } = Requests.Patient;

    public static BackupOrder Of(BackupPlanConfig plan, BackupSyncConfig config) => new()
    {
        Name = plan.Name,
        Kind = BackupKind.Plan,
        Local = LocalOf(plan.Places, config),
        Places = plan.Places,
        Keep = plan.Keep,
        Verify = plan.Verify,
        Compression = plan.Compression,
        Encryption = config.Encryption,
        Signing = config.Encryption,
        Tools = config.Tools,
        Parallel = plan.Parallel,
        Limits = Requests.Patient with { Blocking = plan.Blocking },
    };

    /// <param name="places">Null for the configuration's first.</param>
    public static BackupOrder ByHand(
        BackupSyncConfig config,
        IReadOnlyList<PlaceConfig>? places = null,
        string? tag = null,
        bool pinned = false,
        int? keepDays = null)
    {
        places ??= [config.Places[0]];
        return new BackupOrder
        {
            Name = ByHandName,
            Kind = BackupKind.Manual,
            Local = LocalOf(places, config),
            Places = places,
            Tag = tag,
            Pinned = pinned,
            KeepDays = keepDays,
            Encryption = config.Encryption,
            Signing = config.Encryption,
            Tools = config.Tools,
        };
    }

    /// <summary>Writes one database's content to a file, encrypted where its name ends in <c>.enc</c>.</summary>
    /// <param name="file">An absolute path.</param>
    public static BackupOrder Export(BackupSyncConfig config, string file)
    {
        var encrypts = file.EndsWith(BackupNames.EncryptedSuffix, StringComparison.Ordinal);
        if (encrypts && config.Encryption is null)
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid,
                $"{file} is to be encrypted, and the configuration has no passphrase.",
                "Add encryption: { passphrase: \"${BACKUPSYNC_PASSPHRASE}\" }, or name a file without .enc.");
        return ByHand(config) with { File = file, Places = [], Encryption = encrypts ? config.Encryption : null };
    }

    /// <exception cref="ConfigurationException">A variable that the database's URL names is not set.</exception>
    internal BackupRequest RequestFor(DatabaseConfig database) => new()
    {
        Database = Requests.Endpoint(database),
        Settings = SettingsIn(FolderOf(database)),
        Kind = Kind,
        Local = Local,
        Places = Places,
        File = File,
        Tag = Tag,
        Pinned = Pinned,
        KeepDays = KeepDays,
        Keep = Keep,
        Verify = Verify,
    };

    /// <summary>Where a database's backups are written, if not to <see cref="File"/>, and where its log and history are kept.</summary>
    internal string LocalFolderOf(DatabaseConfig database) => Path.Combine(Local.Directory, database.Name);

    string FolderOf(DatabaseConfig database) => File is null ? LocalFolderOf(database) : Path.GetDirectoryName(File)!;

    RunSettings SettingsIn(string folder) => new()
    {
        Job = Name,
        Folder = folder,
        Limits = Limits,
        Tools = Tools,
        Parallel = Parallel,
        Compression = Compression,
        Encryption = Encryption,
        Signing = Signing,
    };

    /// <summary>
    /// The first folder among the places; where there is none, what is uploaded is written beside the configuration before.
    /// </summary>
    internal static FolderPlaceConfig LocalOf(IReadOnlyList<PlaceConfig> places, BackupSyncConfig config) =>
        places.OfType<FolderPlaceConfig>().FirstOrDefault()
        ?? config.Places.OfType<FolderPlaceConfig>().FirstOrDefault()
        ?? new FolderPlaceConfig { Name = PlaceConfig.Default, Directory = Path.Combine(Path.GetDirectoryName(config.Path)!, "backups") };
}
