using BackupSync.Files;

namespace BackupSync.Tests.Files;

/// <summary>What is written arrives by another thread: all of it, in order, or as a failure.</summary>
[Trait("Needs", "nothing")]
public sealed class WriteBehindStreamTests
{
    [Fact]
    public async Task All_arrives_in_order()
    {
        var content = new byte[10_000_003];
        new Random(1).NextBytes(content);
        using var target = new MemoryStream();

        await using (var stream = new WriteBehindStream(target))
        {
            for (var i = 0; i < content.Length; i += 70_001)
                stream.Write(content.AsSpan(i, Math.Min(70_001, content.Length - i)));
            await stream.FinishAsync();
        }

        Assert.Equal(content, target.ToArray());
    }

    [Fact]
    public async Task What_fails_behind_is_thrown_by_a_write_before_much_is_lost()
    {
        await using var stream = new WriteBehindStream(new Failing());
        var piece = new byte[1_000_000];

        var e = Assert.Throws<IOException>(() =>
        {
            for (var i = 0; i < 100; i++)
                stream.Write(piece);
        });
        Assert.Equal("no space left", e.Message);
    }

    [Fact]
    public async Task What_fails_behind_the_last_write_is_thrown_by_the_finish()
    {
        await using var stream = new WriteBehindStream(new Failing());
        try
        {
            stream.Write([1, 2, 3]);
        }
        catch (IOException)
        {
            // As soon as this is possible, too.
        }

        await Assert.ThrowsAsync<IOException>(stream.FinishAsync);
    }

    [Fact]
    public async Task Abandoned_it_writes_nothing_more()
    {
        using var target = new MemoryStream();
        var stream = new WriteBehindStream(target);
        stream.Write(new byte[1000]);

        await stream.DisposeAsync();

        var length = target.Length;
        await Task.Delay(50);
        Assert.Equal(length, target.Length);
    }

    sealed class Failing : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("no space left");
    }
}
