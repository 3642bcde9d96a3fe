using BackupSync.Encryption;

namespace BackupSync.Tests.Encryption;

static class EncryptionSamples
{
    public const string Passphrase = "correct horse battery staple";

    /// <summary>Few, as each file of a test costs a derivation.</summary>
    public const int Iterations = 1000;

    public static EncryptionKeys Keys(string passphrase = Passphrase, int iterations = Iterations) =>
        EncryptionKeys.Of(new EncryptionInfo(iterations, "000102030405060708090a0b0c0d0e0f", ""), new Secret(passphrase), "a.dump");

    public static byte[] Plaintext(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    public static async Task<(byte[] Ciphertext, EncryptedFile File)> EncryptAsync(byte[] plaintext, EncryptionKeys keys)
    {
        using var output = new MemoryStream();
        await using var stream = EncryptingStream.Begin(output, keys);
        await stream.WriteAsync(plaintext);
        var file = await stream.FinishAsync(CancellationToken.None);
        return (output.ToArray(), file);
    }

    public static async Task<byte[]> DecryptAsync(byte[] ciphertext, EncryptionKeys keys)
    {
        await using var stream = await DecryptingStream.OpenAsync(new MemoryStream(ciphertext), keys, "a.dump", CancellationToken.None);
        using var plaintext = new MemoryStream();
        await stream.CopyToAsync(plaintext);
        return plaintext.ToArray();
    }

    public static Task CheckAsync(this EncryptedFile file, byte[] ciphertext, EncryptionKeys keys) =>
        file.CheckAsync(new MemoryStream(ciphertext), keys, "a.dump", CancellationToken.None);
}
