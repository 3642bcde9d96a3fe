using BackupSync.Postgres;

namespace BackupSync.Configuration;

/// <summary>What a database is for. A production database is never the target of a sync.</summary>
public enum DatabaseRole
{
    Production,
    Backup,
    Development,
}

/// <summary>A named database of the configuration.</summary>
public sealed record DatabaseConfig
{
    public required string Name { get; init; }

    /// <summary>What it is for. A production database is never the target of a sync.</summary>
    public required DatabaseRole Role { get; init; }

    /// <summary>
    /// Where the database is: <c>postgresql://…</c> or <c>postgres://…</c> in all of libpq's form, or libpq's or Npgsql's
    /// <c>key=value</c>. Passwords are hidden when it is shown.
    /// </summary>
    /// <exception cref="ConfigurationException">Its URL names an environment variable that is not set.</exception>
    public DatabaseAddress Address => _address ?? throw new ConfigurationException([AddressProblem!]);

    /// <summary>Who hosts it; detected where nothing is stated.</summary>
    public DatabaseProvider? Provider { get; init; }

    /// <summary>Its recovery objectives.</summary>
    public TierConfig? Tier { get; init; }

    /// <summary>
    /// The admin console of the PgBouncer in front of it, such as <c>postgresql://admin:…@host:6432/pgbouncer</c>: a swap has its
    /// clients wait (<c>PAUSE</c>, <c>RESUME</c>) while the database is renamed.
    /// </summary>
    public DatabaseAddress? Pooler { get; init; }

    /// <summary>Why <see cref="Pooler"/> cannot be used, as <see cref="AddressProblem"/>.</summary>
    public ConfigurationProblem? PoolerProblem { get; init; }

    /// <summary>
    /// Why <see cref="Address"/> cannot be used: an environment variable that is not set. Held back until the database is
    /// needed, so that a restore of one database at night does not need the URLs of all the others.
    /// </summary>
    public ConfigurationProblem? AddressProblem { get; }

    /// <summary>The address as it is shown, or why it cannot be used.</summary>
    public string Where => _address?.ToString() ?? AddressProblem!.Message;

    readonly DatabaseAddress? _address;

    public DatabaseConfig(DatabaseAddress address) => _address = address;

    public DatabaseConfig(ConfigurationProblem addressProblem) => AddressProblem = addressProblem;
}
