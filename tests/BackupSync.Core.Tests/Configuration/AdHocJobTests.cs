using BackupSync.Configuration;

namespace BackupSync.Tests.Configuration;

[Trait("Needs", "nothing")]
public sealed class AdHocJobTests
{
    [Fact]
    public void Job_of_two_urls_has_names_roles_and_a_backup_directory()
    {
        var job = AdHocJob.From("postgresql://u:p@r/railway", "postgresql://u:p@n/neondb", "/srv/app");

        Assert.Equal(("railway-to-neondb", "railway", "neondb"), (job.Name, job.Source, job.Target));
        Assert.Equal((DatabaseRole.Production, DatabaseRole.Backup), (job.SourceDatabase.Role, job.TargetDatabase.Role));
        Assert.Equal(Path.GetFullPath("/srv/app/backups/railway-to-neondb"), job.Backups.Directory);
        Assert.Equal(new LimitsConfig(), job.Limits);
        Assert.Equal("/elsewhere", AdHocJob.From("postgresql://r/a", "postgresql://n/b", "/srv/app", "/elsewhere").Backups.Directory);
        Assert.Equal("/srv/app/b", AdHocJob.From("postgresql://r/a", "postgresql://n/b", "/srv/app", "b").Backups.Directory);
    }

    [Theory]
    [InlineData("postgres", "postgres", "postgres-source", "postgres-target")]
    [InlineData("App", "app", "App-source", "app-target")]
    [InlineData("my db/x", "..", "my-db-x", "target")]
    [InlineData("äö", "日本", "source", "target")]
    [InlineData("target", "€", "target-source", "target-target")]
    public void Names_are_fit_for_files_and_distinct(string source, string target, string sourceName, string targetName)
    {
        var job = AdHocJob.From(
            $"postgresql://r/{Uri.EscapeDataString(source)}",
            $"postgresql://n/{target.Replace("..", "%2E%2E", StringComparison.Ordinal)}",
            "/w");

        Assert.Equal((sourceName, targetName), (job.Source, job.Target));
        Assert.Equal((source, target), (job.SourceDatabase.Address.Database, job.TargetDatabase.Address.Database));
    }

    [Fact]
    public void Bad_url_is_told_with_which_it_is()
    {
        var exception = Assert.Throws<BackupSyncException>(() => AdHocJob.From("postgresql://r/a", "Zq7Wk9", "/w"));

        Assert.Equal(ErrorIds.ConfigurationInvalid, exception.ErrorId);
        Assert.StartsWith("The target's URL: The connection string is neither a URI", exception.Message);
        Assert.DoesNotContain("Zq7Wk9", exception.ToString());
    }

    [Fact]
    public void Single_url_is_a_database()
    {
        var database = AdHocJob.Database("postgresql://u:p@h/shop");

        Assert.Equal(("shop", DatabaseRole.Backup), (database.Name, database.Role));
    }
}
