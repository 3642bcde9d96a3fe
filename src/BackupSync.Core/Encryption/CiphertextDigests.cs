using System.Security.Cryptography;

namespace BackupSync.Encryption;

/// <summary>Size, SHA-256 and HMAC of a ciphertext, in one pass.</summary>
sealed class CiphertextDigests(EncryptionKeys keys) : IDisposable
{
    readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly IncrementalHash _hmac = keys.Hmac();
    long _size;

    public void Append(ReadOnlySpan<byte> ciphertext)
    {
        _sha256.AppendData(ciphertext);
        _hmac.AppendData(ciphertext);
        _size += ciphertext.Length;
    }

    public EncryptedFile Finish() =>
        new(_size, Convert.ToHexStringLower(_sha256.GetHashAndReset()), Convert.ToHexStringLower(_hmac.GetHashAndReset()));

    public void Dispose()
    {
        _sha256.Dispose();
        _hmac.Dispose();
    }
}
