namespace BackupSync.Tests.CommandLine;

/// <summary>What has passwords in its memory is not written to a file, and lets nobody in.</summary>
public sealed class ProcessSecretsTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableFact]
    public async Task There_are_no_core_dumps_and_no_diagnostics_while_it_runs_and_nothing_is_left_when_it_is_killed()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Limits are read from /proc.");
        using var temporary = new TempFolder();
        await using var scenario = await CliScenario.CreateAsync(servers);
        var environment = scenario.Environment;
        (environment["TMPDIR"], environment["DOTNET_EnableDiagnostics"]) = (temporary.Path, null);
        string? limits = null;
        await using (var cli = Cli.Start(["sync", "railway-to-neon", "--yes"], environment, scenario.Folder, (running, line) =>
        {
            if (limits is not null || !line.Contains("Check started", StringComparison.Ordinal))
                return;
            limits = File.ReadAllText($"/proc/{running.ProcessId}/limits");
            running.Kill();
        }))
        {
            await cli.EndAsync();
        }

        Assert.Matches(@"Max core file size +1 ", limits!);
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(temporary.Path),
            f => f.Contains("dotnet-diagnostic", StringComparison.Ordinal) || f.Contains("clr-debug", StringComparison.Ordinal));
    }
}
