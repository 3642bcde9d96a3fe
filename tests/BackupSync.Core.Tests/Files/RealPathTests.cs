using BackupSync.Files;

namespace BackupSync.Tests.Files;

[Trait("Needs", "nothing")]
public sealed class RealPathTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Every_link_on_the_way_is_followed()
    {
        Directory.CreateDirectory(_temp.File("disk/backups/auth"));
        Directory.CreateSymbolicLink(_temp.File("mount"), "disk");
        Directory.CreateSymbolicLink(_temp.File("disk/latest"), Path.Join("..", "mount", ".", "backups"));
        Directory.CreateSymbolicLink(_temp.File("absolute"), _temp.File("disk/latest"));
        var real = RealPath.Of(_temp.File("disk/backups/auth"));

        foreach (var way in new[] { "mount/backups/auth", "disk/latest/auth", "absolute/auth", "mount/../mount/latest/auth/" })
            Assert.Equal(real, RealPath.Of(_temp.File(way)));
        Assert.True(RealPath.IsSame(_temp.File("absolute"), _temp.File("mount/backups")));
        Assert.False(RealPath.IsSame(_temp.File("absolute"), _temp.File("mount")));
    }

    [Fact]
    public void What_is_not_there_stands_as_it_is_written()
    {
        Directory.CreateSymbolicLink(_temp.File("lost"), "gone/backups");
        Directory.CreateSymbolicLink(_temp.File("circle"), "circle");

        Assert.Equal(RealPath.Of(_temp.File("gone/backups/auth")), RealPath.Of(_temp.File("lost/auth")));
        Assert.Equal(_temp.File("circle/auth"), RealPath.Of(_temp.File("circle/auth")));
        Assert.Equal("s3://bucket/pg/auth/x.dump", RealPath.OfFile("s3://bucket/pg/auth/x.dump"));
        Assert.Equal(Path.GetPathRoot(_temp.Path), RealPath.Of(Path.GetPathRoot(_temp.Path)!));
    }

    [Fact]
    public void A_file_that_is_a_link_keeps_its_own_name()
    {
        Directory.CreateDirectory(_temp.File("disk"));
        Directory.CreateSymbolicLink(_temp.File("mount"), "disk");
        File.CreateSymbolicLink(_temp.File("disk/a"), "b");

        Assert.Equal(RealPath.Of(_temp.File("disk")) + Path.DirectorySeparatorChar + "a", RealPath.OfFile(_temp.File("mount/a")));
    }
}
