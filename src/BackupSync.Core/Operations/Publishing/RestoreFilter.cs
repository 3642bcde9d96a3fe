using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Takes out of an archive's list what cannot or need not be restored: an ordinary owner may not comment on an extension
/// that another role created, create an event trigger, or own the schema "public".
/// </summary>
/// <param name="ExistingExtensions">They stay, with what belongs to them.</param>
/// <param name="ExistingSchemas">"public", and those that existing extensions live in.</param>
/// <param name="OwnsPublic">Whether the role may comment on the schema "public".</param>
/// <param name="MayCreateEventTriggers">Only superusers may.</param>
sealed record RestoreFilter(
    IReadOnlySet<string> ExistingExtensions,
    IReadOnlySet<string> ExistingSchemas,
    bool OwnsPublic,
    bool MayCreateEventTriggers)
{
    /// <summary>Asks the database that is to be restored into what it has already.</summary>
    public static async Task<RestoreFilter> ForAsync(PgSession session, DatabaseFacts facts, CancellationToken cancellationToken)
    {
        var extensions = await session.RowsAsync(
            "SELECT e.extname, n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = "
                + "e.extnamespace", cancellationToken);
        var ownsPublic = await session.ScalarAsync<bool>(
            "SELECT coalesce((SELECT pg_catalog.pg_has_role(nspowner, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = "
                + "'public'), false)", cancellationToken);
        return new RestoreFilter(
            extensions.Select(e => e.Text(0)).ToHashSet(), extensions.Select(e => e.Text(1)).Append("public").ToHashSet(), ownsPublic, facts
                .IsSuperuser);
    }

    public RestoreList Apply(ArchiveListing listing, DatabaseFingerprint content)
    {
        var main = new List<string>();
        var withoutLargeObjects = new List<string>();
        var largeObjects = new List<string>();
        var last = new List<string>();
        var leftOut = new List<string>();
        var triggers = new List<string>();
        var tables = listing.Entries.Where(e => e.Kind == "TABLE").Select(e => e.Rest).ToHashSet();
        // One alone depends on no other.
        var configurationRows = listing.Entries.Where(e => e.Kind == "TABLE DATA" && !tables.Contains(e.Rest))
            .ToList() is { Count: > 1 } rows ? rows : [];
        var hasPartitions = listing.Entries.Any(e => e.Kind == "TABLE ATTACH");
        foreach (var entry in listing.Entries)
        {
            switch (entry.Kind)
            {
                case "SCHEMA" when ExistingSchemas.Any(s => entry.Is("SCHEMA", "-", s)):
                case "COMMENT" when entry.Rest.StartsWith("- EXTENSION ", StringComparison.Ordinal) && !MayCreateEventTriggers:
                case "EXTENSION" when ExistingExtensions.Any(e => entry.Is("EXTENSION", "-", e)):
                case "DEFAULT ACL":
                    continue;
                case "COMMENT" when entry.Rest.StartsWith("- SCHEMA public ", StringComparison.Ordinal) && !OwnsPublic:
                    leftOut.Add("comment on schema public");
                    continue;
                case "EVENT TRIGGER" when !MayCreateEventTriggers:
                    leftOut.Add(content.Objects.Keys.FirstOrDefault(o => IsOf(entry, o)) ?? $"event trigger {entry.Rest}");
                    continue;
                case "COMMENT" when entry.Rest.StartsWith("- EVENT TRIGGER ", StringComparison.Ordinal) && !MayCreateEventTriggers:
                    continue;
                case "EVENT TRIGGER":
                case "COMMENT" when entry.Rest.StartsWith("- EVENT TRIGGER ", StringComparison.Ordinal)
                    || entry.Rest.StartsWith("- LARGE OBJECT ", StringComparison.Ordinal):
                    last.Add(entry.Line);
                    continue;
                case "TRIGGER" when hasPartitions:
                case "COMMENT" when hasPartitions && entry.Rest.Contains(" TRIGGER ", StringComparison.Ordinal):
                    triggers.Add(entry.Line);
                    withoutLargeObjects.Add(entry.Line);
                    continue;
                case "BLOB" or "BLOBS" or "BLOB METADATA":
                    largeObjects.Add(entry.Line);
                    main.Add(entry.Line);
                    continue;
                case "TABLE DATA" when configurationRows.Contains(entry):
                    withoutLargeObjects.Add(entry.Line);
                    continue;
                default:
                    main.Add(entry.Line);
                    withoutLargeObjects.Add(entry.Line);
                    continue;
            }
        }
        var together = main.Concat(configurationRows.Select(e => e.Line)).ToHashSet();
        return new RestoreList(main, withoutLargeObjects, largeObjects, triggers, [.. configurationRows.Select(e => e.Line)], last, leftOut)
        {
            InOrder = [.. listing.Entries.Select(e => e.Line).Where(together.Contains)],
        };
    }

    static bool IsOf(ArchiveListing.Entry entry, string objectKey) =>
        objectKey.StartsWith("event trigger ", StringComparison.Ordinal)
        && entry.Rest.StartsWith($"- {Sql.Bare(objectKey["event trigger ".Length..])} ", StringComparison.Ordinal);
}

/// <summary>Lines for <c>pg_restore --use-list</c>, in the order of the archive.</summary>
/// <param name="Main">Everything but <see cref="Triggers"/>, <see cref="ConfigurationRows"/> and <see cref="Last"/>.</param>
/// <param name="WithoutLargeObjects">
/// The same without large objects: in a script, pg_restore puts those into a transaction of their own.
/// </param>
/// <param name="Triggers">
/// Of a database with partitions, in their order: what switches a partition's trigger off depends on the parent's trigger, and no archive
/// says so to pg_restore's workers.
/// </param>
/// <param name="ConfigurationRows">
/// Rows of several tables that belong to extensions, in the order of their foreign keys, which are there before the rows, but of which
/// pg_restore's workers do not know.
/// </param>
/// <param name="Last">Event triggers, which would fire for our own statements, and comments that may come late.</param>
/// <param name="LeftOut">What is left out although the source has it; to be told.</param>
sealed record RestoreList(
    IReadOnlyList<string> Main, IReadOnlyList<string> WithoutLargeObjects, IReadOnlyList<string> LargeObjects,
    IReadOnlyList<string> Triggers, IReadOnlyList<string> ConfigurationRows, IReadOnlyList<string> Last,
    IReadOnlyList<string> LeftOut)
{
    /// <summary><see cref="Main"/> and <see cref="ConfigurationRows"/>, for who loads one after the other.</summary>
    public required IReadOnlyList<string> InOrder { get; init; }
}
