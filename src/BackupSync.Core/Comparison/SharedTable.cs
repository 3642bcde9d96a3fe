using BackupSync.Verification;

namespace BackupSync.Comparison;

/// <summary>
/// What a table has on both sides, so that its rows can be compared although its definitions differ. Each side keeps names of
/// its own for types and operators: an extension can live in another schema.
/// </summary>
sealed record SharedTable(KeyedTable Source, KeyedTable Target)
{
    /// <param name="rows">Of the side that has more.</param>
    public static SharedTable Of(KeyedTable source, KeyedTable target, long rows)
    {
        var theirs = target.Table.Columns.ToDictionary(c => c.Name);
        var columns = source.Table.Columns.Where(c => theirs.ContainsKey(c.Name)).Select(c => Shared(c, theirs[c.Name])).ToList();
        var shared = IsKeyOfBoth(source, target);
        // Partitioned by hash on one side alone, its rows on the other are those of the table itself.
        var withPartitions = source.Table.WithPartitions || target.Table.WithPartitions;
        return new SharedTable(Of(source), Of(target));

        KeyedTable Of(KeyedTable side) => side with
        {
            Table = side.Table with { Columns = columns, WithPartitions = withPartitions },
            Key = shared ? [.. source.Key.Select(k => side.Key.First(own => own.Name == k.Name))] : [],
            Estimate = rows,
        };
    }

    /// <summary>
    /// A column of another type there has neither a hash of its own nor a binary form that could be compared: it has a text.
    /// </summary>
    static TableColumn Shared(TableColumn here, TableColumn there) =>
        (here.Type == there.Type && here.IsBuiltIn == there.IsBuiltIn && here.IsDeterministic == there.IsDeterministic
            ? here
            : here with { IsBuiltIn = false, IsDeterministic = true })
            with { IsNotNull = here.IsNotNull && there.IsNotNull };

    /// <summary>A key that the target does not enforce may be there twice.</summary>
    static bool IsKeyOfBoth(KeyedTable source, KeyedTable target) =>
        source.HasKey && source.Key.Count == target.Key.Count
        && source.KeyTableColumns.All(
            k => target.KeyTableColumns.Any(other => other.Name == k.Name && (other.Type == k.Type || IsInteger(other) && IsInteger(k))));

    static bool IsInteger(TableColumn column) => column is { IsBuiltIn: true, Type: "int2" or "int4" or "int8" };
}
