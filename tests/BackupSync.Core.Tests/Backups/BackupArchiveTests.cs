using BackupSync.Backups;
using BackupSync.Files;

namespace BackupSync.Tests.Backups;

[Trait("Needs", "nothing")]
public sealed class BackupArchiveTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly string _path;

    public BackupArchiveTests() => _path = BackupSamples.Add(_temp.Path, "a.dump");

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_whole_one_passes() =>
        Assert.Equal("a.dump", (await BackupArchive.CheckAsync(_path, CancellationToken.None)).File);

    [Fact]
    public async Task The_hash_is_lower_case_sha256()
    {
        _temp.Write("abc", "abc");

        Assert.Equal(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            await FileHash.Sha256Async(_temp.File("abc"), CancellationToken.None));
    }

    [Fact]
    public Task A_missing_one_is_told() => AssertInvalid("There is no backup", () => File.Delete(_path));

    /// <summary>Others may be able to write where it stands, and opening a pipe waits for who writes into it.</summary>
    [SkippableFact]
    public async Task A_pipe_in_its_place_is_told_at_once()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no pipes among its files.");
        File.Delete(_path);
        using (var fifo = System.Diagnostics.Process.Start("mkfifo", _path))
            await fifo.WaitForExitAsync();

        var refused = await Assert.ThrowsAsync<BackupSyncException>(
            () => Task.Run(() => BackupArchive.CheckAsync(_path, CancellationToken.None)).WaitAsync(TimeSpan.FromSeconds(20)));

        Assert.Contains("is no regular file", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task One_without_manifest_is_told() => AssertInvalid("has no manifest", () => File.Delete(_path + ".json"));

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(20)]
    public Task A_truncated_one_is_told(int bytes) =>
        AssertInvalid("is truncated", () => File.WriteAllBytes(_path, File.ReadAllBytes(_path)[..bytes]));

    [Fact]
    public Task One_that_grew_is_told() => AssertInvalid("was altered: it has", () => File.AppendAllText(_path, "x"));

    [Fact]
    public Task One_flipped_bit_is_told() => AssertInvalid("was altered: its SHA-256", () =>
    {
        var bytes = File.ReadAllBytes(_path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(_path, bytes);
    });

    [Fact]
    public Task Another_format_is_told() => AssertInvalid("is of another format", () =>
        File.WriteAllText(_path, "-- PostgreSQL database dump"));

    [Fact]
    public Task A_plain_dump_from_elsewhere_is_no_backup() => AssertInvalid("is not a backup of BackupSync", () =>
    {
        File.WriteAllText(_path, "-- PostgreSQL database dump");
        File.Delete(_path + ".json");
    });

    [Fact]
    public async Task Checking_can_be_cancelled() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => BackupArchive.CheckAsync(_path, new CancellationToken(canceled: true)));

    async Task AssertInvalid(string expected, Action damage)
    {
        damage();
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => BackupArchive.CheckAsync(_path, CancellationToken.None));
        Assert.Equal(ErrorIds.BackupInvalid, e.ErrorId);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains(_path, e.Message, StringComparison.Ordinal);
    }
}
