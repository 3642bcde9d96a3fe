using BackupSync.Encryption;
using static BackupSync.Tests.Encryption.EncryptionSamples;

namespace BackupSync.Tests.Encryption;

[Trait("Needs", "nothing")]
public sealed class DecryptingStreamTests
{
    [Theory]
    [InlineData("")]
    [InlineData("Salt")]
    [InlineData("Salted__1234567")]
    [InlineData("PGDMP")]
    [InlineData("PGDMP and more than sixteen bytes")]
    [InlineData("salted__12345678and a lower-case one")]
    public Task A_wrong_head_is_told(string content) => AssertInvalid(System.Text.Encoding.ASCII.GetBytes(content));

    [Theory]
    [InlineData(16)] // the head alone
    [InlineData(17)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(131_087)]
    [InlineData(131_089)]
    [InlineData(200_000)]
    public async Task An_end_within_a_block_is_told(int left)
    {
        var (ciphertext, _) = await EncryptAsync(Plaintext(300_001), Keys());

        await AssertInvalid(ciphertext[..left]);
    }

    [Fact]
    public async Task A_wrong_padding_is_told()
    {
        // A whole block of padding, each byte 16: the flipped bit of the block before makes the last one 17.
        var (ciphertext, _) = await EncryptAsync(Plaintext(160_000), Keys());
        ciphertext[^17] ^= 1;

        await AssertInvalid(ciphertext);
    }

    [Fact]
    public async Task After_a_failure_no_end_is_pretended()
    {
        var (ciphertext, _) = await EncryptAsync(Plaintext(1000), Keys());
        await using var stream = await DecryptingStream.OpenAsync(
            new MemoryStream(ciphertext[..500]), Keys(), "a.dump", CancellationToken.None);

        Assert.Throws<BackupSyncException>(() => stream.ReadByte());
        Assert.Throws<BackupSyncException>(() => stream.ReadByte());
    }

    [Fact]
    public async Task It_may_be_left_early_and_closes_its_file()
    {
        var (ciphertext, _) = await EncryptAsync(Plaintext(300_000), Keys());
        var input = new MemoryStream(ciphertext);
        var stream = await DecryptingStream.OpenAsync(input, Keys(), "a.dump", CancellationToken.None);
        Assert.Equal(10, await stream.ReadAsync(new byte[10]));

        await stream.DisposeAsync();

        Assert.False(input.CanRead);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_size()
    {
        var (ciphertext, _) = await EncryptAsync(Plaintext(60_000_000), Keys());
        await using var stream = await DecryptingStream.OpenAsync(new MemoryStream(ciphertext), Keys(), "a.dump", CancellationToken.None);
        var buffer = new byte[81_920];
        var before = GC.GetAllocatedBytesForCurrentThread();

        // A MemoryStream completes at once, so all of it stays on this thread.
        while (await stream.ReadAsync(buffer) > 0 && stream.Read(buffer) > 0)
        {
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    static async Task AssertInvalid(byte[] ciphertext)
    {
        var error = await Assert.ThrowsAsync<BackupSyncException>(() => DecryptAsync(ciphertext, Keys()));
        Assert.Equal(ErrorIds.BackupInvalid, error.ErrorId);
        Assert.Contains("a.dump", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Passphrase, error.ToString(), StringComparison.Ordinal);
    }
}
