using System.Globalization;
using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;
using Xunit.Abstractions;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>
/// Thousands of random changes, incremental runs in between, some of them stopped in the middle. A few seeds always;
/// <c>BACKUPSYNC_SEEDS=1000..1100</c> for others.
/// </summary>
public sealed class RandomisedTests(Servers servers, ITestOutputHelper output) : IClassFixture<Servers>
{
    const int Rounds = 6;
    const int ChangesPerRound = 120;

    public static TheoryData<int> Seeds
    {
        get
        {
            var asked = Environment.GetEnvironmentVariable("BACKUPSYNC_SEEDS")?.Split("..").Select(s => int.Parse(s,
                CultureInfo.InvariantCulture)).ToArray();
            return asked is null ? [1, 2, 3] : [.. Enumerable.Range(asked[0], asked[^1] - asked[0] + 1)];
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_happened_on_the_source_the_target_is_the_same_after_each_run(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var scenario = await Scenario.CreateAsync(
            servers, PublishMode.Transaction, seed % 2 == 0 ? TestRole.Owner : TestRole.Superuser);
        // By the clock that this scenario's programs stamp rows with, where a stamp does not say.
        var zone = ((string[])["UTC", "America/New_York", "Asia/Tokyo"])[random.Next(3)];
        await scenario.OnSourceAsync($"ALTER DATABASE {Sql.Identifier(scenario.Source.Database)} SET timezone = '{zone}'");
        await scenario.OnTargetAsync($"ALTER DATABASE {Sql.Identifier(scenario.Target.Database)} SET timezone = '{zone}'");
        await scenario.LoadRealisticDataAsync(servers.Tools);
        await scenario.OnSourceAsync($"SET timezone = '{zone}'; {RandomTables.Schema}");
        await scenario.SyncWellAsync(SyncMode.Full);
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Total = TimeSpan.FromSeconds(60) } };
        var stampsSometimes = random.Next(2) == 0;
        var work = new RandomWork(random, stampsSometimes, first: 1000, alone: true);
        var open = new List<PgSession>();
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                await ChangeAsync(scenario, work, open, random);
                scenario.Job = Vary(scenario.Job, random, stampsSometimes);
                for (var kills = random.Next(3); kills > 0; kills--)
                    await StopInTheMiddleAsync(scenario, random, seed, round);
                if (random.Next(3) == 0)
                    await SyncWhileOthersWorkAsync(
                        scenario,
                        new RandomWork(new Random(seed + round), stampsSometimes, first: 1_000_000 * (round + 1), alone: false),
                        seed,
                        round);
                var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
                output.WriteLine($"round {round}: {result.Mode}, {string.Join("; ", result.Warnings)}");
                await AssertEqualAsync(scenario, result, $"seed {seed}, round {round}");
            }
        }
        finally
        {
            foreach (var session in open)
                await session.DisposeAsync();
        }
        await scenario.AssertNothingIsLeftAsync();
    }

    /// <summary>Transactions stay open over some runs, with rows stamped at their begin.</summary>
    static async Task ChangeAsync(Scenario scenario, RandomWork work, List<PgSession> open, Random random)
    {
        await using var session = await OpenAsync(scenario);
        while (open.Count > 0 && random.Next(2) == 0)
        {
            try
            {
                await open[0].ExecuteAsync($"UPDATE stamped_here SET body = 'late' WHERE id = {random.Next(1, 10)}; COMMIT", default);
            }
            catch (PgQueryException)
            {
                // Refused, as others had been there: rolled back by closing it.
            }
            await open[0].DisposeAsync();
            open.RemoveAt(0);
        }
        Assert.True(await work.DoAsync(session, ChangesPerRound) > ChangesPerRound / 2, "Most changes are refused.");
        if (random.Next(2) == 0)
        {
            var late = await OpenAsync(scenario);
            open.Add(late);
            await late.ExecuteAsync("BEGIN; SET LOCAL lock_timeout = '1s'", default);
            await late.ExecuteAsync(
                random.Next(2) == 0 ? $"INSERT INTO stamped_here VALUES (-{random.Next(1_000_000)}, 'late')" : "SELECT now()",
                default);
        }
    }

    static JobConfig Vary(JobConfig job, Random random, bool stampsSometimes) => job with
    {
        Parallel = random.Next(1, 4),
        Verify = job.Verify with { FullEvery = random.Next(4) == 0 ? 2 : 24 },
        Incremental = new IncrementalConfig
        {
            BatchSize = random.Next(2) == 0 ? 7 : 1000,
            Lateness = random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(5),
            TrackBy = random.Next(3) switch
            {
                0 => [],
                1 => [new TrackByRule("by_*", TrackBy.Content), new TrackByRule("stamped", TrackBy.Content)],
                _ => stampsSometimes
                    ? [new TrackByRule("stamped_*", TrackBy.UpdatedAt)]
                    : [new TrackByRule("stamped_here", TrackBy.UpdatedAt)],
            },
        },
        Guards = job.Guards with { MaximumShrink = 0.9 },
    };

    /// <summary>By its token, or by the end of its sessions on either server, at some event or other.</summary>
    async Task StopInTheMiddleAsync(Scenario scenario, Random random, int seed, int round)
    {
        var before = await scenario.TargetContentAsync();
        var (at, how, seen) = (random.Next(6, 26), random.Next(3), 0);
        using var stop = new CancellationTokenSource();
        var result = await scenario.SyncAsync(_ =>
        {
            if (Interlocked.Increment(ref seen) != at)
                return;
            if (how == 0)
                stop.Cancel();
            else
                EndSessions(how == 1 ? scenario.SourceAdmin : scenario.TargetAdmin);
        }, stop.Token, mode: SyncMode.Incremental);
        output.WriteLine($"round {round}: stopped at event {at} by {how}: {result.Outcome} {result.Error?.Message}");
        var when = $"seed {seed}, round {round}, stopped at event {at} by {how}: {result.Outcome}";
        var differences = FingerprintComparison.Compare(
            result.Success ? await scenario.SourceContentAsync() : before, await scenario.TargetContentAsync(), new ComparisonTolerance());
        Assert.True(differences.Count == 0, $"{when}: {string.Join('\n', differences)}");
        Assert.True(result.Success || result.Outcome is RunOutcome.Aborted or RunOutcome.RolledBack or RunOutcome.Cancelled, when);
    }

    static void EndSessions(DatabaseAddress address) => Task.Run(() => Scenario.ExecuteAsync(address,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE "
            + "'backupsync%'")).Wait();

    /// <summary>What the run copies is one moment of theirs; only the next one, when they rest, can be compared.</summary>
    async Task SyncWhileOthersWorkAsync(Scenario scenario, RandomWork work, int seed, int round)
    {
        await using var session = await OpenAsync(scenario);
        using var end = new CancellationTokenSource();
        var working = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
                await work.DoAsync(session, 5);
        });
        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        await end.CancelAsync();
        await working;
        Assert.True(result.Success, $"seed {seed}, round {round}, while others worked: {result.Outcome} {result.Error}");
    }

    async Task AssertEqualAsync(Scenario scenario, RunResult result, string when)
    {
        Assert.True(result.Success, $"{when}: {result.Outcome} {result.Error}");
        Assert.True(result.Mode == SyncMode.Incremental, $"{when}: it became a full one: {string.Join("; ", result.Warnings)}");
        var rows = new List<RowDifference>();
        var compared = await ComparisonRunner.RunAsync(Scenario.Named("source", scenario.SourceAdmin, DatabaseRole.Production),
            Scenario.Named("target", scenario.TargetAdmin, DatabaseRole.Backup), new ComparisonOptions
            {
                Detail = true,
            }, null, rows.Add, default);
        Assert.True(
            compared.IsEqual,
            $"{when}: {string.Join('\n', compared.Items.Where(i => i.State != ComparedState.Equal))}\n{string.Join('\n', rows.Take(20))}");
        await DumpText.AssertSameAsync(servers.Tools, scenario.SourceAdmin, scenario.TargetAdmin, when);
    }

    static async Task<PgSession> OpenAsync(Scenario scenario)
    {
        var session = await Scenario.OpenAsync(scenario.SourceAdmin);
        await session.ExecuteAsync("RESET timezone", default);
        return session;
    }
}
