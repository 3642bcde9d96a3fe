using System.Text.Json;
using BackupSync.Backups;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

/// <summary>
/// A production database, a standby, one that is not there, and a folder with a configuration that backs them up, for the real program.
/// </summary>
sealed class BackupScenario : IAsyncDisposable
{
    public const string Passphrase = "never-to-be-printed";

    readonly TempFolder _folder = new();
    readonly TestDatabase _auth;
    readonly TestDatabase _standby;

    BackupScenario(TestDatabase auth, TestDatabase standby, bool encrypted)
    {
        (_auth, _standby) = (auth, standby);
        Configure(encrypted);
    }

    public string Folder => _folder.Path;

    public string File(params string[] parts) => Path.Join([_folder.Path, .. parts]);

    public static async Task<BackupScenario> CreateAsync(Servers servers, bool encrypted = false, int rows = 1000)
    {
        var scenario = new BackupScenario(await servers.CreateSourceAsync(), await servers.CreateTargetAsync(), encrypted);
        await scenario.OnAuthAsync($"CREATE TABLE users AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, {rows}) i");
        return scenario;
    }

    public void Configure(
        bool encrypted,
        string keep = "{ days: 7 }",
        string passphrase = "${CLI_PASSPHRASE}") => _folder.Write("backupsync.yml", $$"""
        tiers: { critical: { rto: 1h, rpo: 1h } }
        databases:
          auth: { url: "${CLI_AUTH_URL}", role: production, tier: critical }
          standby: { url: "${CLI_STANDBY_URL}" }
          missing: { url: "${CLI_MISSING_URL}" }
        places:
          local: { directory: local }
          offsite: { directory: offsite }
        {{(encrypted ? $"encryption: {{ passphrase: \"{passphrase}\" }}" : "")}}
        backupPlans:
          nightly: { databases: [auth], schedule: { cron: "0 2 * * *" }, places: [local, offsite], keep: {{keep}}, verify: integrity }
        """);

    public Task<CliResult> RunAsync(params string[] arguments) => Cli.RunAsync(arguments, Environment, Folder);

    public Cli Start(Action<Cli, string> onLine, params string[] arguments) => Cli.Start(arguments, Environment, Folder, onLine);

    /// <summary>Runs it, and has it end with 0.</summary>
    public async Task<CliResult> RunWellAsync(params string[] arguments)
    {
        var result = await RunAsync(arguments);
        Assert.True(result.ExitCode == 0, result.All);
        return result;
    }

    /// <summary>Newest first.</summary>
    public async Task<List<BackupFile>> BackupsAsync(params string[] arguments) =>
        JsonSerializer.Deserialize<List<BackupFile>>(
            (await RunWellAsync(["backups", .. arguments, "--json"])).Output,
            JsonFormat.Shown)!;

    public static List<RunResult> Runs(CliResult result) =>
        [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<RunResult>(line, JsonFormat.ShownLine)!)];

    public string AuthUrl => _auth.ConnectionString;

    public string AuthName => _auth.Name;

    /// <summary>Of another database, by the role of the standby, with which it goes.</summary>
    public string UrlOnStandby(string database) =>
        _standby.Server.ConnectionStringFor(database, _standby.Address.User, TestDatabase.Password);

    public Task OnAuthAsync(string sql) => _auth.ExecuteAsync(sql);

    public Task<long> UsersOfAuthAsync() => _auth.ScalarAsync<long>("SELECT count(*) FROM users");

    public Task<long> UsersOfStandbyAsync() => _standby.ScalarAsync<long>("SELECT count(*) FROM users");

    public async ValueTask DisposeAsync()
    {
        await _auth.DisposeAsync();
        await _standby.DisposeAsync();
        _folder.Dispose();
    }

    Dictionary<string, string?> Environment => new()
    {
        ["CLI_AUTH_URL"] = _auth.ConnectionString,
        ["CLI_STANDBY_URL"] = _standby.ConnectionString,
        ["CLI_MISSING_URL"] = _auth.Server.ConnectionStringFor("not_there", _auth.Address.User, TestDatabase.Password),
        ["CLI_PASSPHRASE"] = Passphrase,
        ["BACKUPSYNC_CONFIG"] = null,
    };
}
