namespace BackupSync.Tests.Postgres;

[Trait("Needs", "nothing")]
public sealed class EmbeddedSqlTests
{
    /// <summary>Statements are converted to the database's encoding, and not every encoding has every character.</summary>
    [Fact]
    public void What_is_sent_to_databases_of_users_is_ASCII()
    {
        var assembly = typeof(BackupSync.Postgres.Sql).Assembly;
        var names = assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).ToList();
        Assert.Contains("all_locks.sql", names);
        Assert.Contains("drop_objects.sql", names);
        Assert.All(names, name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            Assert.DoesNotMatch("[^\\x00-\\x7f]", reader.ReadToEnd());
        });
    }
}
