namespace BackupSync.Operations;

/// <summary>What is asked for where a backup of one database is taken.</summary>
/// <param name="Settings">Its folder is the database's own in the order's local place, or the one where an export's file is to be.</param>
sealed record BackupRequest(Endpoint Database, RunSettings Settings, BackupOrder Order);
