using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace BackupSync.Encryption;

/// <summary>
/// What manifests are signed with: an HMAC-SHA-256 with a key of each manifest's own, by HKDF from the passphrase's master key and a
/// random salt. No archive's key can be one of these: theirs come from PBKDF2 with other salts, and by HKDF, if at all, for another
/// purpose.
/// </summary>
/// <remarks>
/// The master key is PBKDF2 of the passphrase with a salt that is always the same, so that a place of a thousand backups is listed with
/// one derivation, and that whoever plants manifests cannot have us derive for hours.
/// </remarks>
sealed class ManifestKey
{
    public const string Method = "pbkdf2-hmac-sha256:600000, hkdf-sha256, hmac-sha256";

    /// <summary>In bytes.</summary>
    const int SaltSize = 16;

    const int Iterations = 600_000;
    const int KeySize = 32;
    const int IdSize = 8;

    static readonly ConditionalWeakTable<Secret, ManifestKey> Known = [];

    readonly Lazy<byte[]> _master;

    ManifestKey(Secret passphrase) => _master = new(() =>
        Rfc2898DeriveBytes.Pbkdf2(passphrase.Reveal(), "BackupSync manifest key 1"u8, Iterations, HashAlgorithmName.SHA256, KeySize));

    /// <summary>Derived once for each passphrase that was read. That begins at once: it takes some tenths of a second.</summary>
    public static ManifestKey Of(Secret passphrase) => Known.GetValue(passphrase, secret =>
    {
        var key = new ManifestKey(secret);
        Task.Run(() => key._master.Value);
        return key;
    });

    /// <summary>Tells passphrases apart, and nothing of them that the HMACs do not tell.</summary>
    public string Id => Convert.ToHexStringLower(Derive("BackupSync manifest key id"u8, [], IdSize));

    public static string NewSalt() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SaltSize));

    /// <param name="salt">As of <see cref="NewSalt"/>.</param>
    /// <returns>In lower-case hexadecimal; null where the salt is none.</returns>
    public string? Hmac(string salt, ReadOnlySpan<byte> content)
    {
        var bytes = new byte[SaltSize];
        if (Convert.FromHexString(salt, bytes, out var consumed, out var size) != System.Buffers.OperationStatus.Done
            || size != SaltSize || consumed != salt.Length)
            return null;
        return Convert.ToHexStringLower(HMACSHA256.HashData(Derive("BackupSync manifest signature"u8, bytes, KeySize), content));
    }

    byte[] Derive(ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> salt, int size)
    {
        var derived = new byte[size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _master.Value, derived, salt, purpose);
        return derived;
    }
}
