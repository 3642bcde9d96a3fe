using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>Reads the names that <see cref="DatabaseFingerprint.Objects"/> is kept by.</summary>
static class SchemaObjects
{
    const string On = " on ";

    /// <summary>Whether an object belongs to a table: the table itself, or an index, constraint, trigger, policy or rule on it.</summary>
    /// <param name="name">Such as <c>index public.users_email_key on users</c>.</param>
    /// <param name="table">Such as <c>public.users</c>.</param>
    public static bool IsOf(string name, string table)
    {
        if (name == $"table {table}" || name == $"partitioned table {table}")
            return true;
        var (schema, bare) = Sql.Parts(table);
        // The catalog's query gives the table's bare name after "on", and every such object's schema is its table's.
        return name.EndsWith(On + bare, StringComparison.Ordinal)
            && Kinds.Any(kind => name.StartsWith($"{kind} {Sql.Display(schema)}.", StringComparison.Ordinal));
    }

    /// <summary>The columns with their types; null where there is no such table.</summary>
    public static string? TableDefinition(DatabaseFingerprint database, string table) =>
        database.Objects.GetValueOrDefault($"table {table}") ?? database.Objects.GetValueOrDefault($"partitioned table {table}");

    static readonly string[] Kinds = ["index", "constraint", "trigger", "policy", "rule"];
}
