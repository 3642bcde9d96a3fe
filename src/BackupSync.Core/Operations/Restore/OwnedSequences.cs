using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Restore;

/// <summary>
/// Sets the sequences that number the rows of some tables to where they stood in the backup, past every row that is there. One that
/// another table's defaults use as well is not set back: that table keeps its rows.
/// </summary>
static class OwnedSequences
{
    public static async Task SetAsync(
        PgSession target,
        IEnumerable<uint> tables,
        DatabaseFingerprint backup,
        CancellationToken cancellationToken)
    {
        foreach (var sequence in (await target.RowsAsync(Query(tables), cancellationToken)).Select(OwnedSequence.Of))
        {
            var ascending = sequence.IsAscending;
            var then = backup.Sequences.GetValueOrDefault(sequence.Name.Display);
            var wanted = then is null
                ? null
                : new SequenceFingerprint(then.LatestValue ?? then.Value, then.LatestIsCalled ?? then.IsCalled);
            if (sequence.IsOfInteger && await LastAsync(sequence.Table, Sql.Identifier(sequence.Column)) is { } last
                && last >= sequence.Least && last <= sequence.Most
                && (wanted is null || (ascending ? last >= wanted.Value : last <= wanted.Value)))
            {
                wanted = new SequenceFingerprint(last, true);
            }
            if (wanted is not null && sequence.IsUsedElsewhere && await LastAsync(sequence.Name, "last_value") is { } present && (ascending
                ? present >= wanted.Value
                : present <= wanted.Value))
                continue;
            if (wanted is not null)
                await SequenceValue.SetAsync(target, sequence.Name, wanted.Value, wanted.IsCalled, cancellationToken);

            async Task<long?> LastAsync(ObjectName relation, string column) => (await target.RowsAsync(
                $"SELECT {(ascending ? "max" : "min")}({column}) FROM {relation.Qualified}", cancellationToken))[0].LongOrNull(0);
        }
    }

    /// <param name="IsOfInteger">Whether the column's values can be compared with the sequence's.</param>
    /// <param name="IsUsedElsewhere">Whether another table's defaults use it as well.</param>
    sealed record OwnedSequence(
        ObjectName Name, ObjectName Table, string Column, bool IsAscending, long Least, long Most, bool IsOfInteger, bool IsUsedElsewhere)
    {
        public static OwnedSequence Of(Row row) => new(
            row.Name(0), row.Name(2), row.Text(4), row.Flag(5), row.Long(6), row.Long(7), row.Flag(8), row.Flag(9));
    }

    static string Query(IEnumerable<uint> tables) => $"""
        SELECT sn.nspname, s.relname, tn.nspname, t.relname, a.attname, q.seqincrement > 0, q.seqmin, q.seqmax,
               a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype),
               EXISTS (SELECT FROM pg_catalog.pg_depend u JOIN pg_catalog.pg_attrdef f ON f.oid = u.objid
                       WHERE u.classid = 'pg_catalog.pg_attrdef'::regclass AND u.refclassid = 'pg_catalog.pg_class'::regclass
                           AND u.refobjid = s.oid
                         AND f.adrelid <> ALL (ARRAY[{string.Join(",", tables)}]::oid[]))
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
        JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
        JOIN pg_catalog.pg_class t ON t.oid = d.refobjid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
          AND t.oid = ANY (ARRAY[{string.Join(",", tables)}]::oid[])
        ORDER BY 1, 2
        """;
}
