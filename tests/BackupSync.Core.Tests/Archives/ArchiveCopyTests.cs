using BackupSync.Archives;
using BackupSync.PgTools;

namespace BackupSync.Tests.Archives;

/// <summary>What passes through us is the archive that pg_dump wrote, to pg_restore too.</summary>
public sealed class ArchiveCopyTests(OddDatabase odd) : IClassFixture<OddDatabase>
{
    public static TheoryData<bool, bool> Ways => new() { { false, true }, { false, false }, { true, true } };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Pg_restore_finds_the_same_in_the_copy_as_in_the_original(bool gzipped, bool compress)
    {
        var original = gzipped ? odd.Gzipped : odd.Plain;
        var (copy, _) = OddDatabase.CopyOf(original, compress);

        Assert.Equal(
            WithoutCompression(await odd.RestoreAsync(original, "--list")),
            WithoutCompression(await odd.RestoreAsync(copy, "--list")));
        Assert.Equal(WithoutKeys(await odd.RestoreAsync(original, "--file=-")), WithoutKeys(await odd.RestoreAsync(copy, "--file=-")));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_copy_can_be_restored_by_several_connections(bool gzipped, bool compress)
    {
        var (copy, _) = OddDatabase.CopyOf(gzipped ? odd.Gzipped : odd.Plain, compress);
        await using var fresh = await odd.Servers.CreateTargetAsync();
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(folder.File("copy.dump"), copy);

        var restore = new ChildCommand(
            odd.Servers.Tools.PgRestore, "--jobs=2", "--no-owner", "--no-acl", $"--dbname={fresh.Name}", folder.File("copy.dump"));
        var result = await ChildProcess.RunAsync(restore.ConnectedTo(fresh.Address), default);

        Assert.True(result.ExitCode == 0, result.ErrorTail);
        Scenario.AssertSame(await Scenario.ContentAsync(odd.Database.AsSuperuser), await Scenario.ContentAsync(fresh.AsSuperuser));
    }

    [Fact]
    public async Task Every_row_and_large_object_is_counted()
    {
        var content = await Scenario.ContentAsync(odd.Database.AsSuperuser);

        var (_, found) = OddDatabase.CopyOf(odd.Plain, compress: true);

        Assert.Empty(found.DifferencesFrom(content));
        Assert.Equal(6, found.Rows!["public.\"quoted \"\" and\ttab\""]);
        Assert.InRange(found.Rows["public.no_columns"], 2, long.MaxValue);
        Assert.Equal(0, found.Rows["public.nothing_in_it"]);
        Assert.Null(OddDatabase.CopyOf(odd.Gzipped, compress: true).Content.Rows);
    }

    [Fact]
    public void A_copy_of_the_copy_holds_the_same_bytes()
    {
        var (copy, _) = OddDatabase.CopyOf(odd.Plain, compress: true);

        Assert.Equal(copy, OddDatabase.CopyOf(copy, compress: true).Copy);
        Assert.Equal(Contents(odd.Plain), Contents(copy));
    }

    /// <summary>Every script has its own.</summary>
    static string WithoutKeys(string script) =>
        string.Join('\n', script.Split('\n')
            .Where(l => !l.StartsWith("\\restrict", StringComparison.Ordinal) && !l.StartsWith("\\unrestrict", StringComparison.Ordinal)));

    static string WithoutCompression(string listing) =>
        string.Join('\n', listing.Split('\n').Where(l => !l.StartsWith(";     Compression:", StringComparison.Ordinal)));

    static List<string> Contents(byte[] archive)
    {
        var reader = new ArchiveReader(new MemoryStream(archive), default);
        var contents = new List<string>();
        while (reader.NextEntry())
        {
            while (reader.NextContent())
            {
                using var content = reader.OpenContent();
                contents.Add(
                    $"{reader.Entry.Key} {reader.LargeObject} "
                        + $"{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content))}");
            }
        }
        return contents;
    }
}
