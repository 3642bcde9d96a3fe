using System.Text.Json;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;
using BackupSync.Verification;

namespace BackupSync.Tests;

/// <summary>Two servers that a class of tests may kill, and that no other one uses.</summary>
public sealed class OwnServers : IAsyncLifetime
{
    public SandboxServer Source { get; private set; } = null!;
    public SandboxServer Target { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Source = await SandboxServer.StartAsync(new SandboxOptions { Name = "mortalsource", Major = Servers.Major }, default);
        Target = await SandboxServer.StartAsync(
            new SandboxOptions
            {
                Name = "mortaltarget",
                Major = Servers.Major,
                // A commit survives a kill if, and only if, it waits for the log; and transactions can be prepared.
                Settings = new Dictionary<string, string>
                {
                    ["synchronous_commit"] = "on",
                    ["wal_writer_delay"] = "10s",
                    ["max_prepared_transactions"] = "5",
                },
            }, default);
    }

    public async Task DisposeAsync()
    {
        await Source.DisposeAsync();
        await Target.DisposeAsync();
    }

    /// <summary>So that a test that failed half-way does not fail the others.</summary>
    public async Task EnsureRunningAsync()
    {
        foreach (var server in new[] { Source, Target }.Where(s => s.ServerProcessId is null))
            await server.StartAgainAsync(default);
    }
}

/// <summary>What tests that cause faults have in common.</summary>
static class Faults
{
    public static TheoryData<PublishMode> BothWays => [PublishMode.Swap, PublishMode.Transaction];

    /// <summary>A target that was synced once, and a source that has changed since. What the target holds is returned.</summary>
    public static async Task<DatabaseFingerprint> PrepareAsync(this Scenario scenario, int rows = 1000)
    {
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Connect = TimeSpan.FromSeconds(2) } };
        await scenario.FillAsync(rows);
        await scenario.SyncWellAsync();
        await scenario.OnSourceAsync("UPDATE users SET name = 'changed' WHERE id % 3 = 0; INSERT INTO users (name) VALUES ('one more')");
        return await scenario.TargetContentAsync();
    }

    /// <summary>
    /// Does something as soon as a session of a run does what the condition says of <c>pg_stat_activity</c>, or has given up
    /// waiting for it after half a minute.
    /// </summary>
    public static Task WhenAsync(DatabaseAddress server, string condition, Func<Task> act) => Task.Run(async () =>
    {
        await using var session = await Scenario.OpenAsync(server.WithDatabase("postgres"));
        await Eventually.IsTrueAsync(async () => await session.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backupsync:%' AND state = 'active' AND "
                + $"{condition}", default) > 0, condition, 30, pause: 5);
        await act();
    });

    public static Action<RunEvent> AtStep(RunStep step, Action act) => e =>
    {
        if (e is StepStarted started && started.Step == step)
            act();
    };

    /// <summary>After whatever had happened: the next run goes well, the target equals the source, nothing is left.</summary>
    public static async Task AssertNextRunGoesWellAsync(this Scenario scenario)
    {
        // The server may take a moment to notice that the dead run's lock belongs to nobody.
        RunResult result;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        do
        {
            result = await scenario.SyncAsync();
        }
        while (result.Outcome == RunOutcome.Skipped && !limit.IsCancellationRequested);
        Assert.Null(result.Error);
        Assert.Equal(RunOutcome.Succeeded, result.Outcome);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    /// <summary>The outcome and the cause, with all that is known of the run where they differ.</summary>
    public static void AssertFailed(RunResult result, RunOutcome outcome, RunStep step, params string[] errorIds)
    {
        Assert.True(
            result.Outcome == outcome && result.Error!.Step == step && errorIds.Contains(result.Error.Id),
            $"{result.Outcome} {result.Error}");
        Assert.DoesNotContain(TestDatabase.Password, AllOf(result.Error!), StringComparison.Ordinal);
    }

    /// <summary>Every word of an error.</summary>
    public static string AllOf(RunError error) => JsonSerializer.Serialize(error, JsonFormat.Line);
}
