using System.Net;
using System.Net.Sockets;
using System.Text;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>Addresses that lead nowhere, or not in: a clear sentence, within the limits, and nothing touched.</summary>
public sealed class BadInputTests(Servers servers) : IClassFixture<Servers>
{
    public static TheoryData<string, bool, string, string> Addresses
    {
        get
        {
            var data = new TheoryData<string, bool, string, string>();
            foreach (var ofTarget in new[] { false, true })
            {
                data.Add("unresolvable", ofTarget, ErrorIds.ConnectionFailed, "the host 'no-such-host.invalid' does not resolve");
                data.Add("refused", ofTarget, ErrorIds.ConnectionFailed, "the connection was refused");
                data.Add("silent", ofTarget, ErrorIds.ConnectionFailed, "did not answer");
                data.Add("http", ofTarget, ErrorIds.NotPostgres, "does not speak PostgreSQL's protocol");
                // "HTTP" reads as the begin of a long message that never comes.
                data.Add("http without TLS", ofTarget, ErrorIds.ConnectionFailed, "closed the connection during the handshake");
                data.Add("password", ofTarget, ErrorIds.AuthenticationFailed, "refused the password of");
                data.Add("no password", ofTarget, ErrorIds.AuthenticationFailed, "wants a password, and none is given");
                data.Add("database", ofTarget, ErrorIds.DatabaseMissing, "there is no database 'no such database'");
                data.Add("tls", ofTarget, ErrorIds.TlsFailed, "does not offer TLS, but its URL demands it");
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task An_address_that_leads_nowhere_is_told_and_nothing_is_touched(
        string fault,
        bool ofTarget,
        string errorId,
        string message)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        var before = await scenario.PrepareAsync();
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Connect = TimeSpan.FromSeconds(2) } };
        await using var server = new OddServer(fault);
        var good = ofTarget ? scenario.Target : scenario.Source;
        var bad = fault switch
        {
            "unresolvable" => good.WithHost("no-such-host.invalid", 5432),
            "refused" => good.WithHost("127.0.0.1", 1),
            "silent" or "http" => good.WithHost("127.0.0.1", server.Port),
            "http without TLS" => DatabaseAddress.Parse(
                $"postgresql://{good.User}:secret@127.0.0.1:{server.Port}/{good.Database}?sslmode=disable"),
            "password" => DatabaseAddress.Parse($"postgresql://{good.User}:not%20the%20Password%21@127.0.0.1:{good.Port}/{good.Database}"),
            "no password" => DatabaseAddress.Parse($"postgresql://{good.User}@127.0.0.1:{good.Port}/{good.Database}"),
            "database" => good.WithDatabase("no such database"),
            _ => DatabaseAddress.Parse($"postgresql://{good.User}:{Uri.EscapeDataString(TestDatabase.Password)}"
                + $"@127.0.0.1:{good.Port}/{good.Database}?sslmode=require"),
        };
        if (ofTarget)
            scenario.WriteTo(bad);
        else
            scenario.ReadFrom(bad);

        var result = await scenario.SyncAsync().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(RunOutcome.Aborted, result.Outcome);
        Assert.Equal(errorId, result.Error!.Id);
        Assert.StartsWith(ofTarget ? "neon: " : "railway: ", result.Error.Message, StringComparison.Ordinal);
        Assert.Contains(message, result.Error.Message, StringComparison.Ordinal);
        Assert.NotNull(result.Error.Advice);
        foreach (var secret in new[]
        {
            TestDatabase.Password,
            Uri.EscapeDataString(TestDatabase.Password),
            "not the Password!",
            "not%20the%20Password",
        })
        {
            Assert.DoesNotContain(secret, Faults.AllOf(result.Error), StringComparison.Ordinal);
            foreach (var file in Directory.GetFiles(scenario.Directory).Where(f => !f.EndsWith(".dump", StringComparison.Ordinal)))
                Assert.DoesNotContain(secret, await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        }
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    /// <summary>Listens, but is no PostgreSQL.</summary>
    sealed class OddServer : IAsyncDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        readonly CancellationTokenSource _end = new();
        readonly List<Socket> _sockets = [];
        readonly Task _serving;

        public OddServer(string kind)
        {
            _listener.Start();
            _serving = ServeAsync(kind);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _serving;
            _listener.Stop();
            foreach (var socket in _sockets)
                socket.Dispose();
            _end.Dispose();
        }

        async Task ServeAsync(string kind)
        {
            try
            {
                while (true)
                {
                    var socket = await _listener.AcceptSocketAsync(_end.Token);
                    _sockets.Add(socket);
                    if (!kind.StartsWith("http", StringComparison.Ordinal))
                        continue;
                    await socket.ReceiveAsync(new byte[1000], _end.Token);
                    await socket.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: "
                        + "close\r\n\r\n<html><body>Bad Request</body></html>\r\n"), _end.Token);
                    socket.Shutdown(SocketShutdown.Both);
                }
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                // The test is over.
            }
        }
    }
}
