using BackupSync.Configuration;

namespace BackupSync.Tests.Configuration;

/// <summary>Tiers, places, encryption and backup plans with mistakes: which are told, and where they are said to be.</summary>
[Trait("Needs", "nothing")]
public sealed class BackupPlanProblemTests : IDisposable
{
    const string Databases = "databases: { auth: { url: 'postgresql://h/auth' }, trading: { url: 'postgresql://h/trading' } }\n";

    readonly TempFolder _folder = new();
    readonly Dictionary<string, string> _environment = [];

    public void Dispose() => _folder.Dispose();

    string? Environment(string name) => _environment.GetValueOrDefault(name);

    string[] Problems(string yaml)
    {
        var path = _folder.Write("backupsync.yml", yaml);
        var exception = Assert.Throws<ConfigurationException>(() => ConfigurationFile.Load(path, Environment));
        Assert.Equal(exception.Problems, ConfigurationFile.Check(path, Environment));
        return [.. exception.Problems.Select(p => $"{p.Line}:{p.Column}: {p.Key}: {p.Message}")];
    }

    string Only(string yaml) => Assert.Single(Problems(Databases + yaml));

    /// <summary>What is held back: the configuration loads, the passphrase does not.</summary>
    ConfigurationProblem HeldBack(string yaml)
    {
        var path = _folder.Write("backupsync.yml", Databases + yaml);
        var config = ConfigurationFile.Load(path, Environment);
        var problem = Assert.Single(ConfigurationFile.Check(path, Environment));
        Assert.Equal(problem, config.Encryption!.Problem);
        Assert.Equal([problem], Assert.Throws<ConfigurationException>(() => config.Encryption.Passphrase).Problems);
        return problem;
    }

    [Fact]
    public void All_problems_are_told_at_once_in_the_order_of_the_file()
    {
        Assert.Equal(
            [
                "2:20: tiers.critical.rto: must be a duration such as 90s, 5m, 1h30m or 7d, more than 0 and at most 366d, not '1 hour'",
                "2:28: tiers.critical.rpa: unknown key. Did you mean 'rpo'?",
                "4:45: databases.auth.tier: there is no tier named 'critcal'. Did you mean 'critical'?",
                "6:3: places.near.directory: is missing: a place has a directory, or s3: { bucket: … }",
                "6:11: places.near.dir: unknown key; allowed are directory, s3",
                "7:18: places.offsite.s3.bucket: is missing: the name of the bucket that the backups go to",
                "7:20: places.offsite.s3.buckt: unknown key. Did you mean 'bucket'?",
                "8:13: encryption.passphrase: is missing: a text such as \"${BACKUPSYNC_PASSPHRASE}\"; or state a passphraseFile",
                "8:15: encryption.pass: unknown key; allowed are passphrase, passphraseFile, passphraseCommand, passphraseSecret",
                "11:23: backupPlans.nightly.databases[1]: there is no database named 'auht'. Did you mean 'auth'?",
                "12:14: backupPlans.nightly.places[0]: there is no place named 'offsit'. Did you mean 'offsite'?",
                "13:13: backupPlans.nightly.verify: must be one of none, integrity, drill, not 'dril'. Did you mean 'drill'?",
                "14:19: backupPlans.nightly.keep.days: must be a whole number from 1 to 36500, not '0'",
                "14:22: backupPlans.nightly.keep.weakly: unknown key. Did you mean 'weekly'?",
                "15:5: backupPlans.nightly.scheduled: unknown key. Did you mean 'schedule'?",
            ],
            Problems("""
            tiers:
              critical: { rto: 1 hour, rpa: 15m }
            databases:
              auth: { url: "postgresql://h/auth", tier: critcal }
            places:
              near: { dir: backups }
              offsite: { s3: { buckt: acme-dr } }
            encryption: { pass: "${BACKUPSYNC_PASSPHRASE}" }
            backupPlans:
              nightly:
                databases: [auth, auht]
                places: [offsit]
                verify: dril
                keep: { days: 0, weakly: 4 }
                scheduled: 5
            """));
    }

    [Theory]
    [InlineData(
        "both: { directory: x, s3: { bucket: b } }",
        "3:29: places.both.s3: stands beside 'directory'; a place is either of the two")]
    [InlineData("none: {}", "3:3: places.none.directory: is missing: a place has a directory, or s3: { bucket: … }")]
    [InlineData("none:", "3:3: places.none.directory: is missing: a place has a directory, or s3: { bucket: … }")]
    [InlineData("text: backups", "3:9: places.text: must be a mapping ('key: value' lines), not a single value")]
    [InlineData("o: { s3: acme-dr }", "3:12: places.o.s3: must be a mapping ('key: value' lines), not a single value")]
    [InlineData(
        "o: { s3: { bucket: acme/pg } }",
        "3:22: places.o.s3.bucket: must be the name of a bucket; what comes below it is the prefix, not 'acme/pg'")]
    [InlineData(
        "o: { s3: { bucket: } }",
        "3:22: places.o.s3.bucket: has no value; it must be the name of a bucket; what comes below it is the prefix")]
    [InlineData(
        "o: { s3: { bucket: b, endpoint: s3.example.com } }",
        "3:35: places.o.s3.endpoint: must be an address such as https://s3.example.com, without a user, not 's3.example.com'")]
    [InlineData(
        "o: { s3: { bucket: b, endpoint: 'ftp://h' } }",
        "3:35: places.o.s3.endpoint: must be an address such as https://s3.example.com, without a user, not what stands here")]
    [InlineData(
        "o: { s3: { bucket: b, endpoint: 'https://u:Zq7Wk9@h' } }",
        "3:35: places.o.s3.endpoint: must be an address such as https://s3.example.com, without a user, not what stands here")]
    [InlineData(
        "o: { s3: { bucket: b, endpoint: '${S3_ENDPOINT}' } }",
        "3:35: places.o.s3.endpoint: the environment variable S3_ENDPOINT is not set")]
    [InlineData(
        "o: { s3: { bucket: b, accessKey: a } }",
        "3:36: places.o.s3.accessKey: has no secretKey beside it; leave both out for AWS_ACCESS_KEY_ID, a profile or the machine's "
            + "own role")]
    [InlineData(
        "o: { s3: { bucket: b, secretKey: Zq7Wk9 } }",
        "3:36: places.o.s3.secretKey: has no accessKey beside it; leave both out for AWS_ACCESS_KEY_ID, a profile or the machine's "
            + "own role")]
    [InlineData("o: { s3: { bucket: b, acesKey: a } }", "3:25: places.o.s3.acesKey: unknown key. Did you mean 'accessKey'?")]
    public void Place_is_a_folder_or_a_bucket(string place, string expected)
    {
        Assert.Equal(expected, Only($"places:\n  {place}\n"));
        Assert.DoesNotContain("Zq7Wk9", expected);
    }

    [Theory]
    [InlineData(
        "a: { directory: x }",
        "b: { directory: ./y/../x/ }",
        "4:19: places.b.directory: is the place 'a' too; each place needs one of its own")]
    [InlineData(
        "a: { directory: x }",
        "b: { directory: x/auth }",
        "4:19: places.b.directory: is the folder of the database 'auth' in the place 'a' too; each place needs one of its own")]
    [InlineData(
        "a: { directory: x/auth }",
        "b: { directory: x }",
        "4:19: places.b.directory: has the place 'a' where its own backups of the database 'auth' belong")]
    [InlineData(
        "a: { s3: { bucket: x } }",
        "b: { s3: { bucket: x } }",
        "4:22: places.b.s3.bucket: is the place 'a' too; each place needs one of its own")]
    [InlineData(
        "a: { s3: { bucket: x, prefix: pg } }",
        "b: { s3: { bucket: x, prefix: pg/trading/ } }",
        "4:33: places.b.s3.prefix: is the folder of the database 'trading' in the place 'a' too; each place needs one of its own")]
    public void Two_places_cannot_share_a_folder(string one, string two, string expected) =>
        Assert.Equal(expected, Only($"places:\n  {one}\n  {two}\n"));

    [Theory]
    [InlineData(
        "places: { near: { directory: kept } }\njobs: { j: { source: auth, target: trading, backups: { directory: kept } } }",
        "3:67: jobs.j.backups.directory: is the place 'near' too; each job needs one of its own")]
    [InlineData(
        "places: { near: { directory: kept } }\njobs: { j: { source: auth, target: trading, backups: { directory: kept/auth } } }",
        "3:67: jobs.j.backups.directory: is the folder of the database 'auth' in the place 'near' too; each job needs one of its own")]
    [InlineData(
        "jobs: { auth: { source: auth, target: trading } }",
        "2:9: jobs.auth.backups.directory: is the folder of the database 'auth' in the place 'local' too; each job needs one of its own")]
    [InlineData(
        "jobs: { j: { source: auth, target: trading, backups: { directory: backups/trading } } }",
        "2:67: jobs.j.backups.directory: is the folder of the database 'trading' in the place 'local' too; each job needs one of its own")]
    public void Job_and_place_cannot_share_a_folder(string yaml, string expected) => Assert.Equal(expected, Only(yaml));

    [Fact]
    public void A_folder_is_the_same_one_through_a_link()
    {
        using var temp = new TempFolder();
        Directory.CreateDirectory(temp.File("real"));
        Directory.CreateSymbolicLink(temp.File("link"), "real");

        Assert.EndsWith(
            "places.b.directory: is the place 'a' too; each place needs one of its own",
            Only($"places:\n  a: {{ directory: '{temp.File("real")}' }}\n  b: {{ directory: '{temp.File("link")}' }}\n"));
        Assert.EndsWith(
            "jobs.j.backups.directory: is the place 'near' too; each job needs one of its own",
            Only($"places: {{ near: {{ directory: '{temp.File("link")}' }} }}\n"
                + $"jobs: {{ j: {{ source: auth, target: trading, backups: {{ directory: '{temp.File("real")}' }} }} }}"));
    }

    [Theory]
    [InlineData("{}", "2:13: encryption.passphrase: is missing: a text such as \"${BACKUPSYNC_PASSPHRASE}\"; or state a passphraseFile")]
    [InlineData("", "2:12: encryption.passphrase: is missing: a text such as \"${BACKUPSYNC_PASSPHRASE}\"; or state a passphraseFile")]
    [InlineData(
        "{ passphrase: }",
        "2:27: encryption.passphrase: has no value; it must be a text such as \"${BACKUPSYNC_PASSPHRASE}\"; or state a passphraseFile")]
    [InlineData(
        "{ passphrase: [Zq7Wk9] }",
        "2:27: encryption.passphrase: must be a text such as \"${BACKUPSYNC_PASSPHRASE}\"; or state a passphraseFile, not a list")]
    [InlineData("{ passphrase: Zq7Wk9Zq7Wk }", "2:27: encryption.passphrase: is too short: at least 12 characters are needed")]
    [InlineData(
        "{ passphrase: \"Zq7Wk9\\nZq7Wk9Zq7Wk9\" }",
        "2:27: encryption.passphrase: has a line break or a NUL character in it; a passphrase is one line of text")]
    [InlineData(
        "{ passphrase: Zq7Wk9Zq7Wk9, passphraseFile: x }",
        "2:57: encryption.passphraseFile: stands beside 'passphrase'; the passphrase comes from one of them")]
    [InlineData("{ passphraseFile: [x] }", "2:31: encryption.passphraseFile: must be the path of a file, not a list")]
    [InlineData("Zq7Wk9Zq7Wk9", "2:13: encryption: must be a mapping ('key: value' lines), not a single value")]
    public void Encryption_that_is_wrong_everywhere_makes_the_file_unusable(string encryption, string expected)
    {
        Assert.Equal(expected, Only($"encryption: {encryption}\n"));
        Assert.DoesNotContain("Zq7", expected);
    }

    [Theory]
    [InlineData(null, "the environment variable PASSPHRASE is not set")]
    [InlineData("", "${PASSPHRASE} is empty")]
    [InlineData("Zq7Wk9", "is too short: at least 12 characters are needed")]
    [InlineData("Zq7Wk9Zq7Wk9\n", "has a line break or a NUL character in it; a passphrase is one line of text")]
    public void Passphrase_that_only_this_machine_lacks_is_held_back(string? value, string expected)
    {
        if (value is not null)
            _environment["PASSPHRASE"] = value;

        var problem = HeldBack("encryption: { passphrase: \"${PASSPHRASE}\" }");

        Assert.Equal((2, 27, "encryption.passphrase", expected), (problem.Line, problem.Column, problem.Key, problem.Message));
    }

    [Theory]
    [InlineData("", "the file {0} is empty")]
    [InlineData("\n", "the file {0} is empty")]
    [InlineData("Zq7Wk9\n", "the passphrase in {0} is too short: at least 12 characters are needed")]
    [InlineData("Zq7Wk9Zq7Wk9\n\n", "the passphrase in {0} has a line break or a NUL character in it; a passphrase is one line of text")]
    [InlineData("\uFEFFZq7Wk9Zq7Wk9\n", "the file {0} begins with a byte order mark; write it as plain UTF-8")]
    public void Passphrase_file_that_cannot_be_used_is_held_back(string content, string expected)
    {
        var file = _folder.Write("passphrase", content);

        var problem = HeldBack("encryption: { passphraseFile: passphrase }");

        Assert.Equal((2, 31, "encryption.passphraseFile"), (problem.Line, problem.Column, problem.Key));
        Assert.Equal(string.Format(System.Globalization.CultureInfo.InvariantCulture, expected, file), problem.Message);
    }

    [Fact]
    public void Passphrase_file_that_is_none_is_held_back()
    {
        var file = _folder.File("passphrase");
        Assert.Equal($"there is no file {file}", HeldBack("encryption: { passphraseFile: passphrase }").Message);
        Assert.Equal(
            "the environment variable PASSPHRASE_FILE is not set",
            HeldBack("encryption: { passphraseFile: \"${PASSPHRASE_FILE}\" }").Message);

        File.WriteAllBytes(file, [0xff, 0xfe, 0x41, 0]);
        Assert.Equal($"the file {file} is not text in UTF-8", HeldBack("encryption: { passphraseFile: passphrase }").Message);
        File.WriteAllText(file, new string('x', 1000));
        Assert.Equal($"the file {file} is too large to hold a passphrase", HeldBack("encryption: { passphraseFile: passphrase }").Message);
        Assert.Equal($"{_folder.Path} is a folder, not a file", HeldBack("encryption: { passphraseFile: . }").Message);
    }

    [Theory]
    [InlineData(
        "{}",
        "2:16: backupPlans.p.databases: is missing: the databases that are backed up, as a list such as [auth, trading], or all")]
    [InlineData(
        "{ databases: [] }",
        "2:32: backupPlans.p.databases: is missing: the databases that are backed up, as a list such as [auth, trading], or all")]
    [InlineData("{ databases: auth }", "2:32: backupPlans.p.databases: must be all, or a list such as [auth, trading], not 'auth'")]
    [InlineData("{ databases: { auth: } }", "2:32: backupPlans.p.databases: must be a list such as [a, b], not a mapping")]
    [InlineData(
        "{ databases: [zebra] }",
        "2:33: backupPlans.p.databases[0]: there is no database named 'zebra'. There are: auth, trading.")]
    [InlineData("{ databases: [auth, auth] }", "2:39: backupPlans.p.databases[1]: the database 'auth' is in this list twice")]
    [InlineData(
        "{ databases: all, places: [loca] }",
        "2:46: backupPlans.p.places[0]: there is no place named 'loca'. Did you mean 'local'?")]
    [InlineData("{ databases: all, places: local }", "2:45: backupPlans.p.places: must be a list such as [a, b], not a single value")]
    [InlineData("{ databases: all, places: [local, local] }", "2:53: backupPlans.p.places[1]: the place 'local' is in this list twice")]
    [InlineData(
        "{ databases: all, schedule: { cron: '0 25 * * *' } }",
        "2:55: backupPlans.p.schedule.cron: has '25' as its hour: 0 to 23, a list (1,2), a range (1-5) or a step (*/15) is allowed")]
    [InlineData(
        "{ databases: all, schedule: { every: 5m, cron: '0 2 * * *' } }",
        "2:56: backupPlans.p.schedule.every: stands beside 'cron'; a schedule has one of the two")]
    [InlineData(
        "{ databases: all, keep: { monthly: -1 } }",
        "2:54: backupPlans.p.keep.monthly: must be a whole number from 1 to 36500, not '-1'")]
    [InlineData("{ databases: all, keep: 7 }", "2:43: backupPlans.p.keep: must be a mapping ('key: value' lines), not a single value")]
    [InlineData("{ databases: all, limits: { dump: 1h } }", "2:47: backupPlans.p.limits.dump: unknown key; allowed are blocking")]
    [InlineData(
        "{ databases: all, keep: { yearly: 1 } }",
        "2:45: backupPlans.p.keep.yearly: unknown key; allowed are days, daily, weekly, monthly, tags")]
    [InlineData(
        "{ databases: all, keep: { tags: { 'x*': 0 } } }",
        "2:59: backupPlans.p.keep.tags.x*: must be a whole number of days from 1 to 36500, or forever, not '0'")]
    [InlineData(
        "{ databases: all, keep: { tags: { 'x*': forevr } } }",
        "2:59: backupPlans.p.keep.tags.x*: must be a whole number of days from 1 to 36500, or forever, not 'forevr'")]
    [InlineData(
        "{ databases: all, keep: { tags: [x] } }",
        "2:51: backupPlans.p.keep.tags: must be a mapping ('key: value' lines), not a list")]
    [InlineData("{ databases: all, parallel: 0 }", "2:47: backupPlans.p.parallel: must be a whole number from 1 to 64, not '0'")]
    [InlineData(
        "{ databases: all, compression: zip }",
        "2:50: backupPlans.p.compression: must be one of auto, none, gzip, lz4, zstd, not 'zip'. Did you mean 'gzip'?")]
    [InlineData("{ databases: all, verfy: none }", "2:37: backupPlans.p.verfy: unknown key. Did you mean 'verify'?")]
    public void Mistake_in_a_plan_is_told_with_what_is_allowed(string plan, string expected) =>
        Assert.Equal(expected, Only($"backupPlans: {{ p: {plan} }}\n"));
}
