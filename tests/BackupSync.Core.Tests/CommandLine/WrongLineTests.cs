namespace BackupSync.Tests.CommandLine;

/// <summary>What nobody can have meant is refused before anything is read, and the help that tells how is named.</summary>
[Trait("Needs", "nothing")]
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
}
