using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>Reads the names that <see cref="DatabaseFingerprint.Objects"/> is kept by.</summary>
static class SchemaObjects
{
    const string On = " on ";

    /// <summary>Whether an object belongs to a table: the table itself, or an index, constraint, trigger, policy or rule on it.</summary>
    /// <param name="name">Such as <c>index public.users_email_key on users</c>.</param>
    public static bool IsOf(string name, ObjectName table)
    {
        if (name == $"table {table.Display}" || name == $"partitioned table {table.Display}")
            return true;
        // The catalog's query gives the table's bare name after "on", and every such object's schema is its table's.
        return name.EndsWith(On + table.Name, StringComparison.Ordinal)
            && Kinds.Any(kind => name.StartsWith($"{kind} {Sql.Display(table.Schema)}.", StringComparison.Ordinal));
    }

    /// <summary>The table that a name is of; null where it is of something else.</summary>
    public static ObjectName? TableOf(string name) =>
        Tables.FirstOrDefault(kind => name.StartsWith(kind, StringComparison.Ordinal)) is { } kind
            ? ObjectName.OfKey(name[kind.Length..]) : null;

    /// <summary>The tables among some names.</summary>
    public static IEnumerable<ObjectName> TablesOf(IEnumerable<string> names) => names.Select(TableOf).OfType<ObjectName>();

    /// <summary>The columns with their types; null where there is no such table.</summary>
    public static string? TableDefinition(DatabaseFingerprint database, string table) =>
        database.Objects.GetValueOrDefault($"table {table}") ?? database.Objects.GetValueOrDefault($"partitioned table {table}");

    /// <summary>How two definitions of one object differ, as a phrase.</summary>
    public static string Difference(string name, string source, string target)
    {
        // Of these only a hash is known.
        if (Hashed.Any(kind => name.StartsWith(kind, StringComparison.Ordinal)))
            return "its definition differs";
        if (!Lists.Any(kind => name.StartsWith(kind, StringComparison.Ordinal)))
            return $"'{source}' on the source, '{target}' on the target";
        // Of many columns those that are not the same: a type has no space behind its comma.
        var (there, here) = (source.Split(", "), target.Split(", "));
        return string.Join("; ", new[] { Only("source", there.Except(here)), Only("target", here.Except(there)) }.OfType<string>());

        static string? Only(string side, IEnumerable<string> parts) =>
            string.Join(", ", parts) is { Length: > 0 } list ? $"only on the {side}: {list}" : null;
    }

    static readonly string[] Tables = ["table ", "partitioned table "];
    static readonly string[] Hashed = ["function ", "procedure ", "aggregate "];
    static readonly string[] Lists = ["table ", "partitioned table ", "foreign table ", "view ", "materialized view ", "composite type "];

    static readonly string[] Kinds = ["index", "constraint", "trigger", "policy", "rule"];
}
