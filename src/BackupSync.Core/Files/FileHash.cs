using System.Security.Cryptography;

namespace BackupSync.Files;

/// <summary>What a file's bytes come to, with little memory whatever its size.</summary>
static class FileHash
{
    /// <summary>The SHA-256 in lower-case hexadecimal.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: it cannot be read.</exception>
    public static async Task<string> Sha256Async(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = Open(path);
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    /// <summary>For reading from the first byte on, whoever else has it open.</summary>
    public static FileStream Open(string path)
    {
        PlatformFiles.EnsureRegularOrMissing(path);
        return new FileStream(path, new FileStreamOptions
        {
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            BufferSize = 0,
        });
    }
}
