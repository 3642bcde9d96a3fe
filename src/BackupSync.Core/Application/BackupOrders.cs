using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations;

namespace BackupSync.Application;

/// <summary>Makes orders of a plan, or of what is said by hand, and of each its requests.</summary>
public static class BackupOrders
{
    public static BackupOrder Of(BackupPlanConfig plan, BackupSyncConfig config)
    {
        var local = LocalOf(plan.Places, config);
        var settings = SettingsOf(plan.Name, local, config);
        settings = settings with
        {
            Compression = plan.Compression,
            Parallel = plan.Parallel,
            Limits = settings.Limits with { Blocking = plan.Blocking },
        };
        return new BackupOrder(settings, BackupKind.Plan, local, plan.Places)
        {
            Keep = plan.Keep,
            Verify = plan.Verify,
            Parallel = plan.Parallel,
            Alerts = config.Alerts,
            Ping = plan.Ping,
            State = config.Service.State,
        };
    }

    /// <param name="places">Null for the configuration's first.</param>
    public static BackupOrder ByHand(
        BackupSyncConfig config,
        IReadOnlyList<PlaceConfig>? places = null,
        string? tag = null,
        bool pinned = false,
        int? keepDays = null)
    {
        places ??= [config.Places[0]];
        var local = LocalOf(places, config);
        return new BackupOrder(SettingsOf(BackupOrder.ByHandName, local, config), BackupKind.Manual, local, places)
        {
            Tag = NewTag.Checked(tag),
            Pinned = pinned,
            KeepDays = keepDays,
            Alerts = config.Alerts,
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
        var order = ByHand(config);
        return order with
        {
            File = file,
            Places = [],
            Settings = order.Settings with { Encryption = encrypts ? config.Encryption : null },
        };
    }

    /// <exception cref="ConfigurationException">A variable that the database's URL names is not set.</exception>
    internal static BackupRequest RequestFor(BackupOrder order, DatabaseConfig database) => new(
        Requests.Endpoint(database),
        order.Settings with { Folder = order.File is { } file ? Path.GetDirectoryName(file)! : FolderOf(order, database) },
        order);

    /// <summary>What no plan says of it. A backup may take hours; what hangs must not hang for ever.</summary>
    static RunSettings SettingsOf(string job, FolderPlaceConfig local, BackupSyncConfig config) => new()
    {
        Job = job,
        Folder = local.Directory,
        Limits = RunSettings.LongLimits,
        Tools = config.Tools,
        Encryption = config.Encryption,
        Signing = config.Encryption,
    };

    /// <summary>Where a database's backups are written, and their log and history are kept.</summary>
    internal static string FolderOf(BackupOrder order, DatabaseConfig database) => Path.Combine(order.Local.Directory, database.Name);

    /// <summary>
    /// The first folder among the places; where there is none, what is uploaded is written beside the configuration before.
    /// </summary>
    internal static FolderPlaceConfig LocalOf(IReadOnlyList<PlaceConfig> places, BackupSyncConfig config) =>
        places.OfType<FolderPlaceConfig>().FirstOrDefault()
        ?? config.Places.OfType<FolderPlaceConfig>().FirstOrDefault()
        ?? new FolderPlaceConfig { Name = PlaceConfig.Default, Directory = Path.Combine(Path.GetDirectoryName(config.Path)!, "backups") };
}
