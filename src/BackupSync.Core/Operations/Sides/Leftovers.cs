using BackupSync.Files;
using BackupSync.Places;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Operations.Sides;

/// <summary>
/// Clears what a dead run left: sessions, databases beside the target, unfinished files. Whoever holds the target's lock
/// knows that whatever carries the target's key belongs to nobody any more.
/// </summary>
static class Leftovers
{
    public static async Task ClearOnTargetAsync(
        PgSession maintenance,
        RunTag tag,
        string target,
        RunContext run,
        CancellationToken cancellationToken)
    {
        await ClearSessionsAsync(maintenance, tag, run, cancellationToken);
        var databases = (await maintenance.RowsAsync(
            $"""
            SELECT datname FROM pg_catalog.pg_database
            WHERE pg_catalog.starts_with(datname, {Sql.Literal(tag.NewPrefix)})
                OR pg_catalog.starts_with(datname, {Sql.Literal(tag.OldPrefix)})
            ORDER BY oid
            """, cancellationToken)).Select(r => r.Text(0)).ToList();
        if (databases.Count == 0)
            return;

        var isThere = await DatabaseExists.AskAsync(maintenance, target, cancellationToken);
        // One beside a stand-in is the empty database that the stand-in was before: its target was never there.
        var previous = isThere ? null : databases.LastOrDefault(
            d => d.StartsWith(tag.OldPrefix, StringComparison.Ordinal) && !databases.Contains(tag.StandInBeside(d)));
        if (previous is not null)
        {
            // Both renames are one transaction, so only somebody's hand can have brought this about.
            await DatabaseRename.RunAsync(maintenance, [(previous, target)], cancellationToken);
            databases.Remove(previous);
            run.Warn($"{maintenance.Login.Label}: '{target}' was missing; the previous database {previous} took its name back.");
        }
        foreach (var database in databases)
        {
            // An old one was replaced by a copy that had been verified, and its safety backup is kept: that run did not end well.
            try
            {
                await DatabaseDrop.RunAsync(maintenance, database, cancellationToken);
                run.Info($"{maintenance.Login.Label}: dropped {database}, which a run that died had left.");
            }
            catch (PgQueryException kept)
            {
                run.Warn($"{maintenance.Login.Label}: {database}, which an earlier run left, could not be dropped: {kept.Message}");
            }
        }
    }

    public static async Task ClearSessionsAsync(PgSession session, RunTag tag, RunContext run, CancellationToken cancellationToken)
    {
        var ended = await RunSessions.EndLeftoversAsync(session, tag, cancellationToken);
        if (ended > 0)
            run.Info($"{session.Login.Label}: ended {ended} session(s) that a run that died had left.");
    }

    /// <summary>
    /// A job's folder is its own, so with the lock held nobody writes there but us; only a backup that is being brought here
    /// from another place is somebody else's.
    /// </summary>
    public static void ClearFiles(string directory, RunContext run)
    {
        StagingFolder.ClearLeftovers();
        if (!Directory.Exists(directory))
            return;
        foreach (var file in Directory.EnumerateFiles(directory, "*" + PrivateFile.PartialSuffix).Where(f => !FolderPlace.IsBeingStored(f)))
        {
            if (PrivateFile.Delete(file))
                run.Info($"Removed {Path.GetFileName(file)}, which a run that died had left.");
        }
    }
}
