using BackupSync.Files;

namespace BackupSync.Tests.Files;

[Trait("Needs", "nothing")]
public sealed class PrivateFileTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [SkippableFact]
    public void A_new_file_is_its_owners_alone()
    {
        PrivateFile.Create(_temp.File("created")).Dispose();
        PrivateFile.OpenExclusive(_temp.File("exclusive")).Dispose();
        PrivateFile.WriteAllDurably(_temp.File("written"), "x"u8);

        Assert.All(Directory.GetFiles(_temp.Path), f => Assert.Equal(Mode.OwnerFile, Mode.Of(f)));
        Assert.Equal(3, Directory.GetFiles(_temp.Path).Length);
    }

    [SkippableFact]
    public void What_is_no_regular_file_is_not_replaced()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no pipes among its files.");
        using (var fifo = System.Diagnostics.Process.Start("mkfifo", _temp.File("pipe")))
            fifo.WaitForExit();
        File.CreateSymbolicLink(_temp.File("link"), _temp.File("pipe"));

        foreach (var name in new[] { "pipe", "link" })
        {
            var refused = Assert.Throws<BackupSyncException>(() => PrivateFile.WriteAllDurably(_temp.File(name), "x"u8));
            Assert.Equal(ErrorIds.FileFailed, refused.ErrorId);
            Assert.Contains("is no regular file", refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(["link", "pipe"], Directory.GetFileSystemEntries(_temp.Path).Select(Path.GetFileName).Order());
        Assert.NotNull(File.ResolveLinkTarget(_temp.File("link"), returnFinalTarget: false));
    }

    [SkippableFact]
    public void A_new_folder_and_all_made_above_it_are_their_owners_alone()
    {
        PrivateFile.CreateFolder(_temp.File("a/b/c"));

        Assert.All(["a", "a/b", "a/b/c"], f => Assert.Equal(Mode.OwnerFolder, Mode.Of(_temp.File(f))));
    }

    [SkippableFact]
    public void A_folder_that_exists_keeps_its_mode()
    {
        var shared = Mode.OwnerFolder | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        Directory.CreateDirectory(_temp.File("shared"));
        Mode.Set(_temp.File("shared"), shared);

        PrivateFile.CreateFolder(_temp.File("shared"));
        PrivateFile.CreateFolder(_temp.File("shared/"));

        Assert.Equal(shared, Mode.Of(_temp.File("shared")));
    }

    [SkippableFact]
    public void A_partial_file_left_readable_by_all_is_not_written_into()
    {
        Mode.Set(_temp.Write("secret.partial", "a longer text of a dead process"), Mode.Everybody);

        PrivateFile.WriteAllDurably(_temp.File("secret"), "new"u8);

        Assert.Equal(Mode.OwnerFile, Mode.Of(_temp.File("secret")));
        Assert.Equal("new", File.ReadAllText(_temp.File("secret")));
        Assert.False(File.Exists(_temp.File("secret.partial")));
    }

    [Fact]
    public void Creating_never_overwrites()
    {
        var path = _temp.Write("backup", "old");

        var e = Assert.Throws<BackupSyncException>(() => PrivateFile.Create(path));

        Assert.Equal(ErrorIds.FileFailed, e.ErrorId);
        Assert.Equal("old", File.ReadAllText(path));
    }

    [Fact]
    public void Publishing_never_overwrites_unless_told_to()
    {
        var path = _temp.Write("backup", "old");
        var partial = _temp.Write("backup.partial", "new");

        var e = Assert.Throws<BackupSyncException>(() => PrivateFile.Publish(partial, path));
        Assert.Equal(ErrorIds.FileFailed, e.ErrorId);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.True(File.Exists(partial));

        PrivateFile.Publish(partial, path, overwrite: true);
        Assert.Equal("new", File.ReadAllText(path));
        Assert.False(File.Exists(partial));
    }

    [Fact]
    public void Writing_durably_replaces_the_whole_file()
    {
        var path = _temp.Write("file", "something much longer");

        PrivateFile.WriteAllDurably(path, "short"u8);

        Assert.Equal("short", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_temp.Path));
    }

    [Fact]
    public void Deleting_twice_is_no_error()
    {
        var path = _temp.Write("file", "");

        Assert.True(PrivateFile.Delete(path));
        Assert.False(PrivateFile.Delete(path));
        Assert.False(PrivateFile.Delete(_temp.File("no such folder/file")));
    }

    [Fact]
    public void A_failure_names_the_path_and_what_was_tried()
    {
        var inAFile = Path.Combine(_temp.Write("file", ""), "below");

        var folder = Assert.Throws<BackupSyncException>(() => PrivateFile.CreateFolder(inAFile));
        var file = Assert.Throws<BackupSyncException>(() => PrivateFile.WriteAllDurably(inAFile, "x"u8));

        Assert.All([folder, file], e => Assert.Equal(ErrorIds.FileFailed, e.ErrorId));
        Assert.All([folder, file], e => Assert.Contains(inAFile, e.Message, StringComparison.Ordinal));
        Assert.All([folder, file], e => Assert.NotNull(e.Detail));
    }

    [Fact]
    public async Task An_exclusive_file_is_waited_for()
    {
        var path = _temp.File("shared");
        var first = PrivateFile.OpenExclusive(path);
        var second = Task.Run(() => PrivateFile.OpenExclusive(path));
        await Task.Delay(100);
        Assert.False(second.IsCompleted);

        await first.DisposeAsync();

        await (await second.WaitAsync(TimeSpan.FromSeconds(20))).DisposeAsync();
    }

    [Fact]
    public void Free_space_is_known_for_a_folder_that_is_not_there_yet() =>
        Assert.True(PrivateFile.FreeSpace(_temp.File("not/yet/there")) > 0);

    [SkippableFact]
    public async Task A_full_disk_is_named_with_its_folder_and_what_is_free()
    {
        await using var disk = await SmallDisk.MountAsync(65536);
        var path = Path.Combine(disk.Path, "manifest.json");
        PrivateFile.WriteAllDurably(path, "old"u8);
        disk.Fill();

        var e = Assert.Throws<BackupSyncException>(() => PrivateFile.WriteAllDurably(path, new byte[100_000]));

        Assert.Equal(ErrorIds.DiskFull, e.ErrorId);
        Assert.Contains(disk.Path, e.Message, StringComparison.Ordinal);
        Assert.Contains("0 bytes are free", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Advice);
        Assert.Equal("old", File.ReadAllText(path));
    }

    [SkippableFact]
    public void No_link_is_followed_and_nothing_but_a_file_is_opened()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links take a right there.");
        var target = _temp.File("elsewhere");
        File.CreateSymbolicLink(_temp.File("link"), target);
        using (var fifo = System.Diagnostics.Process.Start("mkfifo", _temp.File("pipe")))
            fifo.WaitForExit();

        foreach (var open in new Func<string, FileStream>[] { f => PrivateFile.OpenExclusive(f), PrivateFile.Create })
            Assert.Equal(ErrorIds.FileFailed, Assert.Throws<BackupSyncException>(() => open(_temp.File("link")).Dispose()).ErrorId);
        Assert.False(File.Exists(target));
        foreach (var open in new Func<string, FileStream>[] { f => PrivateFile.OpenExclusive(f), PrivateFile.OpenToRead })
            Assert.Contains(
                "no regular file",
                Assert.Throws<BackupSyncException>(() => open(_temp.File("pipe")).Dispose()).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_a_new_name_is_never_one_that_was_there()
    {
        var folders = Enumerable.Range(0, 100).Select(_ => PrivateFile.CreateNewFolder(_temp.Path, "new-")).ToHashSet();
        Assert.Equal(100, folders.Count);
        Assert.Throws<BackupSyncException>(() => PrivateFile.CreateNewFolder(_temp.File("not there"), "new-"));
    }

    /// <summary>A child has its parent's files from its fork to its exec: the lock of one that was closed must not last as long.</summary>
    [SkippableFact]
    public async Task A_file_that_was_closed_is_free_although_programs_are_started_meanwhile()
    {
        Skip.If(OperatingSystem.IsWindows(), "Only Unix has children that begin with all files of their parent.");
        var path = _temp.File("turns");
        using var stop = new CancellationTokenSource();
        var starting = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
                using (var program = System.Diagnostics.Process.Start("/bin/true"))
                    program.WaitForExit();
        })).ToList();

        for (var i = 0; i < 100_000; i++)
        {
            PrivateFile.OpenExclusive(path).Dispose();
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
        }

        await stop.CancelAsync();
        await Task.WhenAll(starting);
    }
}
