using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace BackupSync.Encryption;

/// <summary>What is known of an encrypted file without its passphrase.</summary>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Of the ciphertext, its head included, in lower-case hexadecimal.</param>
/// <param name="Hmac">HMAC-SHA-256 of the same, in lower-case hexadecimal.</param>
sealed record EncryptedFile(long Size, string Sha256, string Hmac)
{
    /// <summary>How much is read, encrypted and written at a time, in bytes: large enough that the cipher is what takes the time.</summary>
    public const int BatchSize = 128 * 1024;

    /// <summary>
    /// Reads a ciphertext to its end, once, and tells whether it is this one, encrypted with this passphrase. Only then is it
    /// safe to decrypt.
    /// </summary>
    /// <param name="name">The file's, for messages.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: it is damaged. <see cref="ErrorIds.PassphraseWrong"/>: it is whole, but the
    /// passphrase is not the one it was encrypted with.
    /// </exception>
    /// <remarks>What the stream throws is thrown on.</remarks>
    public async Task CheckAsync(Stream ciphertext, EncryptionKeys keys, string name, CancellationToken cancellationToken)
    {
        var buffer = new byte[BatchSize];
        var count = await ciphertext.ReadAtLeastAsync(buffer, OpenSslHead.Size, throwOnEndOfStream: false, cancellationToken);
        OpenSslHead.Read(buffer.AsSpan(0, count), name);

        using var digests = new CiphertextDigests(keys);
        for (; count > 0; count = await ciphertext.ReadAsync(buffer, cancellationToken))
            digests.Append(buffer.AsSpan(0, count));
        var found = digests.Finish();

        if (found.Size < Size)
            throw Invalid($"{name} is truncated: it has {found.Size:N0} bytes of the {Size:N0} that its manifest states.");
        if (found.Size > Size || !string.Equals(found.Sha256, Sha256, StringComparison.OrdinalIgnoreCase))
            throw Invalid($"{name} was altered: its SHA-256 is not the one in its manifest.");
        if (!IsSame(found.Hmac, Hmac))
        {
            throw new BackupSyncException(ErrorIds.PassphraseWrong,
                $"The passphrase is not the one {name} was encrypted with: the HMAC in its manifest does not fit, though the file "
                    + "is whole.",
                "Give the passphrase that was in use when it was taken. If this is the one, the manifest was altered: use another backup.");
        }
    }

    internal static BackupSyncException Invalid(string message, Exception? inner = null) =>
        new(ErrorIds.BackupInvalid, message, "Use another backup.", inner);

    /// <summary>In a time that does not tell how much of it fits.</summary>
    static bool IsSame(string found, string stated) => CryptographicOperations.FixedTimeEquals(
        MemoryMarshal.AsBytes(found.AsSpan()), MemoryMarshal.AsBytes(stated.ToLowerInvariant().AsSpan()));
}
