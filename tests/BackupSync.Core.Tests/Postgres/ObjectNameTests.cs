using BackupSync.Postgres;

namespace BackupSync.Tests.Postgres;

[Trait("Needs", "nothing")]
public sealed class ObjectNameTests
{
    [Theory]
    [InlineData("public", "users", "public.users", "\"public\".\"users\"")]
    [InlineData("public", "Order Lines", "public.\"Order Lines\"", "\"public\".\"Order Lines\"")]
    [InlineData("a.b", "c.d", "\"a.b\".\"c.d\"", "\"a.b\".\"c.d\"")]
    [InlineData("q\"q", "\"", "\"q\"\"q\".\"\"\"\"", "\"q\"\"q\".\"\"\"\"")]
    public void A_name_is_shown_quoted_for_statements_and_read_again_from_its_key(
        string schema, string name, string display, string qualified)
    {
        var both = new ObjectName(schema, name);
        Assert.Equal((display, qualified), (both.Display, both.Qualified));
        Assert.Equal($"{schema}.{name}", both.Plain);
        Assert.Equal(display, $"{both}");
        Assert.Equal(both, ObjectName.OfKey(display));
        Assert.Equal(both, ObjectName.OfKey(qualified));
    }

    [Fact]
    public void Names_are_the_same_where_every_letter_is()
    {
        Assert.Equal(new ObjectName("s", "t"), new ObjectName("s", "t"));
        Assert.NotEqual(new ObjectName("s", "t"), new ObjectName("s", "T"));
        Assert.NotEqual(new ObjectName("s", "t"), new ObjectName("t", "s"));
    }

    [Fact]
    public void A_key_has_a_schema() => Assert.Throws<ArgumentException>(() => ObjectName.OfKey("\"no.schema\""));
}
