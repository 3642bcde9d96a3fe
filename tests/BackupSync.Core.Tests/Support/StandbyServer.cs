using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Sandbox;

namespace BackupSync.Tests;

/// <summary>A copy of a server's data folder that follows it, or that was promoted and goes its own way.</summary>
sealed class StandbyServer : IAsyncDisposable
{
    readonly UnprivilegedUser _user;
    readonly PgServerPrograms _programs;
    readonly DatabaseAddress _admin;
    readonly string _root;
    readonly int _port;

    StandbyServer(UnprivilegedUser user, PgServerPrograms programs, SandboxServer primary)
    {
        (_user, _programs, _port) = (user, programs, FreePort());
        _root = Path.Combine(user.TemporaryFolder(), "backupsync-standby-" + Guid.NewGuid().ToString("N"));
        _admin = Of(primary.Address);
    }

    string Data => Path.Combine(_root, "data");

    public static async Task<StandbyServer> StartAsync(SandboxServer primary)
    {
        var programs = await ServerPrograms.FindAsync(new ToolsConfig(), primary.Version.Major, null, default);
        var server = new StandbyServer(await UnprivilegedUser.FindAsync(default), programs, primary);
        Directory.CreateDirectory(server._root);
        // Its settings are its primary's.
        await server._user.GiveAsync(server._root, default);
        // The server's programs may be links; what they belong to has this one, too.
        var folder = Path.GetDirectoryName(File.ResolveLinkTarget(programs.PgCtl, returnFinalTarget: true)?.FullName ?? programs.PgCtl)!;
        await server.RunAsync(new ChildCommand(
            Path.Combine(folder, "pg_basebackup"), "-D", server.Data, "-R", "-X", "stream", "-c", "fast",
            "--no-sync").ConnectedTo(primary.Address));
        await server.RunAsync(new ChildCommand(programs.PgCtl, "start", "-D", server.Data, "-w", "-l", Path.Combine(server._root, "log"),
            "-o", string.Create(
                CultureInfo.InvariantCulture,
                $"-p {server._port} -c config_file='{Path.Combine(Path.GetDirectoryName(primary.DataDirectory)!, "sandbox.conf")}'")));
        return server;
    }

    /// <summary>The same database and role on this server.</summary>
    public DatabaseAddress Of(DatabaseAddress ofPrimary) => ofPrimary.WithHost("127.0.0.1", _port);

    /// <summary>From here on it follows nobody.</summary>
    public Task PromoteAsync() => TestDatabase.ScalarAsync<bool>(_admin, "SELECT pg_promote()");

    public Task PauseReplayAsync() => TestDatabase.ExecuteAsync(_admin, "SELECT pg_wal_replay_pause()");

    public Task ResumeReplayAsync() => TestDatabase.ExecuteAsync(_admin, "SELECT pg_wal_replay_resume()");

    /// <summary>Returns when it has replayed all that its primary has written so far.</summary>
    public async Task CatchUpAsync(SandboxServer primary)
    {
        var end = await TestDatabase.ScalarAsync<string>(primary.Address, "SELECT pg_logical_emit_message(true, 'test', '')::text");
        await Eventually.IsTrueAsync(
            () => TestDatabase.ScalarAsync<bool>(_admin, $"SELECT pg_last_wal_replay_lsn() >= '{end}'::pg_lsn"),
            "the standby catches up");
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
            await ChildProcess.RunAsync(
                _user.Run(new ChildCommand(_programs.PgCtl, "stop", "-D", Data, "-m", "immediate") { WorkingDirectory = "/" }),
                default);
        await ChildProcess.RunAsync(_user.Run(new ChildCommand("rm", "-rf", Data) { WorkingDirectory = "/" }), default);
        Directory.Delete(_root, recursive: true);
    }

    async Task RunAsync(ChildCommand command)
    {
        var result = await ChildProcess.RunAsync(_user.Run(command with { WorkingDirectory = "/" }), default);
        Assert.True(result.ExitCode == 0, $"{command}: {result.ErrorTail}");
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
