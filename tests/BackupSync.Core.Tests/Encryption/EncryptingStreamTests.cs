using System.Security.Cryptography;
using System.Text;
using BackupSync.Encryption;
using static BackupSync.Tests.Encryption.EncryptionSamples;

namespace BackupSync.Tests.Encryption;

[Trait("Needs", "nothing")]
public sealed class EncryptingStreamTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(65537)]
    [InlineData(EncryptedFile.BatchSize - 32)]
    [InlineData(EncryptedFile.BatchSize - 16)]
    [InlineData(EncryptedFile.BatchSize - 1)]
    [InlineData(EncryptedFile.BatchSize)]
    [InlineData(EncryptedFile.BatchSize + 1)]
    [InlineData(2 * EncryptedFile.BatchSize)]
    [InlineData(5_000_003)]
    public async Task What_was_encrypted_comes_back(int size)
    {
        var plaintext = Plaintext(size);
        var (ciphertext, file) = await EncryptAsync(plaintext, Keys());

        await file.CheckAsync(ciphertext, Keys());
        Assert.Equal(plaintext, await DecryptAsync(ciphertext, Keys()));
        Assert.Equal((size / 16 * 16) + 32, ciphertext.Length);
    }

    [Fact]
    public async Task Odd_sizes_of_writes_and_reads_make_no_difference()
    {
        var plaintext = Plaintext(1_234_567);
        var random = new Random(1);
        using var output = new MemoryStream();
        await using var encrypting = EncryptingStream.Begin(output, Keys());
        for (var (at, turn) = (0, 0); at < plaintext.Length; turn++)
        {
            var count = Math.Min(random.Next(turn % 10 == 0 ? 300_000 : 3_000), plaintext.Length - at);
            switch (turn % 3)
            {
                case 0:
                    await encrypting.WriteAsync(plaintext.AsMemory(at, count));
                    break;
                case 1:
                    encrypting.Write(plaintext.AsSpan(at, count));
                    break;
                default:
                    encrypting.WriteByte(plaintext[at]);
                    count = 1;
                    break;
            }
            await encrypting.FlushAsync();
            at += count;
        }
        var file = await encrypting.FinishAsync(CancellationToken.None);
        await file.CheckAsync(output.ToArray(), Keys());

        await using var decrypting = await DecryptingStream.OpenAsync(
            new Dribble(output.ToArray()), Keys(), "a.dump", CancellationToken.None);
        var read = new MemoryStream();
        var buffer = new byte[200_000];
        for (int count, turn = 0; ; turn++)
        {
            var wanted = buffer.AsMemory(0, random.Next(1, turn % 10 == 0 ? 200_000 : 3_000));
            count = turn % 2 == 0 ? await decrypting.ReadAsync(wanted) : decrypting.Read(wanted.Span);
            if (count == 0)
                break;
            read.Write(buffer, 0, count);
        }
        Assert.Equal(plaintext, read.ToArray());
    }

    [Fact]
    public async Task Size_and_digests_are_those_of_the_whole_file()
    {
        var (ciphertext, file) = await EncryptAsync(Plaintext(300_000), Keys());
        var salt = Convert.FromHexString(Keys().Describe(file).MacSalt);
        var key = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(Passphrase), salt, Iterations, HashAlgorithmName.SHA256, 32);

        Assert.Equal(ciphertext.Length, file.Size);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(ciphertext)), file.Sha256);
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(key, ciphertext)), file.Hmac);
    }

    [Fact]
    public async Task The_key_of_the_hmac_is_not_the_ciphers()
    {
        var (ciphertext, file) = await EncryptAsync(Plaintext(1000), Keys());
        var cipherKey = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(Passphrase), ciphertext.AsSpan(8, 8), Iterations, HashAlgorithmName.SHA256, 48);

        Assert.NotEqual(file.Hmac, Convert.ToHexStringLower(HMACSHA256.HashData(cipherKey.AsSpan(0, 32), ciphertext)));
        using var aes = Aes.Create();
        aes.Key = cipherKey[..32];
        Assert.Equal(Plaintext(1000), aes.DecryptCbc(ciphertext.AsSpan(16), cipherKey.AsSpan(32)));
    }

    [Fact]
    public async Task The_same_plaintext_is_another_ciphertext_each_time()
    {
        var keys = Keys();
        var (first, _) = await EncryptAsync(Plaintext(1000), keys);
        var (second, _) = await EncryptAsync(Plaintext(1000), keys);

        Assert.NotEqual(first[8..16], second[8..16]);
        Assert.NotEqual(first[16..32], second[16..32]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_backup_has_a_salt_of_its_own_and_the_recommended_iterations(bool signed)
    {
        var keys = EncryptionKeys.New(new Secret(Passphrase), signed);
        var (ciphertext, file) = await EncryptAsync(Plaintext(1000), keys);
        var info = keys.Describe(file);

        Assert.Equal(600_000, info.Iterations);
        Assert.NotEqual(info.MacSalt, EncryptionKeys.New(new Secret(Passphrase), signed).Describe(file).MacSalt);
        Assert.Equal(signed, info.Signed);
        var again = EncryptionKeys.Of(info, new Secret(Passphrase), "a.dump");
        await file.CheckAsync(ciphertext, again);
        Assert.Equal(Plaintext(1000), await DecryptAsync(ciphertext, again));

        // One kind does not pass for the other; what decrypts is the same.
        var other = EncryptionKeys.Of(info with { Signed = !signed }, new Secret(Passphrase), "a.dump");
        var refused = await Assert.ThrowsAsync<BackupSyncException>(() => file.CheckAsync(ciphertext, other));
        Assert.Equal(ErrorIds.PassphraseWrong, refused.ErrorId);
        Assert.Equal(Plaintext(1000), await DecryptAsync(ciphertext, other));
    }

    [Fact]
    public async Task The_output_stays_open_and_nothing_goes_in_after_the_end()
    {
        using var output = new MemoryStream();
        var stream = EncryptingStream.Begin(output, Keys());
        await stream.FinishAsync(CancellationToken.None);

        Assert.Throws<InvalidOperationException>(() => stream.WriteByte(1));
        await stream.DisposeAsync();
        Assert.True(output.CanWrite);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_size()
    {
        var chunk = Plaintext(50_021);
        await using var stream = EncryptingStream.Begin(Stream.Null, Keys());
        var before = GC.GetAllocatedBytesForCurrentThread();

        // Stream.Null completes at once, so all of it stays on this thread.
        for (var written = 0; written < 300_000_000; written += 2 * chunk.Length)
        {
            stream.Write(chunk);
            await stream.WriteAsync(chunk);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    /// <summary>Gives little at a time, as a network does.</summary>
    sealed class Dribble(byte[] content) : MemoryStream(content)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 1013)]);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 1013)], cancellationToken);
    }
}
