using System.Text;
using BackupSync.Encryption;
using BackupSync.Files;
using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Backups;

/// <summary>
/// What a dump of one database does not hold: the cluster's roles and their memberships, without passwords, and the
/// database's own settings. A script for psql beside the archive.
/// </summary>
static class ClusterGlobals
{
    /// <summary>Null where the role may not read them, which is told as a warning: the backup is good without.</summary>
    /// <param name="archive">The archive it is to stand beside.</param>
    public static async Task<CompanionFile?> WriteAsync(ArchiveRequest request, string archive, CancellationToken cancellationToken)
    {
        var command = new ChildCommand(request.Tools.PgDumpAll,
            ["--roles-only", "--no-role-passwords", "--no-password", $"--database={request.Login.Address.Database}"]);
        var result = await ChildProcess.RunAsync(command.ConnectedTo(request.Login, PinnedSettings.For(request.Facts)), cancellationToken);
        if (result.ExitCode != 0)
        {
            var failure = PgProgram.Failure(result.ExitCode, result.ErrorTail, "pg_dumpall", request.Login, ErrorIds.DumpFailed, "pg_dumpall failed");
            request.Warn($"{request.Database.DisplayName}: the roles of its server are not kept beside the backup: {failure.Message}");
            return null;
        }
        var properties = await request.Snapshot.AskAsync(
            session => DatabaseProperties.ReadAsync(session, request.Facts.Database, cancellationToken), cancellationToken);
        var settings = string.Concat(properties.Settings(request.Facts.Database).Select(s => $"{s.Statement};\n"));
        var script = new UTF8Encoding(false).GetBytes($"{result.Output}\n-- Settings of the database\n{settings}");
        return await StoreAsync(script, BackupNames.GlobalsOf(archive), request.Label.Keys, cancellationToken);
    }

    static async Task<CompanionFile> StoreAsync(byte[] script, string path, EncryptionKeys? keys, CancellationToken cancellationToken)
    {
        if (keys is null)
        {
            PrivateFile.WriteAllDurably(path, script);
            return new CompanionFile(Path.GetFileName(path), script.Length, await BackupArchive.HashAsync(path, cancellationToken), null);
        }
        using var memory = new MemoryStream();
        await using var encrypting = EncryptingStream.Begin(memory, keys);
        await encrypting.WriteAsync(script, cancellationToken);
        var written = await encrypting.FinishAsync(cancellationToken);
        PrivateFile.WriteAllDurably(path, memory.ToArray());
        return new CompanionFile(Path.GetFileName(path), written.Size, written.Sha256, written.Hmac);
    }
}
