using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Tests.Application;

[Trait("Needs", "nothing")]
public sealed class SyncedPairTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly List<string> _warnings = [];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Two_names_are_the_job_that_the_configuration_has_of_them()
    {
        var pair = Of("railway", "neon");

        Assert.Equal(("nightly", true, 14), (pair.Job.Name, pair.IsConfigured, pair.Job.Backups.KeepDays));
    }

    [Fact]
    public void Two_names_without_a_job_are_one_with_all_defaults_beside_the_configuration()
    {
        var pair = Of("neon", "staging");

        Assert.Equal(("neon-to-staging", false), (pair.Job.Name, pair.IsConfigured));
        Assert.Equal(Path.Combine(_temp.Path, "backups", "neon-to-staging"), pair.Job.Backups.Directory);
    }

    [Fact]
    public void A_name_and_a_url_go_together()
    {
        var pair = Of("railway", "postgresql://me@elsewhere/copy");

        Assert.Equal(("railway-to-copy", "elsewhere", DatabaseRole.Backup),
            (pair.Job.Name, pair.Job.TargetDatabase.Address.Host, pair.Job.TargetDatabase.Role));
        Assert.Equal("a", Of("postgresql://me@elsewhere/a", "staging").Job.Source);
    }

    [Fact]
    public void Two_urls_need_no_configuration()
    {
        var pair = SyncedPair.Of(
            "postgresql://r/a", "postgresql://n/b", () => throw new InvalidOperationException(), () => null, _warnings.Add, _temp.Path);

        Assert.Equal(("a-to-b", false), (pair.Job.Name, pair.IsConfigured));
        Assert.Equal(Path.Combine(_temp.Path, "backups", "a-to-b"), pair.Job.Backups.Directory);
    }

    /// <summary>Whoever mixes up two variables must not lose production for it.</summary>
    [Theory]
    [InlineData("postgresql://other:word@railway.example:5433/main")]
    [InlineData("host=railway.example port=5433 dbname=main user=x")]
    public void A_url_of_production_is_production(string url)
    {
        foreach (var source in (string[])["neon", "postgresql://elsewhere/x"])
        {
            var e = Assert.Throws<BackupSyncException>(() => JobRunner.PlanSync(Of(source, url).Job));
            Assert.Equal(ErrorIds.TargetIsProduction, e.ErrorId);
        }
    }

    /// <summary>As of a secret that only cmdlets can ask for, or of a command that fails.</summary>
    [Fact]
    public void A_production_database_whose_url_cannot_be_had_is_told_where_a_url_is_replaced()
    {
        const string Told = "Whether x is the production database unset cannot be told here: ";
        foreach (var source in (string[])["neon", "postgresql://elsewhere/y"])
        {
            _warnings.Clear();
            Of(source, "postgresql://elsewhere/x");
            Assert.StartsWith(Told, Assert.Single(_warnings), StringComparison.Ordinal);
        }
        _warnings.Clear();
        RestoreTarget.Of(Load(), null, "postgresql://elsewhere/x", backup: null!, _warnings.Add);
        Assert.StartsWith(Told, Assert.Single(_warnings), StringComparison.Ordinal);

        _warnings.Clear();
        Of("railway", "postgresql://u@neon.example/neon");
        RestoreTarget.Of(Load(), null, "postgresql://u@railway.example:5433/main", backup: null!, _warnings.Add);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_configuration_that_cannot_be_read_is_told_where_two_urls_are_given()
    {
        SyncedPair.Of("postgresql://r/a", "postgresql://n/b", Load, () => throw new BackupSyncException(
            ErrorIds.ConfigurationInvalid, "It has no databases."), _warnings.Add);

        Assert.Contains("It has no databases.", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_said_of_several_jobs_or_directories_is_refused()
    {
        Assert.Contains("first, second", Refused("railway", "staging"), StringComparison.Ordinal);
        Assert.Contains("backup directory of its own", Refused("railway", "neon", "elsewhere"), StringComparison.Ordinal);
        Assert.Contains("Did you mean 'neon'?", Refused("railway", "noen"), StringComparison.Ordinal);
        Assert.Contains("target's URL is empty", Refused("railway", ""), StringComparison.Ordinal);
    }

    string Refused(string source, string target, string? directory = null) =>
        Assert.Throws<BackupSyncException>(() => Of(source, target, directory)).Message;

    SyncedPair Of(string source, string target, string? directory = null) =>
        SyncedPair.Of(source, target, Load, Load, _warnings.Add, _temp.Path, directory);

    BackupSyncConfig Load()
    {
        var file = Path.Combine(_temp.Path, "backupsync.yml");
        File.WriteAllText(file, """
            databases:
              railway: { url: "postgresql://u:p@railway.example:5433/main", role: production }
              neon: { url: "postgresql://u:p@neon.example/neon", role: backup }
              staging: { url: "postgresql://u:p@neon.example/staging", role: development }
              unset: { url: "${BACKUPSYNC_IS_NOT_SET}", role: production }
            jobs:
              nightly: { source: railway, target: neon, backups: { keepDays: 14 } }
              first: { source: railway, target: staging }
              second: { source: railway, target: staging, mode: incremental }
            """);
        return ConfigurationFile.Load(file);
    }
}
