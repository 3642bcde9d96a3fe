namespace BackupSync.Tests;

/// <summary>Addresses where none is expected: told from names and paths, and shown without their passwords.</summary>
[Trait("Needs", "nothing")]
public sealed class AddressTextTests
{
    [Theory]
    [InlineData("postgresql://u:Zq7Wk9@h:5432/d?sslmode=require", "postgresql://u:***@h:5432/d")]
    [InlineData("postgres://u:Zq7Wk9@h1:1,h2:2/d", "postgres://u:***@h1:1,h2:2/d")]
    [InlineData("postgresql://u:Zq7Wk9@[::1]:5432/d", "postgresql://u:***@[::1]:5432/d")]
    [InlineData("postgresql://u@h/d", "postgresql://u@h/d")]
    [InlineData("postgresql://h/d?password=Zq7Wk9", "postgresql://h/d")]
    [InlineData("postgresql://h/d", "postgresql://h/d")]
    [InlineData("postgresql://", "postgresql://")]
    [InlineData("POSTGRESQL://u:Zq7Wk9@h", "POSTGRESQL://u:***@h")]
    [InlineData("'postgresql://u:Zq7Wk9@h/d'", "postgresql://u:***@h/d")]
    [InlineData("psql postgresql://u:Zq7Wk9@h/d", "postgresql://u:***@h/d")]
    [InlineData("mysql://u:Zq7Wk9@h/d", "mysql://u:***@h/d")]
    // What is not encoded as it should be.
    [InlineData("postgresql://u:Zq7@Wk9@h/d", "postgresql://u:***@h/d")]
    [InlineData("postgresql://u:Zq7/Wk9@h/d", "postgresql://u:***@h/d")]
    [InlineData("postgresql://u:Zq7?Wk9#@h/d", "postgresql://u:***@h/d")]
    [InlineData("postgresql://u:Zq7 Wk9@h/d", "postgresql://***")]
    [InlineData("postgresql://u:Zq7Wk9", "postgresql://***")]
    [InlineData("postgresql://u:Zq7Wk9/d", "postgresql://***")]
    // Where the password begins or ends cannot be told.
    [InlineData("postgresql://h/d?user=u&password=Zq7@Wk9", "postgresql://***")]
    [InlineData("postgresql://u@h/d?password=Zq7@Wk9", "postgresql://***")]
    [InlineData("postgresql://u@h:5432/d?password=Zq7:@Wk9", "postgresql://***")]
    [InlineData("host=h password=Zq7Wk9", "host=…")]
    [InlineData("Host=h;Username=u;Password=Zq7Wk9", "host=…")]
    [InlineData("dbname = d password='Zq7 Wk9'", "host=…")]
    public void Address_is_shown_without_its_password(string text, string shown)
    {
        Assert.True(AddressText.Is(text));
        Assert.True(AddressText.IsNoName(text));
        Assert.Equal(shown, AddressText.Redacted(text));
    }

    [Theory]
    [InlineData("prod")]
    [InlineData("/backups/prod/2024-01-23.dump")]
    [InlineData("C:\\backups\\prod@night.dump")]
    [InlineData("./host/a=b/backupsync.yml")]
    [InlineData("s3://bucket/pg/x.dump")]
    [InlineData("file:///home/a:b@c/x.yml")]
    [InlineData("")]
    public void Names_and_paths_are_no_addresses(string text) => Assert.False(AddressText.Is(text));

    [Theory]
    [InlineData("cannot reach postgresql://u:Zq7Wk9@h/d today", "cannot reach postgresql://u:***@h/d today")]
    [InlineData("bad: host=h password=Zq7Wk9 user=u", "bad: host=h password=*** user=u")]
    [InlineData("Password='Zq7 Wk9';Host=h", "Password=***;Host=h")]
    [InlineData("PGPASSWORD=Zq7Wk9 psql", "PGPASSWORD=*** psql")]
    [InlineData("sslpassword=Zq7Wk9 is wrong", "sslpassword=*** is wrong")]
    [InlineData("got password: Zq7Wk9 of u", "got password:*** of u")]
    [InlineData("password authentication failed", "password authentication failed")]
    [InlineData("nothing to hide", "nothing to hide")]
    public void Sentence_keeps_all_but_passwords(string text, string expected) => Assert.Equal(expected, AddressText.Scrub(text));
}
