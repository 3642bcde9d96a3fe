using System.Collections.Immutable;

namespace BackupSync.Failover;

/// <summary>
/// An observer: it looks, says what it sees, and takes the failover a step further. It keeps nothing that would be missed after a kill:
/// where it was is in the witness's record and in the marks of both sides, and each step can be done again, by whichever observer.
/// </summary>
sealed class FailoverNode(
    string name, IFailoverWitness witness, IReadOnlyDictionary<FailoverSide, IFailoverDatabase> sides, FailoverSettings settings)
{
    (FailoverSide Side, int Failures, int Successes) _seen;

    /// <summary>How it stood when the witness was last heard; null before, and while it is not heard.</summary>
    public FailoverRecord? Record { get; private set; }

    /// <summary>Why there is no failover, as of the last step that asked.</summary>
    public IReadOnlyList<string> HeldBackBy { get; private set; } = [];

    /// <summary>Nothing is done without the witness: where it does not answer, it may be our own network that is down.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var view = await witness.ReadAsync(cancellationToken);
            Record = view.Record;
            view = await witness.ReportAsync(await LookAsync(view.Record.Active, view.Now, cancellationToken), cancellationToken);
            Record = view.Record;
            await ActAsync(view, cancellationToken);
        }
        catch (NoAnswerException)
        {
            // What was under way may have been done or not: the next step looks, and does it again.
        }
    }

    /// <summary>Begins a switchover; false where there is no calm to begin it in.</summary>
    public async Task<bool> SwitchOverAsync(string reason, CancellationToken cancellationToken)
    {
        var view = await witness.ReadAsync(cancellationToken);
        return view.Record.Phase is FailoverPhase.Watching or FailoverPhase.Ready
            && await witness.ChangeAsync(
                view.Record.Next(FailoverPhase.Fencing, view.Now, name, reason) with { IsPlanned = true }, cancellationToken);
    }

    /// <summary>Lets the returned side become a copy; its own rows are set aside. False where it has not returned.</summary>
    public async Task<bool> ReverseAsync(CancellationToken cancellationToken)
    {
        var view = await witness.ReadAsync(cancellationToken);
        return view.Record.Phase == FailoverPhase.Returned
            && await ChangeAsync(view, FailoverPhase.ReverseSync, "it was asked for", cancellationToken);
    }

    async Task<ObserverReport> LookAsync(FailoverSide side, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ProbeFinding finding;
        try
        {
            finding = await sides[side].ProbeAsync(cancellationToken);
        }
        catch (NoAnswerException)
        {
            finding = ProbeFinding.Down;
        }
        var before = _seen.Side == side ? _seen : (side, 0, 0);
        _seen = (side, finding == ProbeFinding.Down ? before.Item2 + 1 : 0, finding == ProbeFinding.Up ? before.Item3 + 1 : 0);
        return new ObserverReport(name, side, finding, _seen.Failures, _seen.Successes, now);
    }

    async Task ActAsync(WitnessView view, CancellationToken cancellationToken)
    {
        var record = view.Record;
        var (active, other) = (sides[record.Active], sides[record.Other]);
        switch (record.Phase)
        {
            case FailoverPhase.Watching or FailoverPhase.Ready:
                if (_seen.Failures >= settings.Failures)
                    await ChangeAsync(view, FailoverPhase.Suspect, "the active side does not answer", cancellationToken);
                else
                    await KeepMarksAsync(record, cancellationToken);
                break;
            case FailoverPhase.Suspect:
                await SuspectAsync(view, cancellationToken);
                break;
            case FailoverPhase.Fencing when record.IsPlanned:
                await FreezeAsync(view, active, other, cancellationToken);
                break;
            case FailoverPhase.Fencing:
                await FenceAsync(view, active, cancellationToken);
                break;
            case FailoverPhase.Undoing:
                if (await TryAsync(active.MarkAsync(FailoverRole.Active, record.Number, cancellationToken)))
                    await ChangeAsync(view, record.Calm, "undone: " + record.Reason, cancellationToken);
                else if (FailoverRules.IsLost(record, view.Reports, view.Now, settings))
                    await ChangeAsync(view, FailoverPhase.Suspect, "lost while it was being undone", cancellationToken);
                break;
            case FailoverPhase.Switching:
                if (await TryAsync(other.MarkAsync(FailoverRole.Active, record.Number, cancellationToken)))
                    await witness.ChangeAsync(
                        record.Next(FailoverPhase.Switched, view.Now, name, record.Reason) with { Active = record.Other },
                        cancellationToken);
                else if (view.Now - record.Since > settings.Patience)
                    await ChangeAsync(view, FailoverPhase.Undoing, "the other side cannot be made the active one", cancellationToken);
                break;
            case FailoverPhase.Switched:
                if (await TryAsync(other.MarkAsync(FailoverRole.Fenced, record.Number, cancellationToken)))
                    await ChangeAsync(view, FailoverPhase.Returned, "the old side is fenced", cancellationToken);
                break;
            case FailoverPhase.Returned:
                // A switchover has left no rows of its own behind.
                if (record.IsPlanned)
                    await ChangeAsync(view, FailoverPhase.ReverseSync, "nothing differs after a switchover", cancellationToken);
                break;
            case FailoverPhase.ReverseSync:
                if (await TryAsync(other.SetAsideAsync(record.Number, cancellationToken))
                    && await TryAsync(other.MarkAsync(FailoverRole.Copy, record.Number, cancellationToken)))
                    await ChangeAsync(view, record.Calm, "the old side is a copy", cancellationToken);
                break;
        }
    }

    async Task SuspectAsync(WitnessView view, CancellationToken cancellationToken)
    {
        FailoverMark? copy = null;
        try
        {
            var other = sides[view.Record.Other];
            copy = await other.ReadAsync(cancellationToken);
            // An undone switchover has left it so; no client was led there.
            if (copy.Role != FailoverRole.Copy && await other.MarkAsync(FailoverRole.Copy, view.Record.Number, cancellationToken))
                copy = await other.ReadAsync(cancellationToken);
        }
        catch (NoAnswerException)
        {
            // That it does not answer is what holds the failover back.
        }
        HeldBackBy = FailoverRules.HeldBackBy(view.Record, view.Reports, copy, view.Now, settings);
        if (HeldBackBy.Count == 0)
            await witness.ChangeAsync(
                view.Record.Next(FailoverPhase.Fencing, view.Now, name, "a majority has lost the active side") with { IsPlanned = false },
                cancellationToken);
        else if (FailoverRules.IsBack(view.Record, view.Reports, view.Now, settings))
            await ChangeAsync(view, view.Record.Calm, "the active side answers again", cancellationToken);
    }

    /// <summary>Of a switchover: closes the active side, brings its last changes over, and compares.</summary>
    async Task FreezeAsync(WitnessView view, IFailoverDatabase active, IFailoverDatabase other, CancellationToken cancellationToken)
    {
        var record = view.Record;
        if (view.Now - record.Since > settings.Patience)
            await ChangeAsync(view, FailoverPhase.Undoing, "the switchover took too long", cancellationToken);
        else if (IsClosed(view)
            && await TryAsync(active.MarkAsync(FailoverRole.Fenced, record.Number, cancellationToken))
            && await TryAsync(other.MarkAsync(FailoverRole.Fenced, record.Number, cancellationToken))
            && await TryAsync(other.BringOverAsync(record.Number, cancellationToken)))
            await ChangeAsync(view, FailoverPhase.Switching, record.Reason, cancellationToken);
    }

    /// <summary>
    /// Of a failover: closes the active side where it can be reached. Where not, it is closed when no proxy has a permit any more, and its
    /// own fence stays due.
    /// </summary>
    async Task FenceAsync(WitnessView view, IFailoverDatabase active, CancellationToken cancellationToken)
    {
        var record = view.Record;
        if (FailoverRules.IsBack(record, view.Reports, view.Now, settings))
        {
            await ChangeAsync(view, FailoverPhase.Undoing, "the active side answers again", cancellationToken);
            return;
        }
        await TryAsync(active.MarkAsync(FailoverRole.Fenced, record.Number, cancellationToken));
        if (IsClosed(view))
            await witness.ChangeAsync(
                record.Next(FailoverPhase.Switching, view.Now, name, record.Reason) with { Failovers = Lately(view) }, cancellationToken);
    }

    /// <summary>What an answer that came late has left behind: a side that was nearly made the active one is a copy again.</summary>
    async Task KeepMarksAsync(FailoverRecord record, CancellationToken cancellationToken)
    {
        await KeepAsync(record.Active, FailoverRole.Active);
        await KeepAsync(record.Other, FailoverRole.Copy);

        async Task KeepAsync(FailoverSide side, FailoverRole role)
        {
            try
            {
                if ((await sides[side].ReadAsync(cancellationToken)).Role != role)
                    await sides[side].MarkAsync(role, record.Number, cancellationToken);
            }
            catch (NoAnswerException)
            {
                // The next step finds it as it is.
            }
        }
    }

    /// <summary>Whether no proxy leads anywhere: in this phase no permit is given any more.</summary>
    static bool IsClosed(WitnessView view) => view.Now >= view.PermitsUntil;

    static ImmutableList<DateTimeOffset> Lately(WitnessView view) =>
        view.Record.Failovers.RemoveAll(f => view.Now - f > TimeSpan.FromDays(1)).Add(view.Now);

    Task<bool> ChangeAsync(WitnessView view, FailoverPhase phase, string reason, CancellationToken cancellationToken) =>
        witness.ChangeAsync(view.Record.Next(phase, view.Now, name, reason), cancellationToken);

    /// <summary>Only an answer counts: without one it is done again.</summary>
    static async Task<bool> TryAsync(Task<bool> call)
    {
        try
        {
            return await call;
        }
        catch (NoAnswerException)
        {
            return false;
        }
    }
}
