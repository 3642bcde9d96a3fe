using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>A small table with stamps, and what tests of incremental runs ask.</summary>
static class Items
{
    public const string Name = "public.items";

    /// <summary>1,000 rows; synced in full and once more, so that the next run goes by stamps.</summary>
    public static async Task<Scenario> CreateAsync(Servers servers, TestRole role = TestRole.Superuser, string more = "") =>
        await FillAsync(await Scenario.CreateAsync(servers, PublishMode.Transaction, role), more);

    public static async Task<Scenario> CreateAsync(OwnServers servers) =>
        await FillAsync(await Scenario.CreateAsync(servers.Source, servers.Target, PublishMode.Transaction), more: "");

    static async Task<Scenario> FillAsync(Scenario scenario, string more)
    {
        await scenario.OnSourceAsync("""
            CREATE TABLE items (id int PRIMARY KEY, name text UNIQUE, updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO items SELECT n, 'item ' || n, now() - interval '1 day' FROM generate_series(1, 1000) n;
            """ + more);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        return scenario;
    }

    public static Task ChangeAsync(this Scenario scenario) => scenario.OnSourceAsync("""
        INSERT INTO items VALUES (1001, 'new');
        UPDATE items SET name = 'changed ' || id, updated_at = clock_timestamp() WHERE id IN (1, 500);
        DELETE FROM items WHERE id BETWEEN 10 AND 12;
        """);

    public static void Set(this Scenario scenario, Func<IncrementalConfig, IncrementalConfig> change) =>
        scenario.Job = scenario.Job with { Incremental = change(scenario.Job.Incremental) };

    public static TableChanges Changes(this RunResult result, string table = Name) => result.Tables.Single(t => t.Table == table).Changes!;

    /// <summary>An incremental run that stayed one, after which both databases are the same.</summary>
    public static async Task<RunResult> AssertBroughtUpToDateAsync(this Scenario scenario, bool fullVerify = false)
    {
        var result = await scenario.SyncWellAsync(SyncMode.Incremental, fullVerify);
        Assert.True(result.Mode == SyncMode.Incremental, string.Join('\n', result.Warnings));
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        return result;
    }

    /// <summary>Next runs may have to wait until servers have noticed whose sessions are dead.</summary>
    public static async Task AssertNextGoesWellAsync(this Scenario scenario)
    {
        RunResult result;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        do
        {
            result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        }
        while (result.Outcome == RunOutcome.Skipped && !limit.IsCancellationRequested);
        Assert.True(
            result is { Success: true, Mode: SyncMode.Incremental },
            $"{result.Outcome} {result.Error} {string.Join('\n', result.Warnings)}");
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }
}
