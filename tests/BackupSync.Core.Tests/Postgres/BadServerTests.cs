using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Tests.CommandLine;

namespace BackupSync.Tests.Postgres;

/// <summary>
/// Servers that send a byte now and then, or lengths that make no sense: every wait has a limit of ours, and nobody hears of types of
/// .NET.
/// </summary>
public sealed class BadServerTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>Far more than any of the limits here, far less than for ever.</summary>
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    public static TheoryData<string, Mischief> Handshakes => Each(["tls", "R", "S", "Z"], Enum.GetValues<Mischief>());

    public static TheoryData<string, Mischief> Answers
    {
        get
        {
            var data = Each(["d", "C"], Enum.GetValues<Mischief>());
            data.Add("D", Mischief.Dribble);
            data.Add("D", Mischief.NegativeLength);
            data.Add("T12", Mischief.HugeLength);
            data.Add("H", Mischief.Garbage);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Handshakes))]
    public async Task A_handshake_that_makes_no_sense_ends_at_the_limit(string at, Mischief mischief)
    {
        await using var database = await servers.CreateSourceAsync();
        await using var bad = new BadServer(servers.Source.Port, mischief, at);
        var address = bad.Through(database.Address);
        if (at == "tls")
            address = DatabaseAddress.Parse($"postgresql://{address.User}:x@127.0.0.1:{bad.Port}/{address.Database}?sslmode=require");

        var e = await Assert.ThrowsAsync<BackupSyncException>(() =>
            PgConnector.OpenAsync(new PgLogin("Source", address, "test", ReadOnly: true), TimeSpan.FromSeconds(1), null, default)
                .WaitAsync(Soon));

        Assert.Contains(e.ErrorId, (string[])[ErrorIds.ConnectionFailed, ErrorIds.NotPostgres, ErrorIds.TlsFailed]);
        AssertForPeople(e.Message);
    }

    /// <summary>What is told goes into logs and mails.</summary>
    [Fact]
    public async Task A_server_that_repeats_the_password_does_not_have_us_show_it()
    {
        const string Password = "pass/word&1";
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = RepeatPasswordAsync(listener);
        var address = DatabaseAddress.Parse(
            $"postgresql://me:{Uri.EscapeDataString(Password)}@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/db?sslmode=disable");

        var login = new PgLogin("Source", address, "test", ReadOnly: true);
        var e = await Assert.ThrowsAsync<BackupSyncException>(() =>
            PgConnector.OpenAsync(login, TimeSpan.FromSeconds(1), null, default).WaitAsync(Soon));

        await answering;
        Assert.Contains("no such user with ***", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, $"{e.Message} {e.Advice} {e.Detail}", StringComparison.Ordinal);
    }

    static async Task RepeatPasswordAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        var head = new byte[4];
        while (true)
        {
            await stream.ReadExactlyAsync(head);
            var startup = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - 4];
            await stream.ReadExactlyAsync(startup);
            if (startup.Length > 4)
                break;
            await stream.WriteAsync("N"u8.ToArray()); // no encryption of any kind
        }
        await stream.WriteAsync((byte[])[(byte)'R', 0, 0, 0, 8, 0, 0, 0, 3]); // asks for the password as it is
        await stream.ReadExactlyAsync(new byte[1]);
        await stream.ReadExactlyAsync(head);
        var password = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - 5];
        await stream.ReadExactlyAsync(password);
        byte[] fields = [.. "SFATAL\0VFATAL\0C28000\0Mno such user with "u8, .. password, .. "\0\0"u8];
        BinaryPrimitives.WriteInt32BigEndian(head, fields.Length + 4);
        await stream.WriteAsync((byte[])[(byte)'E', .. head, .. fields]);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_that_makes_no_sense_ends_with_the_caller(string at, Mischief mischief)
    {
        await using var database = await servers.CreateSourceAsync();
        await using var bad = new BadServer(servers.Source.Port, mischief);
        await using var session = await PgSession.OpenAsync(
            new PgLogin("Source", bad.Through(database.Address), "test", ReadOnly: true),
            default);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        bad.BeginAt(at);

        var failures = new List<Exception>();
        foreach (var use in Uses(session, limit.Token))
        {
            if (await Record.ExceptionAsync(() => use().WaitAsync(Soon)) is { } failure)
                failures.Add(failure);
        }

        Assert.True(bad.Began.IsCompleted);
        Assert.NotEmpty(failures);
        Assert.All(
            failures,
            f => Assert.True(f is BackupSyncException or OperationCanceledException && f is not TimeoutException, f.ToString()));
        foreach (var told in failures.OfType<BackupSyncException>())
            AssertForPeople(told.Message);
        await session.DisposeAsync().AsTask().WaitAsync(Soon);
        await Eventually.IsTrueAsync(() => bad.Connections == 0, "the connection is closed");
    }

    [Theory]
    [InlineData(RunStep.Statistics, "d")]
    [InlineData(RunStep.Dump, "d")]
    [InlineData(RunStep.Dump, "T")]
    public async Task A_source_that_dribbles_is_given_up_at_the_limit(RunStep step, string at)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await using var bad = new BadServer(servers.Source.Port, Mischief.Dribble);
        var before = await scenario.PrepareAsync();
        scenario.ReadFrom(bad.Through(scenario.Source));
        var limits = scenario.Job.Limits with { Dump = TimeSpan.FromSeconds(3), Total = TimeSpan.FromSeconds(8) };
        scenario.Job = scenario.Job with { Limits = limits };

        var result = await scenario.SyncAsync(Faults.AtStep(step, () => bad.BeginAt(at))).WaitAsync(Soon);

        Faults.AssertFailed(result, RunOutcome.Aborted, step, ErrorIds.TimeLimit);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_target_that_dribbles_is_given_up_at_the_limit(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await using var bad = new BadServer(servers.Target.Port, Mischief.Dribble);
        var before = await scenario.PrepareAsync();
        scenario.WriteTo(bad.Through(scenario.Target));
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Connect = TimeSpan.FromSeconds(2), Restore = TimeSpan
            .FromSeconds(3) } };

        var result = await scenario.SyncAsync(Faults.AtStep(RunStep.Restore, () => bad.BeginAt("CZ"))).WaitAsync(Soon * 2);

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Restore, ErrorIds.TimeLimit);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
    }

    /// <summary>In the handshake, at our own reading, and at pg_dump's.</summary>
    [SkippableTheory]
    [InlineData("R", "-INT")]
    [InlineData("S", "-TERM")]
    [InlineData("tls", "-INT")]
    [InlineData("d", "-INT")]
    [InlineData("d", "-TERM")]
    [InlineData("Z", "-TERM")]
    public async Task A_signal_ends_the_program(string at, string signal)
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        await using var bad = new BadServer(servers.Source.Port, Mischief.Dribble, at);
        var environment = scenario.Environment;
        environment["CLI_SOURCE_URL"] = scenario.SourceUrl.Replace($":{servers.Source.Port}/", $":{bad.Port}/", StringComparison.Ordinal)
            + (at == "tls" ? "?sslmode=require" : "");
        await using var cli = Cli.Start(["sync", "--yes"], environment, scenario.Folder);

        await bad.Began.WaitAsync(Soon);
        cli.Signal(signal);
        var result = await cli.EndAsync().WaitAsync(Soon);

        Assert.True(result.ExitCode == 130, result.All);
        AssertForPeople(result.All);
    }

    /// <summary>What a run does with a session, in the shape of what it asks.</summary>
    static IEnumerable<Func<Task>> Uses(PgSession session, CancellationToken stop) =>
    [
        () => session.RowsAsync("SELECT i, 'text' FROM generate_series(1, 1000) i", stop),
        async () => await session.LinesAsync("SELECT i, 'text' FROM generate_series(1, 1000) i", stop).CountAsync(stop),
        () => session.CopyOutAsync("SELECT i FROM generate_series(1, 1000) i", (rows, ct) => rows.CopyToAsync(Stream.Null, ct), stop),
        () => session.ScalarAsync<int>("SELECT 1", stop),
        () => session.ExecuteAsync("SET application_name = 'x'", stop),
    ];

    static TheoryData<string, Mischief> Each(string[] moments, Mischief[] kinds)
    {
        var data = new TheoryData<string, Mischief>();
        foreach (var moment in moments)
        {
            foreach (var mischief in kinds)
                data.Add(moment, mischief);
        }
        return data;
    }

    static void AssertForPeople(string text) => Assert.DoesNotMatch(@"Exception\b|   at |defect", text);
}
