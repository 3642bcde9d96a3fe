namespace BackupSync.Postgres;

/// <summary>
/// A table with all its partitions, near and far. The server's own pg_partition_tree locks each partition until the transaction ends,
/// and their table itself not: who changes them in the usual order, the table first, would meet a deadlock with us, and may be the one
/// who is ended.
/// </summary>
static class TableTree
{
    /// <summary>A subquery of oids, <c>relid</c>: the relation's own, whatever it is, and those of its partitions.</summary>
    /// <param name="relation">Its oid, as an expression.</param>
    public static string Of(string relation) => $"""
        (WITH RECURSIVE tree_(relid) AS (
             SELECT ({relation})::pg_catalog.oid
             UNION ALL
             SELECT i_.inhrelid FROM tree_ JOIN pg_catalog.pg_partitioned_table p_ ON p_.partrelid = tree_.relid
                 JOIN pg_catalog.pg_inherits i_ ON i_.inhparent = p_.partrelid)
         SELECT tree_.relid FROM tree_)
        """;
}
