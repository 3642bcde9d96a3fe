namespace BackupSync;

/// <summary>The stable identifiers of failures. Scripts match on them, so they are never renamed.</summary>
/// <remarks>The summary of each says what it means, its remarks what to do: docs/failures-and-exit-codes.md is made of them.</remarks>
public static class ErrorIds
{
    /// <summary>What all of them begin with.</summary>
    internal const string Prefix = "BackupSync.";

    // The arguments or the configuration are wrong: nothing was connected to.

    /// <summary>
    /// The configuration or a command's arguments cannot be used; every problem of a file is told with its line and column.
    /// </summary>
    /// <remarks>
    /// Correct what the message names; <c>backupsync check</c> (<c>Test-DbSyncConfig</c>) tells whether something is left.
    /// </remarks>
    public const string ConfigurationInvalid = "BackupSync.ConfigurationInvalid";

    /// <summary>There is no configuration file where it was looked for, and the command needs one.</summary>
    /// <remarks>
    /// Name it (<c>-Config</c>, <c>--config</c>, <c>BACKUPSYNC_CONFIG</c>), or write a starter with <c>backupsync init</c>
    /// (<c>New-DbSyncConfig</c>).
    /// </remarks>
    public const string ConfigurationNotFound = "BackupSync.ConfigurationNotFound";

    /// <summary>
    /// A name is not in the configuration, the backup or the database that should have it; or several things could be meant, and
    /// none is named.
    /// </summary>
    /// <remarks>Take the name that the message offers, or one of those that it lists.</remarks>
    public const string UnknownName = "BackupSync.UnknownName";

    /// <summary>What was asked for has to be confirmed, and was declined, or nobody could be asked.</summary>
    /// <remarks>Where nobody sits in front of it, add <c>--yes</c> (<c>-Confirm:$false</c>).</remarks>
    public const string ConfirmationNeeded = "BackupSync.ConfirmationNeeded";

    // A database cannot be used as it is.

    /// <summary>A database, or the pooler in front of it, cannot be reached, or the connection was lost.</summary>
    /// <remarks>
    /// Check host, port, network and that the server runs; its log tells why it ended a session. A suspended compute may need a
    /// longer <c>limits.connect</c>.
    /// </remarks>
    public const string ConnectionFailed = "BackupSync.ConnectionFailed";

    /// <summary>The server does not let the user in: the password is wrong, or its rules refuse.</summary>
    /// <remarks>Check user and password in the URL, special characters percent-encoded, and the server's <c>pg_hba.conf</c>.</remarks>
    public const string AuthenticationFailed = "BackupSync.AuthenticationFailed";

    /// <summary>The server has no database of that name.</summary>
    /// <remarks>Check the name in the URL; a new target has to be created first, and may be empty.</remarks>
    public const string DatabaseMissing = "BackupSync.DatabaseMissing";

    /// <summary>
    /// The server offers no TLS though the URL demands it, its certificate is not trusted, or a certificate file cannot be read.
    /// </summary>
    /// <remarks>Check <c>sslmode</c>, <c>sslrootcert</c>, <c>sslcert</c> and <c>sslkey</c> in the URL.</remarks>
    public const string TlsFailed = "BackupSync.TlsFailed";

    /// <summary>What answers there does not speak PostgreSQL's protocol.</summary>
    /// <remarks>Check host and port in the URL.</remarks>
    public const string NotPostgres = "BackupSync.NotPostgres";

    /// <summary>
    /// The database, its release or the object has a form with which this cannot be done, such as a standby as the target.
    /// </summary>
    /// <remarks>
    /// The message names what stands in the way, and its advice the way round it; see
    /// <see href="known-limits.md">known-limits.md</see>.
    /// </remarks>
    public const string NotSupported = "BackupSync.NotSupported";

    /// <summary>The role lacks a right that the run needs.</summary>
    /// <remarks>
    /// Grant what the advice names, mostly as the statement to run; <see href="privileges.md">privileges.md</see> lists what each
    /// way needs.
    /// </remarks>
    public const string PrivilegeMissing = "BackupSync.PrivilegeMissing";

    /// <summary>The server, the database or the role has fewer connections free than the run needs.</summary>
    /// <remarks>
    /// Close idle connections, make the application's pool smaller, or raise the limit (<c>max_connections</c>, <c>CONNECTION
    /// LIMIT</c>).
    /// </remarks>
    public const string TooFewConnections = "BackupSync.TooFewConnections";

    /// <summary>A run that was due by its schedule was left out: its schedule is paused, the run before goes on, or it is too late.</summary>
    /// <remarks>
    /// The message says which. <c>backupsync schedule</c> (<c>Get-DbSyncSchedule</c>) tells what is paused and what comes next.
    /// </remarks>
    public const string ScheduleSkipped = "BackupSync.ScheduleSkipped";

    // This machine lacks something.

    /// <summary>
    /// <c>pg_dump</c>, <c>pg_restore</c> or <c>psql</c>, or another program that is needed, was not found here or cannot be run.
    /// </summary>
    /// <remarks>Install PostgreSQL's client programs as the advice says, or name their folder under <c>tools.postgresBin</c>.</remarks>
    public const string ToolMissing = "BackupSync.ToolMissing";

    /// <summary>
    /// PostgreSQL's client programs are older than the server, than the backup or the compression needs, or too old to be safe.
    /// </summary>
    /// <remarks>Install those of the version that the message names, or name their folder under <c>tools.postgresBin</c>.</remarks>
    public const string ToolTooOld = "BackupSync.ToolTooOld";

    /// <summary>
    /// A throw-away server needs <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>, which are not here and could not be installed.
    /// </summary>
    /// <remarks>
    /// Install PostgreSQL's server package, name its folder under <c>tools.postgresBin</c>, or prove the backup on another server
    /// (<c>--on</c>, <c>-On</c>).
    /// </remarks>
    public const string ServerProgramsMissing = "BackupSync.ServerProgramsMissing";

    /// <summary>A throw-away server could not be set up, started or filled.</summary>
    /// <remarks>The detail has the end of its log. As root, run it as an ordinary user instead.</remarks>
    public const string SandboxFailed = "BackupSync.SandboxFailed";

    /// <summary>There is no room left: on this machine, in a place, or on the server's own disk.</summary>
    /// <remarks>Free space where the message says, or keep fewer backups there.</remarks>
    public const string DiskFull = "BackupSync.DiskFull";

    /// <summary>A file or folder cannot be read or written, has gone, or is there and is not to be replaced.</summary>
    /// <remarks>Let this user read and write it, or name another.</remarks>
    public const string FileFailed = "BackupSync.FileFailed";

    // A guard refused.

    /// <summary>The target has the role <c>production</c>.</summary>
    /// <remarks>
    /// Swap source and target if they are mixed up; a restore that is meant takes <c>--allow-production</c>
    /// (<c>-AllowProduction</c>).
    /// </remarks>
    public const string TargetIsProduction = "BackupSync.TargetIsProduction";

    /// <summary>Source and target are one and the same database.</summary>
    /// <remarks>Check both URLs.</remarks>
    public const string SameDatabase = "BackupSync.SameDatabase";

    /// <summary>
    /// The source lacks more of the target's rows than <c>guards.maximumShrink</c> allows, or a table of <c>verify.report</c> was
    /// emptied.
    /// </summary>
    /// <remarks>Find out what happened to the source; if it is right, run once with <c>--force</c> (<c>-Force</c>).</remarks>
    public const string SourceShrunken = "BackupSync.SourceShrunken";

    /// <summary>The source has no tables: there is nothing to copy or to back up.</summary>
    /// <remarks>Check that its URL names the right database, and that <c>exclude</c> does not leave out everything.</remarks>
    public const string SourceEmpty = "BackupSync.SourceEmpty";

    /// <summary>Source and target differ in more than rows, and the job says that no full sync follows.</summary>
    /// <remarks>Make both alike, run once in the mode <c>full</c>, or let <c>incremental.onSchemaChange</c> be <c>full</c>.</remarks>
    public const string SchemaChanged = "BackupSync.SchemaChanged";

    /// <summary>Another run on the same database is in progress.</summary>
    /// <remarks>Wait for it to end, then run again.</remarks>
    public const string RunInProgress = "BackupSync.RunInProgress";

    // A step failed.

    /// <summary>Others had to wait longer than <c>limits.blocking</c> for the run or comparison, so it let go of everything.</summary>
    /// <remarks>
    /// Run it when no migration runs. For jobs and plans, raise <c>limits.blocking</c>, or <c>wait</c>; for a restore,
    /// <c>--others-wait</c> (<c>-OthersWait</c>). Comparisons have 10 s.
    /// </remarks>
    public const string GaveWay = "BackupSync.GaveWay";

    /// <summary>Tables were emptied, rewritten, dropped or renamed while they were read, each time the run began.</summary>
    /// <remarks>Run it when no migration runs.</remarks>
    public const string ChangedMeanwhile = "BackupSync.ChangedMeanwhile";

    /// <summary>What a database holds could not be read or counted.</summary>
    /// <remarks>The message names the table and what stands in the way, such as a lock that was not given back.</remarks>
    public const string StatisticsFailed = "BackupSync.StatisticsFailed";

    /// <summary><c>pg_dump</c> failed on the source, or on the database that is backed up.</summary>
    /// <remarks>The detail has what it said; where the advice speaks of damaged data, look at the source's disk.</remarks>
    public const string DumpFailed = "BackupSync.DumpFailed";

    /// <summary>The target could not be backed up before its content is replaced, so it was not touched.</summary>
    /// <remarks>The detail has what <c>pg_dump</c> said of the target; repair that, then run again.</remarks>
    public const string SafetyBackupFailed = "BackupSync.SafetyBackupFailed";

    /// <summary>
    /// A backup is damaged, incomplete, or has no manifest that fits it; or a new one is smaller than <c>guards.minimumBackupSize</c>.
    /// </summary>
    /// <remarks>Use another backup, such as the next older one or the copy in another place.</remarks>
    public const string BackupInvalid = "BackupSync.BackupInvalid";

    /// <summary>There is no such backup.</summary>
    /// <remarks>See which there are: <c>backupsync backups</c> (<c>Get-DbBackup</c>).</remarks>
    public const string BackupNotFound = "BackupSync.BackupNotFound";

    /// <summary>A backup is not removed: a rule keeps it, as the message says.</summary>
    /// <remarks>
    /// Leave it to <c>cleanup</c> (<c>Remove-OldBackups</c>) to remove it in its time, or remove it by <c>--force</c> (<c>-Force</c>).
    /// </remarks>
    public const string BackupProtected = "BackupSync.BackupProtected";

    /// <summary>A place cannot be reached, does not let the run in, or has something else under the backup's name.</summary>
    /// <remarks>
    /// Check its address, keys and rights; a backup that is good is brought there by <c>backupsync copy</c> (<c>Copy-DbBackup</c>).
    /// </remarks>
    public const string PlaceFailed = "BackupSync.PlaceFailed";

    /// <summary>The backup is encrypted, and the passphrase is another one or is not there.</summary>
    /// <remarks>Give the passphrase that was in use when it was taken.</remarks>
    public const string PassphraseWrong = "BackupSync.PassphraseWrong";

    /// <summary>A passphrase is named, and the backup does not bear its signature: it may be forged.</summary>
    /// <remarks>
    /// Use another backup, or sign it once you know where it comes from (<c>backupsync backups sign</c>, <c>Set-DbBackupSignature</c>).
    /// </remarks>
    public const string NotAuthenticated = "BackupSync.NotAuthenticated";

    /// <summary>Content could not be written to the target: by <c>pg_restore</c>, or row by row in an incremental run.</summary>
    /// <remarks>The message has the server's words, and the advice what the target lacks, such as a role or an extension.</remarks>
    public const string RestoreFailed = "BackupSync.RestoreFailed";

    /// <summary>The backup's file is whole, but could not be restored on this machine.</summary>
    /// <remarks>Bring what the message names, such as an extension, or prove it on another server (<c>--on</c>, <c>-On</c>).</remarks>
    public const string NotProven = "BackupSync.NotProven";

    /// <summary>What the target holds differs from what was dumped; the detail lists where.</summary>
    /// <remarks>Look for what changes rows as they are loaded (generated columns, triggers, other sessions), then run again.</remarks>
    public const string VerificationFailed = "BackupSync.VerificationFailed";

    /// <summary>The new content could not be put in place of the old one.</summary>
    /// <remarks>End the sessions that the message names, or let the role do so: <c>GRANT pg_signal_backend</c>.</remarks>
    public const string PublishFailed = "BackupSync.PublishFailed";

    /// <summary>Bringing back what was there before failed, or the server had committed already: look at the target at once.</summary>
    /// <remarks>Restore the safety backup that the message names: <see href="restore-runbook.md">restore-runbook.md</see>.</remarks>
    public const string RollbackFailed = "BackupSync.RollbackFailed";

    /// <summary>The session that holds the target's lock was lost, so nothing is published.</summary>
    /// <remarks>Look at the target's server and whether another run has begun, then run again.</remarks>
    public const string LockLost = "BackupSync.LockLost";

    /// <summary>A step, or the run as a whole, took longer than its limit.</summary>
    /// <remarks>Raise the limit that the message names if the database has grown; else find out what holds it up.</remarks>
    public const string TimeLimit = "BackupSync.TimeLimit";

    /// <summary>Somebody who is to be told of a run was not: a channel of alerts, or the address of <c>ping</c>.</summary>
    /// <remarks>Look at the address, at what it takes to sign in there, and at the network; the message says what the receiver answered.</remarks>
    public const string AlertFailed = "BackupSync.AlertFailed";

    /// <summary>The run was stopped: by Ctrl+C, <c>StopProcessing</c> or a signal.</summary>
    /// <remarks>Run it again.</remarks>
    public const string Cancelled = "BackupSync.Cancelled";

    /// <summary>The run left no end: its process was killed, or its machine stopped.</summary>
    /// <remarks>Run it again: what it has left behind is cleared away then. A target holds what it held before, or the whole new content.</remarks>
    public const string RunDidNotEnd = "BackupSync.RunDidNotEnd";

    /// <summary>A failure that BackupSync has no name for.</summary>
    /// <remarks>Where the message does not tell enough, please report it with the log.</remarks>
    public const string Unexpected = "BackupSync.Unexpected";

    /// <summary>
    /// Whether the failure of a proof tells of the backup that it is bad, rather than something of this machine, the network or the
    /// configuration.
    /// </summary>
    public static bool IsVerdict(string id) => id is BackupInvalid or VerificationFailed;
}
