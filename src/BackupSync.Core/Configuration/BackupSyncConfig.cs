namespace BackupSync.Configuration;

/// <summary>A configuration that was read and found valid.</summary>
public sealed record BackupSyncConfig
{
    /// <summary>The file it came from.</summary>
    public required string Path { get; init; }

    public required IReadOnlyList<DatabaseConfig> Databases { get; init; }
    public required IReadOnlyList<JobConfig> Jobs { get; init; }
    public ToolsConfig Tools { get; init; } = new();
    public IReadOnlyList<TierConfig> Tiers { get; init; } = [];

    /// <summary>At least one: <see cref="PlaceConfig.Default"/> where the file names none.</summary>
    public required IReadOnlyList<PlaceConfig> Places { get; init; }

    /// <summary>Null where backups are not encrypted.</summary>
    public EncryptionConfig? Encryption { get; init; }
    public IReadOnlyList<BackupPlanConfig> BackupPlans { get; init; } = [];
    public ServiceConfig Service { get; init; } = new();
    public HealthConfig Health { get; init; } = new();
    public AlertsConfig Alerts { get; init; } = new();

    /// <summary>What is used as it is, and should be mended, such as a file with a password that everybody can read.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings { get; init; } = [];

    /// <exception cref="BackupSyncException">There is no such place; the nearest name is given.</exception>
    public PlaceConfig Place(string name) =>
        Places.FirstOrDefault(p => p.Name == name) ?? throw Unknown("place", name, Places.Select(p => p.Name));

    /// <exception cref="BackupSyncException">There is no such plan; the nearest name is given.</exception>
    public BackupPlanConfig BackupPlan(string name) =>
        BackupPlans.FirstOrDefault(p => p.Name == name) ?? throw Unknown("backup plan", name, BackupPlans.Select(p => p.Name));

    /// <exception cref="BackupSyncException">There is no such database; the nearest name is given.</exception>
    public DatabaseConfig Database(string name) =>
        Databases.FirstOrDefault(d => d.Name == name) ?? throw Unknown("database", name, Databases.Select(d => d.Name));

    /// <exception cref="BackupSyncException">There is no such channel of alerts; the nearest name is given.</exception>
    public ChannelConfig Channel(string name) =>
        Alerts.Channels.FirstOrDefault(c => c.Name == name) ?? throw Unknown("channel", name, Alerts.Channels.Select(c => c.Name));

    /// <exception cref="BackupSyncException">There is no such job; the nearest name is given.</exception>
    public JobConfig Job(string name) =>
        Jobs.FirstOrDefault(j => j.Name == name) ?? throw Unknown("job", name, Jobs.Select(j => j.Name));

    /// <summary>The job that is meant where none is named.</summary>
    /// <exception cref="BackupSyncException">There is none, or more than one: none of them is run by accident.</exception>
    public JobConfig OnlyJob() => Jobs.Count == 1 ? Jobs[0] : throw new BackupSyncException(
        ErrorIds.UnknownName, Jobs.Count == 0
            ? $"{Path} has no jobs."
            : $"Name a job: {Path} has {NameList.Of([.. Jobs.Select(j => j.Name)], most: 20)}.");

    /// <summary>The name itself, where a database or a job is called so.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>; the nearest is given.</exception>
    public string DatabaseOrJob(string name)
    {
        List<string> known = [.. Databases.Select(d => d.Name), .. Jobs.Select(j => j.Name)];
        return known.Contains(name) ? name : throw Unknown("database or job", name, known);
    }

    /// <param name="kind">What it is not the name of.</param>
    internal BackupSyncException Unknown(string kind, string name, IEnumerable<string> known)
    {
        AddressGivenException.Refuse(name, kind);
        var names = known.ToList();
        var nearest = NearestName.Of(name, names);
        var hint = nearest is not null ? $"Did you mean '{nearest}'?"
            : names.Count > 0 ? $"It has: {NameList.Of(names, most: 20)}."
            : $"It has no {kind}s.";
        return new BackupSyncException(ErrorIds.UnknownName, $"There is no {kind} '{name}' in {Path}. {hint}");
    }
}
