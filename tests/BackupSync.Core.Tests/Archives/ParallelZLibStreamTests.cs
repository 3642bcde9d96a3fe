using System.Buffers.Binary;
using System.IO.Compression;
using BackupSync.Archives;

namespace BackupSync.Tests.Archives;

/// <summary>Several pieces compressed at once are one zlib stream to whoever reads it.</summary>
[Trait("Needs", "nothing")]
public sealed class ParallelZLibStreamTests
{
    const int Piece = 512 * 1024;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Piece - 1)]
    [InlineData(Piece)]
    [InlineData(Piece + 1)]
    [InlineData(9 * Piece + 4711)]
    public void What_is_read_is_what_was_written(int size)
    {
        var content = Content(size);

        Assert.Equal(content, Decompressed(Compressed(content)));
    }

    [Fact]
    public void Its_end_is_the_checksum_of_all()
    {
        var content = Content(3 * Piece + 1);
        using var other = new MemoryStream();
        using (var stream = new ZLibStream(other, CompressionLevel.Fastest, leaveOpen: true))
            stream.Write(content);

        Assert.Equal(other.ToArray()[^4..], Compressed(content)[^4..]);
    }

    [Fact]
    public void A_flipped_bit_is_found_by_who_reads()
    {
        var compressed = Compressed(Content(2 * Piece));
        compressed[^1] ^= 1;

        Assert.Throws<InvalidDataException>(() => Decompressed(compressed));
    }

    [Fact]
    public void Nothing_is_a_whole_stream()
    {
        Assert.Equal([0x78, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01], Compressed([]));
    }

    [Fact]
    public void What_the_output_throws_is_thrown()
    {
        var stream = new ParallelZLibStream(new FullDisk(), 2);

        Assert.Throws<IOException>(() =>
        {
            stream.Write(Content(20 * Piece));
            stream.Finish();
        });
    }

    /// <summary>Numbers and noise: some of it compresses, some does not.</summary>
    static byte[] Content(int size)
    {
        var content = new byte[size];
        var random = new Random(size);
        for (var i = 0; i + 8 <= size; i += 8)
            BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(i), i % 3 == 0 ? random.NextInt64() : i);
        return content;
    }

    static byte[] Compressed(byte[] content)
    {
        using var output = new MemoryStream();
        var stream = new ParallelZLibStream(output, 2);
        // In portions that fit no piece.
        for (var i = 0; i < content.Length; i += 100_003)
            stream.Write(content.AsSpan(i, Math.Min(100_003, content.Length - i)));
        stream.Finish();
        return output.ToArray();
    }

    static byte[] Decompressed(byte[] compressed)
    {
        using var stream = new ZLibStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    sealed class FullDisk : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("no space left");
    }
}
