using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Sandbox;
using Npgsql;

namespace BackupSync.Tests;

/// <summary>A database of a name that no other test has, owned by a role that no other test has. Both go when disposed.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    readonly DatabaseAddress _admin;

    TestDatabase(SandboxServer server, DatabaseAddress admin, DatabaseAddress address)
    {
        Server = server;
        _admin = admin;
        Address = address;
    }

    public SandboxServer Server { get; }

    /// <summary>As the test's role.</summary>
    public DatabaseAddress Address { get; }

    /// <summary>The same as a URI, with its password.</summary>
    public string ConnectionString => Server.ConnectionStringFor(Address.Database, Address.User, Password);

    /// <summary>The same database as the server's superuser.</summary>
    public DatabaseAddress AsSuperuser => _admin.WithDatabase(Address.Database);

    public string Name => Address.Database;

    /// <summary>Of every test's role. It has what connection strings have to escape.</summary>
    public const string Password = "p@ss/w:rd %41";

    public static async Task<TestDatabase> CreateAsync(SandboxServer server, TestRole role, string? name = null)
    {
        var admin = server.AddressFor("postgres", server.Address.User, server.Address.Password!);
        var unique = Guid.NewGuid().ToString("N")[..12];
        var user = $"role_{unique}";
        name ??= $"db_{unique}";
        var rights = role switch { TestRole.Superuser => "SUPERUSER", TestRole.Creator => "CREATEDB", _ => "" };
        await ExecuteAsync(admin, $"CREATE ROLE {user} LOGIN PASSWORD '{Password}' {rights}");
        await ExecuteAsync(admin, $"CREATE DATABASE {Quoted(name)} OWNER {user}");
        return new TestDatabase(server, admin, server.AddressFor(name, user, Password));
    }

    /// <summary>Loads the realistic schema and its rows, as the test's role.</summary>
    internal async Task<TestDatabase> WithRealisticDataAsync(PgToolset tools)
    {
        await new RealisticData(tools).LoadAsync(Address);
        return this;
    }

    public Task ExecuteAsync(string sql) => ExecuteAsync(Address, sql);

    public Task ExecuteAsSuperuserAsync(string sql) => ExecuteAsync(AsSuperuser, sql);

    public Task<T?> ScalarAsync<T>(string sql) => ScalarAsync<T>(Address, sql);

    /// <summary>An open session as the test's role.</summary>
    public Task<NpgsqlConnection> OpenAsync() => OpenAsync(Address);

    public static async Task ExecuteAsync(DatabaseAddress address, string sql)
    {
        await using var connection = await OpenAsync(address);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<T?> ScalarAsync<T>(DatabaseAddress address, string sql)
    {
        await using var connection = await OpenAsync(address);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public static async Task<NpgsqlConnection> OpenAsync(DatabaseAddress address)
    {
        var connection = new NpgsqlConnection(address.ToNpgsql().ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Drops the database, whatever else its role made, and the role. A server that was killed is left as it is.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Server.ServerProcessId is null)
            return;
        var names = await ScalarAsync<string[]>(_admin,
            $"SELECT array_agg(datname::text) FROM pg_database WHERE datname = '{Name.Replace("'", "''", StringComparison.Ordinal)}' "
                + $"OR pg_get_userbyid(datdba) = '{Address.User}'");
        foreach (var name in names ?? [])
            await ExecuteAsync(_admin, $"DROP DATABASE {Quoted(name)} WITH (FORCE)");
        await ExecuteAsync(_admin, $"DROP OWNED BY {Address.User}; DROP ROLE {Address.User}");
    }

    static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
