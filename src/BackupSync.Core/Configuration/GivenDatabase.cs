using System.Diagnostics.CodeAnalysis;
using BackupSync.Postgres;

namespace BackupSync.Configuration;

/// <summary>A database as an operator says it: a name of the configuration, or an address. An address is shown without its password.</summary>
public sealed record GivenDatabase
{
    public GivenDatabase(string text) => Text = text;

    /// <summary>Who signs in, whatever the address says; null for who stands there.</summary>
    public DatabaseCredential? Credential { get; init; }

    /// <summary>As it was written; not public, for it may hold a password.</summary>
    internal string Text { get; }

    /// <summary>Also libpq's form, which no name can have: a password in it would be told as an unknown name.</summary>
    internal bool IsAddress => string.IsNullOrWhiteSpace(Text) || AddressText.IsNoName(Text);

    [return: NotNullIfNotNull(nameof(text))]
    public static implicit operator GivenDatabase?(string? text) => text is null ? null : new(text);

    public override string ToString() => AddressText.IsNoName(Text) ? AddressText.Redacted(Text) : Text;

    /// <summary>The database of that name.</summary>
    /// <exception cref="BackupSyncException">There is none, or a credential was given for it: the configuration says who signs in.</exception>
    internal DatabaseConfig In(BackupSyncConfig config) => Credential is null ? config.Database(Text) : throw new BackupSyncException(
        ErrorIds.ConfigurationInvalid, $"'{Text}' is a name of {config.Path}, which says who signs in: a credential goes with a URL.",
        "Leave the credential out, or give the URL.");

    /// <summary>
    /// An address with what a configuration knows of it: production is never replaced, by its name or by its URL. One whose own
    /// URL cannot be used, for a variable is not set, is not known by it.
    /// </summary>
    internal static DatabaseConfig AsKnown(DatabaseConfig given, BackupSyncConfig config) => KnownTo(config, given) is { } known
        ? given with
        {
            Role = known.Role, Provider = known.Provider, Tier = known.Tier, Pooler = known.Pooler, PoolerProblem = known.PoolerProblem,
        }
        : given with { NotToBe = [.. config.Databases.Where(d => d.Role == DatabaseRole.Production)] };

    /// <summary>The database of a configuration that an address leads to; null where none is known to be it.</summary>
    internal static DatabaseConfig? KnownTo(BackupSyncConfig config, DatabaseConfig given) =>
        config.Databases.FirstOrDefault(d => d.AddressProblem is null && d.Address.IsSameDatabase(given.Address));

    /// <summary>Tells of each production database of which nobody can say here whether an address, which is to be replaced, leads to it.</summary>
    internal static void WarnOfProduction(DatabaseConfig given, BackupSyncConfig config, Action<string> warn)
    {
        if (KnownTo(config, given) is not null)
            return;
        foreach (var production in config.Databases.Where(d => d.Role == DatabaseRole.Production))
        {
            if (production.AddressProblem is { } problem)
                warn($"Whether {given.Name} is the production database {production.Name} cannot be told here: {problem.Message}");
        }
    }
}
