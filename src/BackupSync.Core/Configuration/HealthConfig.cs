namespace BackupSync.Configuration;

/// <summary>What <c>backupsync serve</c> asks by itself, and how often: databases and services that are not named are left alone.</summary>
public sealed record HealthConfig
{
    /// <summary>Databases, by the configuration's names, that are connected to between runs.</summary>
    public IReadOnlyList<DatabaseProbeConfig> Databases { get; init; } = [];

    /// <summary>Services that are asked by HTTP.</summary>
    public IReadOnlyList<ServiceProbeConfig> Services { get; init; } = [];
}

/// <summary>How a database is probed: a connection, one question, and the connection is closed.</summary>
public sealed record DatabaseProbeConfig
{
    public required DatabaseConfig Database { get; init; }

    public string Name => Database.Name;

    /// <summary>How often it is probed.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it has for its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long its probes have to fail in a row before it is down.</summary>
    public TimeSpan Down { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether it is probed where its provider suspends what is idle (Neon): a probe wakes it, and it is billed. Otherwise its runs are the
    /// probe.
    /// </summary>
    public bool Wake { get; init; }
}

/// <summary>How a service is probed: a GET, of which the status alone is read.</summary>
public sealed record ServiceProbeConfig
{
    public required string Name { get; init; }

    /// <summary>Its address, <c>http://</c> or <c>https://</c>, without user and password.</summary>
    public required Uri Http { get; init; }

    /// <summary>The status that is good.</summary>
    public int Expect { get; init; } = 200;

    /// <summary>How often it is probed.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it has for its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long its probes have to fail in a row before it is down.</summary>
    public TimeSpan Down { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How many of its probes may fail without it being down.</summary>
    public ErrorShareConfig ErrorShare { get; init; } = new();

    /// <summary>Without what follows the path, which may hold a key.</summary>
    internal string Where => Http.GetLeftPart(UriPartial.Path);
}

/// <summary>The share of failed probes from which on a service is degraded.</summary>
public sealed record ErrorShareConfig
{
    /// <summary>The time that is looked at.</summary>
    public TimeSpan Over { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>More than this share of failed probes is too much.</summary>
    public double Above { get; init; } = 0.1;
}
