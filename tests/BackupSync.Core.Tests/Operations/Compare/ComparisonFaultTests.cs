using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Sandbox;
using Npgsql;

namespace BackupSync.Tests.Operations.Compare;

/// <summary>A comparison that cannot be made says why, ends at once, and leaves no session.</summary>
public sealed class ComparisonFaultTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task An_unknown_table_is_told_with_the_nearest_name()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers, "CREATE TABLE users (id integer)", onTarget: "CREATE TABLE orders (id integer)");

        var failure = await Assert.ThrowsAsync<BackupSyncException>(() => databases.CompareAsync("usres"));
        Assert.Equal(
            (ErrorIds.UnknownName, "There is no table 'usres' in primary or secondary.", "Did you mean 'users'?"),
            (failure.ErrorId, failure.Message, failure.Advice));

        // It is enough that one side has it.
        Assert.Equal("public.orders", Assert.Single((await databases.CompareAsync("orders")).Items).Name);
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task A_role_without_rights_on_a_table_is_told_which_and_may_compare_the_others()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            "CREATE TABLE users (id serial PRIMARY KEY); CREATE TABLE secrets (id serial PRIMARY KEY); CREATE TABLE policed (id "
                + "integer); ALTER TABLE policed ENABLE ROW LEVEL SECURITY; SELECT lo_from_bytea(4711, 'x'); INSERT INTO users VALUES (1)",
            onTarget: "DELETE FROM users");
        await using var reader = await servers.CreateTargetAsync(TestRole.Owner);
        var role = reader.Address.User;
        await databases.Target.ExecuteAsync($"GRANT SELECT ON users, policed TO {role}");
        databases.TargetConfig = ComparedDatabases.Named(
            "secondary",
            databases.Target.Server.AddressFor(databases.Target.Name, role, TestDatabase.Password));

        var all = await Assert.ThrowsAsync<BackupSyncException>(() => databases.CompareAsync());
        Assert.Equal(ErrorIds.PrivilegeMissing, all.ErrorId);
        Assert.StartsWith($"secondary: the role '{role}' may not read public.secrets, ", all.Message, StringComparison.Ordinal);

        // Neither the sequence behind its key nor the large object is asked for then.
        var one = await databases.CompareAsync("users");
        Assert.Equal(ComparedState.Different, Assert.Single(one.Items).State);
        Assert.Equal("1", Assert.Single(await databases.RowsAsync("users")).Key);

        // A part of the rows is no answer.
        var hidden = await Assert.ThrowsAnyAsync<BackupSyncException>(() => databases.CompareAsync("policed"));
        Assert.Equal(ErrorIds.PrivilegeMissing, hidden.ErrorId);
        await databases.Target.ExecuteAsync($"REVOKE ALL ON users, policed FROM {role}");
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Theory]
    [InlineData(false, false, 0)]
    [InlineData(true, false, 0)]
    [InlineData(false, true, 0)]
    [InlineData(true, true, 0)]
    [InlineData(false, true, 300_000)]
    [InlineData(true, true, 300_000)]
    public async Task A_line_that_is_cut_is_told_with_the_side_it_led_to(bool source, bool amongRows, int bytes)
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers,
            "CREATE TABLE t (id integer PRIMARY KEY, b text); INSERT INTO t SELECT n, 'b' FROM generate_series(1, 40000) n; CREATE "
                + "TABLE s (id integer)", onTarget: "UPDATE t SET b = 'x'");
        await using var proxy = new TcpProxy(source ? servers.Source.Port : servers.Target.Port);
        if (source)
            databases.SourceConfig = ComparedDatabases.Named("primary", proxy.Through(databases.Source.Address));
        else
            databases.TargetConfig = ComparedDatabases.Named("secondary", proxy.Through(databases.Target.Address));
        var told = 0;

        var failure = await Assert.ThrowsAnyAsync<BackupSyncException>(() => ComparisonRunner.RunAsync(
            databases.SourceConfig,
            databases.TargetConfig,
            new ComparisonOptions { Detail = true, ConnectLimit = TimeSpan.FromSeconds(4) },
            _ =>
            {
                if (!amongRows)
                    proxy.CutNow();
            },
            _ =>
            {
                if (told++ == 100)
                    proxy.CutAfter(bytes);
            },
            default));

        Assert.Equal(ErrorIds.ConnectionFailed, failure.ErrorId);
        Assert.StartsWith(source ? "primary: " : "secondary: ", failure.Message, StringComparison.Ordinal);
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task A_side_that_fails_stops_the_other()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers, "CREATE TABLE t (id integer); CREATE SEQUENCE s");
        await using var lockHolder = await HoldAsync(databases.Target, "DROP SEQUENCE s");
        await using var reader = await servers.CreateSourceAsync(TestRole.Owner);
        databases.SourceConfig = ComparedDatabases.Named(
            "primary",
            databases.Source.Server.AddressFor(databases.Source.Name, reader.Address.User, TestDatabase.Password));

        // The target would wait until the limit.
        var failure = await Assert.ThrowsAsync<BackupSyncException>(
            () => databases.CompareAsync(new ComparisonOptions { Limit = TimeSpan.FromMinutes(1) }));

        Assert.Equal(ErrorIds.PrivilegeMissing, failure.ErrorId);
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task A_limit_that_is_reached_is_told()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers,
            "CREATE TABLE t AS SELECT n AS id, repeat('x', 1000) AS b FROM generate_series(1, 50000) n");
        await using var lockHolder = await HoldAsync(databases.Target, "LOCK TABLE t");

        var failure = await Assert.ThrowsAsync<BackupSyncException>(
            () => databases.CompareAsync(new ComparisonOptions { Limit = TimeSpan.FromSeconds(1) }));

        Assert.Equal(ErrorIds.TimeLimit, failure.ErrorId);
        Assert.Equal("Comparing primary with secondary took longer than its limit of 1.0s.", failure.Message);
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task A_comparison_that_waits_for_a_lock_can_be_stopped()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers, "CREATE TABLE t (id integer)");
        await using var lockHolder = await HoldAsync(databases.Target, "LOCK TABLE t");
        using var stop = new CancellationTokenSource();

        var comparing = databases.CompareAsync(new ComparisonOptions(), null, stop.Token);
        await Eventually.IsTrueAsync(async () => await TestDatabase.ScalarAsync<long>(databases.Target.AsSuperuser,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type "
                + "= 'Lock'") == 1, "the comparison waits");
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => comparing);
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task A_server_that_is_killed_is_told_and_does_not_hold_up_the_other()
    {
        await using var mortal = await SandboxServer.StartAsync(new SandboxOptions { Name = "mortal", Major = Servers.Major }, default);
        await using var databases = await ComparedDatabases.CreateAsync(servers.Source, mortal);
        await databases.OnBothAsync(
            "CREATE TABLE t (id integer PRIMARY KEY, b text); INSERT INTO t SELECT n, 'b' FROM generate_series(1, 40000) n");
        await databases.Target.ExecuteAsync("UPDATE t SET b = 'x'");
        var told = 0;

        var failure = await Assert.ThrowsAnyAsync<BackupSyncException>(() => databases.CompareAsync(
            new ComparisonOptions { Detail = true, ConnectLimit = TimeSpan.FromSeconds(4) },
            _ =>
            {
                if (told++ == 100)
                    mortal.KillAsync(default).GetAwaiter().GetResult();
            }));

        Assert.Equal(ErrorIds.ConnectionFailed, failure.ErrorId);
        Assert.StartsWith("secondary: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_cannot_be_reached_is_told_without_its_password()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers);
        databases.TargetConfig = AdHocJob.Database("postgresql://nobody:hidden-word@127.0.0.1:1/none");

        var failure = await Assert.ThrowsAsync<BackupSyncException>(
            () => databases.CompareAsync(new ComparisonOptions { ConnectLimit = TimeSpan.FromSeconds(1) }));

        Assert.Equal(ErrorIds.ConnectionFailed, failure.ErrorId);
        Assert.DoesNotContain("hidden-word", failure.ToString(), StringComparison.Ordinal);
        await databases.AssertNoSessionIsLeftAsync();
    }

    [Fact]
    public async Task What_changes_during_a_comparison_is_not_seen()
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            servers,
            "CREATE TABLE a (id integer PRIMARY KEY, b text); CREATE TABLE b (id integer PRIMARY KEY); INSERT INTO a VALUES (1, 'x')",
            onTarget: "UPDATE a SET b = 'y'");
        var changed = 0;
        var rows = new List<RowDifference>();

        var result = await ComparisonRunner.RunAsync(databases.SourceConfig, databases.TargetConfig, new ComparisonOptions
        {
            Detail = true,
        }, _ =>
        {
            if (Interlocked.Exchange(ref changed, 1) == 0)
                databases.Source.ExecuteAsync("UPDATE a SET b = 'y'; INSERT INTO a VALUES (2, 'z'); INSERT INTO b VALUES (1)").GetAwaiter()
                    .GetResult();
        }, rows.Add, default);

        Assert.Equal(["public.a"], result.Items.Where(i => i.State != ComparedState.Equal).Select(i => i.Name));
        Assert.Equal([new RowDifference("public.a", "1", RowState.Different, "b", 1)], rows);
    }

    /// <summary>Begins what nobody can read past while the connection is open.</summary>
    static async Task<NpgsqlConnection> HoldAsync(TestDatabase database, string statement)
    {
        var connection = await database.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; {statement}", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
