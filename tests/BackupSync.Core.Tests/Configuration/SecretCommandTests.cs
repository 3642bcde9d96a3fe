using BackupSync.Configuration;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Configuration;

/// <summary>Secrets that a program prints, or that a vault has: got when they are needed, once, and in no message.</summary>
[Trait("Needs", "nothing")]
public sealed class SecretCommandTests : IDisposable
{
    const string Url = "postgresql://u:Zq7Wk9@h/prod";

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    BackupSyncConfig Load(string yaml) => ConfigurationFile.Load(_folder.Write("backupsync.yml", yaml));

    DatabaseConfig Database(string keys) => Load($"databases: {{ prod: {{ {keys} }} }}\n").Database("prod");

    /// <summary>Of what a shell does in place of a password manager.</summary>
    DatabaseConfig Script(string script)
    {
        Skip.If(OperatingSystem.IsWindows(), "The scripts are of sh.");
        return Database($"urlCommand: [sh, -c, {System.Text.Json.JsonSerializer.Serialize(script)}]");
    }

    string Fault(DatabaseConfig database)
    {
        var problem = Assert.Single(Assert.Throws<ConfigurationException>(() => database.Address).Problems);
        Assert.Equal(problem, database.AddressProblem);
        Assert.DoesNotContain("Zq7", $"{problem} {database} {database.Where}", StringComparison.Ordinal);
        Assert.Equal((1, 34, "databases.prod.urlCommand"), (problem.Line, problem.Column, problem.Key));
        return problem.Message;
    }

    [SkippableFact]
    public void Command_runs_once_and_not_before_its_secret_is_needed()
    {
        var database = Script($"echo ran >> {_folder.File("runs")}; printf '%s\\n' '{Url}'");

        Assert.Empty(ConfigurationFile.Check(_folder.File("backupsync.yml")));
        Assert.Equal(("from the command sh", "prod (from the command sh)"), (database.Where, database.ToString()));
        Assert.False(File.Exists(_folder.File("runs")));

        Assert.Equal(("prod", "Zq7Wk9"), (database.Address.Database, (database with { Tier = null }).Address.Password));
        Assert.Equal("postgresql://u:***@h:5432/prod", database.Where);
        Assert.Equal(["ran"], File.ReadAllLines(_folder.File("runs")));
    }

    [SkippableTheory]
    [InlineData("true", "what the command sh prints is empty")]
    [InlineData("echo", "what the command sh prints is empty")]
    [InlineData("echo 'no account is signed in.' >&2; true", "what the command sh prints is empty: no account is signed in")]
    [InlineData("echo " + Url + "; echo " + Url,
        "the URL that the command sh prints has a line break or a NUL character in it; a URL is one line of text")]
    [InlineData("printf '\\377\\376'", "what the command sh prints is not text in UTF-8")]
    [InlineData("echo 'Zq7Wk9 is no URL'",
        "the URL that the command sh prints is neither a URI ('postgresql://user:password@host:port/database') nor 'key=value'.")]
    [InlineData("while echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; do :; done", "the command sh prints more than a URL has")]
    [InlineData("exit 3", "the command sh failed (exit code 3)")]
    [InlineData("echo '[ERROR] no such item' >&2; echo 'try: op signin' >&2; exit 1",
        "the command sh failed (exit code 1): [ERROR] no such item try: op signin")]
    [InlineData("echo Zq7Wk9; echo 'bad value Zq7Wk9 of postgresql://u:Zq7x@h/d, password=Zq7y' >&2; exit 1",
        "the command sh failed (exit code 1): bad value *** of postgresql://u:***@h/d, password=***")]
    public void Command_that_gives_no_secret_is_told_with_its_words_and_without_what_it_prints(string script, string expected) =>
        Assert.Equal(expected, Fault(Script(script)));

    [Theory]
    [InlineData("backupsync-has-no-such-program")]
    [InlineData("./none")]
    public void Command_that_is_missing_is_told_by_a_check(string program)
    {
        var message = $"there is no program {program} on this machine";

        Assert.Equal(message, Fault(Database($"urlCommand: [{program}]")));
        Assert.Equal([message], ConfigurationFile.Check(_folder.File("backupsync.yml")).Select(p => p.Message));
    }

    [SkippableFact]
    public void Command_with_a_path_is_relative_to_the_configuration_and_runs_there()
    {
        var file = _folder.Write("bin/secret", "#!/bin/sh\ncat \"$1\"; read nothing || true\n");
        _folder.Write("a url", Url);
        Mode.Set(file, Mode.OwnerFolder);

        Assert.Equal("prod", Database("urlCommand: [bin/secret, a url]").Address.Database);
    }

    [SkippableFact]
    public void Command_that_does_not_end_is_ended_with_what_it_has_started()
    {
        Skip.If(OperatingSystem.IsWindows(), "The scripts are of sh.");

        var (text, fault) = SecretCommand.Run(
            "/bin/sh", ["-c", "echo Zq7Wk9; sleep 600 & wait"], "URL", 100, _folder.Path, TimeSpan.FromMilliseconds(300));

        Assert.Equal(
            (null, "the command sh did not end within 0.3s; it is run without input, and cannot ask for anything"), (text, fault));
    }

    [SkippableFact]
    public void Command_that_leaves_an_agent_behind_is_not_waited_for()
    {
        Skip.If(OperatingSystem.IsWindows(), "The scripts are of sh.");

        var (text, _) = SecretCommand.Run(
            "/bin/sh", ["-c", "sleep 60 & echo Zq7Wk9"], "URL", 100, _folder.Path, SecretCommand.Limit);

        Assert.Equal("Zq7Wk9", text);
    }

    [SkippableFact]
    public void Every_secret_can_come_from_a_command()
    {
        Skip.If(OperatingSystem.IsWindows(), "The scripts are of sh.");
        var config = Load("""
            databases: { prod: { url: 'postgresql://u@h/prod', passwordCommand: [echo, "p@ss w"], poolerCommand: [echo, 'postgresql://h/b'] } }
            encryption: { passphraseCommand: [echo, correct horse battery] }
            places: { offsite: { s3: { bucket: b, accessKey: AKIA1, secretKeyCommand: [echo, Zq7Wk9] } } }
            """);

        Assert.Equal("p@ss w", config.Database("prod").Address.Password);
        Assert.Equal("b", config.Database("prod").Pooler!.Database);
        Assert.Equal("correct horse battery", config.Encryption!.Passphrase.Reveal());
        Assert.Equal("Zq7Wk9", Assert.IsType<S3PlaceConfig>(config.Place("offsite")).SecretKey!.Reveal());
    }

    [Theory]
    [InlineData("prod-url", null)]
    [InlineData("team/prod-url", "team")]
    public async Task Secret_of_a_vault_is_asked_for_by_whoever_can_when_it_is_needed(string written, string? vault)
    {
        var asked = new List<(string, string?)>();
        var database = Database($"urlSecret: {written}");
        using (SecretVault.Use((name, from) =>
        {
            asked.Add((name, from));
            return Url;
        }))
        {
            Assert.Empty(asked);
            Assert.Equal($"from the secret '{written}'", database.Where);
            Assert.Empty(ConfigurationFile.Check(_folder.File("backupsync.yml")));
            Assert.Equal("prod", (await Task.Run(() => database.Address)).Database);
        }
        Assert.Equal([("prod-url", vault)], asked);
    }

    [Fact]
    public void Secret_of_a_vault_that_nobody_can_ask_is_told_with_what_can()
    {
        var database = Database("urlSecret: team/prod-url");

        var problem = Assert.Single(ConfigurationFile.Check(_folder.File("backupsync.yml")));
        Assert.Equal(problem, database.AddressProblem);
        Assert.Equal(
            "the secret 'team/prod-url' is one of PowerShell's SecretManagement, which only the cmdlets of the module BackupSync ask. Use "
                + "these, or a command: [pwsh, -NoProfile, -Command, \"Get-Secret prod-url -Vault team -AsPlainText\"]",
            problem.Message);
    }

    /// <summary>Format-List and ConvertTo-Json look at all properties of a configuration, outside of every cmdlet.</summary>
    [Theory]
    [InlineData("urlSecret: prod-url", Url)]
    [InlineData("url: postgresql://u@h/prod, passwordSecret: word", "word")]
    public void Vault_is_asked_by_who_can_although_somebody_has_looked_who_could_not(string keys, string secret)
    {
        var database = Database(keys);

        Assert.NotNull(database.AddressProblem);
        Assert.StartsWith("from the secret '", database.Where, StringComparison.Ordinal);
        using (SecretVault.Use((_, _) => secret))
            Assert.Equal("prod", database.Address.Database);
        Assert.Null(database.AddressProblem);
    }

    [Fact]
    public void Vault_that_fails_says_why()
    {
        var database = Database("urlSecret: prod-url");
        using (SecretVault.Use((_, _) => throw new BackupSyncException(ErrorIds.ConfigurationInvalid, "the vault is locked")))
            Assert.Equal("the vault is locked", database.AddressProblem!.Message);
    }

    /// <summary>Who can write it has any program run as us, whoever wrote the configuration.</summary>
    [SkippableFact]
    public void A_program_that_others_can_write_is_not_run()
    {
        Skip.If(OperatingSystem.IsWindows(), "Modes are of Unix.");
        var program = _folder.Write("print", $"#!/bin/sh\ntouch {_folder.File("ran")}\necho {Url}\n");
        Mode.Set(program, (UnixFileMode)Convert.ToInt32("777", 8));

        Assert.Contains(
            $"the program {program} others can write (mode 0777)", Fault(Database("urlCommand: [./print]")), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("ran")));

        Mode.Set(program, (UnixFileMode)Convert.ToInt32("755", 8));
        Assert.Equal("prod", Database("urlCommand: [./print]").Address.Database);
    }
}
