using BackupSync.Configuration;
using BackupSync.Places;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Places;

public sealed class FolderPlaceTests : PlaceContract
{
    const string Key = "auth/auth.dump";

    string Folder => Temp.File("below/backups");

    internal override IBackupPlace Open() => At(Folder);

    protected override IReadOnlyList<string> Kept() =>
        Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder, f))] : [];

    [SkippableFact]
    public async Task What_is_stored_is_its_owners_alone()
    {
        var file = TestFile.Create(Temp, 10);

        await Open().StoreAsync(Key, file.Path, file.Sha256, null, default);

        Assert.Equal(Mode.OwnerFile, Mode.Of(Path.Combine(Folder, Key)));
        Assert.Equal(Mode.OwnerFolder, Mode.Of(Path.Combine(Folder, "auth")));
        Assert.Equal(Path.Combine(Folder, "auth", "auth.dump"), Open().LocationOf(Key));
    }

    [Fact]
    public async Task A_name_taken_while_a_file_is_being_stored_is_not_replaced()
    {
        var file = TestFile.Create(Temp, 1000);
        var other = TestFile.Create(Temp, 500, "other");

        await Assert.ThrowsAsync<TakenKeyException>(() => Open().StoreAsync(Key, file.Path, file.Sha256,
            _ => File.Copy(other.Path, Path.Combine(Folder, Key)), default, replace: false));

        Assert.Equal(other.Content, await File.ReadAllBytesAsync(Path.Combine(Folder, Key)));
        Assert.Equal([Key], Kept());
    }

    [Fact]
    public async Task Unfinished_files_are_listed_and_deeper_ones_are_not()
    {
        Temp.Write("below/backups/auth/x.dump.partial", "12345");
        Temp.Write("below/backups/auth/deeper/x.dump", "");
        Temp.Write("below/backups/lost+found/x", "");

        Assert.Equal([new PlaceFile("auth/x.dump.partial", 5)], await Open().ListAsync(default));
    }

    [SkippableFact]
    public async Task A_full_disk_is_said_before_anything_is_written()
    {
        await using var disk = await SmallDisk.MountAsync(1_000_000);
        var file = TestFile.Create(Temp, 1_500_000);

        var e = await Assert.ThrowsAsync<BackupSyncException>(() => At(disk.Path).StoreAsync(Key, file.Path, file.Sha256, null, default));

        Assert.Equal(ErrorIds.DiskFull, e.ErrorId);
        Assert.Contains(disk.Path, e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
    }

    [SkippableFact]
    public async Task A_disk_that_fills_up_meanwhile_leaves_no_partial_file()
    {
        await using var disk = await SmallDisk.MountAsync(4_000_000);
        var file = TestFile.Create(Temp, 3_000_000);
        var filled = false;

        var e = await Assert.ThrowsAsync<BackupSyncException>(() => At(disk.Path).StoreAsync(Key, file.Path, file.Sha256, _ =>
        {
            if (!filled)
                disk.Fill();
            filled = true;
        }, default));

        Assert.Equal(ErrorIds.DiskFull, e.ErrorId);
        Assert.Empty(Directory.GetFiles(Path.Combine(disk.Path, "auth")));
    }

    [SkippableFact]
    public async Task A_folder_that_may_only_be_read_is_said()
    {
        Skip.If(Environment.IsPrivilegedProcess, "Root may write into every folder.");
        var file = TestFile.Create(Temp, 10);
        Mode.Set(Directory.CreateDirectory(Folder).FullName, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var e = await Assert.ThrowsAsync<BackupSyncException>(() => Open().StoreAsync(Key, file.Path, file.Sha256, null, default));

        Mode.Set(Folder, Mode.OwnerFolder);
        Assert.Equal(ErrorIds.FileFailed, e.ErrorId);
        Assert.Contains(Folder, e.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_disk_that_may_only_be_read_is_said()
    {
        await using var disk = await SmallDisk.MountAsync(1_000_000);
        await disk.MakeReadOnlyAsync();
        var file = TestFile.Create(Temp, 10);

        var e = await Assert.ThrowsAsync<BackupSyncException>(() => At(disk.Path).StoreAsync(Key, file.Path, file.Sha256, null, default));

        Assert.Equal(ErrorIds.FileFailed, e.ErrorId);
        Assert.Contains("Read-only", e.Message, StringComparison.OrdinalIgnoreCase);
    }

    static IBackupPlace At(string folder) => BackupPlaces.Open(new FolderPlaceConfig { Name = "local", Directory = folder });
}
