using System.Diagnostics;
using System.Globalization;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>The work that is done, by the names by which some of it can be asked for alone.</summary>
enum ModelWork
{
    Insert, Update, Delete, Touch, Columns, Late, Prepared, Object, Number, Reload, Invisible, Loose, Zone, Reset, Uncounted, SetBack, Full,
    SecondJob, Crash,
    Waiting, ManyOwn, Exclude, Key, OtherKey, Part, Ahead, Span, Names, Domain, Wide, Circle, Events, Guarded, RolledBack, Differs, Rewind,

    /// <summary>Takes a standby of its own, so it is done only where it is asked for.</summary>
    Standby,
}

/// <summary>One thing that is done. It draws from the seed and its own number alone: it is the same whatever else is left out.</summary>
/// <param name="Work">Null for a run.</param>
sealed record ModelStep(int Seed, int Number, ModelWork? Work)
{
    /// <summary>No row of another step has a number from here to nine more.</summary>
    public int FirstId => 100 + Number * 10;

    public Random Draw() => new(Mix(Seed, Number));

    public override string ToString() => $"{Number} {Work?.ToString() ?? "Run"}";

    /// <summary>Generators whose seeds lie beside each other begin alike.</summary>
    public static int Mix(int seed, int number)
    {
        unchecked
        {
            var mixed = ((uint)seed * 2654435761) ^ ((uint)number * 2246822519);
            mixed = (mixed ^ (mixed >> 15)) * 2246822519;
            return (int)(mixed ^ (mixed >> 13));
        }
    }
}

/// <summary>What is done for a seed, and which part of it is enough for a failure.</summary>
static class ModelSteps
{
    const int Rounds = 7;
    const int ChangesPerRound = 8;

    /// <summary>Common work more often.</summary>
    static readonly ModelWork[] Works = Environment.GetEnvironmentVariable("BACKUPSYNC_MODEL_WORK") is { Length: > 0 } asked
        ? [.. asked.Split(',').Select(Enum.Parse<ModelWork>)]
        : [.. Enumerable.Repeat(ModelWork.Insert, 7), .. Enumerable.Repeat(ModelWork.Update, 7), .. Enumerable.Repeat(ModelWork.Delete, 5),
            .. Enum.GetValues<ModelWork>().Where(w => w != ModelWork.Standby)];

    public static IReadOnlyList<ModelStep> Of(int seed)
    {
        var random = new Random(ModelStep.Mix(seed, 0));
        var steps = new List<ModelStep>();
        for (var round = 0; round < Rounds; round++)
        {
            for (var change = random.Next(ChangesPerRound); change >= 0; change--)
                steps.Add(new ModelStep(seed, steps.Count + 1, Works[random.Next(Works.Length)]));
            steps.Add(new ModelStep(seed, steps.Count + 1, null));
        }
        var asked = Environment.GetEnvironmentVariable("BACKUPSYNC_MODEL_STEPS")?.Split(',')
            .Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToHashSet();
        return asked is null ? steps : [.. steps.Where(s => asked.Contains(s.Number))];
    }

    /// <summary>Leaves out halves, then ever smaller parts, then single steps, as long as it fails without them.</summary>
    /// <param name="limit">No attempt is begun later.</param>
    public static async Task<IReadOnlyList<ModelStep>> ShortestAsync(
        IReadOnlyList<ModelStep> steps, Func<IReadOnlyList<ModelStep>, Task<bool>> failsAsync, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        for (var size = (steps.Count + 1) / 2; size > 0 && clock.Elapsed < limit;)
        {
            var before = steps.Count;
            for (var end = steps.Count; end > 0 && clock.Elapsed < limit; end -= size)
            {
                var fewer = steps.Where((_, at) => at < end - size || at >= end).ToList();
                if (fewer.Count > 0 && fewer.Count < steps.Count && await failsAsync(fewer))
                    steps = fewer;
            }
            // What could be left out singly may have been what kept another.
            size = size > 1 ? (size + 1) / 2 : steps.Count < before ? 1 : 0;
        }
        return steps;
    }

    /// <summary>The variables that have just these steps run.</summary>
    public static string Command(int seed, IReadOnlyList<ModelStep> steps) => string.Join(' ', new[]
    {
        ("BACKUPSYNC_MODEL_SEEDS", seed.ToString(CultureInfo.InvariantCulture)),
        ("BACKUPSYNC_MODEL_STEPS", string.Join(',', steps.Select(s => s.Number))),
        ("BACKUPSYNC_MODEL_WORK", Environment.GetEnvironmentVariable("BACKUPSYNC_MODEL_WORK")),
        ("BACKUPSYNC_MODEL_POSTGRES", Environment.GetEnvironmentVariable("BACKUPSYNC_MODEL_POSTGRES")),
    }.Where(v => !string.IsNullOrEmpty(v.Item2)).Select(v => $"{v.Item1}={v.Item2}"))
        + " dotnet test tests/BackupSync.Core.Tests --filter ModelTests";
}
