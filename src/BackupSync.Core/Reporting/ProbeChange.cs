namespace BackupSync.Reporting;

/// <summary>That a database or a service stands otherwise than by the probe before; what alerts and the log hear.</summary>
/// <param name="From">Null for the first probe of all.</param>
/// <param name="Time">When the probe was made, in UTC.</param>
/// <param name="FailingSince">When the first of the probes was that have failed since; null where the last one was good.</param>
/// <param name="Lasted">How long it was as it was before; null for the first probe of all.</param>
/// <param name="Problem">Why the probe failed; null where it did not.</param>
public sealed record ProbeChange(
    ProbeKind Kind, string Name, ProbeState? From, ProbeState To, DateTimeOffset Time, DateTimeOffset? FailingSince, TimeSpan? Lasted,
    string? Problem)
{
    /// <summary>For a log: <c>[DB-Redundancy] railway is down for 1m 00s: …</c>.</summary>
    public override string ToString() => $"[DB-Redundancy] {Told}";

    /// <summary>The same for a log whose lines begin so.</summary>
    public string Told => Of(Kind == ProbeKind.Service ? $"the service {Name}" : Name);

    string Of(string subject)
    {
        // Why a database cannot be reached begins with its name.
        var problem = Problem?.StartsWith($"{Name}: ", StringComparison.Ordinal) == true ? Problem[(Name.Length + 2)..] : Problem;
        var failing = FailingSince is { } since ? Durations.Show(Time - since) : "";
        return To switch
        {
            ProbeState.Down => $"{subject} is down for {failing}: {problem}",
            ProbeState.Failing => $"{subject} does not answer as it should: {problem}",
            ProbeState.Degraded => $"{subject} answers, but too many of its last probes failed",
            _ when From is null => $"{subject} is healthy",
            _ => $"{subject} is healthy again"
                + (From == ProbeState.Down && Lasted is { } lasted ? $", after it was down for {Durations.Show(lasted)}" : ""),
        };
    }
}
