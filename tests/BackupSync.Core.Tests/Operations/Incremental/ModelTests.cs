using System.Globalization;
using BackupSync.Configuration;
using BackupSync.Sandbox;
using Xunit.Abstractions;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>
/// Random work on both sides, and beside it a model of what each conflict rule has to make of it. After every run rows, sequences and
/// large objects are compared with the model's, by plain SQL. A few seeds always; <c>BACKUPSYNC_MODEL_SEEDS=1000..1100</c> for others,
/// <c>BACKUPSYNC_MODEL_WORK=Reset,Zone</c> for some kinds of work alone, <c>BACKUPSYNC_MODEL_POSTGRES=15,18</c> for a source's and a
/// target's version, <c>BACKUPSYNC_MODEL_STEPS=3,7</c> for some steps alone. Of a seed that fails the fewest steps that still do are
/// looked for, for <c>BACKUPSYNC_MODEL_MINUTES</c> at most (4; 0 for not at all). What finds what: docs/developers.md.
/// </summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    static readonly int[] Majors = [15, 18, 17, 19];

    static readonly int[]? AskedMajors = Asked("POSTGRES")?.Split(',').Select(Number).ToArray();

    static readonly TimeSpan ShrinkLimit = TimeSpan.FromMinutes(Number(Asked("MINUTES") ?? "4"));

    public static TheoryData<int> Seeds
    {
        get
        {
            var asked = Asked("SEEDS")?.Split("..").Select(Number).ToArray();
            return [.. asked is null ? Enumerable.Range(1, 8) : Enumerable.Range(asked[0], asked[^1] - asked[0] + 1)];
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Seeds))]
    public async Task Each_conflict_rule_makes_of_both_sides_what_it_says(int seed)
    {
        var usual = Majors[seed % Majors.Length];
        var (from, to) = AskedMajors is { } asked ? (asked[0], asked[^1]) : (usual, usual);
        foreach (var major in new[] { from, to })
            Skip.IfNot(
                VersionedServers.Majors.Contains(major),
                $"PostgreSQL {major} is not installed here; tools/newer-postgres brings others.");
        await using var source = await StartAsync(from, "modelsource");
        await using var target = await StartAsync(to, "modeltarget");
        var steps = ModelSteps.Of(seed);
        output.WriteLine($"seed {seed}, PostgreSQL {from} to {to}");
        if (await FailureAsync(seed, steps, source, target, output.WriteLine) is not { } failure)
            return;

        output.WriteLine(failure);
        var last = failure;
        steps = await ModelSteps.ShortestAsync(steps, async fewer =>
        {
            if (await FailureAsync(seed, fewer, source, target, _ => { }) is not { } again)
                return false;
            output.WriteLine($"{fewer.Count} steps fail: {again}");
            last = again;
            return true;
        }, ShrinkLimit);
        Assert.Fail($"seed {seed}: {failure}\n{steps.Count} steps are enough: {string.Join(", ", steps)}\n{last}\n"
            + ModelSteps.Command(seed, steps));
    }

    /// <summary>Half of nine steps, then single ones: what fails needs two of them, and a third where another one is there.</summary>
    [Fact]
    public async Task The_fewest_steps_that_fail_are_found()
    {
        var steps = Enumerable.Range(1, 9).Select(n => new ModelStep(1, n, ModelWork.Insert)).ToList();

        var shortest = await ModelSteps.ShortestAsync(steps, s => Task.FromResult(
            Numbers(s).IsSupersetOf([3, 7]) && (!Numbers(s).Contains(8) || Numbers(s).Contains(2))), TimeSpan.FromMinutes(1));

        Assert.Equal([3, 7], shortest.Select(s => s.Number));
        Assert.Equal(9, (await ModelSteps.ShortestAsync(steps, _ => Task.FromResult(true), TimeSpan.Zero)).Count);
        Assert.Equal(steps[4].Draw().Next(), new ModelStep(1, 5, null).Draw().Next());

        static HashSet<int> Numbers(IReadOnlyList<ModelStep> steps) => [.. steps.Select(s => s.Number)];
    }

    /// <returns>Which step failed, and how; null for none.</returns>
    static async Task<string?> FailureAsync(
        int seed, IReadOnlyList<ModelStep> steps, SandboxServer source, SandboxServer target, Action<string> tell)
    {
        foreach (var server in new[] { source, target }.Where(s => s.ServerProcessId is null))
            await server.StartAgainAsync(default);
        var random = new Random(seed);
        var config = new IncrementalConfig
        {
            Conflict = seed % 3 == 0 ? ConflictRule.LastWriteWins : seed % 3 == 1 ? ConflictRule.SourceWins
                : random.Next(2) == 0 ? ConflictRule.LastWriteWins : ConflictRule.SourceWins,
            Deletes = random.Next(3) > 0,
            Lateness = random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(5),
            BatchSize = random.Next(2) == 0 ? 3 : 1000,
        };
        tell($"{config.Conflict}, deletes {config.Deletes}, lateness {config.Lateness}");
        await using var scenario = await Scenario.CreateAsync(source, target, PublishMode.Transaction);
        var works = steps.Select(s => s.Work).OfType<ModelWork>().ToHashSet();
        await using var model = new Model(config, scenario, source, target, works);
        await model.FillAsync();
        await scenario.SyncWellAsync(SyncMode.Full);
        scenario.Job = scenario.Job with
        {
            Incremental = config,
            Guards = scenario.Job.Guards with { MaximumShrink = 1 },
            Verify = scenario.Job.Verify with { FullEvery = random.Next(2) == 0 ? 24 : 3 },
        };
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await model.ReadAsync();
        foreach (var step in steps)
        {
            try
            {
                tell($"{step}: {await model.DoAsync(step)}");
            }
            catch (Exception failure) when (failure is not SkipException)
            {
                foreach (var server in new[] { source, target }.Where(s => s.ServerProcessId is null))
                    await server.StartAgainAsync(default);
                return $"step {step}: {(failure is Xunit.Sdk.XunitException ? failure.Message : failure.ToString())}";
            }
        }
        return null;
    }

    static Task<SandboxServer> StartAsync(int major, string name) => SandboxServer.StartAsync(new SandboxOptions
    {
        Name = name,
        Major = major,
        // What is committed survives a kill.
        Settings = new Dictionary<string, string> { ["synchronous_commit"] = "on", ["max_prepared_transactions"] = "5" },
    }, default);

    static string? Asked(string what) =>
        Environment.GetEnvironmentVariable("BACKUPSYNC_MODEL_" + what) is { Length: > 0 } asked ? asked : null;

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
