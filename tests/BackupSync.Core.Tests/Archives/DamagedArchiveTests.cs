using System.Text;
using BackupSync.Archives;

namespace BackupSync.Tests.Archives;

/// <summary>Whatever stands in a file: it is read, or refused in our own words.</summary>
public sealed class DamagedArchiveTests(OddDatabase odd) : IClassFixture<OddDatabase>
{
    [Theory]
    [InlineData(0x01)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public void A_head_damaged_at_any_byte_is_refused_or_read_but_never_worse(int mask)
    {
        // Without most of the data, so that reading on is quick.
        var archive = odd.Plain.AsSpan(0, new ArchiveReader(new MemoryStream(odd.Plain), default).Head.Bytes.Length + 20_000).ToArray();
        for (var at = 0; at < 3000; at++)
        {
            archive[at] ^= (byte)mask;
            AssertReadOrRefused(archive, $"byte {at}");
            archive[at] ^= (byte)mask;
        }
    }

    [Fact]
    public void Data_damaged_anywhere_are_refused_or_read_but_never_worse()
    {
        foreach (var original in new[] { odd.Plain, odd.Gzipped })
        {
            var archive = original.ToArray();
            var head = new ArchiveReader(new MemoryStream(archive), default).Head.Bytes.Length;
            for (var i = 0; i < 60; i++)
            {
                var at = head + (int)((archive.Length - head) * (long)i / 60) + i;
                archive[at] ^= (byte)(1 << (i % 8));
                AssertReadOrRefused(archive, $"byte {at}");
                archive[at] = original[at];
            }
        }
    }

    [Fact]
    public void A_cut_off_end_is_refused_or_shows_in_what_is_missing()
    {
        var (copy, whole) = OddDatabase.CopyOf(odd.Plain, compress: false);
        for (var i = 0; i < 100; i++)
        {
            var cut = copy[..(int)((long)copy.Length * i / 100)];
            try
            {
                var found = OddDatabase.CopyOf(cut, compress: true).Content;
                Assert.True(
                    found.Rows!.Values.Sum() < whole.Rows!.Values.Sum() || found.LargeObjects < whole.LargeObjects,
                    $"cut at {cut.Length}");
            }
            catch (BackupSyncException e)
            {
                Assert.Equal(ErrorIds.BackupInvalid, e.ErrorId);
            }
        }
    }

    [Theory]
    [InlineData(5, 2)]
    [InlineData(6, 13)]
    [InlineData(6, 17)]
    [InlineData(6, 99)]
    public void Another_version_of_the_format_is_told(int at, byte version)
    {
        var archive = odd.Plain.ToArray();
        archive[at] = version;

        var e = Assert.Throws<BackupSyncException>(() => new ArchiveReader(new MemoryStream(archive), default));

        Assert.Equal(ErrorIds.BackupInvalid, e.ErrorId);
        Assert.Contains("known are 1.14 to 1.16", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_length_that_is_a_lie_takes_no_memory()
    {
        var archive = odd.Plain.ToArray();
        // The database's name, which begins with its length: a sign and four bytes. Where it stands depends on the archive's version.
        var at = archive.AsSpan().IndexOf(Encoding.ASCII.GetBytes(odd.Database.Name)) - 5;
        Assert.Equal(odd.Database.Name.Length, archive[at + 1]);
        archive[at + 4] = 0x3F;
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(
            ErrorIds.BackupInvalid,
            Assert.Throws<CutOffArchiveException>(() => new ArchiveReader(new MemoryStream(archive), default)).ErrorId);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, archive.Length * 8L);
    }

    static void AssertReadOrRefused(byte[] archive, string where)
    {
        try
        {
            OddDatabase.CopyOf(archive, compress: false);
        }
        catch (BackupSyncException e)
        {
            Assert.True(e.ErrorId == ErrorIds.BackupInvalid, $"{where}: {e}");
        }
        catch (Exception e)
        {
            Assert.Fail($"{where}: {e}");
        }
    }
}
