namespace BackupSync;

/// <summary>The stable identifiers of failures. Scripts match on them, so they are never renamed.</summary>
public static class ErrorIds
{
    // The arguments or the configuration are wrong: nothing was connected to.
    public const string ConfigurationInvalid = "BackupSync.ConfigurationInvalid";
    public const string ConfigurationNotFound = "BackupSync.ConfigurationNotFound";
    public const string UnknownName = "BackupSync.UnknownName";
    public const string ConfirmationNeeded = "BackupSync.ConfirmationNeeded";

    // A database cannot be used as it is.
    public const string ConnectionFailed = "BackupSync.ConnectionFailed";
    public const string AuthenticationFailed = "BackupSync.AuthenticationFailed";
    public const string DatabaseMissing = "BackupSync.DatabaseMissing";
    public const string TlsFailed = "BackupSync.TlsFailed";
    public const string NotPostgres = "BackupSync.NotPostgres";
    public const string NotSupported = "BackupSync.NotSupported";
    public const string PrivilegeMissing = "BackupSync.PrivilegeMissing";
    public const string TooFewConnections = "BackupSync.TooFewConnections";

    // This machine lacks something.
    public const string ToolMissing = "BackupSync.ToolMissing";
    public const string ToolTooOld = "BackupSync.ToolTooOld";
    public const string ServerProgramsMissing = "BackupSync.ServerProgramsMissing";
    public const string SandboxFailed = "BackupSync.SandboxFailed";
    public const string DiskFull = "BackupSync.DiskFull";
    public const string FileFailed = "BackupSync.FileFailed";

    // A guard refused.
    public const string TargetIsProduction = "BackupSync.TargetIsProduction";
    public const string SameDatabase = "BackupSync.SameDatabase";
    public const string SourceShrunken = "BackupSync.SourceShrunken";
    public const string SourceEmpty = "BackupSync.SourceEmpty";
    public const string SchemaChanged = "BackupSync.SchemaChanged";
    public const string RunInProgress = "BackupSync.RunInProgress";

    // A step failed.
    public const string GaveWay = "BackupSync.GaveWay";
    public const string ChangedMeanwhile = "BackupSync.ChangedMeanwhile";
    public const string StatisticsFailed = "BackupSync.StatisticsFailed";
    public const string DumpFailed = "BackupSync.DumpFailed";
    public const string SafetyBackupFailed = "BackupSync.SafetyBackupFailed";
    public const string BackupInvalid = "BackupSync.BackupInvalid";
    public const string BackupNotFound = "BackupSync.BackupNotFound";
    public const string PlaceFailed = "BackupSync.PlaceFailed";
    public const string PassphraseWrong = "BackupSync.PassphraseWrong";
    public const string NotAuthenticated = "BackupSync.NotAuthenticated";
    public const string RestoreFailed = "BackupSync.RestoreFailed";
    public const string NotProven = "BackupSync.NotProven";
    public const string VerificationFailed = "BackupSync.VerificationFailed";
    public const string PublishFailed = "BackupSync.PublishFailed";
    public const string RollbackFailed = "BackupSync.RollbackFailed";
    public const string LockLost = "BackupSync.LockLost";
    public const string TimeLimit = "BackupSync.TimeLimit";
    public const string Cancelled = "BackupSync.Cancelled";
    public const string Unexpected = "BackupSync.Unexpected";

    /// <summary>
    /// Whether the failure of a proof tells of the backup that it is bad, rather than something of this machine, the network or the
    /// configuration.
    /// </summary>
    public static bool IsVerdict(string id) => id is BackupInvalid or VerificationFailed;
}
