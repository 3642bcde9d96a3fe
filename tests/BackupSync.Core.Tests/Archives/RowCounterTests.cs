using System.Text;
using BackupSync.Archives;

namespace BackupSync.Tests.Archives;

[Trait("Needs", "nothing")]
public sealed class RowCounterTests
{
    public static TheoryData<string, long?> Contents => new()
    {
        { "\\.\n\n\n", 0 },
        { "\\.\n", 0 },
        { "1\ta\n2\tb\n\\.\n\n\n", 2 },
        { "\n\n\n\\.\n\n\n", 3 }, // a table without columns, or empty texts
        { "a\\nb\\\\.\n\\\\.\n\\.\n\n\n", 2 },
        { "a value of more than eight bytes\n\\.\n\n\n", 1 },
        { "", null },
        { "\n", null },
        { "1\ta\n2\tb\n", null },
        { "1\ta\n2\tb", null },
        { "1\ta\n\\.", null },
        { "1\ta\n\\", null },
        { "ends as the mark does\\\\.\n", null },
        { "\\\\.\n", null },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public void Rows_are_counted_wherever_pieces_begin_and_end(string content, long? expected)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        for (var size = 1; size <= Math.Max(1, bytes.Length); size++)
        {
            var counter = new RowCounter();
            foreach (var piece in bytes.Chunk(size))
                counter.Add(piece);
            Assert.Equal(expected, counter.Finish());
        }
    }
}
