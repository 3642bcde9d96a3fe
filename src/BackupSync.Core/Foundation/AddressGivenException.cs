namespace BackupSync;

/// <summary>A database's address was given where a name or a file is wanted. Its message has no password.</summary>
/// <param name="given">The address.</param>
/// <param name="wanted">What is wanted in its place, such as <c>the name of a database</c>.</param>
/// <param name="advice">What to do where the command takes no address at all; null for giving the database a name.</param>
public sealed class AddressGivenException(string given, string wanted, string? advice = null)
    : BackupSyncException(
        ErrorIds.ConfigurationInvalid, $"'{AddressText.Redacted(given)}' is an address, and {wanted} is wanted here.", advice ?? Named)
{
    const string Named = "Name the database in the configuration (databases: { NAME: { url: … } }), and say that name.";

    /// <summary>What of a configuration is wanted; null where it is something else.</summary>
    string? Kind { get; init; }

    /// <summary>The same with the advice to use what takes an address; this one where nothing of the command does.</summary>
    /// <param name="options">All that the command has, as it is written: <c>--url</c>, <c>-Url</c>.</param>
    public BackupSyncException For(IEnumerable<string> options)
    {
        var takers = options.Where(TakesAddress).ToList();
        return takers.Count == 0 || !MayStandFor(takers)
            ? this
            : new BackupSyncException(ErrorId, Message, $"Give the address by {string.Join(" and ", takers)}.", this);
    }

    static bool TakesAddress(string option) =>
        Word(option) is "SOURCE" or "TARGET" || Word(option).EndsWith("URL", StringComparison.Ordinal);

    /// <summary>A place or a plan is no database; a job is two.</summary>
    bool MayStandFor(IEnumerable<string> takers) =>
        Kind is not ("place" or "backup plan" or "job")
        || (Kind == "job" && takers.Any(t => Word(t).StartsWith("SOURCE", StringComparison.Ordinal)));

    static string Word(string option) => option.TrimStart('-').ToUpperInvariant();

    /// <param name="kind">What of the configuration it should be the name of.</param>
    /// <exception cref="AddressGivenException">What is no name of the configuration is an address.</exception>
    internal static void Refuse(string name, string kind)
    {
        if (!AddressText.IsNoName(name))
            return;
        throw new AddressGivenException(name, $"the name of a {kind}", kind switch
        {
            "place" => "Name the place in the configuration (places: { NAME: { directory: … } }), and say that name.",
            "backup plan" => "Name the plan in the configuration (backupPlans: { NAME: { databases: … } }), and say that name.",
            "job" => "Name the job in the configuration (jobs: { NAME: { source: …, target: … } }), and say that name.",
            _ => null,
        }) { Kind = kind };
    }

    /// <exception cref="AddressGivenException">What is the name of no table, of which some have any character, is an address.</exception>
    internal static void RefuseAsTable(string name)
    {
        if (AddressText.Is(name))
            throw new AddressGivenException(name, "the name of a table", "Name the table.");
    }
}
