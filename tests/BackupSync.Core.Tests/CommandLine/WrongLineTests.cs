using System.Text.Json;

namespace BackupSync.Tests.CommandLine;

/// <summary>What nobody can have meant is refused before anything is read, and the help that tells how is named.</summary>
public sealed class WrongLineTests
{
    [Theory]
    [InlineData("backups", "sales", "sign")]
    [InlineData("backups", "--latest", "sign", "--yes")]
    [InlineData("backups", "sign", "sales", "--job", "nightly")]
    public async Task A_choice_that_would_not_be_made_is_refused(params string[] line)
    {
        var result = await Cli.RunAsync(line);

        Assert.True(result.ExitCode == 2, result.All);
        Assert.Contains("sign", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith("See: backupsync backups sign --help", result.Errors.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Did you mean 'sync'?", "synk")]
    [InlineData("argument 'resotre'. Did you mean 'restore'?", "resotre", "shop")]
    [InlineData("Did you mean '--what-if'?", "sync", "--whatif")]
    public async Task What_was_mistyped_is_told_with_what_was_meant(string answer, params string[] line)
    {
        var result = await Cli.RunAsync(line);

        Assert.True(result.ExitCode == 2, result.All);
        Assert.Contains(answer, result.Errors, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Help_is_shown_by_every_word_for_it()
    {
        var asked = await Cli.RunAsync(["--help"]);
        Assert.Contains("restore-safety", asked.Output, StringComparison.Ordinal);

        Assert.Equal((0, asked.Output), (asked.ExitCode, (await Cli.RunAsync([])).Output));
        Assert.Equal(asked.Output, (await Cli.RunAsync(["help"])).Output);
        Assert.Equal((await Cli.RunAsync(["sync", "--help"])).Output, (await Cli.RunAsync(["help", "sync"])).Output);
        Assert.Equal(2, (await Cli.RunAsync(["help", "synk"])).ExitCode);
    }

    /// <summary>Whoever reads JSON reads why there is nothing else.</summary>
    [Theory]
    [InlineData("sync", "--json", "--config", "/none/backupsync.yml")]
    [InlineData("history", "--json", "--last", "none")]
    public async Task Failures_before_the_first_result_are_json_too(params string[] line)
    {
        var result = await Cli.RunAsync(line);

        var told = JsonDocument.Parse(result.Output).RootElement;
        Assert.False(told.GetProperty("Success").GetBoolean());
        Assert.StartsWith("BackupSync.Configuration", told.GetProperty("Error").GetProperty("Id").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(told.GetProperty("Error").GetProperty("Message").GetString()!);
        Assert.Equal(2, result.ExitCode);
    }
}
