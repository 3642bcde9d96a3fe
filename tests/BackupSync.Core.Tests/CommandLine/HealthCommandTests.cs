using System.Text.Json;
using BackupSync.Tests.Reporting;

namespace BackupSync.Tests.CommandLine;

/// <summary>Health and the page by the real program, which connects to nothing for them.</summary>
public sealed class HealthCommandTests : IDisposable
{
    readonly ReportScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task The_exit_code_tells_whether_a_job_is_healthy()
    {
        var never = await RunAsync("health", "refresh");
        Assert.True(never.ExitCode == 1, never.All);
        Assert.Matches("(?m)^Status +Degraded\r?$", never.Output);
        Assert.Matches("(?m)^Reason +the job has never run\r?$", never.Output);

        _scene.Fill();
        var old = await RunAsync("health", "--json"); // the scene is of another day than today
        Assert.True(old.ExitCode == 1 || old.Output.Contains("\"healthy\"", StringComparison.Ordinal), old.All);
        using var json = JsonDocument.Parse(old.Output);
        Assert.Equal("railway-to-neon", json.RootElement.GetProperty("job").GetString());
        Assert.True(json.RootElement.GetProperty("primary").TryGetProperty("lastCheck", out _));
    }

    [Fact]
    public async Task Everything_is_one_command()
    {
        var all = await RunAsync("health", "--all");
        Assert.True(all.ExitCode == 1, all.All);
        Assert.Matches("(?m)^refresh +Job +Degraded", all.Output);
        Assert.Matches("(?m)^gateway +Service +Degraded", all.Output);

        using var json = JsonDocument.Parse((await RunAsync("health", "--all", "--json")).Output);
        Assert.Equal(["status", "time", "databases", "jobs", "services", "isHealthy"],
            json.RootElement.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Wrong_names_are_failures_of_use()
    {
        var unknown = await RunAsync("health", "refersh");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("Did you mean 'refresh'?", unknown.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("health", "refresh", "--all")).ExitCode);
        Assert.Equal(2, (await RunAsync("report", "--days", "0")).ExitCode);
    }

    [Fact]
    public async Task The_page_is_written_and_its_path_printed()
    {
        var made = await RunAsync("report", "--days", "7", "--out", "page.html");

        Assert.True(made.ExitCode == 0, made.All);
        var path = Path.Join(_scene.Folder, "page.html");
        Assert.Equal(path, made.Output.TrimEnd());
        Assert.Contains("The last 7 days", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("report", "--out", "page.html")).ExitCode);
        var refused = await RunAsync("report", "--out", "backupsync.yml");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("is no report", refused.Errors, StringComparison.Ordinal);
    }

    Task<CliResult> RunAsync(params string[] arguments) => Cli.RunAsync(
        arguments, new Dictionary<string, string?> { ["BACKUPSYNC_CONFIG"] = null }, _scene.Folder);
}
