using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Places;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Places;

[Trait("Needs", "nothing")]
public sealed class FolderPlaceTests : PlaceContract
{
    const string Key = "auth/auth.dump";

    string Folder => Temp.File("below/backups");

    internal override IBackupPlace Open() => At(Folder);

    protected override IReadOnlyList<string> Kept() =>
        Directory.Exists(Folder)
            ? [.. Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder, f))]
            : [];

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

    [SkippableTheory]
    [InlineData("a file", "is a file")]
    [InlineData("below a file", "is a file")]
    [InlineData("a pipe", "is a pipe, a socket or a device")]
    [InlineData("a link to nothing", "is a link to /nowhere/at/all, where no folder is")]
    [InlineData("a link to a file", "where no folder is")]
    [InlineData("a device", "is a pipe, a socket or a device")]
    public async Task What_is_no_folder_is_no_empty_place(string what, string words)
    {
        Skip.If(OperatingSystem.IsWindows(), "Pipes and devices are Unix's.");
        var path = Temp.File("place");
        switch (what)
        {
            case "a file" or "below a file":
                Temp.Write("place", "x");
                break;
            case "a pipe":
                Assert.Equal(0, (await ChildProcess.RunAsync(new ChildCommand("mkfifo", path), default)).ExitCode);
                break;
            case "a device":
                path = "/dev/null";
                break;
            default:
                File.CreateSymbolicLink(path, what == "a link to nothing" ? "/nowhere/at/all" : Temp.Write("file", "x"));
                break;
        }
        var place = At(what == "below a file" ? Path.Combine(path, "backups") : path);
        var file = TestFile.Create(Temp, 10);

        Func<Task>[] uses = [() => place.ListAsync(default), () => place.StoreAsync(Key, file.Path, file.Sha256, null, default)];
        foreach (var use in uses)
        {
            var e = await Assert.ThrowsAsync<BackupSyncException>(use);
            Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
            Assert.Contains(words, e.Message, StringComparison.Ordinal);
            Assert.Contains("Name a folder", e.Advice, StringComparison.Ordinal);
        }
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
