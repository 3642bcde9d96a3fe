using BackupSync.Encryption;
using static BackupSync.Tests.Encryption.EncryptionSamples;

namespace BackupSync.Tests.Encryption;

[Trait("Needs", "nothing")]
public sealed class EncryptedFileTests
{
    [Fact]
    public async Task A_flipped_bit_is_found_wherever_it_is()
    {
        var keys = Keys();
        var (ciphertext, file) = await EncryptAsync(Plaintext(400_000), keys);
        var places = Enumerable.Range(0, 40) // the head and the first blocks
            .Concat(Enumerable.Range(1, 100).Select(i => i * (ciphertext.Length / 101)))
            .Concat(Enumerable.Range(ciphertext.Length - 40, 40));

        foreach (var at in places)
        {
            var mask = (byte)(1 << (at % 8));
            ciphertext[at] ^= mask;
            var error = await Assert.ThrowsAsync<BackupSyncException>(() => file.CheckAsync(ciphertext, keys));
            Assert.Equal(ErrorIds.BackupInvalid, error.ErrorId);
            ciphertext[at] ^= mask;
        }
        await file.CheckAsync(ciphertext, keys);
    }

    /// <summary>Whoever can write the manifest too cannot make it fit: that takes the passphrase.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(50_000)]
    [InlineData(100_000)]
    public async Task A_flipped_bit_is_found_by_the_hmac_even_where_the_sha256_was_made_to_fit(int at)
    {
        var (ciphertext, file) = await EncryptAsync(Plaintext(100_000), Keys());
        ciphertext[at] ^= 4;
        var forged = file with { Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(ciphertext)) };

        var error = await Assert.ThrowsAsync<BackupSyncException>(() => forged.CheckAsync(ciphertext, Keys()));

        Assert.Contains("the manifest was altered", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cut_off_file_is_found_whatever_is_left()
    {
        var (ciphertext, file) = await EncryptAsync(Plaintext(400_000), Keys());

        foreach (var left in new[] {
            0, 1, 7, 8, 9, 15, 16, 17, 32, 100, 131_072, 131_088, 262_144,
            ciphertext.Length - 16,
            ciphertext.Length - 1 })
        {
            var error = await Assert.ThrowsAsync<BackupSyncException>(() => file.CheckAsync(ciphertext[..left], Keys()));
            Assert.Equal(ErrorIds.BackupInvalid, error.ErrorId);
            Assert.Contains("is truncated", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_that_grew_is_found()
    {
        var (ciphertext, file) = await EncryptAsync(Plaintext(1000), Keys());

        var error = await Assert.ThrowsAsync<BackupSyncException>(() => file.CheckAsync([.. ciphertext, 1], Keys()));

        Assert.Equal(ErrorIds.BackupInvalid, error.ErrorId);
    }

    [Fact]
    public async Task A_wrong_passphrase_is_told_from_damage_and_never_shown()
    {
        var (ciphertext, file) = await EncryptAsync(Plaintext(1000), Keys());
        var wrong = Keys("wrong-and-secret");

        var error = await Assert.ThrowsAsync<BackupSyncException>(() => file.CheckAsync(ciphertext, wrong));
        Assert.Equal(ErrorIds.PassphraseWrong, error.ErrorId);
        ciphertext[20] ^= 1;
        var damage = await Assert.ThrowsAsync<BackupSyncException>(() => file.CheckAsync(ciphertext, wrong));
        Assert.Equal(ErrorIds.BackupInvalid, damage.ErrorId);

        foreach (var text in new[] { error.ToString(), error.Advice!, damage.ToString(), damage.Advice! })
        {
            Assert.DoesNotContain("wrong-and-secret", text, StringComparison.Ordinal);
            Assert.DoesNotContain(Passphrase, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_that_is_not_encrypted_is_told()
    {
        var plain = "PGDMP and more than sixteen bytes"u8.ToArray();
        var file = new EncryptedFile(plain.Length, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(plain)), "");

        var error = await Assert.ThrowsAsync<BackupSyncException>(() => file.CheckAsync(plain, Keys()));

        Assert.Equal(ErrorIds.BackupInvalid, error.ErrorId);
        Assert.Contains("Salted__", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Companions_share_the_key_of_the_hmac_and_are_not_taken_for_each_other()
    {
        var keys = Keys();
        var (archive, archiveFile) = await EncryptAsync(Plaintext(1000), keys);
        var (roles, rolesFile) = await EncryptAsync(Plaintext(500), keys);

        await archiveFile.CheckAsync(archive, keys);
        await rolesFile.CheckAsync(roles, keys);
        var error = await Assert.ThrowsAsync<BackupSyncException>(() => rolesFile.CheckAsync(archive, keys));
        Assert.Equal(ErrorIds.BackupInvalid, error.ErrorId);
    }

    [Theory]
    [InlineData("aes-256-gcm", "pbkdf2-hmac-sha256", 1000, "00112233445566778899aabbccddeeff")]
    [InlineData("aes-256-cbc", "argon2id", 1000, "00112233445566778899aabbccddeeff")]
    [InlineData("aes-256-cbc", "pbkdf2-hmac-sha256", 0, "00112233445566778899aabbccddeeff")]
    [InlineData("aes-256-cbc", "pbkdf2-hmac-sha256", int.MaxValue, "00112233445566778899aabbccddeeff")]
    [InlineData("aes-256-cbc", "pbkdf2-hmac-sha256", 1000, "")]
    [InlineData("aes-256-cbc", "pbkdf2-hmac-sha256", 1000, "0011")]
    [InlineData("aes-256-cbc", "pbkdf2-hmac-sha256", 1000, "00112233445566778899aabbccddeeff00")]
    [InlineData("aes-256-cbc", "pbkdf2-hmac-sha256", 1000, "no hexadecimal digits but 32 of ")]
    public void A_manifest_that_cannot_be_followed_is_told(string cipher, string derivation, int iterations, string macSalt)
    {
        var info = new EncryptionInfo(iterations, macSalt, "") { Cipher = cipher, KeyDerivation = derivation };

        var error = Assert.Throws<BackupSyncException>(() => EncryptionKeys.Of(info, new Secret(Passphrase), "a.dump"));

        Assert.Equal(ErrorIds.BackupInvalid, error.ErrorId);
    }
}
