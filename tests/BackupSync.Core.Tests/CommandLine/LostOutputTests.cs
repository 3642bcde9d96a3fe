namespace BackupSync.Tests.CommandLine;

/// <summary>
/// The disk that a log goes to is full, or its stream is closed. A run has ended as it has ended, whoever could read of it, and a list
/// that nobody could read is a failure; nothing aborts.
/// </summary>
public sealed class LostOutputTests(Servers servers) : IClassFixture<Servers>
{
    public static TheoryData<string> Redirections => [">/dev/full", ">/dev/full 2>&1", ">&-", ">&- 2>&-"];

    [SkippableTheory]
    [MemberData(nameof(Redirections))]
    public async Task A_run_ends_as_it_has_ended(string redirection)
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 20);
        var good = await scenario.RunRedirectedAsync(redirection, "sync", "railway-to-neon", "--yes");
        Assert.True(good.ExitCode == 0, good.All);
        Assert.Equal(20, await scenario.UsersOnTargetAsync());

        await scenario.OnSourceAsync("TRUNCATE users");
        var refused = await scenario.RunRedirectedAsync(redirection, "sync", "railway-to-neon", "--yes");
        Assert.True(refused.ExitCode == 1, refused.All);
        Assert.Equal(20, await scenario.UsersOnTargetAsync());

        var list = await scenario.RunRedirectedAsync(redirection, "history");
        Assert.True(list.ExitCode == 1, list.All);
        if (!redirection.Contains("2>", StringComparison.Ordinal))
            Assert.Contains("Not all of the output could be written", good.Errors, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Redirections))]
    public async Task Nothing_aborts(string redirection)
    {
        Assert.Equal(1, (await Cli.RunRedirectedAsync(redirection, ["--help"])).ExitCode);
        Assert.Equal(2, (await Cli.RunRedirectedAsync(redirection, ["check", "/none/backupsync.yml"])).ExitCode);
        Assert.Equal(2, (await Cli.RunRedirectedAsync(redirection, ["synk", "--json"])).ExitCode);
    }
}
