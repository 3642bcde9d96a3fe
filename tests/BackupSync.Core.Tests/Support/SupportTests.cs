using Npgsql;

namespace BackupSync.Tests;

/// <summary>The tests' own tools have to do what they claim, or the faults they cause prove nothing.</summary>
public sealed class SupportTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task A_cut_proxy_ends_sessions_and_refuses_until_restored()
    {
        await using var proxy = new TcpProxy(servers.Source.Port);
        var through = proxy.Through(servers.Source.Address);
        Assert.Equal(1, await TestDatabase.ScalarAsync<int>(through, "SELECT 1"));

        proxy.CutAfter(1_000_000);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => TestDatabase.ScalarAsync<string>(through, "SELECT repeat('x', 5000000)"));
        Assert.InRange(proxy.Passed, 1_000_000, 1_200_000);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => TestDatabase.ScalarAsync<int>(through, "SELECT 1"));

        proxy.Restore();
        Assert.Equal(1, await TestDatabase.ScalarAsync<int>(through, "SELECT 1"));
    }

    [Fact]
    public async Task A_stalled_proxy_keeps_silent_until_restored()
    {
        await using var proxy = new TcpProxy(servers.Source.Port);
        await using var connection = await TestDatabase.OpenAsync(proxy.Through(servers.Source.Address));
        proxy.Stall();
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        var answer = command.ExecuteScalarAsync();
        Assert.NotSame(answer, await Task.WhenAny(answer, Task.Delay(500)));
        Assert.Equal(1, proxy.Connections);
        proxy.Restore();
        Assert.Equal(1, await answer);
    }

    [SkippableFact]
    public async Task A_small_disk_gets_full()
    {
        await using var disk = await SmallDisk.MountAsync(100_000);
        var e = await Assert.ThrowsAnyAsync<IOException>(() => File.WriteAllBytesAsync(Path.Combine(disk.Path, "f"), new byte[1_000_000]));
        Assert.Contains("space", e.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_program_runs()
    {
        var result = await Cli.RunAsync([]);
        Assert.True(result.Output.Length + result.Errors.Length > 0, result.All);
    }

    [Theory]
    [InlineData(TestRole.Superuser, true, true)]
    [InlineData(TestRole.Creator, false, true)]
    [InlineData(TestRole.Owner, false, false)]
    public async Task Roles_have_the_rights_of_their_kind_and_go_with_their_databases(TestRole role, bool superuser, bool creates)
    {
        string name, user;
        await using (var database = await servers.CreateTargetAsync(role, $"Strange \"name\" {role}"))
        {
            (name, user) = (database.Name, database.Address.User);
            Assert.Equal(superuser, await database.ScalarAsync<bool>("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"));
            if (creates)
                await database.ExecuteAsync($"CREATE DATABASE {user}_other");
            else
                await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync($"CREATE DATABASE {user}_other"));
            await database.ExecuteAsync("CREATE TABLE t (x integer)");
        }
        Assert.Equal(0L, await TestDatabase.ScalarAsync<long>(servers.Target.Address,
            $"SELECT (SELECT count(*) FROM pg_roles WHERE rolname = '{user}') + (SELECT count(*) FROM pg_database WHERE datname = "
                + $"'{name}' OR datname LIKE '{user}%')"));
    }
}
