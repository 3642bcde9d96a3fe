using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>A database as an operator says it: a name of the configuration, or an address.</summary>
static class GivenDatabase
{
    /// <summary>Also libpq's form, which no name can have: a password in it would be told as an unknown name.</summary>
    public static bool IsAddress(string given) => string.IsNullOrWhiteSpace(given)
        || given.Contains("://", StringComparison.Ordinal) || given.Contains('=', StringComparison.Ordinal);

    /// <summary>
    /// The same with what a configuration knows of that address: production is never replaced, by its name or by its URL. One whose own
    /// URL cannot be used, for a variable is not set, is not known by it.
    /// </summary>
    public static DatabaseConfig AsKnown(DatabaseConfig given, BackupSyncConfig config) =>
        config.Databases.FirstOrDefault(d => d.AddressProblem is null && d.Address.IsSameDatabase(given.Address)) is { } known
            ? given with { Role = known.Role, Provider = known.Provider, Tier = known.Tier, Pooler = known.Pooler }
            : given;
}
