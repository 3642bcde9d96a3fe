using BackupSync.Places;

namespace BackupSync.Tests.Places;

/// <summary>Alone, because memory is counted for the whole process.</summary>
[CollectionDefinition(nameof(S3MemoryTests), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(S3MemoryTests))]
public sealed class S3MemoryTests(S3Server server) : IClassFixture<S3Server>
{
    [SkippableFact]
    public async Task Memory_does_not_grow_with_the_file()
    {
        const int size = 80_000_000;
        var config = server.CreateBucket();
        using var temp = new TempFolder();
        await using var place = BackupPlaces.Open(config);
        var (path, sha256) = Store(temp);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;

        await place.StoreAsync(
            "large.dump", path, sha256, _ => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true)), default);

        Assert.InRange(most - before, long.MinValue, 32_000_000);
        Assert.Equal([new PlaceFile("large.dump", size)], await place.ListAsync(default));

        static (string, string) Store(TempFolder temp)
        {
            var file = TestFile.Create(temp, size);
            return (file.Path, file.Sha256);
        }
    }
}
