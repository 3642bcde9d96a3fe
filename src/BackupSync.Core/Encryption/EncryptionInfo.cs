namespace BackupSync.Encryption;

/// <summary>
/// AES-256-CBC, key and IV by PBKDF2-HMAC-SHA-256 from the passphrase and the salt in the file's head: what
/// <c>openssl enc -d -aes-256-cbc -pbkdf2 -iter N -md sha256</c> reads.
/// </summary>
/// <param name="Iterations">Of PBKDF2, for both keys.</param>
/// <param name="MacSalt">The salt of the HMAC's own key, in hexadecimal.</param>
/// <param name="Hmac">HMAC-SHA-256 of the archive's whole ciphertext, its head included, in lower-case hexadecimal.</param>
public sealed record EncryptionInfo(int Iterations, string MacSalt, string Hmac)
{
    public string Cipher { get; init; } = "aes-256-cbc";
    public string KeyDerivation { get; init; } = "pbkdf2-hmac-sha256";

    /// <summary>
    /// Whether its manifest was signed when it was taken. The HMAC has another key then, so that taking the signature out of a manifest
    /// makes no backup of before signatures of it.
    /// </summary>
    public bool Signed { get; init; }
}
