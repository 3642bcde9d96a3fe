using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace BackupSync.Tests.CommandLine;

/// <summary>What systemd is told by a service of Type=notify: by a real socket.</summary>
public sealed class ServeSystemdTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task It_is_told_when_the_service_is_up_alive_and_stops()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no systemd.");
        using var temp = new TempFolder();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(temp.File("notify")));
        var told = new ConcurrentQueue<string>();
        using var end = new CancellationTokenSource();
        var reading = ReadAsync(socket, told, end.Token);
        await using var scenario = await CliScenario.CreateAsync(servers, settings: "schedule: { every: 6h }");
        await File.AppendAllTextAsync(
            Path.Combine(scenario.Folder, "backupsync.yml"),
            $"\nservice: {{ listen: \"http://127.0.0.1:{ServeCommandTests.FreePort()}\" }}\n");
        var environment = scenario.Environment;
        environment["NOTIFY_SOCKET"] = temp.File("notify");
        environment["WATCHDOG_USEC"] = "500000";

        await using var cli = Cli.Start(["serve"], environment, scenario.Folder);
        await Eventually.IsTrueAsync(
            () => Task.FromResult(cli.HasEnded || told.Count(t => t == "WATCHDOG=1") >= 3), "it says that it is alive",
            () => Task.FromResult($"{string.Join(", ", told)} {cli.Printed}"), seconds: 60);
        cli.Signal("-TERM");
        var result = await cli.EndAsync();

        Assert.True(result.ExitCode == 0, result.All);
        await end.CancelAsync();
        await reading;
        Assert.Equal("READY=1", told.First());
        Assert.Equal("STOPPING=1", told.Last(t => t != "WATCHDOG=1"));
    }

    static async Task ReadAsync(Socket socket, ConcurrentQueue<string> told, CancellationToken end)
    {
        var buffer = new byte[1024];
        try
        {
            while (true)
                told.Enqueue(Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, end)).TrimEnd('\n'));
        }
        catch (OperationCanceledException)
        {
            // The test has heard enough.
        }
    }
}
