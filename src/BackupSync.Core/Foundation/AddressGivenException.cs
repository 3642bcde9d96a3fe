namespace BackupSync;

/// <summary>A database's address was given where a name or a file is wanted. Its message has no password.</summary>
/// <param name="given">The address.</param>
/// <param name="wanted">What is wanted in its place, such as <c>the name of a database</c>.</param>
public sealed class AddressGivenException(string given, string wanted)
    : BackupSyncException(
        ErrorIds.ConfigurationInvalid, $"'{AddressText.Redacted(given)}' is an address, and {wanted} is wanted here.", Named)
{
    const string Named = "Name the database in the configuration (databases: { NAME: { url: … } }), and say that name.";

    /// <summary>The same with the advice to use what takes addresses.</summary>
    /// <param name="takers">The options of the command that was given it, such as <c>--url</c>; none where it takes no address.</param>
    public BackupSyncException For(IReadOnlyList<string> takers) => takers.Count == 0
        ? this
        : new BackupSyncException(ErrorId, Message, $"Give an address by {string.Join(" and ", takers)}.");

    /// <exception cref="AddressGivenException">What is to be a name of the configuration is an address.</exception>
    internal static void Refuse(string name, string wanted)
    {
        if (AddressText.IsNoName(name))
            throw new AddressGivenException(name, wanted);
    }
}
