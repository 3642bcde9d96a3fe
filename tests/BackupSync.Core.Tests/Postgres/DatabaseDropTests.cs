using System.Diagnostics;
using System.Globalization;
using BackupSync.Postgres;
using BackupSync.Sandbox;

namespace BackupSync.Tests.Postgres;

public sealed class DatabaseDropTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>The server begins one where somebody has written much, as a restore does, and its role may not end it.</summary>
    [Theory]
    [MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task An_autovacuum_worker_keeps_nobody_from_dropping_his_database(int major)
    {
        await using var server = await SandboxServer.StartAsync(new SandboxOptions
        {
            Name = "vacuumed", Major = major, Settings = new Dictionary<string, string> { ["autovacuum_naptime"] = "1" },
        }, default);
        await using var database = await TestDatabase.CreateAsync(server, TestRole.Creator);
        await database.ExecuteAsync("""
            CREATE TABLE t (i int, p text)
                WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 1);
            INSERT INTO t SELECT i, repeat('x', 200) FROM generate_series(1, 20000) i;
            DELETE FROM t WHERE i % 2 = 0
            """);
        await Eventually.IsTrueAsync(async () => await TestDatabase.ScalarAsync<long>(server.Address,
            $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database.Name}' AND backend_type = 'autovacuum worker'") > 0,
            "it is vacuumed", 60);
        await using var session = await PgSession.OpenAsync(
            new PgLogin("test", database.Address.WithDatabase("postgres"), "test", ReadOnly: false), default);

        await DatabaseDrop.RunAsync(session, database.Name, default);

        Assert.Equal(0, await session.ScalarAsync<long>("SELECT count(*) FROM pg_database WHERE datname = $1", default, database.Name));
    }

    [SkippableFact]
    public async Task A_session_that_is_slow_to_end_is_waited_for()
    {
        Skip.If(OperatingSystem.IsWindows(), "Processes cannot be stopped for a while there.");
        await using var database = await servers.CreateTargetAsync();
        await using var slow = await PgSession.OpenAsync(new PgLogin("test", database.AsSuperuser, "test", ReadOnly: false), default);
        await using var session = await PgSession.OpenAsync(
            new PgLogin("test", database.AsSuperuser.WithDatabase("postgres"), "test", ReadOnly: false), default);
        Signal("STOP");

        var dropping = DatabaseDrop.RunAsync(session, database.Name, default);
        // The server itself gives up after five seconds.
        await Task.WhenAny(dropping, Task.Delay(6500));
        Signal("CONT");
        await dropping;

        Assert.Equal(0, await session.ScalarAsync<long>("SELECT count(*) FROM pg_database WHERE datname = $1", default, database.Name));

        void Signal(string name)
        {
            using var kill = Process.Start("kill", [$"-{name}", slow.ProcessId.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
            Assert.Equal(0, kill.ExitCode);
        }
    }
}
