namespace BackupSync;

/// <summary>A moment that some clock has told, and that cannot have come yet: it says nothing of how old a thing is.</summary>
static class FutureMoment
{
    /// <summary>The moment of a snapshot is the server's, now is this machine's.</summary>
    static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    /// <summary>What is said of it, as the end of a sentence.</summary>
    public const string Why = "from the future: a clock was or is wrong";

    public static bool Is(DateTimeOffset moment, DateTimeOffset now) => moment > now + ClockTolerance;
}
