using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// A foreign key that is away while rows are written. Nothing holds then what rows of the target refer to, and it comes back for rows to
/// come alone: so a row that stays is looked for here, should what it refers to have gone or got other values.
/// </summary>
/// <param name="Table">That refers to another.</param>
/// <param name="Columns">Those of a row <c>s</c> that refer to another.</param>
/// <param name="SameColumns">When a row <c>t</c> refers to the same.</param>
/// <param name="Dangling">The rows <c>s</c> that refer to none, as FROM takes them.</param>
sealed record BrokenKey(uint Oid, ObjectName Table, string Name, string Columns, string SameColumns, string Dangling)
{
    readonly string _before = $"pg_temp.backupsync_dangling_{Oid}";

    /// <summary>Those whose staged rows it is about.</summary>
    public required List<TableSync> Tables { get; init; }

    /// <summary>Where all is as on the source, so is what refers to none.</summary>
    bool MayLeaveRows => Tables.Any(t => !t.MayEmpty || !t.IsWhole);

    /// <summary>To be called before anything is written: rows that refer to none already are none of this run's.</summary>
    public async Task RememberAsync(PgSession target, CancellationToken cancellationToken)
    {
        if (MayLeaveRows)
            await target.DefineAsync(
                $"CREATE TEMPORARY TABLE {_before["pg_temp.".Length..]} ON COMMIT DROP AS SELECT DISTINCT {Columns} FROM {Dangling}",
                cancellationToken);
    }

    /// <summary>Whether the run has left rows that refer to none, but for those that are so on the source.</summary>
    public async Task<bool> HasLeftRowsAsync(PgSession target, CancellationToken cancellationToken)
    {
        if (!MayLeaveRows)
            return false;
        var others = Tables.Where(t => t.Staged.Rows.Count > 0)
            .Select(t => $"SELECT FROM {t.Staged.Rows.Name} AS t WHERE {(t.Table.HasKey ? t.Table.SameKey("t", "s") : SameColumns)}")
            .Prepend($"SELECT FROM {_before} AS t WHERE {SameColumns}");
        return (await target.RowsAsync(
            $"SELECT 1 FROM {Dangling}{string.Concat(others.Select(o => $" AND NOT EXISTS ({o})"))} LIMIT 1",
            cancellationToken)).Count > 0;
    }
}
