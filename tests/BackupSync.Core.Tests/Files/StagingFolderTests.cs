using BackupSync.Files;

namespace BackupSync.Tests.Files;

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
}
