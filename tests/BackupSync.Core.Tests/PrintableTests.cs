namespace BackupSync.Tests;

[Trait("Needs", "nothing")]
public sealed class PrintableTests
{
    [Theory]
    [InlineData("plain, Ünï, 数据, \U0001F468\u200D\U0001F469", "plain, Ünï, 数据, \U0001F468\u200D\U0001F469")]
    [InlineData("a\u001b]0;title\a\u009b2J\u007f", @"a\u001b]0;title\u0007\u009b2J\u007f")]
    [InlineData("a\nb\r\tc", @"a\nb\r\tc")]
    [InlineData("\u202egnp.\u2066exe\u061c\u200e", @"\u202egnp.\u2066exe\u061c\u200e")]
    [InlineData("a\u2028b\u0085c\ufeffd\u200be", @"a\u2028b\u0085c\ufeffd\u200be")]
    [InlineData("\U000E0041", @"\udb40\udc41")]
    public void What_steers_a_terminal_or_hides_is_shown(string text, string expected) => Assert.Equal(expected, Printable.Line(text));

    [Fact]
    public void Lines_stay_lines_where_they_may_and_forge_none()
    {
        Assert.Equal("a\nb\n\\u001bc", Printable.Text("a\r\nb\u2028\u001bc"));
        Assert.Equal(@"\ud800x\udc00", Printable.Line("\ud800x\udc00"));
        Assert.Equal("a\n    b", Printable.Indented("a\nb", "    "));
        Assert.Equal("a\r\nb\\r", Printable.Escaped("a\r\nb\r", keepBreaks: true));
    }
}
