namespace BackupSync.Verification;

/// <summary>
/// The database was changed in a way that shows through the snapshot it is read by: what was read is worth nothing, and a new snapshot
/// may do.
/// </summary>
sealed class SnapshotOutdatedException(string message, Exception? inner = null) : BackupSyncException(ErrorIds.ChangedMeanwhile, message,
    "Run it when no migration runs: tables that are emptied, rewritten, dropped or renamed in the meantime cannot be read as "
        + "they were.", inner);
