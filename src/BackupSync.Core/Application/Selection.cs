using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>What of a configuration is meant by the names that were given, each once, and what where none was.</summary>
public static class Selection
{
    /// <summary>All where none is named.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>, so also of the others; the nearest is given.</exception>
    public static IReadOnlyList<JobConfig> Jobs(BackupSyncConfig config, IReadOnlyList<string>? names) =>
        names is { Count: > 0 } ? [.. names.Distinct().Select(config.Job)] : config.Jobs;

    /// <summary>The only one where none is named, for what must not happen to a job by accident.</summary>
    public static IReadOnlyList<JobConfig> JobsOrOnly(BackupSyncConfig config, IReadOnlyList<string>? names) =>
        names is { Count: > 0 } ? Jobs(config, names) : [config.OnlyJob()];

    /// <summary>The only one where none is named, likewise.</summary>
    public static IReadOnlyList<BackupPlanConfig> PlansOrOnly(BackupSyncConfig config, IReadOnlyList<string>? names)
    {
        if (names is { Count: > 0 })
            return [.. names.Distinct().Select(config.BackupPlan)];
        return config.BackupPlans.Count == 1 ? config.BackupPlans : throw new BackupSyncException(
            ErrorIds.UnknownName, config.BackupPlans.Count == 0
                ? $"{config.Path} has no backup plans."
                : $"Name a plan: {config.Path} has {NameList.Of([.. config.BackupPlans.Select(p => p.Name)], most: 20)}.");
    }

    /// <summary>
    /// A plan for some of its databases alone, all where none is named. Its ping is left out where others are: whoever watches it would
    /// take the good end of a part for that of the whole.
    /// </summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: the plan has no such database.</exception>
    public static BackupPlanConfig Part(BackupPlanConfig plan, IReadOnlyList<string>? databases)
    {
        if (databases is not { Count: > 0 })
            return plan;
        List<string> names = [.. plan.Databases.Select(d => d.Name)];
        if (databases.FirstOrDefault(d => !names.Contains(d)) is { } unknown)
        {
            AddressGivenException.Refuse(unknown, "database");
            throw new BackupSyncException(
                ErrorIds.UnknownName, $"The backup plan {plan.Name} has no database '{unknown}'. It has: {NameList.Of(names, most: 20)}.");
        }
        var part = plan with { Databases = [.. plan.Databases.Where(d => databases.Contains(d.Name))] };
        return part.Databases.Count == names.Count ? plan : part with { Ping = null };
    }

    /// <summary>All where none is named.</summary>
    public static IReadOnlyList<DatabaseConfig> Databases(BackupSyncConfig config, IReadOnlyList<string>? names) =>
        names is { Count: > 0 } ? [.. names.Distinct().Select(config.Database)] : config.Databases;

    /// <summary>All only where that is said, for what takes time and room.</summary>
    public static IReadOnlyList<DatabaseConfig> DatabasesOrAll(BackupSyncConfig config, IReadOnlyList<string>? names, bool all) =>
        all || names is { Count: > 0 } ? Databases(config, all ? null : names) : throw new BackupSyncException(
            ErrorIds.UnknownName, $"Name the databases to back up, or say {Spelling.All}: {config.Path} has "
                + $"{NameList.Of([.. config.Databases.Select(d => d.Name)], most: 20)}.");

    /// <summary>
    /// The database at an address: as the configuration knows it, where it does, so that production is production by its URL, too; else by
    /// the name that it has on its server, with that of the server where the configuration calls another one so.
    /// </summary>
    /// <exception cref="BackupSyncException">It is no connection string.</exception>
    public static DatabaseConfig ByUrl(BackupSyncConfig config, GivenDatabase url)
    {
        var given = AdHocJob.Database(url);
        if (GivenDatabase.KnownTo(config, given) is { } known)
            return GivenDatabase.AsKnown(given, config) with { Name = known.Name };
        return config.Databases.Any(d => string.Equals(d.Name, given.Name, StringComparison.OrdinalIgnoreCase))
            ? given with { Name = AdHocJob.Name($"{given.Name}-{given.Address.Host}", "database") }
            : given;
    }

    /// <summary>All channels of alerts where none is named.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: there is no such channel, or none at all.</exception>
    public static IReadOnlyList<ChannelConfig> Channels(BackupSyncConfig config, IReadOnlyList<string>? names) =>
        names is { Count: > 0 } ? [.. names.Distinct().Select(config.Channel)]
        : config.Alerts.Channels.Count > 0 ? config.Alerts.Channels
        : throw new BackupSyncException(
            ErrorIds.UnknownName, $"{config.Path} has no channels of alerts.",
            "Add one below alerts: { channels: … }; docs/alerts.md shows each kind.");

    /// <summary>Null where none is named.</summary>
    public static IReadOnlyList<PlaceConfig>? Places(BackupSyncConfig config, IReadOnlyList<string>? names) =>
        names is { Count: > 0 } ? [.. names.Distinct().Select(config.Place)] : null;
}
