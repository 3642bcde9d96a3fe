using BackupSync.Files;
using BackupSync.PgTools;

namespace BackupSync.Tests.Files;

[Trait("Needs", "nothing")]
public sealed class StagingFolderTests
{
    [Fact]
    public async Task One_that_is_being_made_is_no_leftover_of_another()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, ct) =>
        {
            using var folder = StagingFolder.Create(0);
            var file = Path.Combine(folder.Path, "content");
            await File.WriteAllTextAsync(file, $"{i}", ct);
            Assert.Equal($"{i}", await File.ReadAllTextAsync(file, ct));
        });
    }

    [SkippableFact]
    public void A_temporary_folder_that_is_not_there_is_told_with_its_variable()
    {
        Skip.If(OperatingSystem.IsWindows(), "TMPDIR is Unix's.");
        using var folder = new TempFolder();
        var missing = folder.File("missing");

        Assert.Null(FileFailure.WithoutTemporaryFolder(new DirectoryNotFoundException(), folder.Path));
        var told = FileFailure.WithoutTemporaryFolder(new DirectoryNotFoundException(), missing)!;

        Assert.Equal(ErrorIds.FileFailed, told.ErrorId);
        Assert.Contains(missing, told.Message, StringComparison.Ordinal);
        Assert.Contains("is not there", told.Message, StringComparison.Ordinal);
        Assert.Contains("TMPDIR", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_dead_run_left_goes_with_the_next_and_what_is_held_stays()
    {
        using var held = StagingFolder.Create(0);
        var left = Directory.CreateDirectory(held.Path + "-left");
        File.WriteAllText(Path.Combine(left.FullName, "content"), "secret");
        var longAgo = DateTime.UtcNow.AddMinutes(-5);
        Directory.SetLastWriteTimeUtc(left.FullName, longAgo);
        Directory.SetLastWriteTimeUtc(held.Path, longAgo);

        using (var next = StagingFolder.Create(0))
            Assert.True(Directory.Exists(next.Path));

        Assert.False(Directory.Exists(left.FullName));
        Assert.True(Directory.Exists(held.Path));
    }

    [SkippableFact]
    public async Task What_others_put_into_the_temporary_folder_is_not_looked_into()
    {
        OtherUser.Needed();
        using var elsewhere = new TempFolder();
        var folder = Path.Combine(Path.GetTempPath(), "backupsync-staging-theirs");
        var link = Path.Combine(Path.GetTempPath(), "backupsync-staging-link");
        var (victim, kept) = (elsewhere.File("made-by-root"), elsewhere.Write("kept/content", ""));
        Directory.CreateDirectory(folder);
        try
        {
            // As they could in /tmp: a folder of theirs whose lock leads elsewhere, and a link to a folder.
            await RunAsync("ln", "-s", victim, Path.Combine(folder, ".lock"));
            await RunAsync("ln", "-s", Path.GetDirectoryName(kept)!, link);
            await RunAsync("chown", "-h", "nobody", folder, link);
            await RunAsync("touch", "-h", "-d", "1 hour ago", folder, link, Path.GetDirectoryName(kept)!);

            using (StagingFolder.Create(0))
                Assert.True(Directory.Exists(folder));

            Assert.False(File.Exists(victim));
            Assert.True(File.Exists(kept));
            Assert.NotNull(new DirectoryInfo(link).LinkTarget);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            File.Delete(link);
        }
    }

    [SkippableFact]
    public void It_is_the_owners_alone() => Assert.Equal(Mode.OwnerFolder, ModeOfOne());

    static UnixFileMode ModeOfOne()
    {
        using var folder = StagingFolder.Create(0);
        return Mode.Of(folder.Path);
    }

    static async Task RunAsync(params string[] command)
    {
        var result = await ChildProcess.RunAsync(new ChildCommand(command[0], command[1..]), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
    }
}
