using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using BackupSync.Files;
using BackupSync.PgTools;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Sandbox;

/// <summary>
/// A throw-away PostgreSQL server on this machine: in a temporary folder, reachable by loopback only, gone when disposed.
/// What a killed process leaves of its sandboxes is cleared when the next one is started.
/// </summary>
public sealed class SandboxServer : IAsyncDisposable
{
    readonly SandboxOptions _options;
    readonly PgServerPrograms _programs;
    readonly UnprivilegedUser _user;
    readonly SandboxFolder _folder;
    readonly string _password = RandomNumberGenerator.GetHexString(32, lowercase: true);
    bool _disposed;

    SandboxServer(SandboxOptions options, PgServerPrograms programs, UnprivilegedUser user, SandboxFolder folder)
    {
        _options = options;
        _programs = programs;
        _user = user;
        _folder = folder;
        Port = options.Port ?? FreePort();
    }

    public int Port { get; private set; }

    public PgVersion Version => _programs.Version;

    public string DataDirectory => _folder.Data;

    /// <summary>The postmaster's process id; null where it does not run.</summary>
    public int? ServerProcessId => _folder.Server()?.Id;

    /// <summary>The database of the options, as the superuser.</summary>
    public DatabaseAddress Address => AddressFor(_options.Database, _options.Superuser, _password);

    /// <summary>The same as a URI, with its password: for configurations and environment variables.</summary>
    public string ConnectionString => ConnectionStringFor(_options.Database, _options.Superuser, _password);

    /// <summary>Makes a new server and starts it; it accepts connections when this returns.</summary>
    /// <exception cref="BackupSyncException">There are no server programs, or the server does not start; its log's end is told.</exception>
    public static async Task<SandboxServer> StartAsync(SandboxOptions options, CancellationToken ct)
    {
        var programs = await ServerPrograms.FindAsync(options.Tools, options.Major, options.Install, ct, options.OrNewer);
        var user = await UnprivilegedUser.FindAsync(ct);
        var parent = user.TemporaryFolder();
        await ClearOrphansAsync(parent, user, ct);
        var sandbox = new SandboxServer(options, programs, user, SandboxFolder.Create(parent, options.Name));
        try
        {
            await sandbox.InitialiseAsync(ct);
            await sandbox.LaunchOnFreePortAsync(ct);
            await sandbox.CreateDatabaseAsync(ct);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    public DatabaseAddress AddressFor(string database, string user, string password) =>
        DatabaseAddress.Parse(ConnectionStringFor(database, user, password));

    public string ConnectionStringFor(string database, string user, string password) => string.Create(CultureInfo.InvariantCulture,
        $"postgresql://{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@127.0.0.1:{Port}/{Uri.EscapeDataString(database)}");

    /// <summary>Starts the stopped or killed server again, on the same port and data.</summary>
    public Task StartAgainAsync(CancellationToken ct) => LaunchAsync(ct);

    /// <summary>Stops the server and starts it again.</summary>
    public async Task RestartAsync(CancellationToken ct)
    {
        await StopAsync(immediate: false, ct);
        await LaunchAsync(ct);
    }

    /// <summary>Stops the server; it can be started again. Nothing happens where it does not run.</summary>
    /// <param name="immediate">Without a checkpoint, as in a crash: the next start recovers.</param>
    public async Task StopAsync(bool immediate, CancellationToken ct)
    {
        if (_folder.Server() is not { } server)
            return;
        var result = await ChildProcess.RunAsync(PgCtl("stop", _options.Limit, "-m", immediate ? "immediate" : "fast"), ct);
        if (result.ExitCode != 0 && server.IsAlive)
            throw Failed("does not stop", result);
    }

    /// <summary>Ends the server and all its sessions as <c>kill -9</c> does.</summary>
    public async Task KillAsync(CancellationToken ct)
    {
        if (_folder.Server() is { } server)
            await server.KillAsync(ct);
    }

    /// <summary>Ends the server and removes all it was.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        using var limit = new CancellationTokenSource(_options.Limit);
        if (_folder.Server() is not null)
            await ChildProcess.RunAsync(PgCtl("stop", TimeSpan.FromSeconds(10), "-m", "immediate"), limit.Token);
        await _folder.RemoveAsync(_user, limit.Token);
    }

    static async Task ClearOrphansAsync(string parent, UnprivilegedUser user, CancellationToken ct)
    {
        foreach (var orphan in SandboxFolder.Orphans(parent))
            await orphan.RemoveAsync(user, ct);
    }

    async Task InitialiseAsync(CancellationToken ct)
    {
        await using (var file = PrivateFile.Create(_folder.PasswordFile))
            await file.WriteAsync(Encoding.UTF8.GetBytes(_password), ct);
        await _user.GiveAsync(_folder.PasswordFile, ct);
        await _user.GiveAsync(_folder.Data, ct);
        // To be passed through, neither listed nor written to.
        if (!OperatingSystem.IsWindows() && _user.IsAnother)
            File.SetUnixFileMode(_folder.Root, File.GetUnixFileMode(_folder.Root) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        // Of the locales that order by bytes, the one that knows letters beyond ASCII; not every system has it.
        var result = await InitDbAsync("C.UTF-8", ct);
        if (result.ExitCode != 0 && result.ErrorTail.Contains("locale", StringComparison.Ordinal))
            result = await InitDbAsync("C", ct);
        if (result.ExitCode != 0)
            throw Failed("cannot be made", result);
        File.Delete(_folder.PasswordFile);
    }

    Task<ChildResult> InitDbAsync(string locale, CancellationToken ct) => ChildProcess.RunAsync(_user.Run(
        new ChildCommand(
            _programs.InitDb, "-D", _folder.Data, "-U", _options.Superuser, $"--pwfile={_folder.PasswordFile}", "--auth=scram-sha-256",
            "--encoding=UTF8", $"--locale={locale}", "--no-sync", "--no-instructions") { WorkingDirectory = _folder.Root }), ct);

    /// <summary>Between the choice of a free port and its use another process can take it.</summary>
    async Task LaunchOnFreePortAsync(CancellationToken ct)
    {
        const int Attempts = 5;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await LaunchAsync(ct);
                return;
            }
            catch (BackupSyncException e) when (attempt < Attempts && _options.Port is null
                && e.Detail?.Contains("in use", StringComparison.Ordinal) == true)
            {
                Port = FreePort();
            }
        }
    }

    async Task LaunchAsync(CancellationToken ct)
    {
        await File.WriteAllTextAsync(_folder.Settings, Settings(), ct);
        // The server's user is to read it, whatever the umask; it holds no secret.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(
                _folder.Settings,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var result = await ChildProcess.RunAsync(
            PgCtl("start", _options.Limit, "-l", _folder.Log, "-o", $"-c config_file={ShellQuoted(_folder.Settings)}"),
            ct);
        if (result.ExitCode != 0)
            throw Failed("does not start", result);
    }

    async Task CreateDatabaseAsync(CancellationToken ct)
    {
        if (_options.Database == "postgres")
            return;
        await using var connection = new NpgsqlConnection(Address.WithDatabase("postgres").ToNpgsql().ConnectionString);
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE \"{_options.Database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>As postgresql.conf, which the last mention of a setting wins.</summary>
    string Settings()
    {
        var settings = new List<KeyValuePair<string, string>>
        {
            new("include", Path.Combine(_folder.Data, "postgresql.conf").Replace('\\', '/')),
            new("listen_addresses", "127.0.0.1"),
            new("port", Port.ToString(CultureInfo.InvariantCulture)),
            new("logging_collector", "off"),
            new("timezone", "UTC"),
            new("log_timezone", "UTC"),
        };
        if (!OperatingSystem.IsWindows())
        {
            settings.Add(new("unix_socket_directories", ""));
            // In the data folder, so that a killed server leaves nothing elsewhere.
            settings.Add(new("dynamic_shared_memory_type", "mmap"));
        }
        if (!_options.Fsync)
            settings.AddRange([new("fsync", "off"), new("full_page_writes", "off"), new("synchronous_commit", "off")]);
        settings.AddRange(_options.Settings);
        return string.Concat(settings.Select(s => $"{s.Key} = '{s.Value.Replace("'", "''", StringComparison.Ordinal)}'\n"));
    }

    ChildCommand PgCtl(string action, TimeSpan limit, params string[] arguments) => _user.Run(new ChildCommand(_programs.PgCtl,
        [action, "-D", _folder.Data, "-w", "-t", ((int)limit.TotalSeconds).ToString(CultureInfo.InvariantCulture), .. arguments])
    {
        WorkingDirectory = _folder.Root,
    });

    BackupSyncException Failed(string what, ChildResult result) =>
        new(ErrorIds.SandboxFailed, $"The throw-away server '{_options.Name}' ({_programs.Version}) {what}.")
        {
            Detail = string.Join(Environment.NewLine, new[] { result.ErrorTail, _folder.LogTail() }.Where(t => t.Length > 0)),
        };

    /// <summary>As pg_ctl's shell reads it.</summary>
    static string ShellQuoted(string text) => OperatingSystem.IsWindows()
        ? $"\"{text}\""
        : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
