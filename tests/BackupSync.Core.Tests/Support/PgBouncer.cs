using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Sandbox;

namespace BackupSync.Tests;

/// <summary>A PgBouncer in front of one server, if this machine has one.</summary>
sealed class PgBouncer : IAsyncDisposable
{
    const string Program = "pgbouncer";

    readonly TempFolder _folder = new();
    readonly UnprivilegedUser _user;
    ChildSession _process = null!;

    PgBouncer(UnprivilegedUser user) => _user = user;

    public int Port { get; private set; }

    /// <summary>Its console.</summary>
    public DatabaseAddress Console =>
        DatabaseAddress.Parse($"postgresql://console@127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}/pgbouncer");

    /// <param name="database">The only one that it knows; as that address's user, whoever its clients are.</param>
    public static async Task<PgBouncer> StartAsync(DatabaseAddress database, string mode = "transaction", string more = "")
    {
        var bouncer = new PgBouncer(await UnprivilegedUser.FindAsync(default));
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            bouncer.Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        var file = bouncer._folder.File("pgbouncer.ini");
        var password = database.Password!.Replace("'", "''", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file,
            $"""
            [databases]
            {database.Database} = host=127.0.0.1 port={database.Port} dbname={database.Database} user={database.User} password='{password}'
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {bouncer.Port}
            unix_socket_dir =
            auth_type = any
            admin_users = console
            pool_mode = {mode}
            {more}
            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            File.SetUnixFileMode(
                Path.GetDirectoryName(file)!,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        }
        try
        {
            var found = await ChildProcess.RunAsync(new ChildCommand(Program, "--version"), default);
            Skip.If(found.ExitCode != 0, "PgBouncer cannot be run here.");
        }
        catch (BackupSyncException missing) when (missing.ErrorId == ErrorIds.ToolMissing)
        {
            Skip.If(true, "PgBouncer is not installed here.");
        }
        bouncer._process = ChildSession.Start(bouncer._user.Run(new ChildCommand(Program, "--quiet", file) { WorkingDirectory = "/" }));
        await Eventually.IsTrueAsync(bouncer.AnswersAsync, "PgBouncer listens");
        return bouncer;
    }

    /// <summary>The same database and role, through it.</summary>
    public DatabaseAddress Of(DatabaseAddress direct) => direct.WithHost("127.0.0.1", Port);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            Assert.False(_process.Completion.IsCompleted, _process.ErrorTail);
            return false;
        }
    }
}
