namespace BackupSync.Tests.Postgres;

public sealed class EmbeddedSqlTests
{
    /// <summary>Statements are converted to the database's encoding, and not every encoding has every character. Demo data are for UTF-8 databases.</summary>
    [Fact]
    public void What_is_sent_to_databases_of_users_is_ASCII()
    {
        var assembly = typeof(BackupSync.Postgres.Sql).Assembly;
        var names = assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal) && !n.Contains(".Sandbox.", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(names);
        Assert.All(names, name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            Assert.DoesNotMatch("[^\\x00-\\x7f]", reader.ReadToEnd());
        });
    }
}
