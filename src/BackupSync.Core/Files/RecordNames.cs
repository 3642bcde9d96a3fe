namespace BackupSync.Files;

/// <summary>What the records of runs are called that stand beside backups, and are none themselves.</summary>
static class RecordNames
{
    public const string Log = "backupsync.log";
    public const string PreviousLog = Log + ".1";
    public const string History = "history.jsonl";

    public static bool Has(string fileName) => fileName is Log or PreviousLog or History;
}
