using System.Globalization;
using BackupSync.Postgres;

namespace BackupSync.Tests.Postgres;

[Trait("Needs", "nothing")]
public sealed class RowTests
{
    static readonly Row Row = new(["t", "f", null, "-7", "4294967295", "18446744073709551615", "a b", "2026-01-02T03:04:05.678Z", "1,22"]);

    [Fact]
    public void Values_are_of_the_kind_that_is_asked_for()
    {
        Assert.True(Row.Flag(0));
        Assert.False(Row.Flag(1));
        Assert.Equal(-7, Row.Int(3));
        Assert.Equal(-7L, Row.LongOrNull(3));
        Assert.Equal(4294967295L, Row.Long(4));
        Assert.Equal(uint.MaxValue, Row.Oid(4));
        Assert.Equal(ulong.MaxValue, Row.Unsigned(5));
        Assert.Equal("a b", Row.Text(6));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero), Row.Time(7));
        Assert.Equal([1u, 22u], Row.Oids(8));
    }

    [Fact]
    public void Null_is_no_flag_that_is_set_and_no_oids()
    {
        Assert.False(Row.Flag(2));
        Assert.Null(Row.FlagOrNull(2));
        Assert.Null(Row.TextOrNull(2));
        Assert.Null(Row.LongOrNull(2));
        Assert.Empty(Row.Oids(2));
    }

    [Fact]
    public void What_is_of_another_kind_is_named_with_its_column()
    {
        Assert.Equal("Column 6 of a row is 'a b', and not a boolean.", Assert.Throws<FormatException>(() => Row.Flag(6)).Message);
        Assert.Equal("Column 6 of a row is 'a b', and not an integer.", Assert.Throws<FormatException>(() => Row.Int(6)).Message);
        Assert.Equal("Column 2 of a row is null, and not a text.", Assert.Throws<FormatException>(() => Row.Text(2)).Message);
        Assert.Equal("Column 3 of a row is '-7', and not an oid.", Assert.Throws<FormatException>(() => Row.Oid(3)).Message);
        Assert.Equal("Column 6 of a row is 'a b', and not a list of oids.", Assert.Throws<FormatException>(() => Row.Oids(6)).Message);
        Assert.Throws<FormatException>(() => Row.Int(2));
        Assert.Throws<FormatException>(() => Row.Long(5));
        Assert.Throws<FormatException>(() => Row.Unsigned(3));
        Assert.Throws<FormatException>(() => Row.Time(6));
    }

    [Fact]
    public void Numbers_read_alike_whatever_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            // As Sweden's: its sign of what is negative is not the one that servers write.
            var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            other.NumberFormat.NegativeSign = "\u2212";
            CultureInfo.CurrentCulture = other;
            Assert.Equal(-7, Row.Long(3));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
