using System.Text.Json;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.CommandLine;

/// <summary>The real program with secrets that are in no variable of its own.</summary>
public sealed class SecretSourcesTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableFact]
    public async Task Secrets_come_from_files_credentials_and_commands()
    {
        Skip.If(OperatingSystem.IsWindows(), "The command is cat.");
        await using var scenario = await CliScenario.CreateAsync(servers);
        using var folder = new TempFolder();
        var uri = new Uri(scenario.SourceUrl);
        folder.Write("url", scenario.SourceUrl + "\n");
        folder.Write("password", Uri.UnescapeDataString(uri.UserInfo.Split(':')[1]) + "\n");
        var config = folder.Write("backupsync.yml", $$"""
            databases:
              file: { urlFile: url, role: production }
              credential: { urlFile: credential:url }
              command: { urlCommand: [cat, url] }
              apart: { url: "postgresql://{{uri.UserInfo.Split(':')[0]}}@{{uri.Authority}}{{uri.PathAndQuery}}", passwordFile: password }
            """);
        var environment = new Dictionary<string, string?> { ["CREDENTIALS_DIRECTORY"] = folder.Path, ["PGPASSWORD"] = null };

        var test = await Cli.RunAsync(["test", "--json", "--config", config], environment);

        Assert.True(test.ExitCode == 0, test.All);
        Assert.Equal(
            ["file", "credential", "command", "apart"],
            JsonDocument.Parse(test.Output).RootElement.EnumerateArray().Select(r => r.GetProperty("Name").GetString()));
        var check = await Cli.RunAsync(["check", config], environment);
        Assert.True(check.ExitCode == 0, check.All);
    }

    [SkippableFact]
    public async Task What_is_missing_is_told_of_its_database_and_by_a_check_of_all()
    {
        Skip.If(OperatingSystem.IsWindows(), "Modes are Unix's.");
        await using var scenario = await CliScenario.CreateAsync(servers);
        using var folder = new TempFolder();
        Mode.Set(folder.Path, Mode.OwnerFolder | UnixFileMode.OtherExecute);
        Mode.Set(folder.Write("url", scenario.SourceUrl), Mode.Everybody);
        var config = folder.Write("backupsync.yml", """
            databases:
              good: { urlFile: url }
              file: { urlFile: none }
              command: { urlCommand: [sh, -c, "echo nobody is signed in >&2; exit 7"] }
              vault: { urlSecret: prod-url }
            """);

        var good = await Cli.RunAsync(["test", "good", "--config", config]);
        Assert.True(good.ExitCode == 0, good.All);
        Assert.Contains("databases.good.urlFile: the file ", good.Errors, StringComparison.Ordinal);
        Assert.Contains("can be read by everybody on this machine (mode 0644)", good.Errors, StringComparison.Ordinal);

        var command = await Cli.RunAsync(["test", "command", "--config", config]);
        Assert.NotEqual(0, command.ExitCode);
        Assert.Contains("the command sh failed (exit code 7): nobody is signed in", command.Errors, StringComparison.Ordinal);

        var check = await Cli.RunAsync(["check", config]);
        Assert.Equal(2, check.ExitCode);
        Assert.Contains($"{config}:2:20: databases.good.urlFile: the file ", check.Output, StringComparison.Ordinal);
        Assert.Contains($"{config}:3:20: databases.file.urlFile: there is no file ", check.Output, StringComparison.Ordinal);
        Assert.Contains($"{config}:5:23: databases.vault.urlSecret: the secret 'prod-url' is one of PowerShell's", check.Output,
            StringComparison.Ordinal);
        Assert.DoesNotContain("databases.command", check.Output, StringComparison.Ordinal);
    }
}
