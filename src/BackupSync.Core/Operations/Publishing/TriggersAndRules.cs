using BackupSync.Operations.Sides;
using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Keeps the triggers and rules of some tables from acting upon rows that were written long ago, and puts each back as it was.
/// </summary>
sealed class TriggersAndRules
{
    readonly PgSession _target;
    readonly IReadOnlyCollection<uint> _tables;
    readonly IReadOnlyList<Switch> _before;

    TriggersAndRules(PgSession target, IReadOnlyCollection<uint> tables, IReadOnlyList<Switch> before) =>
        (_target, _tables, _before) = (target, tables, before);

    /// <param name="along">Statements that want locks as well, and are run with it: all locks at once.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.NotSupported"/>: one cannot be switched off.</exception>
    public static async Task<TriggersAndRules> DisableAsync(
        TargetTransaction transaction, IReadOnlyCollection<uint> tables, IEnumerable<string> along, CancellationToken cancellationToken)
    {
        var target = transaction.Session;
        var before = await ReadAsync(target, tables, cancellationToken);
        var off = before.Where(s => s.IsChosen && s.State != Switch.Off).Select(s => s.To(Switch.Off));
        await transaction.LockAsync([.. along, .. off], cancellationToken);
        // Until version 14 a partition's copy of its parent's trigger counts as the system's own.
        if (await target.RowsAsync(StillOn(tables), cancellationToken) is [var trigger, ..])
        {
            throw new BackupSyncException(ErrorIds.NotSupported, $"{target.Login.Label}: the trigger {Sql.Display(trigger.Text(2))} of "
                + $"{trigger.Name(0).Display} cannot be switched off while rows are loaded.",
                "Disable it on the partitioned table, restore, and enable it again.");
        }
        return new TriggersAndRules(target, tables, before);
    }

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.RestoreFailed"/>: one is not as it was.</exception>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        // A parent's switch can move its partitions' too, so parents come first.
        foreach (var one in _before)
        {
            if ((await ReadAsync(_target, _tables, cancellationToken)).Single(one.IsSame).State != one.State)
                await _target.DefineAsync(one.To(one.State), cancellationToken);
        }
        var now = await ReadAsync(_target, _tables, cancellationToken);
        if (_before.Except(now).FirstOrDefault() is { } changed)
            throw new BackupSyncException(ErrorIds.RestoreFailed, $"{_target.Login.Label}: the {changed.Kind.ToLowerInvariant()} "
                + $"{Sql.Display(changed.Name)} of {changed.Table.Display} could not be set back to what it was.");
    }

    static async Task<IReadOnlyList<Switch>> ReadAsync(
        PgSession target,
        IReadOnlyCollection<uint> tables,
        CancellationToken cancellationToken) =>
        (await target.RowsAsync(All(tables), cancellationToken)).ConvertAll(Switch.Of);

    /// <param name="Kind">TRIGGER or RULE.</param>
    /// <param name="State">As <c>tgenabled</c> and <c>ev_enabled</c> have it.</param>
    /// <param name="IsChosen">Whether it is on one of the tables, not just on a partition of one.</param>
    sealed record Switch(string Kind, ObjectName Table, string Name, string State, bool IsChosen)
    {
        public const string Off = "D";

        public static Switch Of(Row row) => new(row.Text(0), row.Name(1), row.Text(3), row.Text(4), row.Flag(5));

        public bool IsSame(Switch other) => (Kind, Table, Name) == (other.Kind, other.Table, other.Name);

        public string To(string state) =>
            $"ALTER TABLE ONLY {Table.Qualified} "
                + $"{state switch { Off => "DISABLE", "R" => "ENABLE REPLICA", "A" => "ENABLE ALWAYS", _ => "ENABLE" }} {Kind} "
                + $"{Sql.Identifier(Name)}";
    }

    static string Oids(IEnumerable<uint> tables) => $"pg_catalog.unnest(ARRAY[{string.Join(",", tables)}]::oid[])";

    /// <summary>Of rules all but those that make a view.</summary>
    static string All(IReadOnlyCollection<uint> tables) => $"""
        WITH tab AS (
            SELECT c.oid, n.nspname, c.relname, c.oid IN (SELECT {Oids(tables)}) AS chosen, (SELECT count(*)
                FROM pg_catalog.pg_partition_ancestors(c.oid)) AS depth
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid IN (SELECT p.relid FROM {Oids(tables)} t(oid), LATERAL {TableTree.Of("t.oid")} p))
        SELECT s.kind, tab.nspname, tab.relname, s.name, s.state, tab.chosen
        FROM tab JOIN (
            SELECT 'TRIGGER', tgrelid, tgname, tgenabled FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
            UNION ALL
            SELECT 'RULE', ev_class, rulename, ev_enabled FROM pg_catalog.pg_rewrite WHERE ev_type <> '1') s(kind, relation, name,
                state) ON s.relation = tab.oid
        ORDER BY tab.depth, tab.oid, s.kind, s.name
        """;

    static string StillOn(IReadOnlyCollection<uint> tables) => $"""
        SELECT n.nspname, c.relname, g.tgname
        FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid IN (SELECT {Oids(tables)}) AND (NOT g.tgisinternal OR g.tgparentid <> 0) AND g.tgenabled <> 'D'
          -- The system's own keep foreign keys.
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = g.tgconstraint AND k.contype = 'f')
        """;
}
