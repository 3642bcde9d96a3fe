using BackupSync.Archives;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Publishing;

/// <summary>What is known beforehand of the content that is to be published.</summary>
/// <param name="Relations">
/// Tables, their TOAST tables, indexes and so on, and constraints: each is locked by the transaction that creates it.
/// </param>
/// <param name="LargeObjects">How many there are.</param>
sealed record NewContent(long Relations, long LargeObjects)
{
    /// <summary>Its extensions, each with the schema it is in.</summary>
    public required IReadOnlyDictionary<string, string> ExtensionSchemas { get; init; }

    public static async Task<NewContent> ReadAsync(PgSession source, CancellationToken cancellationToken) => new(
        (await source.RowsAsync(CatalogQueries.LockedObjects, cancellationToken))[0].Long(1),
        await source.ScalarAsync<long>("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata", cancellationToken))
    {
        ExtensionSchemas = (await source.RowsAsync(
            "SELECT e.extname, n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace",
            cancellationToken)).ToDictionary(e => e.Text(0), e => e.Text(1)),
    };

    /// <summary>Of a backup: its manifest counts what a server would, but for the TOAST tables with their indexes.</summary>
    public static NewContent Of(DatabaseFingerprint content, ArchiveHead? head)
    {
        long Count(params string[] kinds) =>
            content.Objects.Keys.Count(o => kinds.Any(k => o.StartsWith(k + " ", StringComparison.Ordinal)));
        var schemas = head?.Entries.Where(e => e.Kind == "EXTENSION").ToDictionary(e => e.Name, SchemaOf) ?? [];
        return new NewContent(
            (3 * Count("table", "materialized view")) + Count(
                "partitioned table",
                "view",
                "foreign table",
                "sequence",
                "index",
                "constraint",
                "composite type"), content.LargeObjects.Count)
        {
            ExtensionSchemas = content.Extensions().ToDictionary(e => e, e => schemas.GetValueOrDefault(e, "")),
        };
    }

    /// <summary>Empty where the archive does not say.</summary>
    static string SchemaOf(ArchiveEntry extension)
    {
        const string In = " WITH SCHEMA ";
        var at = extension.Definition.LastIndexOf(In, StringComparison.Ordinal);
        return at < 0 ? "" : Sql.Bare(extension.Definition[(at + In.Length)..].TrimEnd('\n', ';', ' '));
    }
}
