using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>
/// Takes all locks that a transaction needs at once, before it changes anything: who reads or writes several tables in one transaction, in
/// whatever order, is never ended by the server for a deadlock with us, nor are we.
/// </summary>
static class AllLocks
{
    /// <summary>
    /// How long one attempt may take, and others wait behind what it has and wants; less where the server looks for deadlocks early. What
    /// is left of the server's usual second is for one that is slow.
    /// </summary>
    static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(400);

    /// <summary>Between two attempts, when others go on.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <param name="statements">
    /// LOCK TABLE, or what takes its locks and does no more than a moment's work; relations by their names in full, quoted.
    /// </param>
    /// <param name="longestWait">How long it may be tried. In the end it fails as what was to be locked last did.</param>
    public static string Statement(IEnumerable<string> statements, TimeSpan longestWait) => "DO " + Sql.Literal(Body
        .Replace("@longestWait", Milliseconds(longestWait), StringComparison.Ordinal)
        .Replace("@longest", Milliseconds(Longest), StringComparison.Ordinal)
        .Replace("@pause", Milliseconds(Pause), StringComparison.Ordinal)
        .Replace("@shortest", DeadlockTimeout.Shortest, StringComparison.Ordinal)
        .Replace("@share", DeadlockTimeout.Share, StringComparison.Ordinal)
        .Replace("@own", DeadlockTimeout.OwnLockTimeout, StringComparison.Ordinal)
        .Replace("@statements", Sql.TextArray(statements), StringComparison.Ordinal));

    /// <summary>Locks of tables with all their partitions, those above before those below.</summary>
    public static async Task<IReadOnlyList<string>> OfTablesAsync(
        IQueryRunner runner, IEnumerable<ObjectName> tables, string mode, CancellationToken cancellationToken)
    {
        var found = await runner.RowsAsync(Trees(tables), cancellationToken);
        // Partitions by themselves, so that no statement waits for many locks. Some the role may lock with their table only.
        return [.. found.Select(t => LockOf(t.Name(0), "ONLY ")), .. found.Where(t => t.Flag(2)).Select(t => LockOf(t.Name(0), ""))];

        string LockOf(ObjectName table, string only) => $"LOCK TABLE {only}{table.Qualified} IN {mode} MODE";
    }

    static string Milliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>Schema, name, and whether it is one of the tables themselves, and has partitions.</summary>
    static string Trees(IEnumerable<ObjectName> tables) => $"""
        SELECT n.nspname, c.relname, c.relkind = 'p' AND pg_catalog.bool_or(c.oid = w.oid)
        FROM (SELECT pg_catalog.to_regclass(name)::oid
              FROM pg_catalog.unnest({Sql.TextArray(tables.Select(t => t.Qualified))}) name) w(oid),
             LATERAL {TableTree.Of("w.oid")} t(oid)
        JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND (c.oid = w.oid OR pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE'))
        GROUP BY c.oid, n.nspname, c.relname, c.relkind
        ORDER BY (SELECT count(*) FROM pg_catalog.pg_partition_ancestors(c.oid)), 1, 2
        """;

    static readonly string Body = EmbeddedText.Read("all_locks.sql");
}
