using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using BackupSync.Runs;
using BackupSync.Scheduling;

namespace BackupSync.Tests.CommandLine;

/// <summary>The service as a process: it runs what is due, answers, reads its file anew, and bears being killed.</summary>
public sealed class ServeCommandTests(Servers servers) : IClassFixture<Servers>, IDisposable
{
    const string Token = "token-of-these-tests";

    readonly int _port = FreePort();
    readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task What_is_due_runs_and_the_service_ends_when_it_is_asked_to()
    {
        await using var scenario = await ScenarioAsync("schedule: { every: 2s }");
        await using var cli = scenario.Start("serve");
        await cli.PrintsAsync("the job railway-to-neon has ended: 1,000 rows, verified");

        cli.Signal("-TERM");
        var result = await cli.EndAsync();

        Assert.True(result.ExitCode == 0, result.All);
        Assert.All(result.Output.TrimEnd().Split('\n'), l => Assert.StartsWith("[DB-Redundancy] 20", l, StringComparison.Ordinal));
        Assert.DoesNotContain(TestDatabase.Password, result.All, StringComparison.Ordinal);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());
        Assert.All(History(scenario), r => Assert.NotEqual(RunOutcome.RollbackFailed, r.Outcome));
    }

    [Fact]
    public async Task A_run_that_was_killed_with_the_service_is_made_up_by_the_next_one()
    {
        await using var scenario = await ScenarioAsync("schedule: { every: 20m, misfireGrace: 1h }");
        // As if it had been due a moment ago.
        Remember(scenario, DateTimeOffset.UtcNow.AddHours(-1));
        await using (var first = scenario.Start("serve"))
        {
            await first.PrintsAsync("the job railway-to-neon begins");
            first.KillAll();
        }
        await using var second = scenario.Start("serve");
        await second.PrintsAsync("the job railway-to-neon has ended", seconds: 60);

        var succeeded = History(scenario).Where(r => r.Outcome == RunOutcome.Succeeded).ToList();
        Assert.Single(succeeded);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());
        second.Signal("-TERM");
        Assert.Equal(0, (await second.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_run_is_stopped_in_its_safe_way_when_the_service_ends()
    {
        await using var scenario = await ScenarioAsync("schedule: { every: 20m, misfireGrace: 1h }");
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);
        await scenario.OnSourceAsync("CREATE TABLE slow AS SELECT i FROM generate_series(1, 3000000) i");
        Remember(scenario, DateTimeOffset.UtcNow.AddHours(-1));
        await using var cli = scenario.Start("serve");
        await cli.PrintsAsync("the job railway-to-neon begins");

        cli.Signal("-TERM");
        var result = await cli.EndAsync();

        Assert.True(result.ExitCode == 0, result.All);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());
        Assert.Equal(RunOutcome.Cancelled, History(scenario)[0].Outcome);
        Assert.NotNull(new ScheduleMemory(Path.Combine(scenario.Folder, "state")).Read()["job railway-to-neon"].Claim);
    }

    [Fact]
    public async Task It_is_asked_and_told_by_HTTP_by_who_may()
    {
        await using var scenario = await ScenarioAsync("schedule: { cron: \"0 6,18 * * *\" }");
        await using var cli = scenario.Start("serve");
        await cli.PrintsAsync("Serves ");

        var schedules = JsonDocument.Parse(await _http.GetStringAsync(At("/api/schedules"))).RootElement;
        Assert.Equal("railway-to-neon", schedules[0].GetProperty("Name").GetString());
        Assert.Equal(3, schedules[0].GetProperty("Next").GetArrayLength());

        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(At("/etc/passwd"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/api/schedules/railway-to-neon/pause", "wrong")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/api/schedules/railway-to-neon/pause", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("/api/schedules/railway/pause", Token)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("/api/schedules/railway-to-neon/pause?for=soon", Token)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _http.DeleteAsync(At("/api/schedules"))).StatusCode);
        using var foreign = new HttpRequestMessage(HttpMethod.Get, At("/api/schedules"));
        foreign.Headers.Host = "evil.example";
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await _http.SendAsync(foreign)).StatusCode);
        using var large = new ByteArrayContent(new byte[100_000]);
        Assert.False((await SendAsync(HttpMethod.Post, "/api/schedules/railway-to-neon/run", "wrong", large)).IsSuccessStatusCode);

        var paused = await PostAsync("/api/schedules/railway-to-neon/pause?for=1h&because=migration", Token);
        Assert.True(paused.IsSuccessStatusCode, await paused.Content.ReadAsStringAsync());
        Assert.Contains("migration", (await scenario.RunAsync("schedule")).Output, StringComparison.Ordinal);
        Assert.True((await PostAsync("/api/schedules/railway-to-neon/run", Token)).IsSuccessStatusCode);
        await cli.PrintsAsync("the job railway-to-neon has ended: 1,000 rows");
        Assert.True((await PostAsync("/api/schedules/railway-to-neon/resume", Token)).IsSuccessStatusCode);
        Assert.DoesNotContain("migration", (await scenario.RunAsync("schedule")).Output, StringComparison.Ordinal);
        cli.Signal("-TERM");
        Assert.Equal(0, (await cli.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Health_metrics_and_the_page_tell_how_all_stands()
    {
        await using var scenario = await ScenarioAsync("schedule: { cron: \"0 6,18 * * *\" }");
        await using var cli = scenario.Start("serve");
        await cli.PrintsAsync("Serves ");
        await Eventually.IsTrueAsync(
            async () => (await _http.GetAsync(At("/"))).IsSuccessStatusCode, "the page is there", seconds: 30);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _http.GetAsync(At("/api/system/db-health"))).StatusCode);
        Assert.True((await PostAsync("/api/schedules/railway-to-neon/run", Token)).IsSuccessStatusCode);
        await Eventually.IsTrueAsync(
            async () => (await _http.GetAsync(At("/api/system/db-health?job=railway-to-neon"))).IsSuccessStatusCode, "it is healthy",
            seconds: 30);

        var health = JsonDocument.Parse(await _http.GetStringAsync(At("/api/system/db-health"))).RootElement;
        Assert.Equal(
            ("healthy", "good", "railway"),
            (health.GetProperty("status").GetString(), health.GetProperty("syncStatus").GetString(),
            health.GetProperty("activeDatabase").GetString()));
        Assert.Equal("healthy", JsonDocument.Parse(await _http.GetStringAsync(At("/api/system/health"))).RootElement
            .GetProperty("status").GetString());
        var metrics = await _http.GetAsync(At("/metrics"));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", metrics.Content.Headers.ContentType?.ToString());
        var text = await metrics.Content.ReadAsStringAsync();
        Assert.Matches("(?m)^backupsync_last_run_success\\{.*job=\"railway-to-neon\".*\\} 1$", text);
        Assert.DoesNotContain(TestDatabase.Password, text + await _http.GetStringAsync(At("/")), StringComparison.Ordinal);
        cli.Signal("-TERM");
        Assert.Equal(0, (await cli.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_run_that_fails_is_told_and_told_again_when_it_is_well()
    {
        await using var receiver = new HttpReceiver();
        await using var scenario = await ScenarioAsync("schedule: { cron: \"0 6,18 * * *\" }");
        await File.AppendAllTextAsync(
            Path.Combine(scenario.Folder, "backupsync.yml"), $$"""
            alerts:
              channels: { hook: { webhook: { url: "{{receiver.Url}}" } } }
              rules: [ { on: [failed, rolledBack], to: [hook] } ]
            """);
        await using var cli = scenario.Start("serve");
        await cli.PrintsAsync("Serves ");
        await scenario.AddUntransferableAsync();
        Assert.True((await PostAsync("/api/schedules/railway-to-neon/run", Token)).IsSuccessStatusCode);

        await Eventually.IsTrueAsync(() => receiver.Received.Count == 1, "the failure is told", seconds: 30);
        await scenario.OnSourceAsync("DROP TABLE places");
        Assert.True((await PostAsync("/api/schedules/railway-to-neon/run", Token)).IsSuccessStatusCode);
        await Eventually.IsTrueAsync(() => receiver.Received.Count == 2, "that it is over is told", seconds: 30);

        Assert.Contains("railway-to-neon", receiver.Received[0].Body, StringComparison.Ordinal);
        Assert.All(receiver.Received, r => Assert.DoesNotContain(TestDatabase.Password, r.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_file_is_read_anew_whole_or_not_at_all()
    {
        await using var scenario = await ScenarioAsync("schedule: { cron: \"0 6,18 * * *\" }");
        await using var cli = scenario.Start("serve");
        await cli.PrintsAsync("Serves ");
        var file = Path.Combine(scenario.Folder, "backupsync.yml");
        var good = await File.ReadAllTextAsync(file);

        await File.WriteAllTextAsync(file, good.Replace("0 6,18 * * *", "0 25 * * *", StringComparison.Ordinal));
        cli.Signal("-HUP");
        await cli.PrintsAsync("The configuration of before stays in force.");
        Assert.Contains("has '25' as its hour", cli.Printed, StringComparison.Ordinal);
        Assert.Contains("0 6,18 * * *", await _http.GetStringAsync(At("/api/schedules")), StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, good.Replace("0 6,18 * * *", "0 7 * * *", StringComparison.Ordinal));
        await cli.PrintsAsync("was read anew"); // without a signal
        Assert.Contains("0 7 * * *", await _http.GetStringAsync(At("/api/schedules")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_behind_links_is_read_anew_and_opens_to_others_nothing_that_wanted_a_token()
    {
        await using var scenario = await ScenarioAsync("schedule: { cron: \"0 6 * * *\" }", $"http://0.0.0.0:{_port}");
        // As Kubernetes brings it: the link of a folder is exchanged.
        var (file, data) = (Path.Combine(scenario.Folder, "backupsync.yml"), Path.Combine(scenario.Folder, "..data"));
        var good = await File.ReadAllTextAsync(file);
        var (before, after) = (Directory.CreateDirectory(Path.Combine(scenario.Folder, "1")), Directory.CreateDirectory(
            Path.Combine(scenario.Folder, "2")));
        await File.WriteAllTextAsync(Path.Combine(before.FullName, "backupsync.yml"), good);
        await File.WriteAllTextAsync(Path.Combine(after.FullName, "backupsync.yml"), good
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("0 6 * * *", "0 7 * * *", StringComparison.Ordinal));
        File.Delete(file);
        Directory.CreateSymbolicLink(data, before.FullName);
        File.CreateSymbolicLink(file, Path.Combine("..data", "backupsync.yml"));
        await using var cli = scenario.Start("serve");
        await cli.PrintsAsync("Serves ");
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.GetAsync(At("/api/schedules"))).StatusCode);

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, after.FullName);
        await cli.PrintsAsync("was read anew");

        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.GetAsync(At("/api/schedules"))).StatusCode);
        using var answer = await SendAsync(HttpMethod.Get, "/api/schedules", Token, null);
        Assert.Contains("0 7 * * *", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_services_one_runs_what_is_due_and_the_other_when_that_is_dead()
    {
        await using var scenario = await ScenarioAsync("schedule: { every: 2s }");
        await using var first = scenario.Start("serve");
        await first.PrintsAsync("Runs what is due.");
        var file = Path.Combine(scenario.Folder, "second.yml");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(Path.Combine(scenario.Folder, "backupsync.yml")))
            .Replace($"{_port}", $"{FreePort()}", StringComparison.Ordinal));
        await using var second = scenario.Start("serve", "--config", file);
        await second.PrintsAsync("Waits: what is due is run by another service of this machine");

        first.Kill();

        await second.PrintsAsync("Runs what is due.");
        await second.PrintsAsync("the job railway-to-neon has ended: 1,000 rows", seconds: 60);
    }

    [Fact]
    public async Task What_others_could_reach_wants_a_token()
    {
        await using var scenario = await ScenarioAsync("schedule: { every: 1h }", "http://0.0.0.0:1", token: "");

        var result = await scenario.RunAsync("serve");

        Assert.True(result.ExitCode != 0, result.All);
        Assert.Contains("others can reach 0.0.0.0:1", result.Errors, StringComparison.Ordinal);
    }

    async Task<CliScenario> ScenarioAsync(string settings, string? listen = null, string token = $", token: {Token}")
    {
        var scenario = await CliScenario.CreateAsync(servers, settings: settings);
        await File.AppendAllTextAsync(
            Path.Combine(scenario.Folder, "backupsync.yml"),
            $"\nservice: {{ listen: \"{listen ?? $"http://127.0.0.1:{_port}"}\"{token} }}\n");
        return scenario;
    }

    static void Remember(CliScenario scenario, DateTimeOffset considered) =>
        new ScheduleMemory(Path.Combine(scenario.Folder, "state")).Set(
            "job railway-to-neon", new ScheduleProgress(considered, null), known: null);

    static List<RunResult> History(CliScenario scenario) => [.. RunHistory.Read(Path.Combine(scenario.Folder, "backups"))];

    Uri At(string path) => new($"http://127.0.0.1:{_port}{path}");

    Task<HttpResponseMessage> PostAsync(string path, string? token) => SendAsync(HttpMethod.Post, path, token, null);

    async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? token, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, At(path)) { Content = content };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request);
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
