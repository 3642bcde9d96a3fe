using System.Collections.Immutable;

namespace BackupSync.Failover;

enum FailoverSide
{
    Primary,
    Secondary,
}

/// <summary>How far a failover or switchover is. Clients are led in all phases but those from Fencing to Switching.</summary>
enum FailoverPhase
{
    Watching,

    /// <summary>An observer has lost the active side; others have not said so yet.</summary>
    Suspect,

    /// <summary>The active side is being closed: nobody is led anywhere.</summary>
    Fencing,

    /// <summary>It stays where it was: the side that was being closed is opened again.</summary>
    Undoing,

    /// <summary>The old side is closed, the new one is being made the active one.</summary>
    Switching,

    /// <summary>The new side is active; the old one has to be fenced before anything else when it answers.</summary>
    Switched,

    /// <summary>The old side has answered and is fenced: somebody has to say what becomes of its own rows.</summary>
    Returned,

    /// <summary>The old side becomes a copy of the new one, its own rows having been set aside.</summary>
    ReverseSync,

    /// <summary>As Watching, with the secondary as the active side.</summary>
    Ready,
}

/// <summary>How a failover stands, as the witness has it.</summary>
/// <param name="Number">Grows with each change. What is done in the name of an older one is refused wherever it arrives.</param>
/// <param name="Since">By the witness's clock.</param>
/// <param name="IsPlanned">Whether the last way was a switchover, which loses nothing or is undone.</param>
/// <param name="Failovers">When there were some lately, by the witness's clock.</param>
sealed record FailoverRecord(
    long Number, FailoverPhase Phase, FailoverSide Active, DateTimeOffset Since, string Observer, string Reason,
    bool IsPlanned, ImmutableList<DateTimeOffset> Failovers)
{
    public FailoverSide Other => Active == FailoverSide.Primary ? FailoverSide.Secondary : FailoverSide.Primary;

    /// <summary>Whether clients may be led to the active side.</summary>
    public bool MayLead => Phase is not (FailoverPhase.Fencing or FailoverPhase.Undoing or FailoverPhase.Switching);

    /// <summary>Whether the other side is a copy that can take over.</summary>
    public bool HasCopy => Phase is FailoverPhase.Watching or FailoverPhase.Suspect or FailoverPhase.Ready;

    /// <summary>The phase in which nothing is under way.</summary>
    public FailoverPhase Calm => Active == FailoverSide.Primary ? FailoverPhase.Watching : FailoverPhase.Ready;

    public static FailoverRecord Begin(DateTimeOffset now) =>
        new(1, FailoverPhase.Watching, FailoverSide.Primary, now, "", "begun", false, []);

    public FailoverRecord Next(FailoverPhase phase, DateTimeOffset now, string observer, string reason) =>
        this with { Number = Number + 1, Phase = phase, Since = now, Observer = observer, Reason = reason };
}
