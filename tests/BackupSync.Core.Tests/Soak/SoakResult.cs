namespace BackupSync.Tests.Soak;

/// <summary>What came of one fault.</summary>
public sealed record SoakResult(SoakCase Case)
{
    /// <summary>Whether it came before the run had ended.</summary>
    public bool Happened { get; init; }

    /// <summary>Of the run that was disturbed.</summary>
    public int ExitCode { get; init; }

    /// <summary>As the program has told it; null where it could not.</summary>
    public string? Outcome { get; init; }

    /// <summary>The failure's sentence.</summary>
    public string? Message { get; init; }

    /// <summary>Whether the target is as it was, or as it was to be; null where the run changes none.</summary>
    public bool? IsNew { get; init; }

    /// <summary>The longest that somebody beside it stood still, in seconds, by the servers' clocks.</summary>
    public double Worst { get; init; }

    /// <summary>By how much the machine itself was late in that time.</summary>
    public double Slack { get; init; }

    public double Seconds { get; init; }

    /// <summary>What passed in the run, in bytes.</summary>
    public long FromSource { get; init; }
    public long FromTarget { get; init; }

    /// <summary>What must not be. Empty for a fault that was borne.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>What the program printed, for a fault that was not.</summary>
    public string Printed { get; init; } = "";

    string State => IsNew switch { true => ", new", false => ", old", _ => "" };

    public override string ToString() => FormattableString.Invariant(
        $"{(Problems.Count == 0 ? "ok  " : "FAIL")} {Case}: {(Happened ? "" : "too late, ")}exit code {ExitCode}, ")
        + FormattableString.Invariant($"{Outcome ?? "no record"}{State}, ")
        + FormattableString.Invariant($"others stood still for {Worst:0.00} s (slack {Slack:0.00}), ")
        + FormattableString.Invariant($"{Seconds:0.0} s, {FromSource}/{FromTarget} bytes")
        + (Message is null ? "" : $"\n     said: {Message}")
        + string.Concat(Problems.Select(p => $"\n     {p}"));
}
