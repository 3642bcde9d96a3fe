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
    /// <exception cref="ConfigurationException">
    /// Its URL or password cannot be had here: a variable or a file is missing, a command has failed. Commands are run, and vaults asked,
    /// when the address is first asked for.
    /// </exception>
    public DatabaseAddress Address => _address.Value;

    /// <summary>Who hosts it; detected where nothing is stated.</summary>
    public DatabaseProvider? Provider { get; init; }

    /// <summary>Its recovery objectives.</summary>
    public TierConfig? Tier { get; init; }

    /// <summary>
    /// The admin console of the PgBouncer in front of it, such as <c>postgresql://admin:…@host:6432/pgbouncer</c>: a swap has its
    /// clients wait (<c>PAUSE</c>, <c>RESUME</c>) while the database is renamed.
    /// </summary>
    public DatabaseAddress? Pooler
    {
        get => _pooler is { Problem: null } ? _pooler.Value : null;
        init => _pooler = value is null ? null : new(value);
    }

    /// <summary>Why <see cref="Pooler"/> cannot be used, as <see cref="AddressProblem"/>.</summary>
    public ConfigurationProblem? PoolerProblem
    {
        get => _pooler?.Problem;
        init => _pooler = value is null ? _pooler : new(value);
    }

    /// <summary>
    /// Why <see cref="Address"/> cannot be used: an environment variable that is not set, a file that is not there. Held back until the
    /// database is needed, so that a restore of one database at night does not need the URLs of all the others.
    /// </summary>
    public ConfigurationProblem? AddressProblem => _address.Problem;

    /// <summary>
    /// The production databases of a configuration that an address which it does not know must not turn out to be, when it is connected to:
    /// one database has many spellings.
    /// </summary>
    internal IReadOnlyList<DatabaseConfig> NotToBe { get; init; } = [];

    /// <summary>The address as it is shown, or why it cannot be used; where it comes from, where it has not been needed yet.</summary>
    public string Where => !_address.IsAtHand ? $"from {_address.Origin}" : AddressProblem?.Message ?? Address.ToString();

    /// <summary>
    /// Whether its provider suspends it when nobody uses it, so that each connection may wake it, and be billed. Where the address comes
    /// from a command that has not been run yet, what is stated decides.
    /// </summary>
    internal bool SuspendsWhenIdle => Provider == DatabaseProvider.Neon
        || (Provider is null && _address is { IsAtHand: true, Problem: null } && DatabaseFacts.IsNeon(Address.Host));

    readonly LateValue<DatabaseAddress> _address;
    readonly LateValue<DatabaseAddress>? _pooler;

    public DatabaseConfig(DatabaseAddress address) => _address = new(address);

    public DatabaseConfig(ConfigurationProblem addressProblem) => _address = new(addressProblem);

    internal DatabaseConfig(LateValue<DatabaseAddress> address) => _address = address;

    /// <summary>As it is read.</summary>
    internal LateValue<DatabaseAddress>? PoolerAddress
    {
        init => _pooler = value;
    }

    /// <summary>What would start a command is not looked at.</summary>
    public override string ToString() => $"{Name} ({Where})";
}
