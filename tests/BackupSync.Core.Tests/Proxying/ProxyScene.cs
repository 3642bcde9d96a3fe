using System.Net;
using BackupSync.Postgres;
using BackupSync.Proxying;
using Npgsql;

namespace BackupSync.Tests.Proxying;

/// <summary>A database of one name and one role on two servers, and a proxy before them. Its table tells where one is.</summary>
sealed class ProxyScene : IAsyncDisposable
{
    const string Password = "of-the-proxy";

    readonly Servers _servers;
    readonly string _name = $"proxy_{Guid.NewGuid():N}"[..18];

    ProxyScene(Servers servers) => _servers = servers;

    public DatabaseProxy Proxy { get; private set; } = null!;

    public DatabaseHost First => new("127.0.0.1", _servers.Source.Port);

    public DatabaseHost Second => new("127.0.0.1", _servers.Target.Port);

    public static async Task<ProxyScene> CreateAsync(Servers servers, ProxyLimits? limits = null, TimeProvider? clock = null)
    {
        var scene = new ProxyScene(servers);
        foreach (var (server, text) in new[] { (servers.Source, "first"), (servers.Target, "second") })
        {
            await TestDatabase.ExecuteAsync(server.Address, $"CREATE ROLE {scene._name} LOGIN PASSWORD '{Password}'");
            await TestDatabase.ExecuteAsync(server.Address, $"CREATE DATABASE {scene._name} OWNER {scene._name}");
            await TestDatabase.ExecuteAsync(
                server.AddressFor(scene._name, scene._name, Password),
                $"CREATE TABLE side AS SELECT '{text}' AS name; CREATE TABLE ledger (id int)");
        }
        scene.Proxy = scene.Start(new ProxyRoute.To(scene.First), limits, clock);
        return scene;
    }

    public DatabaseProxy Start(ProxyRoute route, ProxyLimits? limits = null, TimeProvider? clock = null) =>
        DatabaseProxy.Start(new IPEndPoint(IPAddress.Loopback, 0), route, limits ?? new ProxyLimits(), clock ?? TimeProvider.System);

    public DatabaseAddress Through(DatabaseProxy? proxy = null) =>
        _servers.Source.AddressFor(_name, _name, Password).WithHost("127.0.0.1", (proxy ?? Proxy).EndPoint.Port);

    public async Task<NpgsqlConnection> ConnectAsync(string more = "", DatabaseProxy? proxy = null)
    {
        var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={(proxy ?? Proxy).EndPoint.Port};Username={_name};Password={Password};Database={_name};"
            + $"Pooling=false;Timeout=30;Command Timeout=60;SSL Mode=Disable;{more}");
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Which side a new client meets.</summary>
    public async Task<string> SideAsync()
    {
        await using var connection = await ConnectAsync();
        return await SideAsync(connection);
    }

    public static async Task<string> SideAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT name FROM side", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    public static async Task WriteAsync(NpgsqlConnection connection, int id)
    {
        await using var command = new NpgsqlCommand($"INSERT INTO ledger VALUES ({id})", connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>What a server was brought, asked without the proxy.</summary>
    public Task<int[]> LedgerAsync(DatabaseHost server) =>
        AskAsync<int[]>(server, "SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM ledger");

    /// <summary>How many sessions of the role a server has, or how many of them are at work.</summary>
    public Task<long> SessionsAsync(DatabaseHost server, bool atWork = false) => AskAsync<long>(
        server, $"SELECT count(*) FROM pg_stat_activity WHERE usename = '{_name}'{(atWork ? " AND state <> 'idle'" : "")}");

    async Task<T> AskAsync<T>(DatabaseHost server, string sql)
    {
        var of = server == First ? _servers.Source : _servers.Target;
        return (await TestDatabase.ScalarAsync<T>(of.Address.WithDatabase(_name), sql))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        foreach (var server in new[] { _servers.Source, _servers.Target })
        {
            await TestDatabase.ExecuteAsync(server.Address, $"DROP DATABASE {_name} WITH (FORCE)");
            await TestDatabase.ExecuteAsync(server.Address, $"DROP ROLE {_name}");
        }
    }
}
