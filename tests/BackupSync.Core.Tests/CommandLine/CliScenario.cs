using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

/// <summary>A source and a target database, and a folder with the configuration of the job between them, for the real program.</summary>
sealed class CliScenario : IAsyncDisposable
{
    readonly TempFolder _folder = new();
    readonly TestDatabase _source;
    readonly TestDatabase _target;

    CliScenario(TestDatabase source, TestDatabase target, string settings)
    {
        (_source, _target) = (source, target);
        _folder.Write("backupsync.yml", $$"""
            databases:
              railway: { url: "${CLI_SOURCE_URL}", role: production }
              neon: { url: "${CLI_TARGET_URL}" }
            jobs:
              railway-to-neon:
                source: railway
                target: neon
                verify: { report: [users] }
                guards: { minimumBackupSize: 0B }
                backups: { directory: backups }
                {{settings}}
            """);
    }

    public string Folder => _folder.Path;
    public string SourceUrl => _source.ConnectionString;
    public string TargetUrl => _target.ConnectionString;

    public Dictionary<string, string?> Environment =>
        new() { ["CLI_SOURCE_URL"] = SourceUrl, ["CLI_TARGET_URL"] = TargetUrl, ["BACKUPSYNC_CONFIG"] = null };

    /// <param name="settings">More of the job's, in one line, as in the file.</param>
    public static async Task<CliScenario> CreateAsync(Servers servers, int rows = 1000, string settings = "")
    {
        var scenario = new CliScenario(await servers.CreateSourceAsync(), await servers.CreateTargetAsync(), settings);
        await scenario.OnSourceAsync($"CREATE TABLE users AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, {rows}) i");
        return scenario;
    }

    public Task<CliResult> RunAsync(params string[] arguments) => Cli.RunAsync(arguments, Environment, Folder);

    /// <inheritdoc cref="Cli.RunRedirectedAsync"/>
    public Task<CliResult> RunRedirectedAsync(string redirection, params string[] arguments) =>
        Cli.RunRedirectedAsync(redirection, arguments, Environment, Folder);

    public Cli Start(params string[] arguments) => Cli.Start(arguments, Environment, Folder);

    /// <summary>Starts it, and presses Ctrl+C when it prints the text: from the thread that reads, as a busy pool would come late.</summary>
    public Cli StartInterruptedAt(string text, params string[] arguments)
    {
        var pressed = 0;
        return Cli.Start(arguments, Environment, Folder, (cli, line) =>
        {
            if (line.Contains(text, StringComparison.Ordinal) && Interlocked.Exchange(ref pressed, 1) == 0)
                cli.Interrupt();
        });
    }

    public Task OnSourceAsync(string sql) => _source.ExecuteAsync(sql);

    public Task OnTargetAsync(string sql) => _target.ExecuteAsync(sql);

    public Task<string?> TextOnTargetAsync(string sql) => _target.ScalarAsync<string>(sql);

    public Task<long> UsersOnTargetAsync() => _target.ScalarAsync<long>("SELECT count(*) FROM users");

    /// <summary>Does the work while a run on the same target, as of another machine, is in the middle of its own.</summary>
    public async Task WhileAnotherRunsAsync(Func<Task> work)
    {
        var other = AdHocJob.From(SourceUrl, TargetUrl, Folder, "others") with { Guards = new GuardsConfig { MinimumBackupSize = 0 } };
        var result = await JobRunner.SyncAsync(other, new RunOptions(), [new AtDump(() => work().GetAwaiter().GetResult())], default);
        Assert.Equal(RunOutcome.Succeeded, result.Outcome);
    }

    /// <summary>
    /// Legal on the source; on the target its rows cannot be loaded, because its constraint needs a setting of the source's database.
    /// </summary>
    public async Task AddUntransferableAsync()
    {
        await OnSourceAsync($"ALTER DATABASE {_source.Name} SET test.place = 'here'");
        await OnSourceAsync("""
            CREATE FUNCTION is_here(place text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = current_setting('test.place') $$;
            CREATE TABLE places (place text CHECK (is_here(place)));
            """);
        await OnSourceAsync("INSERT INTO places VALUES ('here')");
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _target.DisposeAsync();
        _folder.Dispose();
    }

    sealed class AtDump(Action work) : IInlineObserver
    {
        public void OnEvent(RunEvent runEvent)
        {
            if (runEvent is StepStarted { Step: RunStep.Dump })
                work();
        }
    }
}
