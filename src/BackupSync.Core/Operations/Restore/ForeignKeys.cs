using BackupSync.Postgres;

namespace BackupSync.Operations.Restore;

/// <param name="From">The table that refers.</param>
/// <param name="To">The table referred to.</param>
/// <param name="Definition">As ALTER TABLE takes it.</param>
/// <param name="MayLock">Whether the role may lock the table referred to by itself.</param>
sealed record ForeignKey(
    string Name, ObjectName From, ObjectName To, string Definition, string? Comment, bool IsOwned, bool MayLock)
{
    /// <summary>Both are locked where it is dropped or made.</summary>
    public IEnumerable<ObjectName> Tables => MayLock ? [From, To] : [From];

    public static ForeignKey Of(Row row) => new(
        row.Text(0), row.Name(1), row.Name(3), row.Text(5), row.TextOrNull(6), row.Flag(7), row.Flag(8));
}

/// <summary>
/// The foreign keys that touch some tables, in either direction: taken away while rows are replaced, and then put back and
/// checked against every row. Nothing less lets an ordinary owner empty a table that others refer to.
/// </summary>
sealed class ForeignKeys
{
    readonly PgSession _target;

    ForeignKeys(PgSession target, IReadOnlyList<ForeignKey> all) => (_target, All) = (target, all);

    public IReadOnlyList<ForeignKey> All { get; }

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.PrivilegeMissing"/>: another role's table refers to one of them.
    /// </exception>
    public static async Task<ForeignKeys> ReadAsync(PgSession target, IEnumerable<uint> tables, CancellationToken cancellationToken)
    {
        var all = (await target.RowsAsync(Query(tables), cancellationToken)).Select(ForeignKey.Of).ToList();
        if (all.FirstOrDefault(k => !k.IsOwned) is { } foreign)
        {
            throw new BackupSyncException(ErrorIds.PrivilegeMissing,
                $"{target.Login.Label}: the role '{target.Login.Address.User}' does not own {foreign.From}, whose foreign key "
                    + $"{Sql.Display(foreign.Name)} refers to {foreign.To}: it could not be checked anew.",
                $"ALTER TABLE {foreign.From.Qualified} OWNER TO {Sql.Identifier(target.Login.Address.User)}; or restore as "
                    + "a role that owns both.");
        }
        return new ForeignKeys(target, all);
    }

    public IEnumerable<string> Drops => All.Select(k =>
        $"ALTER TABLE {k.From.Qualified} DROP CONSTRAINT {Sql.Identifier(k.Name)}");

    /// <param name="restored">The tables whose rows were replaced, and their parents.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.RestoreFailed"/>: rows refer to such as are not there; the message says which tables'.
    /// </exception>
    public async Task CreateAsync(IReadOnlySet<ObjectName> restored, CancellationToken cancellationToken)
    {
        foreach (var key in All)
        {
            try
            {
                await _target.ExecuteAsync(
                    $"ALTER TABLE {key.From.Qualified} ADD CONSTRAINT {Sql.Identifier(key.Name)} {key.Definition}",
                    cancellationToken);
            }
            catch (PgQueryException invalid) when (invalid.SqlState == Npgsql.PostgresErrorCodes.ForeignKeyViolation)
            {
                var others = new[] { key.From, key.To }.Where(t => !restored.Contains(t)).ToList();
                throw new BackupSyncException(ErrorIds.RestoreFailed,
                    $"{_target.Login.Label}: the foreign key {Sql.Display(key.Name)} of {key.From} would not hold: rows of {key.From} "
                        + $"refer to rows of {key.To} that would not be there.",
                    others.Count == 0 ? "The backup's own rows break it: it was not enforced when it was taken. Restore the whole "
                        + "backup into another database and look."
                        : $"Restore {string.Join(" and ", others)} with it, or remove the rows that are in the way.", invalid);
            }
            if (key.Comment is not null)
                await _target.ExecuteAsync(
                    $"COMMENT ON CONSTRAINT {Sql.Identifier(key.Name)} ON {key.From.Qualified} IS {Sql.Literal(key.Comment)}",
                    cancellationToken);
        }
    }

    /// <summary>A partition's constraint is its parent's, and goes and comes with that one.</summary>
    static string Query(IEnumerable<uint> tables) => $"""
        WITH RECURSIVE touching AS (
            SELECT oid, conparentid FROM pg_catalog.pg_constraint
            WHERE contype = 'f' AND (conrelid = ANY (ARRAY[{string.Join(",", tables)}]::oid[])
                OR confrelid = ANY (ARRAY[{string.Join(",", tables)}]::oid[]))
            UNION
            SELECT p.oid, p.conparentid FROM pg_catalog.pg_constraint p JOIN touching t ON p.oid = t.conparentid)
        SELECT k.conname, fn.nspname, f.relname, tn.nspname, t.relname, pg_catalog.pg_get_constraintdef(k.oid),
               pg_catalog.obj_description(k.oid, 'pg_constraint'), pg_catalog.pg_has_role(f.relowner, 'USAGE'),
               pg_catalog.has_table_privilege(t.oid, 'UPDATE, DELETE, TRUNCATE')
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class f ON f.oid = k.conrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
        JOIN pg_catalog.pg_class t ON t.oid = k.confrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
        WHERE k.oid IN (SELECT oid FROM touching WHERE conparentid = 0)
        ORDER BY k.oid
        """;
}
