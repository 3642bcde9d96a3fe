using System.Text.Json;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

public sealed class OtherCommandsTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Check_tells_every_problem_and_ends_with_2()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        var good = await scenario.RunAsync("check");
        Assert.True(good.ExitCode == 0, good.All);

        var file = Path.Join(scenario.Folder, "bad.yml");
        await File.WriteAllTextAsync(file, "databases:\n  a: { ulr: x }\njobs:\n  copy: { source: a, target: b }\n");
        var bad = await scenario.RunAsync("check", "bad.yml");
        Assert.Equal(2, bad.ExitCode);
        Assert.Contains($"{file}:2:", bad.Output, StringComparison.Ordinal);
        Assert.Contains($"{file}:4:", bad.Output, StringComparison.Ordinal);
        var json = await scenario.RunAsync("check", "bad.yml", "--json");
        Assert.Equal(2, json.ExitCode);
        Assert.True(JsonDocument.Parse(json.Output).RootElement.GetArrayLength() >= 2);
    }

    [Fact]
    public async Task Init_writes_a_configuration_and_replaces_none()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, (await Cli.RunAsync(["init"], workingDirectory: folder.Path)).ExitCode);
        Assert.Contains("jobs:", await File.ReadAllTextAsync(folder.File("backupsync.yml")), StringComparison.Ordinal);
        Assert.Equal(1, (await Cli.RunAsync(["init"], workingDirectory: folder.Path)).ExitCode);
        Assert.Equal(0, (await Cli.RunAsync(["init", "--force"], workingDirectory: folder.Path)).ExitCode);
    }

    [Fact]
    public async Task Test_tells_what_is_reached_and_what_not()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);
        var good = await scenario.RunAsync("test", "railway", "neon", "--json");
        Assert.True(good.ExitCode == 0, good.All);
        Assert.All(
            JsonSerializer.Deserialize<List<ConnectionTestResult>>(good.Output, JsonFormat.Shown)!,
            r => Assert.Equal(ConnectionState.Connected, r.State));

        var bad = await scenario.RunAsync("test", "--url", "postgresql://nobody:hidden-word@127.0.0.1:1/none", "--timeout", "5");
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains("refused", bad.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-word", bad.All, StringComparison.Ordinal);

        var unknown = await scenario.RunAsync("test", "railwya");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("Did you mean 'railway'?", unknown.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backups_history_cleanup_and_restore_work_on_what_syncs_leave()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);
        await scenario.OnSourceAsync("DELETE FROM users WHERE id > 900");
        Assert.Equal(0, (await scenario.RunAsync("sync")).ExitCode);

        var backups = await scenario.RunAsync("backups", "--job", "railway-to-neon", "--kind", "safety", "--json");
        Assert.True(backups.ExitCode == 0, backups.All);
        var safety = JsonSerializer.Deserialize<List<BackupFile>>(backups.Output, JsonFormat.Shown)!;
        Assert.Equal([1000, 0], safety.Select(b => b.Rows));

        var history = await scenario.RunAsync("history", "railway-to-neon", "--last", "1", "--json");
        Assert.Equal(
            900,
            JsonSerializer.Deserialize<List<RunResult>>(history.Output, JsonFormat.Shown)!.Single().SourceStats!["public.users"]);
        Assert.Contains("Succeeded", (await scenario.RunAsync("history")).Output, StringComparison.Ordinal);

        var cleanup = await scenario.RunAsync("cleanup", "--keep-days", "7", "--what-if");
        Assert.Contains("the newest safety backup of railway-to-neon", cleanup.Output, StringComparison.Ordinal);

        var plan = await scenario.RunAsync("restore-safety", "--job", "railway-to-neon", "--latest", "--what-if");
        Assert.Contains(safety[0].FileName, plan.Output, StringComparison.Ordinal);
        Assert.Equal(900, await scenario.UsersOnTargetAsync());
        var restore = await scenario.RunAsync("restore-safety", "--job", "railway-to-neon", "--latest", "--yes");
        Assert.True(restore.ExitCode == 0, restore.All);
        Assert.Equal(1000, await scenario.UsersOnTargetAsync());

        var byFile = await scenario.RunAsync("restore-safety", safety[0].Path, "--target-url", scenario.TargetUrl);
        Assert.Equal(2, byFile.ExitCode);
        Assert.Contains("--yes", byFile.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await scenario.RunAsync("restore-safety")).ExitCode);
        Assert.Equal(1, (await scenario.RunAsync("restore-safety", "nowhere.dump", "--yes")).ExitCode);
    }

    /// <summary>What the target held before a sync need not be what its server makes again.</summary>
    [Fact]
    public async Task A_safety_backup_comes_back_without_what_the_server_refuses()
    {
        await using var scenario = await CliScenario.CreateAsync(servers);
        await scenario.OnTargetAsync("""
            CREATE TABLE room (id int PRIMARY KEY); CREATE TABLE booked (id int PRIMARY KEY, room int REFERENCES room);
            ALTER TABLE booked DISABLE TRIGGER ALL; INSERT INTO booked VALUES (2, 777); ALTER TABLE booked ENABLE TRIGGER ALL
            """);
        Assert.Equal(0, (await scenario.RunAsync("sync", "--force")).ExitCode);

        var refused = await scenario.RunAsync("restore-safety", "--job", "railway-to-neon", "--latest", "--yes");
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("--skip-refused", refused.All, StringComparison.Ordinal);
        var plan = await scenario.RunAsync("restore-safety", "--job", "railway-to-neon", "--latest", "--skip-refused", "--what-if");
        Assert.Contains(
            "leave out, and name",
            string.Join(' ', plan.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);

        var restored = await scenario.RunAsync("restore-safety", "--job", "railway-to-neon", "--latest", "--skip-refused", "--yes");

        Assert.True(restored.ExitCode == 0, restored.All);
        Assert.Contains("its run changed nothing", restored.All, StringComparison.Ordinal); // that of the restore that was refused
        Assert.Contains("booked_room_fkey", restored.All, StringComparison.Ordinal);
        Assert.Equal("777 0", await scenario.TextOnTargetAsync(
            "SELECT concat_ws(' ', (SELECT room FROM booked), (SELECT count(*) FROM pg_constraint WHERE contype = 'f'))"));
    }

    [Theory]
    [InlineData("--keep-days is from 0 to 36500 days, which 'abc' is not", "cleanup", "--keep-days", "abc")]
    [InlineData("--keep-days is from 1 to 36500 days, which '0' is not", "backup", "--all", "--keep-days", "0")]
    [InlineData("--last is from 1 to 1000000 runs, which '99999999999999' is not", "history", "--last", "99999999999999")]
    [InlineData("--last is from 1 to 1000000 runs, which '' is not", "history", "-n", "")]
    [InlineData("--timeout is from 1 to 3600 seconds, which '1e3' is not", "test", "--timeout", "1e3")]
    public async Task What_is_no_number_is_answered(string expected, params string[] arguments)
    {
        var result = await Cli.RunAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(" at BackupSync", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_works_and_leaves_no_server()
    {
        var result = await Cli.RunAsync(["demo"]);
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains("The target was preserved", result.Output, StringComparison.Ordinal);
        Assert.Contains("app.jurisdiction", result.Errors, StringComparison.Ordinal);
        const string KeptIn = "Backups, log and history are kept in ";
        var folder = result.Output.Split('\n').Last(l => l.StartsWith(KeptIn, StringComparison.Ordinal))[KeptIn.Length..].Trim();
        Assert.Equal(6, BackupCatalog.List(folder).Count);
        var page = await File.ReadAllTextAsync(Path.GetFullPath(Path.Join(folder, "..", "..", "report.html")));
        Assert.Contains("railway-to-neon", page, StringComparison.Ordinal);
        Directory.Delete(Path.GetFullPath(Path.Join(folder, "..", "..")), recursive: true);
        foreach (var port in System.Text.RegularExpressions.Regex.Matches(result.Output, @"on 127\.0\.0\.1:(\d+)")
            .Select(m => int.Parse(m.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)))
        {
            using var client = new System.Net.Sockets.TcpClient();
            await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(() => client.ConnectAsync("127.0.0.1", port));
        }
    }
}
