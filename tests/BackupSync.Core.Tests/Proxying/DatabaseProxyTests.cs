using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Proxying;
using BackupSync.Sandbox;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace BackupSync.Tests.Proxying;

/// <summary>Clients of real servers, led by a proxy.</summary>
public sealed class DatabaseProxyTests(Servers servers) : IClassFixture<Servers>
{
    static readonly TimeSpan Hold = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task It_leads_to_a_server_and_brings_all_that_is_said()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        await using var connection = await scene.ConnectAsync();

        // More than any buffer takes, there and back.
        await using (var rows = await connection.BeginTextImportAsync("COPY ledger FROM STDIN"))
            for (var id = 0; id < 500_000; id++)
                await rows.WriteAsync($"{id}\n");
        var back = 0;
        using (var rows = await connection.BeginTextExportAsync("COPY (SELECT id FROM ledger ORDER BY id) TO STDOUT"))
            while (await rows.ReadLineAsync() is { } row)
                Assert.Equal(back++, int.Parse(row));

        Assert.Equal("first", await ProxyScene.SideAsync(connection));
        Assert.Equal(500_000, back);
        Assert.Equal(1, scene.Proxy.Clients);
    }

    [Fact]
    public async Task Clients_of_another_route_are_cut_off_and_come_back_to_the_new_side()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        await using var connection = await scene.ConnectAsync();

        await scene.Proxy.LeadAsync(new ProxyRoute.To(scene.Second));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ProxyScene.WriteAsync(connection, 1));
        Assert.Equal("second", await scene.SideAsync());
        Assert.Empty(await scene.LedgerAsync(scene.First));
        await Eventually.IsTrueAsync(async () => await scene.SessionsAsync(scene.First) == 0, "the old side has no session any more");
    }

    [Fact]
    public async Task Who_is_held_goes_on_as_if_nothing_had_been()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        await using var connection = await scene.ConnectAsync();
        await scene.Proxy.LeadAsync(new ProxyRoute.Held(scene.First));

        var write = ProxyScene.WriteAsync(connection, 1);
        var newOne = scene.SideAsync();
        await Eventually.IsTrueAsync(() => scene.Proxy.Clients == 2, "both have come");
        // A write that got through would be there by now: the server answers others.
        Assert.Empty(await scene.LedgerAsync(scene.First));
        Assert.False(write.IsCompleted || newOne.IsCompleted);

        await scene.Proxy.LeadAsync(new ProxyRoute.To(scene.First));

        await write;
        Assert.Equal("first", await newOne);
        Assert.Equal(1, Assert.Single(await scene.LedgerAsync(scene.First)));
    }

    [Fact]
    public async Task Who_is_held_while_the_side_changes_has_written_nothing()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        await using var connection = await scene.ConnectAsync();
        await scene.Proxy.LeadAsync(new ProxyRoute.Held(scene.First));
        var write = ProxyScene.WriteAsync(connection, 1);
        var newOne = scene.SideAsync();
        await Eventually.IsTrueAsync(() => scene.Proxy.Clients == 2, "both have come");

        await scene.Proxy.LeadAsync(new ProxyRoute.To(scene.Second));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => write);
        Assert.Equal("second", await newOne);
        Assert.Empty(await scene.LedgerAsync(scene.First));
        Assert.Empty(await scene.LedgerAsync(scene.Second));
    }

    [Fact]
    public async Task The_answer_to_what_was_sent_before_still_comes()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        await using var connection = await scene.ConnectAsync();
        await using var command = new NpgsqlCommand("INSERT INTO ledger SELECT 1 FROM pg_sleep(1)", connection);
        var write = command.ExecuteNonQueryAsync();
        await Eventually.IsTrueAsync(async () => await scene.SessionsAsync(scene.First, atWork: true) == 1, "the server is at work");

        await scene.Proxy.LeadAsync(new ProxyRoute.Held(scene.First));

        Assert.Equal(1, await write);
        Assert.Equal(1, Assert.Single(await scene.LedgerAsync(scene.First)));
    }

    [Fact]
    public async Task Who_is_refused_is_told_why()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        await using var connection = await scene.ConnectAsync();

        await scene.Proxy.LeadAsync(new ProxyRoute.Refused("both sides are fenced; see backupsync failover status"));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ProxyScene.WriteAsync(connection, 1));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => scene.ConnectAsync());
        Assert.Equal("57P03", refused.SqlState);
        Assert.Equal("BackupSync's proxy: both sides are fenced; see backupsync failover status", refused.MessageText);
        // libpq asks for TLS first.
        var psql = await PsqlAsync(scene.Through(), "SELECT 1");
        Assert.Equal(2, psql.ExitCode);
        Assert.True(psql.ErrorTail.Contains("both sides are fenced", StringComparison.Ordinal), psql.ErrorTail);
        Assert.Empty(await scene.LedgerAsync(scene.First));
    }

    [Fact]
    public async Task A_cancel_request_reaches_the_server()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        await using var connection = await scene.ConnectAsync();
        await using var command = new NpgsqlCommand("SELECT pg_sleep(60)", connection);
        var sleep = command.ExecuteNonQueryAsync();
        await Eventually.IsTrueAsync(async () => await scene.SessionsAsync(scene.First, atWork: true) == 1, "the server is at work");

        command.Cancel();

        var cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => sleep);
        Assert.Equal("57014", Assert.IsType<PostgresException>(cancelled.InnerException).SqlState);
        Assert.Equal("first", await ProxyScene.SideAsync(connection));
    }

    [Fact]
    public async Task TLS_is_the_clients_and_the_servers()
    {
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { Name = "tls", Major = Servers.Major }, default);
        await WithTlsAsync(server);
        await using var proxy = DatabaseProxy.Start(
            new IPEndPoint(IPAddress.Loopback, 0),
            new ProxyRoute.To(new DatabaseHost("127.0.0.1", server.Port)), new ProxyLimits(), TimeProvider.System);
        var through = $"postgresql://{server.Address.User}:{server.Address.Password}@127.0.0.1:{proxy.EndPoint.Port}/postgres";

        var psql = await PsqlAsync(
            DatabaseAddress.Parse(through + "?sslmode=require"), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");

        Assert.Equal("t", psql.Output.Trim());
    }

    [Fact]
    public async Task A_permit_that_has_run_out_ends_all_until_there_is_another()
    {
        var clock = new FakeTimeProvider();
        await using var scene = await ProxyScene.CreateAsync(servers, clock: clock);
        scene.Proxy.Permit(TimeSpan.FromSeconds(10));
        await using var connection = await scene.ConnectAsync();
        clock.Advance(TimeSpan.FromSeconds(9));
        scene.Proxy.Permit(TimeSpan.FromSeconds(10));
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("first", await ProxyScene.SideAsync(connection));

        clock.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ProxyScene.WriteAsync(connection, 1));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => scene.ConnectAsync());
        Assert.Contains("which side may take writes", refused.MessageText, StringComparison.Ordinal);
        Assert.Empty(await scene.LedgerAsync(scene.First));
        scene.Proxy.Permit(TimeSpan.FromSeconds(10));
        Assert.Equal("first", await scene.SideAsync());
    }

    /// <summary>As after a stop of the process, or of its machine.</summary>
    [Fact]
    public async Task A_permit_runs_out_although_no_timer_has_run()
    {
        var clock = new TimerlessClock();
        await using var scene = await ProxyScene.CreateAsync(servers, clock: clock);
        scene.Proxy.Permit(TimeSpan.FromSeconds(10));
        await using var connection = await scene.ConnectAsync();
        await ProxyScene.WriteAsync(connection, 1);

        clock.Jump(TimeSpan.FromSeconds(10));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ProxyScene.WriteAsync(connection, 2));
        Assert.Equal(1, Assert.Single(await scene.LedgerAsync(scene.First)));
    }

    [Fact]
    public async Task Nobody_is_held_longer_than_was_said()
    {
        var clock = new FakeTimeProvider();
        // The clock goes on while one is still greeting.
        var limits = new ProxyLimits { Hold = Hold, Greeting = TimeSpan.FromDays(1) };
        await using var scene = await ProxyScene.CreateAsync(servers, limits, clock);
        await using var connection = await scene.ConnectAsync();
        await scene.Proxy.LeadAsync(new ProxyRoute.Held(scene.First));
        var write = ProxyScene.WriteAsync(connection, 1);
        var newOne = scene.ConnectAsync();
        var both = Task.WhenAll(write, newOne);

        while (await Task.WhenAny(both, Task.Delay(50)) != both)
            clock.Advance(Hold);

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => write);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => newOne);
        Assert.Contains("takes longer than clients may be held", refused.MessageText, StringComparison.Ordinal);
        Assert.Empty(await scene.LedgerAsync(scene.First));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var port = ((IPEndPoint)nobody.LocalEndpoint).Port;
        nobody.Stop();
        await scene.Proxy.LeadAsync(new ProxyRoute.To(new DatabaseHost("127.0.0.1", port)));

        var refused = await Assert.ThrowsAsync<PostgresException>(() => scene.ConnectAsync());

        Assert.Contains($"127.0.0.1:{port} cannot be reached", refused.MessageText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\0\0\0\u0004\0\u0003\0\0")]
    [InlineData("\u007f\0\0\0\0\u0003\0\0")]
    [InlineData("\0\0\0\u0009\0\u0009\0\0\0")]
    public async Task Who_speaks_something_else_is_cut_off_and_no_server_hears_of_it(string greeting)
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        using var client = new TcpClient();
        await client.ConnectAsync(scene.Proxy.EndPoint);

        await client.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(greeting));

        Assert.Equal(0, await ReadToEndAsync(client));
        Assert.Equal(0, await scene.SessionsAsync(scene.First));
        Assert.Equal("first", await scene.SideAsync());
    }

    [Fact]
    public async Task Who_says_nothing_is_cut_off_in_time()
    {
        var clock = new FakeTimeProvider();
        await using var scene = await ProxyScene.CreateAsync(servers, clock: clock);
        using var client = new TcpClient();
        await client.ConnectAsync(scene.Proxy.EndPoint);
        await client.GetStream().WriteAsync("\0\0\0"u8.ToArray());
        await Eventually.IsTrueAsync(() => scene.Proxy.Clients == 1, "it has come");

        var end = ReadToEndAsync(client);
        while (await Task.WhenAny(end, Task.Delay(50)) != end)
            clock.Advance(scene.Proxy.Limits.Greeting);

        Assert.Equal(0, await end);
        await Eventually.IsTrueAsync(() => scene.Proxy.Clients == 0, "it is forgotten");
    }

    [Fact]
    public async Task There_are_no_more_clients_than_may_be()
    {
        await using var scene = await ProxyScene.CreateAsync(servers, new ProxyLimits { Clients = 2 });
        await using var one = await scene.ConnectAsync();
        await using (var another = await scene.ConnectAsync())
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => scene.ConnectAsync());

        await Eventually.IsTrueAsync(() => scene.Proxy.Clients == 1, "the other has left");

        Assert.Equal("first", await scene.SideAsync());
        Assert.Equal("first", await ProxyScene.SideAsync(one));
    }

    [Fact]
    public async Task The_end_of_one_line_is_the_end_of_the_other()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        await using var connection = await scene.ConnectAsync();
        await using (var leaving = await scene.ConnectAsync())
            Assert.Equal(2, await scene.SessionsAsync(scene.First));
        await Eventually.IsTrueAsync(async () => await scene.SessionsAsync(scene.First) == 1, "the server has let go");

        await using var other = await scene.ConnectAsync();
        await using var end = new NpgsqlCommand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()", other);
        await end.ExecuteNonQueryAsync();

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ProxyScene.SideAsync(connection));
        await Eventually.IsTrueAsync(() => scene.Proxy.Clients == 1, "the client is forgotten");
    }

    [Fact]
    public async Task A_server_that_takes_nothing_holds_up_no_change()
    {
        await using var scene = await ProxyScene.CreateAsync(servers, new ProxyLimits { Drain = TimeSpan.FromMilliseconds(100) });
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var server = new DatabaseHost("127.0.0.1", ((IPEndPoint)deaf.LocalEndpoint).Port);
        await scene.Proxy.LeadAsync(new ProxyRoute.To(server));
        using var client = new TcpClient();
        await client.ConnectAsync(scene.Proxy.EndPoint);
        await client.GetStream().WriteAsync("\0\0\0\u0009\0\u0003\0\0\0"u8.ToArray());
        // Until the line is full on all of its ways.
        var flood = FloodAsync(client);
        await Eventually.IsTrueAsync(() => !client.Client.Poll(0, SelectMode.SelectWrite), "it is full");

        await scene.Proxy.LeadAsync(new ProxyRoute.Held(server));

        await scene.Proxy.LeadAsync(new ProxyRoute.To(scene.First));
        await Assert.ThrowsAnyAsync<IOException>(() => flood);
        Assert.Equal("first", await scene.SideAsync());
    }

    /// <summary>Writers who count what was acknowledged, and a route that changes at random.</summary>
    [Fact]
    public async Task What_was_acknowledged_is_there_and_what_was_sent_while_held_is_not()
    {
        await using var scene = await ProxyScene.CreateAsync(servers);
        using var end = new CancellationTokenSource();
        List<int> acknowledged = [], heldOfFirst = [], heldOfSecond = [];
        var next = 0;
        List<int>? held = null;
        var writers = Enumerable.Range(0, 8).Select(_ => Task.Run(WriteAsync)).ToArray();
        var random = new Random(15);
        for (var change = 0; change < 40; change++)
        {
            var isFirst = change % 2 == 0;
            await scene.Proxy.LeadAsync(new ProxyRoute.Held(isFirst ? scene.First : scene.Second));
            Volatile.Write(ref held, isFirst ? heldOfFirst : heldOfSecond);
            await Task.Delay(random.Next(20));
            Volatile.Write(ref held, null);
            await scene.Proxy.LeadAsync(new ProxyRoute.To(isFirst ? scene.Second : scene.First));
            await Task.Delay(random.Next(30));
        }
        await end.CancelAsync();
        await Task.WhenAll(writers);

        var first = await scene.LedgerAsync(scene.First);
        var second = await scene.LedgerAsync(scene.Second);
        Assert.Empty(first.Intersect(second));
        Assert.Empty(acknowledged.Except(first.Concat(second)));
        Assert.Empty(heldOfFirst.Intersect(first));
        Assert.Empty(heldOfSecond.Intersect(second));
        Assert.All([acknowledged, heldOfFirst, heldOfSecond], Assert.NotEmpty);

        async Task WriteAsync()
        {
            while (!end.IsCancellationRequested)
            {
                try
                {
                    await using var connection = await scene.ConnectAsync();
                    while (!end.IsCancellationRequested)
                    {
                        var id = Interlocked.Increment(ref next);
                        // Who reads this while clients are held sends what follows to nobody.
                        if (Volatile.Read(ref held) is { } list)
                            lock (list)
                                list.Add(id);
                        await ProxyScene.WriteAsync(connection, id);
                        lock (acknowledged)
                            acknowledged.Add(id);
                    }
                }
                catch (NpgsqlException)
                {
                    // It was cut off, and does not know what became of the last one.
                }
            }
        }
    }

    Task<ChildResult> PsqlAsync(DatabaseAddress address, string sql) => ChildProcess.RunAsync(
        new ChildCommand(servers.Tools.Psql, "--no-psqlrc", "--tuples-only", "--no-align", "-c", sql).ConnectedTo(address), default);

    static async Task<int> ReadToEndAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1]);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    static async Task FloodAsync(TcpClient client)
    {
        var burst = new byte[64 * 1024];
        while (true)
            await client.GetStream().WriteAsync(burst);
    }

    static async Task WithTlsAsync(SandboxServer server)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await WriteAsync("server.crt", certificate.ExportCertificatePem());
        await WriteAsync("server.key", key.ExportPkcs8PrivateKeyPem());
        await TestDatabase.ExecuteAsync(server.Address, "ALTER SYSTEM SET ssl = on");
        await TestDatabase.ExecuteAsync(server.Address, "SELECT pg_reload_conf()");
        await Eventually.IsTrueAsync(
            async () => await TestDatabase.ScalarAsync<string>(server.Address, "SHOW ssl") == "on", "the server speaks TLS");

        // As the server's own user, into its own folder.
        Task WriteAsync(string file, string text) => TestDatabase.ExecuteAsync(
            server.Address, $"COPY (SELECT unnest(string_to_array('{text}', chr(10)))) TO PROGRAM 'umask 077 && cat > {file}'");
    }

    /// <summary>Its time jumps, and its timers do not run.</summary>
    sealed class TimerlessClock : TimeProvider
    {
        long _jumped;

        public void Jump(TimeSpan time) => Interlocked.Add(ref _jumped, (long)(time.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _jumped);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
