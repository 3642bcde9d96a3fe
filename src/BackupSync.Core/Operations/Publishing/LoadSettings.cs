using System.Globalization;
using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>Settings that speed up a load, for its sessions only, within what an ordinary role may set.</summary>
static class LoadSettings
{
    const long Megabyte = 1024 * 1024;

    /// <summary>
    /// For many transactions, none of which anybody sees: a crash may lose them. What publishes them is to wait for the log,
    /// and with it for all before.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, string>> ForUnseen(DatabaseFacts target, int jobs) =>
        [.. For(target, jobs), new("synchronous_commit", "off")];

    public static IReadOnlyList<KeyValuePair<string, string>> For(DatabaseFacts target, int jobs)
    {
        // Nobody says how much memory a managed server has; its shared_buffers are sized by it, usually to a quarter. So
        // all jobs together stay within as much again.
        var memory = Math.Clamp(
            target.SharedBuffers / jobs, target.MaintenanceWorkMemory, Math.Max(target.MaintenanceWorkMemory, 1024 * Megabyte));
        return
        [
            new("maintenance_work_mem", $"{(memory / 1024).ToString(CultureInfo.InvariantCulture)}kB"),
            // Workers of an index build; one connection alone may take more of them. Bounded by the server's max_parallel_workers.
            new("max_parallel_maintenance_workers", jobs == 1 ? "4" : "2"),
            // Long values: PostgreSQL's own method of old takes several times as long for little less space. Columns that state theirs
            // keep it.
            .. target.MayStoreAsLz4 ? (KeyValuePair<string, string>[])[new("default_toast_compression", "lz4")] : [],
            // A standby may be closed to its readers' writes, not to its syncs.
            new("default_transaction_read_only", "off"),
            .. PinnedSettings.For(target),
            // A transaction whose client is gone must not keep everybody out of the target for the two hours that are usual.
            new("tcp_keepalives_idle", "30"),
            new("tcp_keepalives_interval", "10"),
            new("tcp_keepalives_count", "3"),
        ];
    }
}
