using System.Globalization;

namespace BackupSync.Tests.Soak;

/// <summary>What is run when the fault comes.</summary>
public enum SoakRun
{
    FullBySwap,
    FullByTransaction,
    ByContent,
    ByStamps,
    LastWriteWins,
    WithoutDeletes,
    Plan,
    PlanEncrypted,
    Verify,
    Drill,
    RestoreBySwap,
    RestoreByTransaction,
    RestoreTables,
    RestoreSafety,
    Compare,
    Copy,
    Cleanup,
}

public enum SoakFault
{
    /// <summary>Nothing happens: such a run has to go well.</summary>
    None,

    /// <summary><c>kill -9</c> of the program alone; what it has started goes on.</summary>
    Kill,

    /// <summary><c>kill -9</c> of the program and of all that it has started.</summary>
    KillAll,
    Terminate,
    Interrupt,

    /// <summary>The program and all that it has started stand still for a while, and go on.</summary>
    Pause,

    /// <summary>All connections to a server are reset; new ones are let through.</summary>
    Cut,

    /// <summary>All connections are reset, and so are all new ones until the run has ended.</summary>
    Down,

    /// <summary>The line is silent for a while, with all connections open.</summary>
    Stall,

    /// <summary>A server is ended at once, without a checkpoint, and comes back.</summary>
    Crash,

    /// <summary>An administrator ends all sessions of ours.</summary>
    EndSessions,

    /// <summary>An administrator ends one of them.</summary>
    EndSession,

    /// <summary>The role may no longer connect.</summary>
    PasswordChanged,

    /// <summary>A table is given to another role.</summary>
    Revoke,

    /// <summary>Somebody locks a table for two seconds.</summary>
    Lock,

    /// <summary>Somebody alters a table, and takes it back.</summary>
    Alter,

    /// <summary>Somebody changes the source's tables.</summary>
    Ddl,

    /// <summary>The disk with the backups and the temporary files is full.</summary>
    DiskFull,

    /// <summary>The folder with the backups has another name.</summary>
    FolderRenamed,

    /// <summary>A bit of the backup has flipped, before the run.</summary>
    BitFlipped,
}

public enum SoakSide
{
    /// <summary>For what happens to this machine.</summary>
    Machine,
    Source,
    Target,
}

/// <summary>One fault in one run. Everything that chance decides is drawn from the seed; a smaller one states what differs.</summary>
public sealed record SoakCase(int Seed)
{
    public const string Command = "dotnet run --project tests/Soak --";

    public SoakRun Run { get; init; }
    public SoakFault Fault { get; init; }

    /// <summary>Whose line's bytes are counted up to <see cref="Moment"/>, and where the fault happens if it happens in a server.</summary>
    public SoakSide Side { get; init; }
    public int SourceMajor { get; init; }
    public int TargetMajor { get; init; }
    public int Tables { get; init; }
    public int Rows { get; init; }

    /// <summary>When it happens: the part of what such a run usually sends and receives, or of the time that it takes.</summary>
    public double Moment { get; init; }

    /// <summary>How long the fault lasts, if it is one that lasts.</summary>
    public double Seconds { get; init; }

    /// <param name="pairs">A source's and a target's version, to choose from.</param>
    /// <param name="run">Null for any.</param>
    /// <param name="fault">Null for any.</param>
    public static SoakCase Draw(int seed, IReadOnlyList<(int Source, int Target)> pairs, SoakRun? run = null, SoakFault? fault = null)
    {
        var random = new Random(seed);
        var all = (from r in Enum.GetValues<SoakRun>()
                   from f in Enum.GetValues<SoakFault>()
                   from s in Sides(r, f)
                   where (run is null || r == run) && (fault is null || f == fault)
                   select (Run: r, Fault: f, Side: s)).ToList();
        // Each kind of run as often as any other, and of its faults each as often.
        var runs = all.Select(a => a.Run).Distinct().ToList();
        var chosen = Pick(random, runs);
        var faults = all.Where(a => a.Run == chosen).Select(a => a.Fault).Distinct().ToList();
        var happens = Pick(random, faults);
        var side = Pick(random, all.Where(a => a.Run == chosen && a.Fault == happens).Select(a => a.Side).ToList());
        var pair = Pick(random, pairs);
        return new SoakCase(seed)
        {
            Run = chosen,
            Fault = happens,
            Side = side,
            SourceMajor = pair.Source,
            TargetMajor = pair.Target,
            Tables = random.Next(1, 5),
            Rows = (int)Math.Pow(10, 1 + (random.NextDouble() * 2.5)),
            Moment = Math.Round(random.NextDouble(), 3),
            Seconds = Math.Round(0.2 + (random.NextDouble() * 6), 1),
        };
    }

    /// <summary>Smaller ones that may fail in the same way, the smallest first.</summary>
    public IEnumerable<SoakCase> Smaller()
    {
        if (Tables > 1)
            yield return this with { Tables = 1 };
        if (Rows > 10)
            yield return this with { Rows = 10 };
        if (Rows > 40)
            yield return this with { Rows = Rows / 4 };
        if (SourceMajor != TargetMajor)
            yield return this with { SourceMajor = TargetMajor };
        if (Moment > 0.1)
            yield return this with { Moment = Math.Round(Moment / 2, 3) };
        if (Seconds > 1)
            yield return this with { Seconds = Math.Round(Seconds / 2, 1) };
    }

    /// <summary>What repeats it.</summary>
    public string Repeat => string.Create(CultureInfo.InvariantCulture,
        $"{Command} --faults 1 --seed {Seed} --run {Run} --fault {Fault} --side {Side} --postgres {SourceMajor},{TargetMajor}")
        + string.Create(CultureInfo.InvariantCulture, $" --tables {Tables} --rows {Rows} --moment {Moment} --seconds {Seconds}");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"seed {Seed}: {Run}, {Fault}{(Side == SoakSide.Machine ? "" : $" ({Side})")}, ")
        + string.Create(
            CultureInfo.InvariantCulture,
            $"PostgreSQL {SourceMajor} to {TargetMajor}, {Tables} tables of {Rows} rows, at {Moment}");

    /// <summary>Whether rows of the target stay that the source does not have, or not so.</summary>
    internal bool KeepsOwn => Run is SoakRun.LastWriteWins or SoakRun.WithoutDeletes;

    internal bool IsIncremental => Run is SoakRun.ByContent or SoakRun.ByStamps || KeepsOwn;

    internal bool IsSync => Run is SoakRun.FullBySwap or SoakRun.FullByTransaction || IsIncremental;

    internal bool IsRestore =>
        Run is SoakRun.RestoreBySwap or SoakRun.RestoreByTransaction or SoakRun.RestoreTables or SoakRun.RestoreSafety;

    internal bool IsPlan => Run is SoakRun.Plan or SoakRun.PlanEncrypted;

    /// <summary>Whether the run changes the target.</summary>
    internal bool Writes => IsSync || IsRestore;

    internal static bool UsesSource(SoakRun run) => UsesServer(run) && run is not (SoakRun.RestoreBySwap or SoakRun.RestoreByTransaction
        or SoakRun.RestoreTables or SoakRun.RestoreSafety);

    internal static bool UsesTarget(SoakRun run) => UsesServer(run) && run is not (SoakRun.Plan or SoakRun.PlanEncrypted);

    static bool UsesServer(SoakRun run) => run is not (SoakRun.Verify or SoakRun.Drill or SoakRun.Copy or SoakRun.Cleanup);

    static SoakSide[] Sides(SoakRun run, SoakFault fault)
    {
        SoakSide[] sides = (UsesSource(run), UsesTarget(run)) switch
        {
            (true, true) => [SoakSide.Source, SoakSide.Target],
            (true, _) => [SoakSide.Source],
            (_, true) => [SoakSide.Target],
            _ => [SoakSide.Machine],
        };
        var readsBackup = run is SoakRun.Verify or SoakRun.Drill or SoakRun.Copy or SoakRun.RestoreBySwap or SoakRun.RestoreByTransaction
            or SoakRun.RestoreTables or SoakRun.RestoreSafety;
        return fault switch
        {
            SoakFault.BitFlipped => readsBackup ? sides : [],
            // Of jobs that never become a full sync, the next run is refused then: no fault of the run that was disturbed.
            SoakFault.Ddl when !UsesSource(run) || run is SoakRun.LastWriteWins or SoakRun.WithoutDeletes or SoakRun.Compare => [],
            SoakFault.Ddl => [SoakSide.Source],
            SoakFault.Cut or SoakFault.Down or SoakFault.Stall or SoakFault.Crash or SoakFault.EndSessions or SoakFault.EndSession
                or SoakFault.PasswordChanged or SoakFault.Revoke or SoakFault.Lock or SoakFault.Alter => UsesServer(run) ? sides : [],
            _ => sides,
        };
    }

    static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
