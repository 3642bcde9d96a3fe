using BackupSync.Configuration;

namespace BackupSync.Reporting;

/// <summary>What follows from probes: no clock, file or network is read here.</summary>
/// <param name="Every">How often there is one.</param>
/// <param name="Down">How long they have to fail in a row.</param>
/// <param name="Over">The time in which failed ones are counted.</param>
/// <param name="Above">The share of failed ones that is not too much; null where none is.</param>
sealed record ProbeRule(TimeSpan Every, TimeSpan Down, TimeSpan Over, double? Above)
{
    /// <summary>What a record keeps of the time that is looked at, however often there are probes.</summary>
    const int MostSlots = 60;

    public static ProbeRule Of(DatabaseProbeConfig probe) => new(probe.Every, probe.Down, new ErrorShareConfig().Over, null);

    public static ProbeRule Of(ServiceProbeConfig probe) =>
        new(probe.Every, probe.Down, probe.ErrorShare.Over, probe.ErrorShare.Above);

    /// <summary>The record after one more probe.</summary>
    public ProbeRecord After(ProbeRecord? before, ProbeKind kind, string name, ProbeAnswer answer, DateTimeOffset now)
    {
        var failed = answer.Problem is not null;
        // What a clock of the future has noted begins now.
        var failingSince = failed ? Earlier(before?.FailingSince, now) : (DateTimeOffset?)null;
        var slots = Count(before?.Slots ?? [], failed, now);
        var state = failingSince is { } since ? now - since >= Down ? ProbeState.Down : ProbeState.Failing
            : IsTooMuch(slots) ? ProbeState.Degraded
            : ProbeState.Up;
        return new ProbeRecord
        {
            Name = name,
            Kind = kind,
            State = state,
            Time = now,
            LatencyMs = answer.LatencyMs,
            Problem = answer.Problem,
            Since = before?.State == state ? Earlier(before.Since, now) : now,
            FailingSince = failingSince,
            LastGood = failed ? before?.LastGood : now,
            ConnectionsUsed = answer.ConnectionsUsed,
            ConnectionsLimit = answer.ConnectionsLimit,
            Probes = (before?.Probes ?? 0) + 1,
            Failed = (before?.Failed ?? 0) + (failed ? 1 : 0),
            Slots = slots,
        };
    }

    static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset now) => one < now ? one.Value : now;

    List<ProbeSlot> Count(IReadOnlyList<ProbeSlot> before, bool failed, DateTimeOffset now)
    {
        var length = TimeSpan.FromTicks(Math.Max(Over.Ticks / MostSlots, 1));
        List<ProbeSlot> slots = [.. before.Where(s => s.Start > now - Over && s.Start <= now).TakeLast(MostSlots)];
        if (slots.Count == 0 || now - slots[^1].Start >= length)
            slots.Add(new ProbeSlot(now, 0, 0));
        slots[^1] = slots[^1] with { Probes = slots[^1].Probes + 1, Failed = slots[^1].Failed + (failed ? 1 : 0) };
        return slots;
    }

    /// <summary>One failure of two says little: it is judged when half of the probes were made that the time has room for.</summary>
    bool IsTooMuch(List<ProbeSlot> slots)
    {
        var all = slots.Sum(s => s.Probes);
        return all >= Over / Every / 2 && slots.Sum(s => s.Failed) > Above * all;
    }
}
