using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace BackupSync.Encryption;

/// <summary>
/// What one backup's files are encrypted and authenticated with, all from one passphrase. They share the HMAC's key; key
/// and IV of the cipher are each file's own, from the salt in its head. May be used by several files at once.
/// </summary>
sealed class EncryptionKeys
{
    /// <summary>OWASP's number for PBKDF2-HMAC-SHA-256; a derivation takes some tenths of a second.</summary>
    const int Iterations = 600_000;

    /// <summary>A manifest that states more is damaged: deriving would take minutes.</summary>
    const int MostIterations = 10_000_000;

    // Longer than the eight bytes of openssl's, so no file's cipher key can be derived from the same input.
    const int MacSaltSize = 16;
    const int MacKeySize = 32;
    const int CipherKeySize = 32;
    const int CipherIvSize = 16;

    /// <summary>Keeps the HMACs of backups that were signed when they were taken apart from those of before.</summary>
    static readonly byte[] SignedPurpose = "BackupSync files of a signed backup"u8.ToArray();

    readonly Secret _passphrase;
    readonly byte[] _macSalt;
    readonly int _iterations;
    readonly bool _signed;
    readonly Lazy<byte[]> _macKey;
    readonly ConcurrentQueue<Task<FileKey>> _ahead = new();

    EncryptionKeys(Secret passphrase, byte[] macSalt, int iterations, bool signed)
    {
        _passphrase = passphrase;
        _macSalt = macSalt;
        _iterations = iterations;
        _signed = signed;
        _macKey = new(DeriveMacKey);
    }

    /// <summary>For a new backup. Deriving begins at once, so that it is done when the first byte comes.</summary>
    /// <param name="signed">Whether its manifest will be signed.</param>
    /// <param name="files">How many files are expected; there may be more.</param>
    public static EncryptionKeys New(Secret passphrase, bool signed, int files = 1)
    {
        var keys = new EncryptionKeys(passphrase, RandomNumberGenerator.GetBytes(MacSaltSize), Iterations, signed);
        Task.Run(() => keys._macKey.Value);
        for (var i = 0; i < files; i++)
            keys._ahead.Enqueue(Task.Run(keys.DeriveFileKey));
        return keys;
    }

    /// <summary>Those of a backup that exists. Whether the passphrase is its own shows in <see cref="EncryptedFile.CheckAsync"/>.</summary>
    /// <param name="name">The backup's, for messages.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupInvalid"/>: encrypted in a way that is not known here.</exception>
    public static EncryptionKeys Of(EncryptionInfo info, Secret passphrase, string name)
    {
        var own = new EncryptionInfo(info.Iterations, info.MacSalt, info.Hmac) { Signed = info.Signed };
        if (info != own || info.Iterations is < 1 or > MostIterations)
        {
            throw new BackupSyncException(ErrorIds.BackupInvalid,
                $"{name} is encrypted in a way that is not known here: {info.Cipher}, {info.KeyDerivation}, {info.Iterations} iterations.",
                "Use the version of BackupSync that took it, or another backup.");
        }
        var macSalt = new byte[MacSaltSize];
        if (Convert.FromHexString(info.MacSalt, macSalt, out _, out var size) != OperationStatus.Done || size != MacSaltSize)
            throw EncryptedFile.Invalid($"The manifest of {name} is damaged: its macSalt is not {MacSaltSize} bytes in hexadecimal.");
        return new(passphrase, macSalt, info.Iterations, info.Signed);
    }

    /// <summary>What the manifest keeps.</summary>
    /// <param name="archive">As it was written with these keys.</param>
    public EncryptionInfo Describe(EncryptedFile archive) =>
        new(_iterations, Convert.ToHexStringLower(_macSalt), archive.Hmac) { Signed = _signed };

    public IncrementalHash Hmac() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _macKey.Value);

    /// <summary>The cipher of a file yet to be written.</summary>
    /// <param name="salt">To stand in the file's head.</param>
    public ICryptoTransform NewFile(out byte[] salt)
    {
        var key = _ahead.TryDequeue(out var ahead) ? ahead.GetAwaiter().GetResult() : DeriveFileKey();
        salt = key.Salt;
        using var aes = Cipher();
        return aes.CreateEncryptor(key.Key, key.Iv);
    }

    /// <param name="salt">The one in the file's head.</param>
    public ICryptoTransform Decryptor(ReadOnlySpan<byte> salt)
    {
        var key = DeriveFileKey(salt.ToArray());
        using var aes = Cipher();
        return aes.CreateDecryptor(key.Key, key.Iv);
    }

    static Aes Cipher()
    {
        var aes = Aes.Create();
        aes.Mode = CipherMode.CBC;
        aes.Padding = PaddingMode.PKCS7;
        return aes;
    }

    byte[] DeriveMacKey()
    {
        var key = Derive(_macSalt, MacKeySize);
        return _signed ? HKDF.Expand(HashAlgorithmName.SHA256, key, MacKeySize, SignedPurpose) : key;
    }

    FileKey DeriveFileKey() => DeriveFileKey(RandomNumberGenerator.GetBytes(OpenSslHead.SaltSize));

    FileKey DeriveFileKey(byte[] salt)
    {
        var keyAndIv = Derive(salt, CipherKeySize + CipherIvSize);
        return new FileKey(salt, keyAndIv[..CipherKeySize], keyAndIv[CipherKeySize..]);
    }

    /// <remarks>.NET takes a text's UTF-8, as openssl does on a machine that speaks UTF-8.</remarks>
    byte[] Derive(ReadOnlySpan<byte> salt, int size)
    {
        var derived = new byte[size];
        Rfc2898DeriveBytes.Pbkdf2(_passphrase.Reveal(), salt, derived, _iterations, HashAlgorithmName.SHA256);
        return derived;
    }

    sealed record FileKey(byte[] Salt, byte[] Key, byte[] Iv);
}
