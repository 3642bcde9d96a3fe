using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Application;

/// <summary>A copy that there is.</summary>
/// <param name="Moment">As of when it is.</param>
/// <param name="By">What made it.</param>
sealed record KeptCopy(DateTimeOffset Moment, string By);

/// <summary>What should run: a job, or a plan for one of its databases.</summary>
/// <param name="What">As the subject of a sentence, such as <c>the plan nightly</c>.</param>
/// <param name="Last">The last run that there is a record of.</param>
/// <param name="Began">When it last began; also known of what has left a backup, but no record.</param>
sealed record ExpectedRun(string What, ScheduleConfig? Schedule, LatestRun? Last, DateTimeOffset? Began)
{
    readonly Lazy<(DateTimeOffset? First, DateTimeOffset? Second)> _dueSince = new(() =>
    {
        var first = Began is { } began ? Due(Schedule, began) : null;
        return (first, first is { } time ? Due(Schedule, time) : null);
    });
    (DateTimeOffset From, DateTimeOffset? Next)? _next;

    /// <summary>The first two times at which it came due after it last began. They cost to find, and stay the same.</summary>
    public (DateTimeOffset? First, DateTimeOffset? Second) DueSince => _dueSince.Value;

    /// <summary>When it comes due next, in UTC; looked for again when that has come.</summary>
    public DateTimeOffset? NextDue(DateTimeOffset now)
    {
        if (_next is not { } known || now < known.From || now >= (known.Next ?? DateTimeOffset.MaxValue))
            _next = known = (now, Due(Schedule, now));
        return known.Next;
    }

    /// <returns>In UTC; null where it never comes, or where the computation stands still.</returns>
    static DateTimeOffset? Due(ScheduleConfig? schedule, DateTimeOffset after) =>
        schedule?.Next(after) is { } next && next > after ? next.ToUniversalTime() : null;
}

/// <summary>What is known of a database or a job, and what follows from it at a moment: no file and no clock is read here.</summary>
sealed record StatusFacts
{
    public required string Name { get; init; }
    public required StatusKind Kind { get; init; }

    /// <summary>How old its copy may be.</summary>
    public TimeSpan? Rpo { get; init; }

    /// <summary>Whether something asks for a copy of it.</summary>
    public bool NeedsCopy { get; init; }

    public IReadOnlyList<ExpectedRun> Expected { get; init; } = [];

    /// <summary>The last runs that were about it, of each kind and job.</summary>
    public IReadOnlyList<LatestRun> Runs { get; init; } = [];

    /// <summary>Its own, newest first, in all places.</summary>
    public IReadOnlyList<BackupFile> Backups { get; init; } = [];

    /// <summary>What syncs have made of it, and is there still.</summary>
    public IReadOnlyList<KeptCopy> Copies { get; init; } = [];

    /// <summary>When the target of a job was restored after its last good sync: that made another content of the copy.</summary>
    public DateTimeOffset? ReplacedAt { get; init; }

    /// <summary>Why a database that is a job's target is no copy of its source any more; null where it is, or is none's.</summary>
    public string? RestoredSince { get; init; }

    /// <summary>Why its newest backups are not in all places that its plans name.</summary>
    public IReadOnlyList<string> Lagging { get; init; } = [];

    /// <summary>Why something that it depends on could not be read.</summary>
    public IReadOnlyList<string> Unreadable { get; init; } = [];

    public StatusEntry At(DateTimeOffset now)
    {
        var copy = Copies.Where(c => !FutureMoment.Is(c.Moment, now)).MaxBy(c => c.Moment);
        var age = copy is null ? (TimeSpan?)null : TimeSpan.FromTicks(Math.Max(0, (now - copy.Moment).Ticks));
        List<(StatusState State, string Reason)> reasons = [.. Reasons(age, now)];
        var last = LastRun(now);
        var proof = Backups.Select(b => b.Proof).OfType<ProofRecord>().MaxBy(p => p.Attempt?.Time ?? p.Time);
        return new StatusEntry
        {
            Name = Name,
            Kind = Kind,
            State = reasons.Count > 0 ? reasons[0].State : StatusState.Good,
            Reason = reasons.Count > 0
                ? string.Join("; ", reasons.SkipLast(1).Select(r => r.Reason.TrimEnd('.')).Append(reasons[^1].Reason))
                : null,
            LastCopy = copy?.Moment,
            CopiedBy = copy?.By,
            AgeSeconds = age is { } old ? Math.Round(old.TotalSeconds, 3) : null,
            RpoLimitSeconds = Rpo?.TotalSeconds,
            LastRun = last?.Last.StartTime,
            LastKind = last?.Kind,
            LastOutcome = last?.Last.Outcome,
            ErrorId = last?.Error?.Id,
            LastBackup = Backups.FirstOrDefault(b => b.Proof is not { Bad: true } && !FutureMoment.Is(b.Created, now))?.Created,
            LastProof = proof?.Attempt?.Time ?? proof?.Time,
            Proof = proof is null ? null : WordOf(proof),
            NextDue = Expected.Select(e => e.NextDue(now)).Min(),
        };
    }

    IEnumerable<LatestRun> AllRuns => Runs.Concat(Expected.Select(e => e.Last).OfType<LatestRun>());

    /// <summary>One from the future only where there is no other.</summary>
    public static LatestRun? Newest(IEnumerable<LatestRun?> runs, DateTimeOffset now) => runs.OfType<LatestRun>()
        .OrderBy(r => FutureMoment.Is(r.Last.EndTime, now)).ThenByDescending(r => r.Last.EndTime).FirstOrDefault();

    LatestRun? LastRun(DateTimeOffset now) => Newest(AllRuns, now);

    /// <summary>All that is not as it should be, what is worst first.</summary>
    IEnumerable<(StatusState State, string Reason)> Reasons(TimeSpan? age, DateTimeOffset now) =>
    [
        .. Failures(now).Select(r => (StatusState.Failed, r)),
        .. Expected.Select(e => Missed(e, now)).OfType<string>().Concat(Lagging).Select(r => (StatusState.Late, r)),
        .. ReplacedAt is { } replaced ? [(StatusState.Late, $"its target was restored at {Shown(replaced)}, after the last sync")]
            : (IEnumerable<(StatusState, string)>)[],
        .. Unreadable.Concat(FromTheFuture(now)).Select(r => (StatusState.Unknown, r)),
        .. Missing(age).Select(r => (NeedsCopy ? StatusState.Never : StatusState.Unplanned, r)),
        .. age > Rpo ? [(StatusState.Late, $"the newest copy is {Durations.Show(age.Value)} old, and may be {Durations.Show(Rpo.Value)}")]
            : (IEnumerable<(StatusState, string)>)[],
    ];

    IEnumerable<string> Failures(DateTimeOffset now)
    {
        foreach (var expected in Expected)
        {
            if (expected.Last is { Last: var run, Error: var error } && IsFailure(run.Outcome))
                yield return $"{expected.What} {(run.Outcome == RunOutcome.DidNotEnd ? "did not end, which began" : "failed")} at "
                    + $"{Shown(run.StartTime)}{(error is null ? "" : $": {error}")}";
        }
        // Of a sync the target alone may be broken.
        if (LastRun(now) is { Last: { Outcome: RunOutcome.RollbackFailed } broken } last && Expected.All(e => e.Last?.Last != broken)
            && (Kind == StatusKind.Job || last.Database == Name))
            yield return $"the {last.Kind.ToString().ToLowerInvariant()} of {Shown(broken.StartTime)} could not be undone"
                + (last.Error is null ? "" : $": {last.Error}");
        var newest = Backups.FirstOrDefault(b => !FutureMoment.Is(b.Created, now)) ?? Backups.FirstOrDefault();
        List<BackupFile> copies = [.. Backups.Where(b => (b.FileName, b.RunId) == (newest?.FileName, newest?.RunId))];
        foreach (var bad in copies.Where(c => c.Proof is { Bad: true }))
        {
            var others = string.Join(", ", copies.Where(c => c.Proof is not { Bad: true }).Select(c => c.Place).OfType<string>());
            yield return $"the newest backup, {bad.FileName}, is bad{(bad.Place is null ? "" : $" in {bad.Place}")}"
                + (others.Length == 0 ? "" : $", and not known to be bad in {others}") + $": {bad.Proof!.Problem}";
        }
    }

    /// <summary>What says nothing of age nor of a schedule, as a sentence about the newest of it.</summary>
    IEnumerable<string> FromTheFuture(DateTimeOffset now)
    {
        List<(DateTimeOffset Moment, string What)> all =
        [
            .. Backups.Select(b => (b.Created, b.FileName)),
            .. AllRuns.SelectMany(r => new[] { r.Last, r.LastGood }.OfType<RunHead>()
                .Select(h => (h.StartTime, $"the {r.Kind.ToString().ToLowerInvariant()} by {r.Job}"))),
            .. Copies.Select(c => (c.Moment, $"the copy by {c.By}")),
        ];
        var found = all.Where(f => FutureMoment.Is(f.Moment, now)).DistinctBy(f => f.Moment).OrderByDescending(f => f.Moment).ToList();
        if (found.Count > 0)
            yield return $"{found[0].What} of {Shown(found[0].Moment)}{(found.Count == 1 ? " is" : $" and {found.Count - 1} more are")} "
                + FutureMoment.Why;
    }

    IEnumerable<string> Missing(TimeSpan? age)
    {
        var never = Expected.Where(e => e.Last is null && e.Began is null).Select(e => $"{e.What} has never run").ToList();
        return never.Count > 0 || age is not null || ReplacedAt is not null || Unreadable.Count > 0 || Copies.Count > 0 ? never
            : Kind == StatusKind.Job ? ["no sync has succeeded yet"]
            : NeedsCopy ? ["there is no good copy of it"]
            : [RestoredSince ?? "no job, plan or tier asks for a copy of it"];
    }
    /// <summary>One that is just coming due has its grace; only the second of two in a row is missed for sure.</summary>
    static string? Missed(ExpectedRun expected, DateTimeOffset now) =>
        expected is { Schedule: { } schedule, Began: { } began } && !FutureMoment.Is(began, now)
            && expected.DueSince is ({ } first, { } second) && second + schedule.MisfireGrace <= now
            ? $"{expected.What} has not run since {Shown(began)}; it was due at {Shown(first)} and {Shown(second)}"
            : null;

    /// <summary>A run that another one kept from its work, or that somebody has stopped, says nothing of the copy.</summary>
    static bool IsFailure(RunOutcome outcome) =>
        outcome is RunOutcome.Aborted or RunOutcome.RolledBack or RunOutcome.RollbackFailed or RunOutcome.Incomplete
            or RunOutcome.DidNotEnd;

    static string WordOf(ProofRecord proof) => proof switch
    {
        { Attempt: not null } or { Verdict: ProofVerdict.NotProven } => "not proven here",
        { Bad: true } => "BAD",
        { How: BackupProof.Drill } => $"restored {proof.RestoredInto}".TrimEnd(),
        _ => "read",
    };

    public static string Shown(DateTimeOffset moment) => $"{moment.UtcDateTime:yyyy-MM-dd HH:mm} UTC";
}
