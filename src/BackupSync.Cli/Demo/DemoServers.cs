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

    DemoServers(SandboxServer railway, SandboxServer neon, PgToolset tools, string folder)
    {
        Railway = railway;
        Neon = neon;
        Folder = folder;
        Data = new DemoData(tools);
    }

    public SandboxServer Railway { get; }
    public SandboxServer Neon { get; }
    public DemoData Data { get; }
    public string Folder { get; }

    public static async Task<DemoServers> StartAsync(CancellationToken cancellationToken)
    {
        Screen.Heading("Two throw-away PostgreSQL servers");
        var railway = await StartAsync("railway", "railway", cancellationToken);
        SandboxServer? neon = null;
        try
        {
            neon = await StartAsync("neon", "neondb", cancellationToken);
            var tools = await new ToolLocator(new ToolsConfig()).FindAsync(railway.Version.Major, cancellationToken);
            return new DemoServers(railway, neon, tools, MakeFolder());
        }
        catch
        {
            if (neon is not null)
                await neon.DisposeAsync();
            await railway.DisposeAsync();
            throw;
        }
    }

    /// <summary>The job of <c>examples/quickstart.yml</c>, with the servers' URLs where its environment variables would be.</summary>
    public JobConfig LoadJob() => ConfigurationFile.Load(Path.Combine(Folder, ConfigurationFileName), name => name switch
    {
        "RAILWAY_DATABASE_URL" => Railway.ConnectionString,
        "DATABASE_URL" => Neon.ConnectionString,
        _ => null,
    }).Jobs.Single();

    public async ValueTask DisposeAsync()
    {
        await Neon.DisposeAsync();
        await Railway.DisposeAsync();
    }

    static async Task<SandboxServer> StartAsync(string name, string database, CancellationToken cancellationToken)
    {
        var server = await SandboxServer.StartAsync(
            new SandboxOptions { Name = name, Database = database, OnMessage = Screen.WriteLine },
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
