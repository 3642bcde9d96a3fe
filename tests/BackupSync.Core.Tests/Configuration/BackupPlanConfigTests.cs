using BackupSync.Configuration;

namespace BackupSync.Tests.Configuration;

/// <summary>Tiers, places, encryption and backup plans that are right.</summary>
[Trait("Needs", "nothing")]
public sealed class BackupPlanConfigTests : IDisposable
{
    const string Databases = "databases: { auth: { url: 'postgresql://h/auth' }, trading: { url: 'postgresql://h/trading' } }\n";

    readonly TempFolder _folder = new();
    readonly Dictionary<string, string> _environment = [];

    public void Dispose() => _folder.Dispose();

    string? Environment(string name) => _environment.GetValueOrDefault(name);

    BackupSyncConfig Load(string yaml)
    {
        var path = _folder.Write("backupsync.yml", yaml);
        Assert.Empty(ConfigurationFile.Check(path, Environment));
        return ConfigurationFile.Load(path, Environment);
    }

    [Fact]
    public void Every_setting_is_read()
    {
        _environment["BACKUPSYNC_PASSPHRASE"] = "correct horse battery";
        var config = Load("""
            tiers:
              critical:  { rto: 1h, rpo: 15m }
              important: { rto: 2h }
            databases:
              auth:    { url: "postgresql://h/auth", role: production, tier: critical }
              trading: { url: "postgresql://h/trading" }
            places:
              near: { directory: kept/near }
              offsite: { s3: { bucket: acme-dr, prefix: pg/, endpoint: "http://127.0.0.1:4568", region: eu-west-3,
                accessKey: AKIA1, secretKey: Zq7Wk9 } }
            encryption: { passphrase: "${BACKUPSYNC_PASSPHRASE}" }
            backupPlans:
              weekly:
                databases: [trading, auth]
                schedule: { cron: "0 3 * * 0", timeZone: Europe/Berlin }
                places: [offsite, near]
                keep: { days: 3, daily: 7, weekly: 4, monthly: 12, tags: { "pre-deployment-*": 30, "release-*": forever } }
                verify: drill
                compression: gzip
                parallel: 5
            """);

        Assert.Equal(
            [new TierConfig { Name = "critical", Rto = TimeSpan.FromHours(1), Rpo = TimeSpan.FromMinutes(15) }, new TierConfig
            {
                Name = "important",
                Rto = TimeSpan.FromHours(2),
            }],
            config.Tiers);
        Assert.Equal(config.Tiers[0], config.Database("auth").Tier);
        Assert.Null(config.Database("trading").Tier);

        Assert.Equal(new FolderPlaceConfig { Name = "near", Directory = Path.Join(_folder.Path, "kept", "near") }, config.Place("near"));
        var offsite = Assert.IsType<S3PlaceConfig>(config.Place("offsite"));
        Assert.Equal(
            ("acme-dr", "pg/", new Uri("http://127.0.0.1:4568"), "eu-west-3"),
            (offsite.Bucket, offsite.Prefix, offsite.Endpoint, offsite.Region));
        Assert.Equal(("AKIA1", "Zq7Wk9"), (offsite.AccessKey, offsite.SecretKey!.Reveal()));
        Assert.DoesNotContain("Zq7Wk9", offsite.ToString());

        Assert.Equal("correct horse battery", config.Encryption!.Passphrase.Reveal());
        Assert.DoesNotContain("horse", config.ToString());

        var plan = config.BackupPlan("weekly");
        Assert.Equal(["trading", "auth"], plan.Databases.Select(d => d.Name));
        Assert.Equal(["offsite", "near"], plan.Places.Select(p => p.Name));
        Assert.Equal(("0 3 * * 0", "Europe/Berlin"), (plan.Schedule!.Cron, plan.Schedule.TimeZone.Id));
        Assert.Equal((3, 7, 4, 12), (plan.Keep.Days, plan.Keep.Daily, plan.Keep.Weekly, plan.Keep.Monthly));
        Assert.Equal([new TagKeep("pre-deployment-*", 30), new TagKeep("release-*", null)], plan.Keep.Tags);
        Assert.Equal((BackupProof.Drill, BackupCompression.Gzip, 5), (plan.Verify, plan.Compression, plan.Parallel));
    }

    [Fact]
    public void Plan_needs_only_its_databases()
    {
        var config = Load(Databases + "backupPlans: { nightly: { databases: all } }");

        var plan = Assert.Single(config.BackupPlans);
        Assert.Equal(["auth", "trading"], plan.Databases.Select(d => d.Name));
        var place = new FolderPlaceConfig { Name = "local", Directory = Path.Join(_folder.Path, "backups") };
        Assert.Equal([place], plan.Places);
        Assert.Equal([place], config.Places);
        Assert.Null(plan.Schedule);
        Assert.Equal((7, null, null, null), (plan.Keep.Days, plan.Keep.Daily, plan.Keep.Weekly, plan.Keep.Monthly));
        Assert.Equal((BackupProof.Integrity, BackupCompression.Auto, 2), (plan.Verify, plan.Compression, plan.Parallel));
        Assert.Empty(config.Jobs);
        Assert.Empty(config.Tiers);
        Assert.Null(config.Encryption);
    }

    [Fact]
    public void Databases_alone_are_a_configuration()
    {
        var config = Load(Databases);

        Assert.Equal("local", Assert.Single(config.Places).Name);
        Assert.Empty(config.BackupPlans);
    }

    [Theory]
    [InlineData("keep: { days: 30 }", 30, null)]
    [InlineData("keep: { daily: 7 }", null, 7)]
    [InlineData("keep: { tags: { 'x*': 3 } }", 7, null)]
    [InlineData("keep: { }", 7, null)]
    [InlineData("keep: ", 7, null)]
    [InlineData("keep: { days: 2, daily: 7 }", 2, 7)]
    public void Seven_days_are_kept_where_no_other_rule_is_stated(string keep, int? days, int? daily)
    {
        var plan = Load(Databases + $"backupPlans:\n  nightly:\n    databases: [auth]\n    {keep}\n").BackupPlan("nightly");

        Assert.Equal((days, daily), (plan.Keep.Days, plan.Keep.Daily));
    }

    [Fact]
    public void Databases_of_a_plan_can_come_from_the_environment()
    {
        _environment["ONE"] = "trading";
        var config = Load(Databases + "backupPlans: { a: { databases: [\"${ONE}\"] }, b: { databases: \"${ALL:-all}\" } }");

        Assert.Equal("trading", Assert.Single(config.BackupPlan("a").Databases).Name);
        Assert.Equal(2, config.BackupPlan("b").Databases.Count);
    }

    [Theory]
    [InlineData("endpoint: \"${S3_ENDPOINT:-}\", accessKey: \"${S3_KEY:-}\", secretKey: \"${S3_SECRET:-}\"")]
    [InlineData("endpoint: , region: ''")]
    [InlineData("prefix: ''")]
    [InlineData("prefix: /")]
    public void What_is_empty_in_a_bucket_is_left_to_the_storage(string settings)
    {
        var place = Assert.IsType<S3PlaceConfig>(
            Load(Databases + $"places: {{ offsite: {{ s3: {{ bucket: b, {settings} }} }} }}").Place("offsite"));

        Assert.Equal((null, null, null, null, ""), (place.Endpoint, place.Region, place.AccessKey, place.SecretKey, place.Prefix));
    }

    [Theory]
    [InlineData("pg", "pg/")]
    [InlineData("/a/b/", "a/b/")]
    public void Prefix_is_a_folder(string prefix, string expected) =>
        Assert.Equal(
            expected,
            Assert.IsType<S3PlaceConfig>(Load(Databases + $"places: {{ o: {{ s3: {{ bucket: b, prefix: {prefix} "
                + "} } }").Places[0]).Prefix);

    [Theory]
    [InlineData("correct horse battery")]
    [InlineData("correct horse battery\n")]
    [InlineData("correct horse battery\r\n")]
    public void Passphrase_can_stand_in_a_file_of_its_own(string content)
    {
        _folder.Write("keys/passphrase", content);

        Assert.Equal(
            "correct horse battery",
            Load(Databases + "encryption: { passphraseFile: keys/passphrase }").Encryption!.Passphrase.Reveal());
    }

    [Fact]
    public void Spaces_belong_to_a_passphrase()
    {
        _folder.Write("passphrase", " correct horse \n");

        Assert.Equal(" correct horse ", Load(Databases + "encryption: { passphraseFile: passphrase }").Encryption!.Passphrase.Reveal());
    }

    [Fact]
    public void Jobs_keep_their_backups_beside_the_folders_of_the_place()
    {
        Load(Databases + "jobs: { auth-to-trading: { source: auth, target: trading } }");
        Load(Databases + "jobs: { auth-to-trading: { source: auth, target: trading, backups: { directory: backups } } }");
        Load(Databases + "jobs: { auth: { source: auth, target: trading, backups: { directory: elsewhere } } }");
        Load(Databases + "places: { near: { directory: kept } }\njobs: { auth: { source: auth, target: trading } }");
    }

    [Fact]
    public void Unknown_names_are_told_with_the_nearest()
    {
        var config = Load(Databases + "backupPlans: { nightly: { databases: all } }");

        Assert.EndsWith("Did you mean 'nightly'?", Assert.Throws<BackupSyncException>(() => config.BackupPlan("nigthly")).Message);
        Assert.EndsWith("It has: local.", Assert.Throws<BackupSyncException>(() => config.Place("offsite")).Message);
    }
}
