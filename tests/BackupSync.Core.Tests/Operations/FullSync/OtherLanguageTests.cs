using System.Diagnostics;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Sandbox;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>
/// What goes wrong is known by its words where PostgreSQL's programs hand on no codes. A server that speaks German, as initdb sets it up on
/// a German machine, is answered as any other.
/// </summary>
public sealed class OtherLanguageTests
{
    const string Language = "de_DE.UTF-8";

    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task Rows_that_read_other_rows_are_loaded_after_them(PublishMode publish)
    {
        await using var server = await StartAsync();
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync("""
            CREATE TABLE t (id int);
            CREATE MATERIALIZED VIEW first_view AS SELECT 1 AS n;
            CREATE FUNCTION seen() RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT sum(n) FROM public.first_view); END';
            CREATE MATERIALIZED VIEW a_view AS SELECT seen();
            """);

        await scenario.SyncWellAsync();

        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM a_view WHERE seen = 1"));
    }

    [SkippableFact]
    public async Task What_the_server_refuses_is_left_out_of_a_restore()
    {
        await using var server = await StartAsync();
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await scenario.OnSourceAsync("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p); "
            + "SET session_replication_role = replica; INSERT INTO c VALUES (1)");
        var backup = (await scenario.SyncAsync()).SourceBackup!;

        var restored = await scenario.RestoreAsync(backup, options: new RunOptions { SkipRefused = true });

        Assert.True(restored.Success, $"{restored.Error}");
        Assert.Contains("c_p_fkey", Assert.Single(restored.LeftOut), StringComparison.Ordinal);
        Assert.Equal(1, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM c"));
    }

    /// <summary>An ordinary role may not set the language: who looks after the server is told what that costs.</summary>
    [SkippableFact]
    public async Task Who_may_not_change_it_is_told()
    {
        await using var server = await StartAsync();
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Auto, TestRole.Owner);
        await scenario.FillAsync();

        var result = await scenario.SyncWellAsync();

        var warning = Assert.Single(result.Warnings, w => w.Contains("not in English", StringComparison.Ordinal));
        Assert.Contains($"lc_messages is {Language}", warning, StringComparison.Ordinal);
        Assert.Contains("ALTER ROLE ", warning, StringComparison.Ordinal);
    }

    static async Task<SandboxServer> StartAsync()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no localedef.");
        using var list = Process.Start(new ProcessStartInfo("locale", "-a") { RedirectStandardOutput = true })!;
        var known = await list.StandardOutput.ReadToEndAsync();
        Skip.IfNot(
            known.Split('\n').Contains("de_DE.utf8"), "This machine has no German: localedef -i de_DE -f UTF-8 de_DE.UTF-8 makes it.");
        return await SandboxServer.StartAsync(new SandboxOptions
        {
            Name = "german", Settings = new Dictionary<string, string> { ["lc_messages"] = Language },
        }, default);
    }
}
