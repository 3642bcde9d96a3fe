using BackupSync.Backups;
using BackupSync.PgTools;

namespace BackupSync.Tests.Operations.BackUp;

/// <summary>Standard programs alone bring a backup back, as docs/restore-runbook.md says.</summary>
public sealed class WithoutUsTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Openssl_and_pg_restore_bring_a_backup_back(bool encrypted)
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted);
        await vault.Server.ExecuteAsync("SELECT lo_create(0), lo_from_bytea(0, convert_to(repeat('large', 300000), 'UTF8'))");
        await vault.Server.ExecuteAsync($"ALTER DATABASE {vault.Server.Name} SET work_mem = '7MB'");
        var backup = await vault.BackUpWellAsync();
        var (archive, globals) = (backup.Path, BackupNames.GlobalsOf(backup.Path));
        if (encrypted)
            (archive, globals) = (await DecryptAsync(archive, vault.Folder
                .File("auth.dump")), await DecryptAsync(globals, vault.Folder.File("globals.sql")));
        await using var fresh = await servers.CreateTargetAsync();

        var restore = new ChildCommand(servers.Tools.PgRestore, "--exit-on-error", "--no-owner", $"--dbname={fresh.Name}", archive);
        var result = await ChildProcess.RunAsync(restore.ConnectedTo(fresh.Address), default);

        Assert.True(result.ExitCode == 0, result.ErrorTail);
        Scenario.AssertSame(await Scenario.ContentAsync(vault.Server.AsSuperuser), await Scenario.ContentAsync(fresh.AsSuperuser));
        var script = await File.ReadAllTextAsync(globals);
        Assert.Contains($"CREATE ROLE {vault.Server.Address.User};", script, StringComparison.Ordinal);
        Assert.Contains("7MB", script, StringComparison.Ordinal);
        Assert.DoesNotContain("PASSWORD", script, StringComparison.Ordinal);
    }

    static async Task<string> DecryptAsync(string file, string to)
    {
        var command = new ChildCommand("openssl",
            "enc", "-d", "-aes-256-cbc", "-pbkdf2", "-iter", "600000", "-md", "sha256", "-pass", "env:P", "-in", file, "-out", to)
        {
            Environment = new Dictionary<string, string?> { ["P"] = Vault.Passphrase.Reveal() },
        };
        try
        {
            var result = await ChildProcess.RunAsync(command, default);
            Assert.True(result.ExitCode == 0, result.ErrorTail);
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.ToolMissing)
        {
            Skip.If(true, $"openssl is not installed here: {e.Message}");
        }
        return to;
    }
}
