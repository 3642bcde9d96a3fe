using System.Globalization;
using BackupSync.Archives;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Sides;
using BackupSync.PgTools;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// What pg_dump says of a target's schema: it knows of every kind of object there is how it is made and dropped, and in which order.
/// </summary>
static class SchemaDump
{
    /// <param name="tools">Their pg_dump is not older than the server.</param>
    /// <param name="lockTimeout">How long it may wait for others, in milliseconds.</param>
    public static async Task<ArchiveHead> ReadAsync(
        PgToolset tools, DatabaseSide target, long lockTimeout, IEnumerable<string> options, CancellationToken cancellationToken)
    {
        var archive = new ArchivePipe<ArchiveHead>((pipe, ct) =>
        {
            var head = new ArchiveReader(pipe, ct, withDrops: true).Head;
            pipe.CopyTo(Stream.Null);
            return head;
        });
        var command = new ChildCommand(tools.PgDump,
        [
            "--format=custom", "--compress=0", "--schema-only", "--no-password", "--encoding=UTF8",
            $"--lock-wait-timeout={lockTimeout.ToString(CultureInfo.InvariantCulture)}",
            "--no-owner", "--no-acl", "--no-subscriptions", "--no-tablespaces", "--no-security-labels", .. options,
        ])
        {
            StandardOutput = archive.ReadAsync,
        };
        var result = await ChildProcess.RunAsync(
            command.ConnectedTo(target.Login, PinnedSettings.ForDump(target.Facts)),
            cancellationToken);
        PgProgram.EnsureSucceeded(
            result, "pg_dump", target.Login, ErrorIds.RestoreFailed, $"What {target.Login.Label} holds cannot be listed");
        return archive.Content ?? throw new BackupSyncException(
            ErrorIds.RestoreFailed, $"What {target.Login.Label} holds cannot be listed: {archive.CutOff?.Message}", "Run again.",
            archive.CutOff);
    }
}
