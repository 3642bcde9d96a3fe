using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>The statements that bring staged rows, <c>s</c>, into their table, <c>t</c>.</summary>
sealed class WriteStatements(KeyedTable table, StagedRows rows)
{
    /// <summary>Columns that stay NULL where the row that they refer to comes later: see <see cref="ForeignKeyOrder"/>.</summary>
    public IReadOnlyList<LateColumn> Late { get; set; } = [];

    /// <summary>The columns that take values.</summary>
    public IReadOnlyList<TableColumn> Written => [.. table.Table.Columns.Where(c => !c.IsGenerated)];

    /// <summary>Those of them, quoted, that UPDATE can set.</summary>
    public IReadOnlyList<string> Settable => [.. Written.Where(c => !c.IsAlwaysIdentity).Select(c => Sql.Identifier(c.Name))];

    public string Set =>
        string.Join(", ", Written.Where(c => !c.IsAlwaysIdentity).Select(c => $"{Sql.Identifier(c.Name)} = {Value(c.Name)}"));

    public string Insert => $"INSERT INTO {table.Table.Name.Qualified} "
        + (Written.Count == 0 ? "" : $"({string.Join(", ", Written.Select(c => Sql.Identifier(c.Name)))}) OVERRIDING SYSTEM VALUE ")
        + $"SELECT {string.Join(", ", Written.Select(c => Value(c.Name)))} FROM {rows.Name} AS s";

    /// <summary>Of rows whose keys the target has not.</summary>
    public string InsertAbsent => $"{Insert} WHERE NOT EXISTS (SELECT FROM {table.Table.Rows} AS t WHERE {table.SameKey("t", "s")})";

    /// <summary>What a row gets at first.</summary>
    string Value(string column) => Late.FirstOrDefault(l => l.Name == column) is { } late
        ? $"CASE WHEN EXISTS ({late.ReferredTo}) THEN s.{Sql.Identifier(column)} END" : $"s.{Sql.Identifier(column)}";
}
