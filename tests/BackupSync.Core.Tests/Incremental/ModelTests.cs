using System.Globalization;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Sandbox;
using BackupSync.Tests.Sync;
using Xunit.Abstractions;

namespace BackupSync.Tests.Incremental;

/// <summary>
/// Random work on both sides, and beside it a model of what each conflict rule has to make of it. After every run rows, sequences and large objects are
/// compared with the model's, by plain SQL. A few seeds always; <c>BACKUPSYNC_MODEL_SEEDS=1000..1100</c> for others, and
/// <c>BACKUPSYNC_MODEL_WORK=Reset,Zone</c> for some kinds of work alone.
/// </summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    const int Rounds = 10;
    const int ChangesPerRound = 8;

    static readonly int[] Majors = [15, 18, 17, 19];

    static readonly RunStep[] Steps = [RunStep.Compare, RunStep.Merge, RunStep.Verify, RunStep.Publish];

    public static TheoryData<int> Seeds
    {
        get
        {
            var asked = Environment.GetEnvironmentVariable("BACKUPSYNC_MODEL_SEEDS")?.Split("..").Select(s => int.Parse(s, CultureInfo.InvariantCulture)).ToArray();
            return [.. asked is null ? Enumerable.Range(1, 8) : Enumerable.Range(asked[0], asked[^1] - asked[0] + 1)];
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Seeds))]
    public async Task Each_conflict_rule_makes_of_both_sides_what_it_says(int seed)
    {
        var random = new Random(seed);
        var config = new IncrementalConfig
        {
            Conflict = seed % 3 == 0 ? ConflictRule.LastWriteWins : seed % 3 == 1 ? ConflictRule.SourceWins : random.Next(2) == 0 ? ConflictRule.LastWriteWins : ConflictRule.SourceWins,
            Deletes = random.Next(3) > 0,
            Lateness = random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(5),
            BatchSize = random.Next(2) == 0 ? 3 : 1000,
        };
        var major = Majors[seed % Majors.Length];
        Skip.IfNot(VersionedServers.Majors.Contains(major), $"PostgreSQL {major} is not installed here; tools/newer-postgres brings 17, 18 and 19.");
        output.WriteLine($"seed {seed}: {config.Conflict}, deletes {config.Deletes}, PostgreSQL {major}");
        await using var source = await StartAsync(major, "modelsource");
        await using var target = await StartAsync(major, "modeltarget");
        await using var scenario = await Scenario.CreateAsync(source, target, PublishMode.Transaction);
        await using var model = new Model(random, config, scenario, source);
        await model.FillAsync();
        await scenario.SyncWellAsync(SyncMode.Full);
        scenario.Job = scenario.Job with { Incremental = config, Guards = scenario.Job.Guards with { MaximumShrink = 1 }, Verify = scenario.Job.Verify with { FullEvery = random.Next(2) == 0 ? 24 : 3 } };
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await model.ReadAsync();
        for (var round = 0; round < Rounds; round++)
        {
            for (var change = random.Next(ChangesPerRound); change >= 0; change--)
                output.WriteLine($"round {round}: {await model.ChangeAsync()}");
            if (model.MayCrash && random.Next(5) == 0)
                await CrashAsync();
            var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
            Assert.True(result is { Success: true, Mode: SyncMode.Incremental }, $"seed {seed}, round {round}: {result.Outcome} {result.Mode} {result.Error} {result.Error?.Detail} {string.Join('\n', result.Warnings)}");
            output.WriteLine($"round {round}: {string.Join("; ", result.Tables.Select(t => $"{t.Table} {t.Changes!.Way}, {t.Changes.Reason}"))}");
            await model.AssertAsync($"seed {seed}, round {round}");
        }

        async Task CrashAsync()
        {
            var (server, step) = (random.Next(2) == 0 ? source : target, Steps[random.Next(Steps.Length)]);
            var result = await scenario.SyncAsync(Faults.AtStep(step, () => server.KillAsync(default).Wait()), mode: SyncMode.Incremental);
            output.WriteLine($"the {(server == source ? "source" : "target")} is killed as {step} begins: {result.Outcome} {result.Error?.Message}");
            await model.RestartAsync(server);
            // One that had all it needed by then has ended well.
            if (result.Success)
                await model.AssertAsync($"seed {seed}, after a crash of the {(server == source ? "source" : "target")}");
        }
    }

    static Task<SandboxServer> StartAsync(int major, string name) => SandboxServer.StartAsync(new SandboxOptions
    {
        Name = name,
        Major = major,
        // What is committed survives a kill.
        Settings = new Dictionary<string, string> { ["synchronous_commit"] = "on", ["max_prepared_transactions"] = "5" },
    }, default);
}
