using System.Text;
using BackupSync.Configuration;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Configuration;

/// <summary>Secrets that a configuration has in files: all that can be wrong with a file is told when the secret is needed, and no part of it.</summary>
[Trait("Needs", "nothing")]
public sealed class SecretFileTests : IDisposable
{
    const string Url = "postgresql://u:Zq7Wk9@h/prod";

    readonly TempFolder _folder = new();
    readonly Dictionary<string, string> _environment = [];

    public void Dispose() => _folder.Dispose();

    BackupSyncConfig Load(string yaml) => ConfigurationFile.Load(_folder.Write("backupsync.yml", yaml), Environment);

    string? Environment(string name) => _environment.GetValueOrDefault(name);

    DatabaseConfig Database(string keys) => Load($"databases: {{ prod: {{ {keys} }} }}\n").Database("prod");

    /// <summary>What is held back until the database is needed, and told by a check at once.</summary>
    ConfigurationProblem Problem(string keys)
    {
        var database = Database(keys);
        var problem = Assert.Single(ConfigurationFile.Check(_folder.File("backupsync.yml"), Environment));
        Assert.Equal(problem, database.AddressProblem);
        Assert.Equal([problem], Assert.Throws<ConfigurationException>(() => database.Address).Problems);
        Assert.DoesNotContain("Zq7", $"{problem} {database} {database.Where}", StringComparison.Ordinal);
        return problem;
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Url_is_the_only_line_of_a_file(string end)
    {
        var file = _folder.Write("prod_url", Url + end);

        Assert.Equal(("prod", "Zq7Wk9"), (Database("urlFile: prod_url").Address.Database, Database($"urlFile: {file}").Address.Password));
        Assert.Equal("postgresql://u:***@h:5432/prod", Database("urlFile: ./prod_url").Where);
    }

    [Fact]
    public void File_is_relative_to_the_configuration_and_may_be_named_by_the_environment()
    {
        _folder.Write("secrets/prod_url", Url);
        _environment["CREDENTIALS_DIRECTORY"] = _folder.File("secrets");

        foreach (var written in new[] { "secrets/prod_url", "\"${CREDENTIALS_DIRECTORY}/prod_url\"", "credential:prod_url" })
            Assert.Equal("prod", Database($"urlFile: {written}").Address.Database);
    }

    [Theory]
    [InlineData("credential:prod", "needs the variable CREDENTIALS_DIRECTORY, which is not set: systemd sets it for a unit that has "
        + "LoadCredential=prod:PATH")]
    [InlineData("\"credential:\"", "names no credential: write credential:NAME, as in the unit's LoadCredential=NAME:PATH")]
    [InlineData("credential:../prod", "names no credential: write credential:NAME, as in the unit's LoadCredential=NAME:PATH")]
    [InlineData("\"${SECRETS}/prod\"", "the environment variable SECRETS is not set")]
    [InlineData("\"${SECRETS:-}\"", "${SECRETS:-} is empty")]
    [InlineData("\"a\\0b\"", "has a NUL character in it")]
    public void File_that_is_not_to_be_found_is_held_back_with_line_and_column(string written, string expected)
    {
        var problem = Problem($"urlFile: {written}");

        Assert.Equal((1, 31, "databases.prod.urlFile", expected), (problem.Line, problem.Column, problem.Key, problem.Message));
    }

    [Theory]
    [InlineData("", "the file {0} is empty")]
    [InlineData("\r\n", "the file {0} is empty")]
    [InlineData("\uFEFF" + Url, "the file {0} begins with a byte order mark; write it as plain UTF-8")]
    [InlineData(Url + "\n\n", "the URL in {0} has a line break or a NUL character in it; a URL is one line of text")]
    [InlineData(Url + "\n" + Url, "the URL in {0} has a line break or a NUL character in it; a URL is one line of text")]
    [InlineData("postgresql://u:Zq7Wk9\0@h/prod", "the URL in {0} has a line break or a NUL character in it; a URL is one line of text")]
    [InlineData("postgresql://u:Zq7@Wk9@h/prod",
        "the URL in {0} holds a second '@': one that belongs to the user or password is written %40.")]
    [InlineData("   ", "the URL in {0} is empty.")]
    public void File_that_holds_no_url_is_held_back_and_not_quoted(string content, string expected)
    {
        var file = _folder.Write("prod_url", content);

        Assert.Equal(expected.Replace("{0}", file, StringComparison.Ordinal), Problem("urlFile: prod_url").Message);
    }

    [Fact]
    public void What_is_no_file_with_a_secret_is_told_as_what_it_is()
    {
        var file = _folder.File("prod_url");
        Assert.Equal($"there is no file {file}", Problem("urlFile: prod_url").Message);
        Assert.Equal($"{_folder.Path} is a folder, not a file", Problem("urlFile: .").Message);

        File.WriteAllBytes(file, [0x7f, 0x45, 0xff, 0xfe, 0]);
        Assert.Equal($"the file {file} is not text in UTF-8", Problem("urlFile: prod_url").Message);
        using (var huge = File.OpenWrite(file))
            huge.SetLength(1L << 40);
        Assert.Equal($"the file {file} is too large to hold a URL", Problem("urlFile: prod_url").Message);
    }

    [SkippableFact]
    public void A_pipe_is_told_and_not_waited_for_and_a_link_leads_to_its_file()
    {
        Skip.If(OperatingSystem.IsWindows(), "Pipes with names in folders are Unix's.");
        using (var fifo = System.Diagnostics.Process.Start("mkfifo", _folder.File("pipe")))
            fifo.WaitForExit();
        Assert.Equal(
            $"{_folder.File("pipe")} is no regular file (a pipe, a socket or a device); write the URL into a file",
            Problem("urlFile: pipe").Message);

        // As Kubernetes mounts its secrets.
        _folder.Write("data/prod_url", Url);
        File.CreateSymbolicLink(_folder.File("link"), "data/prod_url");
        Assert.Equal("prod", Database("urlFile: link").Address.Database);
        File.CreateSymbolicLink(_folder.File("circle"), "circle");
        Assert.StartsWith($"the file {_folder.File("circle")} cannot be read: ", Problem("urlFile: circle").Message);
    }

    [SkippableFact]
    public async Task A_file_that_somebody_else_can_write_is_not_used()
    {
        var file = _folder.Write("prod_url", Url);
        Mode.Set(file, Mode.OwnerFile | UnixFileMode.OtherWrite);
        Assert.Equal(
            $"the file {file} others can write (mode 0602), so they could exchange what is in it: it is not used. "
                + $"Look through it, and close it to them: chmod go-w {file}",
            Problem("urlFile: prod_url").Message);

        using var shared = OtherUser.SharedFolder();
        await OtherUser.DoesAsync($"echo '{Url}' > {shared.File("prod_url")}");
        Assert.StartsWith(
            $"the file {shared.File("prod_url")} belongs to nobody, who could exchange what is in it: it is not used.",
            Problem($"urlFile: {shared.File("prod_url")}").Message);
    }

    /// <summary>The folder that tests have is closed, so that what is in it nobody reaches.</summary>
    [SkippableFact]
    public void A_file_that_everybody_can_read_is_used_with_a_warning()
    {
        var file = _folder.Write("prod_url", Url);
        Mode.Set(file, Mode.Everybody);
        const string Yaml = "databases: { prod: { urlFile: prod_url } }\n";
        Mode.Set(_folder.Path, Mode.OwnerFolder);
        Assert.Empty(Load(Yaml).Warnings);

        Mode.Set(_folder.Path, Mode.OwnerFolder | UnixFileMode.OtherExecute);
        var warning = Assert.Single(Load(Yaml).Warnings);
        Assert.Equal("prod", Load(Yaml).Database("prod").Address.Database);
        Assert.Equal(
            $"databases.prod.urlFile: the file {file} can be read by everybody on this machine (mode 0644). "
                + $"Close it to them: chmod go-rwx {file}", $"{warning.Key}: {warning.Message}");
        Assert.Equal([warning], ConfigurationFile.Check(_folder.File("backupsync.yml")));

        // As Docker mounts its secrets.
        Mode.Set(file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Empty(Load(Yaml).Warnings);
    }

    [SkippableFact]
    public void A_file_that_cannot_be_read_is_told_so()
    {
        Skip.If(OperatingSystem.IsWindows() || Environment("USER") == "root" || System.Environment.IsPrivilegedProcess,
            "Permissions do not bind this user.");
        var file = _folder.Write("prod_url", Url);
        Mode.Set(file, UnixFileMode.None);

        Assert.StartsWith($"the file {file} cannot be read: ", Problem("urlFile: prod_url").Message);
    }

    [Theory]
    [InlineData(@"p@ss:w/rd?#%41&'""\ ü=;$${x}")]
    [InlineData(" begins and ends with a space ")]
    public void Password_of_a_file_is_taken_as_it_is(string password)
    {
        File.WriteAllText(_folder.File("pw"), password + "\n", new UTF8Encoding(false));

        var address = Database("url: 'postgresql://u@h/prod', passwordFile: pw").Address;

        Assert.Equal((password, "u", "postgresql://u:***@h:5432/prod"), (address.Password, address.User, address.ToString()));
        Assert.Equal(password, address.ToNpgsql().Password);
        Assert.Equal(password, address.ToEnvironment()["PGPASSWORD"]);
    }

    [Fact]
    public void Password_goes_with_a_url_from_anywhere_that_has_none()
    {
        _folder.Write("url", "host=h dbname=prod user=u");
        _folder.Write("pw", "Zq7Wk9");
        _environment["PW"] = "Zq7Wk9";

        Assert.Equal("Zq7Wk9", Database("urlFile: url, passwordFile: pw").Address.Password);
        Assert.Equal("Zq7Wk9", Database("urlFile: url, password: \"${PW}\"").Address.Password);

        var problem = Problem($"url: '{Url}', passwordFile: pw");
        Assert.Equal(
            ("databases.prod.passwordFile", "stands beside a URL that has a password; leave one of the two out"),
            (problem.Key, problem.Message));
        Assert.Equal($"there is no file {_folder.File("none")}", Problem("urlFile: url, passwordFile: none").Message);
        Assert.Equal("the environment variable NO_PW is not set", Problem("urlFile: url, password: \"${NO_PW}\"").Message);
    }

    [Fact]
    public void Every_secret_can_be_in_a_file()
    {
        _folder.Write("url", Url);
        _folder.Write("console", "postgresql://admin:Zq7Wk9@h:6432/pgbouncer");
        _folder.Write("phrase", "correct horse battery\n");
        _folder.Write("id", "AKIA1\n");
        _folder.Write("key", "Zq7Wk9+/=\n");

        var config = Load("""
            databases: { prod: { urlFile: url, poolerFile: console } }
            encryption: { passphraseFile: phrase }
            places: { offsite: { s3: { bucket: b, accessKeyFile: id, secretKeyFile: key } } }
            """);

        Assert.Equal("pgbouncer", config.Database("prod").Pooler!.Database);
        Assert.Equal("correct horse battery", config.Encryption!.Passphrase.Reveal());
        var place = Assert.IsType<S3PlaceConfig>(config.Place("offsite"));
        Assert.Equal(("AKIA1", "Zq7Wk9+/="), (place.AccessKey, place.SecretKey!.Reveal()));
        Assert.DoesNotContain("Zq7", $"{config.Database("prod")} {place} {config.Encryption}", StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_of_a_place_that_are_missing_here_leave_the_others_usable()
    {
        var config = Load("""
            databases: { prod: { url: 'postgresql://h/prod' } }
            places: { near: { directory: near }, far: { s3: { bucket: b, accessKey: "${NO_ID}", secretKeyFile: none } } }
            """);

        Assert.Equal("near", config.Place("near").Name);
        var far = Assert.IsType<S3PlaceConfig>(config.Place("far"));
        Assert.Contains("NO_ID is not set", Assert.Throws<ConfigurationException>(() => far.AccessKey).Message, StringComparison.Ordinal);
        Assert.Contains("there is no file", Assert.Throws<ConfigurationException>(() => far.SecretKey).Message, StringComparison.Ordinal);
        Assert.Equal(
            ["places.far.s3.accessKey", "places.far.s3.secretKeyFile"],
            ConfigurationFile.Check(_folder.File("backupsync.yml"), Environment).Select(p => p.Key));
    }

    [Theory]
    [InlineData("url: x, urlFile: y", "databases.prod.urlFile: stands beside 'url'; the URL comes from one of them")]
    [InlineData("urlFile: [x]", "databases.prod.urlFile: must be the path of a file, not a list")]
    [InlineData("urlFile: ", "databases.prod.urlFile: has no value; it must be the path of a file")]
    [InlineData("urlCommand: op read x",
        "databases.prod.urlCommand: must be a list such as [op, read, \"op://vault/item/field\"], not a single value")]
    [InlineData("urlCommand: []",
        "databases.prod.urlCommand: must be a list such as [op, read, \"op://vault/item/field\"], not an empty one")]
    [InlineData("urlCommand: [sh, [x]]", "databases.prod.urlCommand[1]: must be some text, not a list")]
    [InlineData("urlSecret: ", "databases.prod.urlSecret: has no value; it must be the name of a secret, or vault/name")]
    [InlineData("urlfile: x", "databases.prod.urlfile: unknown key. Did you mean 'urlFile'?")]
    public void What_is_wrong_everywhere_makes_the_file_unusable(string keys, string expected)
    {
        var failure = Assert.Throws<ConfigurationException>(() => Database(keys));

        Assert.Contains(expected, failure.Problems.Select(p => $"{p.Key}: {p.Message}"));
    }
}
