using BackupSync.Files;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Sides;

/// <summary>What would make a later step fail, found before anything is begun.</summary>
static class Prechecks
{
    /// <summary>
    /// A policy, a user mapping, or a value of type regrole or aclitem can only be restored where the roles exist that it names.
    /// </summary>
    public static async Task EnsureRolesExistAsync(IReadOnlyList<string> roles, TargetSide target, CancellationToken cancellationToken)
    {
        if (roles.Count == 0)
            return;
        var missing = (await target.Session.RowsAsync(
            $"SELECT name FROM pg_catalog.unnest({Sql.TextArray(roles)}) name WHERE name NOT IN (SELECT rolname FROM "
                + "pg_catalog.pg_roles)", cancellationToken))
            .Select(r => r.Text(0)).ToList();
        if (missing.Count == 0)
            return;
        throw new BackupSyncException(ErrorIds.PrivilegeMissing,
            $"{target.Login.Label} lacks the role(s) {string.Join(", ", missing)}, which policies, user mappings or values of the "
                + "content name.",
            $"Create them there: {string.Join(" ", missing.Select(m => $"CREATE ROLE {Sql.Identifier(m)} NOLOGIN;"))}");
    }

    /// <summary>Tables that force row security on their owners can be restored by an ordinary owner, but not read back.</summary>
    public static void EnsureMayReadBack(IReadOnlyList<string> forcedRowSecurity, TargetSide target)
    {
        if (forcedRowSecurity.Count == 0 || target.Facts.BypassesRowSecurity)
            return;
        throw new BackupSyncException(ErrorIds.PrivilegeMissing,
            $"{target.Login.Label}: the role '{target.Facts.Role}' could not verify {string.Join(", ", forcedRowSecurity)}: row-level "
                + "security is forced there, on the owner too.",
            $"ALTER ROLE {Sql.Identifier(target.Facts.Role)} BYPASSRLS;");
    }

    /// <summary>
    /// No function of before version 18 tells the right to a large object; to read nothing of it asks for the right, too.
    /// </summary>
    public static Task EnsureMayReadLargeObjectsAsync(DatabaseSide side, CancellationToken cancellationToken) =>
        side.Session.RowsAsync("SELECT count(pg_catalog.lo_get(oid, 0, 0)) FROM pg_catalog.pg_largeobject_metadata", cancellationToken);

    /// <summary>Most databases use nothing that only their own version has, so an older target is no reason to refuse.</summary>
    public static void WarnOfOlderTarget(int major, string version, string from, TargetSide target, RunContext run)
    {
        if (target.Facts.Major < major)
            run.Warn($"{target.Login.Label} has PostgreSQL {target.Facts.Version}, which is older than {from}, {version}: what only "
                + $"PostgreSQL {major} knows cannot be restored there. If {from} uses something of it, the run ends with an error, and "
                + "the target stays as it is.");
    }

    /// <summary>What refers to what is left out could not be created: a foreign key, say, or a view.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.ConfigurationInvalid"/>.</exception>
    public static async Task EnsureNothingNeededIsLeftOutAsync(SourceSide source, CancellationToken cancellationToken)
    {
        if (source.Filter.Relations.Count + source.Filter.Schemas.Count == 0)
            return;
        var needing = await source.Session.RowsAsync(CatalogQueries.NeedingWhatIsLeftOut(source.Filter), cancellationToken);
        if (needing.Count == 0)
            return;
        throw new BackupSyncException(ErrorIds.ConfigurationInvalid,
            "exclude leaves out what the rest needs: "
                + $"{NameList.Of([.. needing.Select(r => $"{r.Text(0)} needs {r.Name(1).Display}")])}.",
            "Exclude that as well, or name the tables under exclude.data: they are created then, and only their rows are left out.");
    }

    /// <summary>See <see cref="WarnOfLocksAsync"/>.</summary>
    public static Task WarnOfDumpLocksAsync(DatabaseSide side, CatalogFilter filter, RunContext run, CancellationToken cancellationToken) =>
        WarnOfLocksAsync(side, filter, "pg_dump", run, cancellationToken);

    /// <summary>
    /// All tables are locked at once. The server has more room than it promises, and others who take some of it, so that this is no
    /// reason to refuse.
    /// </summary>
    /// <param name="who">Locks them.</param>
    public static async Task WarnOfLocksAsync(
        DatabaseSide side,
        CatalogFilter filter,
        string who,
        RunContext run,
        CancellationToken cancellationToken)
    {
        var tables = await side.Session.ScalarAsync<long>(CatalogQueries.TableCount(filter), cancellationToken);
        var locks = await LockTable.ReadAsync(side.Session, cancellationToken);
        if (tables > locks.Room)
            run.Warn(
                $"{side.Login.Label}: {who} locks its {Quantity.Of(tables, "table")} at once, and {locks}: that may be too little. "
                    + $"{locks.Advice(tables)}.");
    }

    /// <summary>
    /// A compressed dump rarely takes more than a third of what the database takes on disk, indexes included; both dumps
    /// have to fit.
    /// </summary>
    public static void EnsureDiskSpace(string directory, params long[] databaseSizes)
    {
        PrivateFile.CreateFolder(directory);
        var expected = databaseSizes.Sum() / 3;
        if (PrivateFile.FreeSpace(directory) is { } free && free < expected)
        {
            throw new BackupSyncException(ErrorIds.DiskFull,
                $"{directory} has {ByteSizes.Show(free)} free; the backups of this run are expected to take up to "
                    + $"{ByteSizes.Show(expected)}.",
                "Free space there, or keep the backups elsewhere (backups.directory).");
        }
    }

    /// <summary>
    /// Incremental runs make temporary tables: an event trigger may write to the very tables that are copied, or refuse what the run
    /// needs.
    /// </summary>
    public static async Task WarnOfEventTriggersAsync(TargetSide target, RunContext run, CancellationToken cancellationToken)
    {
        if (target.Login.EventTriggersOff)
            return;
        var active = target.Login.DefinesAsReplica ? "'R', 'A'" : "'O', 'A'";
        var triggers = (await target.Session.RowsAsync(
            $$"""
            SELECT evtname FROM pg_catalog.pg_event_trigger
            WHERE evtenabled IN ({{active}}) AND evtevent IN ('ddl_command_start', 'ddl_command_end', 'sql_drop')
              AND (evttags IS NULL OR evttags && '{CREATE TABLE AS,CREATE TABLE,CREATE SCHEMA,ALTER TABLE,DROP TABLE}')
            ORDER BY 1
            """, cancellationToken)).Select(r => Sql.Display(r.Text(0))).ToList();
        if (triggers.Count > 0)
        {
            run.Warn($"{target.Login.Label}: its event triggers fire for the temporary tables and the notes of this run: "
                + $"{NameList.Of(triggers)}. "
                + "What they write to tables that are copied the next run takes out again, and what they refuse fails the run: let "
                + "them pass temporary tables and the schema backupsync, or disable them (ALTER EVENT TRIGGER … DISABLE).");
        }
    }
}
