using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Operations.Incremental;

/// <summary>Says of rows that refer to ones which are to go what can be done about them.</summary>
/// <param name="tables">Those that are copied.</param>
sealed class ReferringRows(SourceSide source, TargetSide target, IReadOnlyList<TableSync> tables)
{
    /// <summary>What the server says of it, in our words: it names the foreign key and no values.</summary>
    /// <returns>Null where the server says something else.</returns>
    public RowInTheWayException? Explain(PgQueryException refused) => refused.InnerException is PostgresException
    {
        SqlState: PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.RestrictViolation,
        SchemaName: { } schema, TableName: { } name, ConstraintName: { } key
    } server ? InTheWay(new(schema, name), key, refused, target.Login.Address.Scrub(server.MessageText)) : null;

    public RowInTheWayException InTheWay(BrokenKey key) => InTheWay(key.Table, key.Name, refused: null, detail: null);

    RowInTheWayException InTheWay(ObjectName name, string key, PgQueryException? refused, string? detail)
    {
        var (referring, here) = (name.Display, target.Login.Label);
        var table = tables.FirstOrDefault(t => t.Table.Table.Name == name);
        // By stamps it may be one that the source has changed in silence.
        var isCertain = table is null || table.IsWhole;
        var stays = table is null
            ? ", and this table is not copied"
            : isCertain && table.LastWriteWins ? $". It is {here}'s own, or newer there, and stays" : "";
        return new RowInTheWayException(
            $"{here}: a row of {referring} refers to one that {source.Login.Label} has deleted (foreign key {Sql.Display(key)}){stays}.",
            $"Delete such rows of {referring} on {here} or have them refer to others, or bring back on {source.Login.Label} what they "
                + "refer to; then run again.", refused)
        { IsCertain = isCertain, Detail = detail };
    }
}
