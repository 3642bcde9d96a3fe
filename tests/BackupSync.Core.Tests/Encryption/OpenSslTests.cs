using BackupSync.Encryption;
using BackupSync.PgTools;
using static BackupSync.Tests.Encryption.EncryptionSamples;

namespace BackupSync.Tests.Encryption;

/// <summary>A backup can be brought back without BackupSync: by the real openssl.</summary>
[Trait("Needs", "nothing")]
public sealed class OpenSslTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    public static TheoryData<int, string, int> Cases => new()
    {
        { 0, Passphrase, 600_000 },
        { 16, Passphrase, 10_000 },
        { 17, "Grüße, пароль 密碼 🔑 é", 10_000 },
        { EncryptedFile.BatchSize, " 'quotes\" $HOME `x` \\ %PATH% ", 1000 },
        { 3_000_001, Passphrase, 1000 },
    };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task Openssl_decrypts_what_was_written_here(int size, string passphrase, int iterations)
    {
        var (ciphertext, _) = await EncryptAsync(Plaintext(size), Keys(passphrase, iterations));
        await File.WriteAllBytesAsync(_temp.File("in"), ciphertext);

        await OpenSslAsync("-d", passphrase, iterations);

        Assert.Equal(Plaintext(size), await File.ReadAllBytesAsync(_temp.File("out")));
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task What_openssl_wrote_is_decrypted_here(int size, string passphrase, int iterations)
    {
        await File.WriteAllBytesAsync(_temp.File("in"), Plaintext(size));

        await OpenSslAsync("-e", passphrase, iterations);

        Assert.Equal(Plaintext(size), await DecryptAsync(await File.ReadAllBytesAsync(_temp.File("out")), Keys(passphrase, iterations)));
    }

    async Task OpenSslAsync(string direction, string passphrase, int iterations)
    {
        var command = new ChildCommand("openssl",
            "enc", direction, "-aes-256-cbc", "-pbkdf2", "-iter", $"{iterations}", "-md", "sha256", "-pass",
            "env:BACKUPSYNC_TEST_PASSPHRASE",
            "-in", _temp.File("in"), "-out", _temp.File("out"))
        {
            Environment = new Dictionary<string, string?> { ["BACKUPSYNC_TEST_PASSPHRASE"] = passphrase },
        };
        try
        {
            var result = await ChildProcess.RunAsync(command, CancellationToken.None);
            Assert.True(result.ExitCode == 0, result.ErrorTail);
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.ToolMissing)
        {
            Skip.If(true, $"openssl is not installed here: {e.Message}");
        }
    }
}
