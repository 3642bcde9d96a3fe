using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>
/// The target's counters of writes, by which a run knows whether others have written there: they begin anew, are switched off, and
/// count what was rolled back.
/// </summary>
public sealed class WriteCountsTests
{
    const string AsMany = "UPDATE items SET name = 'by hand' WHERE id = {0}; UPDATE items SET name = 'by hand' WHERE id = {0} + 1";

    /// <summary>
    /// Two rows are written by hand; the next run sets one of them right, and so has the server count to two; then it begins anew, and
    /// counts to two once more.
    /// </summary>
    [SkippableTheory]
    [InlineData(15, false)]
    [InlineData(15, true)]
    [InlineData(18, false)]
    [InlineData(18, true)]
    public async Task Writes_by_hand_are_seen_though_the_server_counts_to_the_same_number_again(int major, bool crashes)
    {
        await using var target = await Sandbox.SandboxServer.StartAsync(new Sandbox.SandboxOptions
        {
            Name = $"counts{major}",
            Major = major,
            Settings = new Dictionary<string, string> { ["synchronous_commit"] = "on" },
        }, default);
        await using var scenario = await Scenario.CreateAsync(await VersionedServers.GetAsync(major), target, PublishMode.Transaction);
        await scenario.OnSourceAsync(Items);
        await scenario.SyncWellAsync(SyncMode.Full);
        await BeginAnewAsync();
        await scenario.OnTargetAsync("UPDATE items SET name = 'by hand' WHERE id = 1");
        await scenario.AssertBroughtUpToDateAsync(); // one by hand, one by the run
        Assert.Equal(ChangeTracking.UpdatedAt, (await scenario.AssertBroughtUpToDateAsync()).Changes().Way);

        await BeginAnewAsync();
        await scenario.OnTargetAsync(string.Format(null, AsMany, 50));
        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(
            (ChangeTracking.Content, "the target's server counts what is written to it anew since the last run"),
            (result.Changes().Way, result.Changes().Reason));

        async Task BeginAnewAsync()
        {
            if (!crashes)
            {
                await scenario.OnTargetAsync("SELECT pg_stat_reset()");
                return;
            }
            await target.KillAsync(default);
            await target.StartAgainAsync(default);
        }
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Where_somebodys_writes_are_not_counted_stamps_are_not_believed(int major)
    {
        await using var scenario = await WithNotesAsync(major);
        await scenario.OnTargetAsync($"ALTER ROLE CURRENT_USER IN DATABASE \"{scenario.TargetAdmin.Database}\" SET track_counts = off");
        await scenario.OnTargetAsync("UPDATE items SET name = 'by hand' WHERE id = 1");

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Contains("track_counts is off", result.Changes().Reason, StringComparison.Ordinal);
    }

    /// <summary>
    /// A parent takes rows along of which both sides had the same: nothing else tells of them than the server's counters.
    /// </summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task What_foreign_keys_take_away_is_seen_where_nothing_is_counted(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync("""
            CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents SELECT generate_series(1, 10);
            CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE);
            INSERT INTO children SELECT i, i % 10 + 1 FROM generate_series(1, 40000) i
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.OnTargetAsync($"ALTER DATABASE \"{scenario.TargetAdmin.Database}\" SET track_counts = off");
        await scenario.OnSourceAsync("SET session_replication_role = replica; DELETE FROM parents WHERE id = 1");

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        // They cannot come back either: what they refer to is gone on the source, too.
        Assert.NotEqual(RunOutcome.Succeeded, result.Outcome);
        Assert.Equal(40_000, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM children"));
    }

    /// <summary>The same where they can come back: the key that takes them along is the target's own.</summary>
    [SkippableTheory]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(18)]
    [InlineData(19)]
    public async Task What_foreign_keys_take_away_comes_back_where_nothing_is_counted(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync("""
            CREATE TABLE parents (id int PRIMARY KEY, code int NOT NULL UNIQUE);
            INSERT INTO parents SELECT i, i FROM generate_series(1, 10) i;
            CREATE TABLE children (id int PRIMARY KEY, code int REFERENCES parents (code) ON DELETE CASCADE);
            INSERT INTO children SELECT i, i % 10 + 1 FROM generate_series(1, 40000) i
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.OnTargetAsync($"ALTER DATABASE \"{scenario.TargetAdmin.Database}\" SET track_counts = off");
        // Another row of the same code: on the target the old one goes, and takes its children along.
        await scenario.OnSourceAsync("SET session_replication_role = replica; UPDATE parents SET id = 11 WHERE id = 1");

        await scenario.SyncWellAsync(SyncMode.Incremental);

        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [SkippableTheory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task What_a_run_wrote_and_rolled_back_is_not_taken_for_others_writes(int major)
    {
        await using var scenario = await WithNotesAsync(major);
        await scenario.OnSourceAsync("UPDATE items SET name = 'new', updated_at = now() WHERE id <= 20; DELETE FROM items WHERE id > 90");
        using var stop = new CancellationTokenSource();

        var stopped = await scenario.SyncAsync(Faults.AtStep(RunStep.Verify, stop.Cancel), stop.Token, mode: SyncMode.Incremental);

        Assert.Equal(RunOutcome.Cancelled, stopped.Outcome);
        var next = (await scenario.AssertBroughtUpToDateAsync()).Changes();
        Assert.True(next.Way == ChangeTracking.UpdatedAt, $"{next.Reason} {scenario.LogText}");
        // And others' are still seen.
        await scenario.OnTargetAsync("UPDATE items SET name = 'by hand' WHERE id = 50");
        Assert.Equal(ChangeTracking.Content, (await scenario.AssertBroughtUpToDateAsync()).Changes().Way);
    }

    const string Items = "CREATE TABLE items (id int PRIMARY KEY, name text, updated_at timestamptz NOT NULL DEFAULT '2024-01-01'); "
        + "INSERT INTO items SELECT generate_series(1, 100), 'n'";

    /// <summary>The next run may believe stamps: a full and an incremental one have gone before.</summary>
    static async Task<Scenario> WithNotesAsync(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync(Items);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        return scenario;
    }
}
