using BackupSync.Postgres;

namespace BackupSync.Configuration;

/// <summary>The schema of <c>backupsync.yml</c>.</summary>
sealed class ConfigurationReader(string file, Func<string, string?> environment, IKeyObserver? observer = null)
{
    /// <summary>A year and a day: some data may be as old as the last yearly archive.</summary>
    static readonly TimeSpan LongestObjective = TimeSpan.FromDays(366);

    readonly ReadingContext _context = new(file, environment, observer);

    /// <summary>What makes the configuration unusable.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems => InOrder(_context.Problems);

    /// <summary>What makes only a part of it unusable on this machine, told when that part is needed.</summary>
    public IReadOnlyList<ConfigurationProblem> HeldBack => InOrder(_context.HeldBack);

    /// <summary>What is used as it is, and should be mended.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings => InOrder(_context.Warnings);

    /// <summary>To be used only where there are no <see cref="Problems"/>.</summary>
    public BackupSyncConfig Read(YamlValue root) => YamlSection.ReadFile(_context, root, section =>
    {
        var tiers = section.Named("tiers", ReadTier);
        var databases = section.Named("databases", (name, database) => ReadDatabase(name, database, tiers));
        var tools = section.Section("tools", ReadTools);
        var placeReader = new PlaceReader(databases);
        var places = placeReader.ReadAll(section);
        var encryption = section.Has("encryption") ? section.Section("encryption", EncryptionReader.Read) : null;
        var jobs = section.Named("jobs", new JobReader(databases, tools, placeReader).Read);
        var plans = section.Named("backupPlans", new BackupPlanReader(databases, places).Read);
        var service = section.Section("service", s => ServiceReader.Read(s, databases, jobs));
        var health = section.Section("health", s => HealthReader.Read(s, databases));
        var alerts = section.Section("alerts", a => AlertsReader.Read(a, service.State));
        if (databases.Count == 0 && !_context.Problems.Exists(p => p.Key.StartsWith("databases", StringComparison.Ordinal)))
            section.Missing("databases", "name at least one database, such as 'neon: { url: \"${DATABASE_URL}\" }'");
        return new BackupSyncConfig
        {
            Path = _context.File,
            Databases = databases,
            // Scripts say $config.Jobs[0], which a list that the compiler makes does not understand.
            Jobs = jobs.OfType<JobConfig>().Select(j => j with { Signing = encryption, Alerts = alerts }).ToArray(),
            Tools = tools,
            Tiers = tiers,
            Places = places,
            Encryption = encryption,
            BackupPlans = plans,
            Service = service,
            Health = health,
            Alerts = alerts,
            Warnings = Warnings,
        };
    });

    static TierConfig ReadTier(string name, YamlSection tier)
    {
        TimeSpan? Objective(string key) => tier.Has(key) ? tier.Duration(key, LongestObjective, LongestObjective) : null;
        return new TierConfig { Name = name, Rto = Objective("rto"), Rpo = Objective("rpo") };
    }

    DatabaseConfig ReadDatabase(string name, YamlSection database, IReadOnlyList<TierConfig> tiers)
    {
        var role = database.Choice("role", DatabaseRole.Backup);
        DatabaseProvider? provider = database.Has("provider")
            ? database.Choice("provider", DatabaseProvider.PostgreSQL, properNames: true)
            : null;
        var tier = database.Has("tier") ? database.Reference("tier", "tier", "the name of a tier", tiers, t => t.Name) : null;
        var url = SecretReader.ReadRequired(
            database, "url", SecretKinds.Url,
            "where the database is, such as \"${DATABASE_URL}\" or postgresql://user:password@host/database");
        var address = SecretReader.Read(database, "password", SecretKinds.Password) is { } password
            ? url.With(password, (to, secret) => WithPassword(database, to, secret))
            : url;
        return new DatabaseConfig(address)
        {
            Name = name,
            Role = role,
            Provider = provider,
            Tier = tier,
            PoolerAddress = SecretReader.Read(database, "pooler", SecretKinds.Url),
        };
    }

    /// <summary>A second password is not taken for a better one.</summary>
    static (DatabaseAddress?, ConfigurationProblem?) WithPassword(YamlSection database, DatabaseAddress address, Secret password)
    {
        if (!address.HasPassword)
            return (address with { Password = password.Reveal() }, null);
        var key = SecretReader.KeyOf(database, "password")!;
        return (null, database.HoldBack(key, "stands beside a URL that has a password; leave one of the two out"));
    }

    static ToolsConfig ReadTools(YamlSection tools) => new()
    {
        PostgresBin = [.. tools.Texts("postgresBin").Select(tools.FullPath)],
    };

    static List<ConfigurationProblem> InOrder(IEnumerable<ConfigurationProblem> problems) =>
        [.. problems.OrderBy(p => p.Line).ThenBy(p => p.Column)];
}
