using System.Globalization;
using BackupSync.Failover;

namespace BackupSync.Tests.Failover;

/// <summary>
/// The decision logic of failover in histories at random. <c>BACKUPSYNC_FAILOVER_HISTORIES</c> says how many. A history that breaks a
/// promise is shown with what it cannot do without.
/// </summary>
[Trait("Needs", "nothing")]
public sealed class FailoverSimulationTests
{
    const double Length = 600;

    static readonly FailoverSettings Settings = new()
    {
        CoolDown = TimeSpan.FromMinutes(2), MostADay = 9, MaxDataLoss = TimeSpan.FromMinutes(5), ReportAge = TimeSpan.FromSeconds(15),
    };

    [Fact]
    public void Random_histories_break_no_promise()
    {
        var histories = int.Parse(
            Environment.GetEnvironmentVariable("BACKUPSYNC_FAILOVER_HISTORIES") ?? "200", CultureInfo.InvariantCulture);
        var (failovers, switchovers) = (0, 0);
        for (var seed = 1; seed <= histories; seed++)
        {
            var history = HistoryOf(seed);
            if (Broken(seed, history, out var world) is { } broken)
                Assert.Fail($"Seed {seed}: {broken}\n{string.Join("\n", Shrunk(seed, history))}");
            failovers += world.Record.Failovers.Count;
            switchovers += world.Switchovers;
        }
        // A world in which nothing ever happens would keep all promises.
        Assert.True(failovers > histories / 5 && switchovers > histories / 5, $"{failovers} failovers, {switchovers} switchovers");
    }

    [Fact]
    public void What_is_no_outage_fails_over_nothing()
    {
        ProbeFinding[] reasons = [.. Enum.GetValues<ProbeFinding>().Where(f => f is not (ProbeFinding.Up or ProbeFinding.Down))];
        for (var seed = 1; seed <= 20; seed++)
        {
            var world = new FailoverWorld(seed, Settings);
            world.Run(reasons.Select((r, i) => new Happening(30 + (i * 60), "find", "", "Primary", r)), 420);
            Assert.Empty(world.Record.Failovers);
            world.HealAndSettle();
        }
    }

    /// <summary>What one observer alone has lost, or what no observer can tell the witness, is not lost.</summary>
    [Theory]
    [InlineData("o1", "Primary")]
    [InlineData("o1", "Primary", "o2", "w")]
    [InlineData("o1", "Primary", "o2", "Primary", "o1", "w", "o2", "w")]
    [InlineData("o1", "w", "o2", "w", "p1", "w", "p2", "w")]
    public void No_failover_without_a_majority(params string[] cuts)
    {
        var world = new FailoverWorld(1, Settings);
        world.Run(cuts.Chunk(2).Select(c => new Happening(30, "cut", c[0], c[1])), 300);
        Assert.Empty(world.Record.Failovers);
        world.HealAndSettle();
    }

    [Fact]
    public void A_lost_primary_is_failed_over_and_returns_fenced()
    {
        var world = new FailoverWorld(1, Settings);
        world.Run([new Happening(60, "find", "", "Primary", ProbeFinding.Down)], 120);
        Assert.Equal((FailoverPhase.Switched, FailoverSide.Secondary), (world.Record.Phase, world.Record.Active));
        world.Run([new Happening(121, "find", "", "Primary", ProbeFinding.Up)], 150);
        Assert.Equal(FailoverPhase.Returned, world.Record.Phase);
        world.HealAndSettle();
        Assert.Equal(FailoverPhase.Ready, world.Record.Phase);
    }

    [Fact]
    public void Flapping_fails_over_once_at_most()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            var world = new FailoverWorld(seed, new FailoverSettings());
            world.Run(
                Enumerable.Range(0, 100).SelectMany(i => new[] { "Primary", "Secondary" }.Select(s => new Happening(
                    (i * 6) + random.NextDouble(), "find", "", s,
                    s == "Primary" ? (i % 2 == 0 ? ProbeFinding.Down : ProbeFinding.Up) : ProbeFinding.Up))), Length);
            Assert.InRange(world.Record.Failovers.Count, 0, 1);
        }
    }

    static string? Broken(int seed, IReadOnlyList<Happening> history, out FailoverWorld world)
    {
        world = new FailoverWorld(seed, Settings);
        try
        {
            world.Run(history, Length);
            world.HealAndSettle();
            return null;
        }
        catch (BrokenPromiseException e)
        {
            return e.Message;
        }
    }

    static List<Happening> Shrunk(int seed, List<Happening> history)
    {
        for (var i = history.Count - 1; i >= 0; i--)
        {
            List<Happening> without = [.. history[..i], .. history[(i + 1)..]];
            if (Broken(seed, without, out _) is not null)
                history = without;
        }
        return history;
    }

    static List<Happening> HistoryOf(int seed)
    {
        var random = new Random(-seed);
        string[] from = ["o1", "o2", "p1", "p2", "m1", "m2"], to = ["Primary", "Secondary", "w"], sides = ["Primary", "Secondary"];
        List<Happening> history = [];
        for (var i = random.Next(10, 40); i > 0; i--)
        {
            var at = random.NextDouble() * Length;
            var observer = from[random.Next(2)];
            var end = Math.Min(at + (random.NextDouble() * 90), Length);
            switch (random.Next(9))
            {
                case 0 or 1:
                    var (a, b) = (from[random.Next(from.Length)], to[random.Next(to.Length)]);
                    history.AddRange([new(at, "cut", a, b), new(end, "join", a, b)]);
                    break;
                case 2:
                    // The observers alone lose it: clients go on reaching it.
                    var lost = sides[random.Next(2)];
                    foreach (var o in from[..2])
                        history.AddRange([new(at, "cut", o, lost), new(end, "join", o, lost)]);
                    break;
                case 3 or 4:
                    var side = sides[random.Next(2)];
                    var finding = random.Next(3) > 0 ? ProbeFinding.Down : (ProbeFinding)random.Next(2, 8);
                    history.AddRange([new(at, "find", "", side, finding), new(end, "find", "", side)]);
                    break;
                case 5:
                    history.Add(new(at, random.Next(2) == 0 ? "kill" : "jump", observer));
                    break;
                case 6:
                    var fault = random.Next(2) == 0 ? "slow" : "lose";
                    history.AddRange([new(at, fault), new(end, fault)]);
                    break;
                case 7:
                    history.Add(new(at, "switch", observer));
                    break;
                case 8:
                    history.Add(new(at, "reverse", observer));
                    break;
            }
        }
        return history;
    }
}
