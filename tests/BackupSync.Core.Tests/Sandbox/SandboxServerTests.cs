using System.Diagnostics;
using System.Globalization;
using BackupSync.PgTools;
using BackupSync.Sandbox;
using Npgsql;

namespace BackupSync.Tests.Sandboxes;

public sealed class SandboxServerTests
{
    static readonly SandboxOptions Options = new() { Name = "test" };

    [Fact]
    public async Task It_starts_answers_stops_and_leaves_nothing()
    {
        string folder;
        int process;
        await using (var sandbox = await SandboxServer.StartAsync(
            Options with { Database = "Ünï \"quoted\"", Superuser = "boss" },
            default))
        {
            folder = Path.GetDirectoryName(sandbox.DataDirectory)!;
            process = sandbox.ServerProcessId!.Value;
            Assert.Equal("Ünï \"quoted\"|boss|UTF8|off|127.0.0.1", await QueryAsync(sandbox,
                "SELECT concat_ws('|', current_database(), current_user, getdatabaseencoding(), current_setting('fsync'), "
                    + "current_setting('listen_addresses'))"));
            Assert.Equal("true", await QueryAsync(sandbox, "SELECT ('Ä' ~ '^[[:alpha:]]$')::text"));
            if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
                Assert.Contains(await OwnerAsync(process), (string[])["postgres", "nobody"]);
        }
        Assert.False(Directory.Exists(folder));
        Assert.Null(ProcessIdentity.StartOf(process));
    }

    [Fact]
    public async Task Its_password_is_needed()
    {
        await using var sandbox = await SandboxServer.StartAsync(Options, default);
        await using var connection = new NpgsqlConnection(sandbox.AddressFor("postgres", "postgres", "guess").ToNpgsql().ConnectionString);
        var e = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, e.SqlState);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.GetDirectoryName(sandbox.DataDirectory)!),
            f => f.EndsWith("password", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restart_and_a_crash_keep_committed_data_and_the_port()
    {
        await using var sandbox = await SandboxServer.StartAsync(
            Options with { Fsync = true, Settings = new Dictionary<string, string> { ["work_mem"] = "5MB" } }, default);
        await QueryAsync(sandbox, "CREATE TABLE t AS SELECT 42 AS x; SELECT 1");
        await sandbox.RestartAsync(default);
        Assert.Equal(
            "42|5MB|on",
            await QueryAsync(sandbox, "SELECT concat_ws('|', x, current_setting('work_mem'), current_setting('fsync')) FROM t"));

        await QueryAsync(sandbox, "UPDATE t SET x = 43; SELECT 1");
        var children = await ChildrenAsync(sandbox.ServerProcessId!.Value);
        await sandbox.KillAsync(default);
        Assert.Null(sandbox.ServerProcessId);
        Assert.NotEmpty(children);
        Assert.All(children, c => Assert.Null(ProcessIdentity.StartOf(c)));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => QueryAsync(sandbox, "SELECT 1"));

        await sandbox.StartAgainAsync(default);
        Assert.Equal("43", await QueryAsync(sandbox, "SELECT x::text FROM t"));

        await sandbox.StopAsync(immediate: true, default);
        await sandbox.StopAsync(immediate: true, default);
        Assert.Null(sandbox.ServerProcessId);
    }

    [SkippableFact]
    public async Task A_killed_one_leaves_no_shared_memory()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "ipcs is Linux's");
        string[] before = await SharedMemoryAsync();
        var sandbox = await SandboxServer.StartAsync(Options, default);
        var segment = (await File.ReadAllLinesAsync(Path.Combine(sandbox.DataDirectory, "postmaster.pid")))[6]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        Assert.Contains(segment, await SharedMemoryAsync());
        await sandbox.KillAsync(default);
        await sandbox.DisposeAsync();
        Assert.DoesNotContain(segment, (await SharedMemoryAsync()).Except(before));
    }

    [Fact]
    public async Task What_a_dead_owner_left_is_cleared_and_nothing_else()
    {
        // Two owners: a process that has ended, and one that lives. A third folder has no owner's record.
        var orphan = await SandboxServer.StartAsync(Options, default);
        var orphaned = Path.GetDirectoryName(orphan.DataDirectory)!;
        var server = orphan.ServerProcessId!.Value;
        await using var owned = await SandboxServer.StartAsync(Options, default);
        var unknown = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(orphaned)!, "backupsync-sandbox-unknown")).FullName;
        var elsewhere = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(orphaned)!, "backupsync-sandbox-elsewhere")).FullName;
        try
        {
            var record = Path.Combine(orphaned, "owner.json");
            await File.WriteAllTextAsync(record, (await File.ReadAllTextAsync(record)).Replace(
                $"\"Id\":{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}", "\"Id\":999999999", StringComparison.Ordinal));
            await File.WriteAllTextAsync(Path.Combine(elsewhere, "owner.json"), """{"Id":1,"Started":"x","Place":"another machine"}""");

            await using (await SandboxServer.StartAsync(Options, default))
            {
                Assert.False(Directory.Exists(orphaned));
                Assert.Null(ProcessIdentity.StartOf(server));
                Assert.NotNull(owned.ServerProcessId);
                Assert.True(Directory.Exists(unknown) && Directory.Exists(elsewhere));
            }
        }
        finally
        {
            Directory.Delete(unknown, recursive: true);
            Directory.Delete(elsewhere, recursive: true);
        }
        await orphan.DisposeAsync();
    }

    [SkippableFact]
    public async Task What_others_put_beside_it_neither_hangs_it_nor_leads_it_elsewhere()
    {
        OtherUser.Needed();
        using var elsewhere = new TempFolder();
        var kept = elsewhere.Write("data/content", "");
        var parent = (await UnprivilegedUser.FindAsync(default)).TemporaryFolder();
        string[] theirs = [Path.Combine(parent, "backupsync-sandbox-pipe"), Path.Combine(parent, "backupsync-sandbox-dead")];
        var link = Path.Combine(parent, "backupsync-sandbox-link");
        var dead = $$"""{"Id":999999999,"Started":"x","Place":"{{ProcessIdentity.Current.Place}}"}""";
        elsewhere.Write("owner.json", dead);
        try
        {
            foreach (var folder in theirs)
                Directory.CreateDirectory(folder);
            await RunAsync("mkfifo", Path.Combine(theirs[0], "owner.json"));
            await File.WriteAllTextAsync(Path.Combine(theirs[1], "owner.json"), dead);
            await RunAsync("ln", "-s", elsewhere.Path, link);
            await RunAsync("chown", "-hR", "nobody", theirs[0], theirs[1], link);

            await using var sandbox = await SandboxServer.StartAsync(Options, default).WaitAsync(TimeSpan.FromMinutes(1));

            Assert.All(theirs, f => Assert.True(Directory.Exists(f)));
            Assert.True(File.Exists(kept));
            // Of its own folder the server's user, who may be anybody's, has the data alone.
            var root = Path.GetDirectoryName(sandbox.DataDirectory)!;
            Assert.Equal(["root", "root", "root"], await Task.WhenAll(
                new[] { root, Path.Combine(root, "owner.json"), Path.Combine(root, "sandbox.conf") }.Select(FileOwnerAsync)));
            Assert.NotEqual("root", await FileOwnerAsync(sandbox.DataDirectory));
        }
        finally
        {
            foreach (var folder in theirs)
                Directory.Delete(folder, recursive: true);
            File.Delete(link);
        }
    }

    static async Task RunAsync(params string[] command)
    {
        var result = await ChildProcess.RunAsync(new ChildCommand(command[0], command[1..]), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
    }

    static async Task<string> FileOwnerAsync(string path) =>
        (await ChildProcess.RunAsync(new ChildCommand("stat", "-c", "%U", path), default)).Output.Trim();

    [Fact]
    public async Task A_pid_file_that_names_another_process_harms_nobody()
    {
        using var bystander = Process.Start("sleep", "60");
        try
        {
            await using var sandbox = await SandboxServer.StartAsync(Options, default);
            await sandbox.StopAsync(immediate: false, default);
            await File.WriteAllTextAsync(Path.Combine(sandbox.DataDirectory, "postmaster.pid"),
                $"{bystander.Id}\n{sandbox.DataDirectory}\n1\n");
            await sandbox.KillAsync(default);
            await sandbox.StopAsync(immediate: true, default);
            await sandbox.DisposeAsync();
            Assert.False(bystander.HasExited);
        }
        finally
        {
            bystander.Kill();
        }
    }

    [Fact]
    public async Task A_server_that_does_not_start_says_why_and_leaves_nothing()
    {
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => SandboxServer.StartAsync(
            Options with { Name = "failing", Settings = new Dictionary<string, string> { ["no_such_setting"] = "1" } }, default));
        Assert.Equal(ErrorIds.SandboxFailed, e.ErrorId);
        Assert.Contains("unrecognized configuration parameter \"no_such_setting\"", e.Detail, StringComparison.Ordinal);
        Assert.Empty(await FoldersAsync("failing"));
    }

    [Theory]
    [InlineData(50)]
    [InlineData(400)]
    [InlineData(900)]
    [InlineData(1300)]
    public async Task A_cancelled_start_leaves_nothing(int milliseconds)
    {
        using var cts = new CancellationTokenSource(milliseconds);
        try
        {
            await (await SandboxServer.StartAsync(Options with { Name = "cancelled", Database = "other" }, cts.Token)).DisposeAsync();
        }
        catch (OperationCanceledException e)
        {
            Assert.Equal(cts.Token, e.CancellationToken);
        }
        Assert.Empty(await FoldersAsync("cancelled"));
        Assert.Equal(1, (await ChildProcess.RunAsync(new ChildCommand("pgrep", "-f", "backupsync-sandbox-cancelled"), default)).ExitCode);
    }

    static async Task<string[]> FoldersAsync(string name) =>
        Directory.GetDirectories((await UnprivilegedUser.FindAsync(default)).TemporaryFolder(), $"backupsync-sandbox-{name}-*");

    static async Task<string?> QueryAsync(SandboxServer sandbox, string sql)
    {
        await using var connection = new NpgsqlConnection(sandbox.Address.ToNpgsql().ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString();
    }

    static async Task<string> OwnerAsync(int process) =>
        (await ChildProcess.RunAsync(new ChildCommand("ps", "-o", "user=", "-p", process.ToString(CultureInfo.InvariantCulture)), default))
            .Output
            .Trim();

    static async Task<int[]> ChildrenAsync(int process)
    {
        var result = await ChildProcess.RunAsync(new ChildCommand("pgrep", "-P", process.ToString(CultureInfo.InvariantCulture)), default);
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => int.Parse(l, CultureInfo.InvariantCulture))];
    }

    static async Task<string[]> SharedMemoryAsync()
    {
        var result = await ChildProcess.RunAsync(new ChildCommand("ipcs", "-m"), default);
        return [.. result.Output.Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(f => f.Length > 2)
            .Select(f => f[1])];
    }
}
