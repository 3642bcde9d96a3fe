using System.Globalization;

namespace BackupSync.Tests;

[Trait("Needs", "nothing")]
public sealed class UnitsTests
{
    [Theory]
    [InlineData("90s", 90_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1h 30m", 5_400_000)]
    [InlineData(" 10m ", 600_000)]
    [InlineData("500ms", 500)]
    [InlineData("1s500ms", 1_500)]
    [InlineData("1.5s", 1_500)]
    [InlineData("7d", 604_800_000)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    [InlineData("0s", 0)]
    [InlineData("36500d", 3_153_600_000_000)]
    public void Duration_is_read(string text, long milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("90")]
    [InlineData("-5m")]
    [InlineData("5 minutes")]
    [InlineData("5M")]
    [InlineData("30m1h")]
    [InlineData("5m5m")]
    [InlineData("m")]
    [InlineData("1,5s")]
    [InlineData("00:05:00")]
    [InlineData("36526d")]
    [InlineData("99999999999999999999999999999999999d")]
    [InlineData("٣s")]
    public void Text_that_is_no_duration_is_refused(string text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0.0s")]
    [InlineData(42_149, "42.1s")]
    [InlineData(59_949, "59.9s")]
    [InlineData(59_960, "1m 00s")]
    [InlineData(65_000, "1m 05s")]
    [InlineData(3_599_400, "59m 59s")]
    [InlineData(3_599_600, "1h 00m")]
    [InlineData(7_380_000, "2h 03m")]
    [InlineData(100_800_000, "1d 04h")]
    [InlineData(-5_000, "-5.0s")]
    public void Duration_is_shown(long milliseconds, string expected) =>
        Assert.Equal(expected, Durations.Show(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData("512", 512)]
    [InlineData("512B", 512)]
    [InlineData("10KB", 10_000)]
    [InlineData("10kB", 10_000)]
    [InlineData("10 kb", 10_000)]
    [InlineData("10k", 10_000)]
    [InlineData("1KiB", 1_024)]
    [InlineData("1GiB", 1_073_741_824)]
    [InlineData("1.5MB", 1_500_000)]
    [InlineData("2TB", 2_000_000_000_000)]
    [InlineData("0", 0)]
    public void Size_is_read(string text, long bytes)
    {
        Assert.True(ByteSizes.TryParse(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("KB")]
    [InlineData("-1KB")]
    [InlineData("1XB")]
    [InlineData("1.5")]
    [InlineData("1,5MB")]
    [InlineData("10000PB")]
    [InlineData("9999999999999999999999999999999999")]
    [InlineData("10KBB")]
    public void Text_that_is_no_size_is_refused(string text) => Assert.False(ByteSizes.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(512, "512 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_000, "1 kB")]
    [InlineData(312_400, "312 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.00 MB")]
    [InlineData(1_840_000, "1.84 MB")]
    [InlineData(12_345_678, "12.35 MB")]
    [InlineData(999_999_999, "1.00 GB")]
    [InlineData(long.MaxValue, "9.22 EB")]
    [InlineData(-1_840_000, "-1.84 MB")]
    public void Size_is_shown(long bytes, string expected) => Assert.Equal(expected, ByteSizes.Show(bytes));

    [Theory]
    [InlineData("50%", 0.5)]
    [InlineData("12.5 %", 0.125)]
    [InlineData("0%", 0)]
    [InlineData("100%", 1)]
    public void Percentage_is_read(string text, double share)
    {
        Assert.True(Percentages.TryParse(text, out var read));
        Assert.Equal(share, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("50")]
    [InlineData("0.5")]
    [InlineData("-1%")]
    [InlineData("half")]
    public void Text_that_is_no_percentage_is_refused(string text) => Assert.False(Percentages.TryParse(text, out _));

    [Fact]
    public void Percentage_is_shown()
    {
        Assert.Equal("50%", Percentages.Show(0.5));
        Assert.Equal("12.5%", Percentages.Show(0.125));
    }

    [Fact]
    public void Culture_has_no_say()
    {
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Equal("42.1s", Durations.Show(TimeSpan.FromSeconds(42.1)));
            Assert.Equal("1.84 MB", ByteSizes.Show(1_840_000));
            Assert.Equal("12.5%", Percentages.Show(0.125));
            Assert.True(ByteSizes.TryParse("1.5MB", out _));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
