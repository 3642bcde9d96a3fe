using BackupSync.Cli.Display;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.PgTools;
using BackupSync.Sandbox;

namespace BackupSync.Cli.Demo;

/// <summary>The two servers of the demo, gone when disposed, and the folder with its configuration and backups, which stays.</summary>
sealed class DemoServers : IAsyncDisposable
{
    const string ConfigurationFileName = "backupsync.yml";

    DemoServers(SandboxServer railway, SandboxServer neon, string folder)
    {
        Railway = railway;
        Neon = neon;
        Folder = folder;
    }

    public SandboxServer Railway { get; }
    public SandboxServer Neon { get; }
    public string Folder { get; }

    /// <param name="mayInstall">Asked, in a sentence, before server programs are installed that this machine lacks.</param>
    public static async Task<DemoServers> StartAsync(Func<string, bool> mayInstall, CancellationToken cancellationToken)
    {
        Screen.Heading("Two throw-away PostgreSQL servers");
        var install = new ServerInstaller(new DebianPackages(ChildProcess.RunAsync), mayInstall, Screen.WriteLine).InstallAsync;
        var railway = await StartAsync("railway", "railway", install, cancellationToken);
        SandboxServer? neon = null;
        try
        {
            neon = await StartAsync("neon", "neondb", install, cancellationToken);
            return new DemoServers(railway, neon, MakeFolder());
        }
        catch
        {
            if (neon is not null)
                await neon.DisposeAsync();
            await railway.DisposeAsync();
            throw;
        }
    }

    /// <summary><c>examples/quickstart.yml</c>, with the servers' URLs where its environment variables would be.</summary>
    public BackupSyncConfig LoadConfig() => ConfigurationFile.Load(Path.Combine(Folder, ConfigurationFileName), name => name switch
    {
        "RAILWAY_DATABASE_URL" => Railway.ConnectionString,
        "DATABASE_URL" => Neon.ConnectionString,
        _ => null,
    });

    public async ValueTask DisposeAsync()
    {
        await Neon.DisposeAsync();
        await Railway.DisposeAsync();
    }

    static async Task<SandboxServer> StartAsync(
        string name, string database, Func<int?, CancellationToken, Task<bool>> install, CancellationToken cancellationToken)
    {
        var server = await SandboxServer.StartAsync(
            new SandboxOptions { Name = name, Database = database, OnMessage = Screen.WriteLine, Install = install },
            cancellationToken);
        Screen.WriteLine($"{name,-8} PostgreSQL {server.Version}, database {database} on 127.0.0.1:{server.Port}");
        return server;
    }

    static string MakeFolder()
    {
        var folder = PrivateFile.CreateNewFolder(Path.GetTempPath(), $"backupsync-demo-{DateTime.UtcNow:yyyyMMdd-HHmmss}-");
        using var quickstart = typeof(DemoServers).Assembly.GetManifestResourceStream("quickstart.yml")!;
        using var file = PrivateFile.Create(Path.Combine(folder, ConfigurationFileName));
        quickstart.CopyTo(file);
        return folder;
    }
}
