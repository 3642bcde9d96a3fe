namespace BackupSync.Failover;

/// <summary>What a probe has found. Only <see cref="Down"/> is an outage.</summary>
enum ProbeFinding
{
    Up,

    /// <summary>It refuses connections, does not answer, or does not answer in time.</summary>
    Down,
    WrongPassword,
    Quota,
    TooManyConnections,
    Suspended,
    OurDns,
    OurNetwork,
}

/// <summary>What an observer says of the active side.</summary>
/// <param name="Failures">How many times in a row it was down.</param>
/// <param name="Successes">How many times in a row it was up.</param>
/// <param name="At">By the witness's clock.</param>
sealed record ObserverReport(
    string Observer, FailoverSide Side, ProbeFinding Finding, int Failures, int Successes, DateTimeOffset At);

sealed record FailoverSettings
{
    /// <summary>How many there are, be they heard or not: a majority is one of these.</summary>
    public int Observers { get; init; } = 2;

    public int Failures { get; init; } = 3;

    public int Successes { get; init; } = 5;

    /// <summary>How old the last word of an observer may be.</summary>
    public TimeSpan ReportAge { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan MaxDataLoss { get; init; } = TimeSpan.FromMinutes(15);

    public TimeSpan CoolDown { get; init; } = TimeSpan.FromMinutes(30);

    public int MostADay { get; init; } = 2;

    /// <summary>How long a proxy may lead without another word of the witness.</summary>
    public TimeSpan Permit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a switchover may take before it is undone.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether it acts by itself.</summary>
    public bool IsAutomatic { get; init; } = true;
}

/// <summary>What lets a failover be, and what holds it back.</summary>
static class FailoverRules
{
    /// <summary>Why there is no failover now, each as a sentence's end; none where it may begin.</summary>
    /// <param name="copy">What the other side says of itself; null where it does not answer.</param>
    public static IReadOnlyList<string> HeldBackBy(
        FailoverRecord record, IEnumerable<ObserverReport> reports, FailoverMark? copy, DateTimeOffset now, FailoverSettings settings)
    {
        List<string> reasons = [];
        var heard = Heard(record, reports, now, settings).ToList();
        if (!settings.IsAutomatic)
            reasons.Add("it is not automatic");
        if (!record.HasCopy)
            reasons.Add($"the other side is no copy that could take over ({record.Phase})");
        var down = heard.Count(r => IsDown(r, settings));
        if (down * 2 <= settings.Observers)
            reasons.Add($"{down} of {settings.Observers} observers have lost the active side");
        foreach (var other in heard.Where(r => r.Finding is not (ProbeFinding.Up or ProbeFinding.Down)))
            reasons.Add($"{other.Observer} sees {other.Finding}, which is no outage");
        if (copy is null)
            reasons.Add("the other side does not answer");
        else if (copy.Role != FailoverRole.Copy)
            reasons.Add($"the other side is marked as {copy.Role}");
        else if (now - copy.AsOf > settings.MaxDataLoss)
            reasons.Add("the copy is older than may be lost");
        if (record.Failovers.Any(f => now - f < settings.CoolDown))
            reasons.Add("the last failover was a short while ago");
        if (record.Failovers.Count(f => now - f < TimeSpan.FromDays(1)) >= settings.MostADay)
            reasons.Add("there were as many failovers today as there may be");
        return reasons;
    }

    public static bool IsDown(ObserverReport report, FailoverSettings settings) =>
        report.Finding == ProbeFinding.Down && report.Failures >= settings.Failures;

    /// <summary>Whether a majority has the active side back.</summary>
    public static bool IsBack(
        FailoverRecord record, IEnumerable<ObserverReport> reports, DateTimeOffset now, FailoverSettings settings) =>
        Heard(record, reports, now, settings).Count(r => r.Successes >= settings.Successes) * 2 > settings.Observers;

    public static bool IsLost(
        FailoverRecord record, IEnumerable<ObserverReport> reports, DateTimeOffset now, FailoverSettings settings) =>
        Heard(record, reports, now, settings).Count(r => IsDown(r, settings)) * 2 > settings.Observers;

    static IEnumerable<ObserverReport> Heard(
        FailoverRecord record, IEnumerable<ObserverReport> reports, DateTimeOffset now, FailoverSettings settings) =>
        reports.Where(r => r.Side == record.Active && now - r.At <= settings.ReportAge);
}
