using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <param name="Type">Its name in pg_type.</param>
/// <param name="TakesNull">Null, that is in nobody's way.</param>
/// <param name="Modifier">The type's, such as the length of a varchar and 4.</param>
/// <param name="IsIndexed">
/// As it is; others are named in an expression or in the index's condition, so another value of theirs may not help.
/// </param>
/// <param name="Empty">Of ranges the value that overlaps none; else null.</param>
sealed record ParkableColumn(string Name, string Type, bool TakesNull, int Modifier, bool IsIndexed, string? Empty)
{
    const int LeastText = 16;

    public static IReadOnlyList<ParkableColumn> Choose(IEnumerable<ParkableColumn> columns) =>
        [.. columns.Where(c => c.TakesNull || c.HasOtherValues).OrderByDescending(c => c.IsIndexed).ThenByDescending(c => c.TakesNull)];

    bool HasOtherValues => IsText || IsNumber || Type == "uuid" || Empty is not null;

    bool IsText => Type is "text" or "citext" or "varchar" or "bpchar" && (Modifier < 0 || Modifier - 4 >= LeastText);
    bool IsNumber => Type is "int2" or "int4" or "int8" or "numeric";

    /// <summary>A value that no row has; <paramref name="number"/> counts the rows that get one.</summary>
    /// <param name="rows">Of the table.</param>
    // An expression may make something of it.
    public string Parked(string rows, string number) => TakesNull && (IsIndexed || !HasOtherValues) ? "NULL"
        : Empty is not null ? $"'{Empty}'"
        : Type == "uuid" ? "pg_catalog.gen_random_uuid()"
        : IsNumber ? $"((SELECT min({Sql.Identifier(Name)}) FROM {rows}) - {number})"
        : $"pg_catalog.left(pg_catalog.md5(pg_catalog.random()::text || {number}::text), {Math.Min(32, Modifier < 0 ? 32 : Modifier - 4)})";
}
