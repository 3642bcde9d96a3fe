namespace BackupSync;

/// <summary>A failure an operator can act on: what happened, to what, and what to do about it.</summary>
/// <remarks>Messages are shown, logged and kept; they never hold a password.</remarks>
public class BackupSyncException : Exception
{
    public BackupSyncException(string errorId, string message, string? advice = null, Exception? inner = null)
        : base(message, inner)
    {
        ErrorId = errorId;
        Advice = advice;
    }

    /// <summary>A stable identifier such as <c>BackupSync.DumpFailed</c>; see <see cref="ErrorIds"/>.</summary>
    public string ErrorId { get; }

    /// <summary>What to do now, as a sentence; null where the message says it all.</summary>
    public string? Advice { get; }

    /// <summary>The words of the server or tool itself, passwords taken out; null where there are none.</summary>
    public string? Detail { get; init; }
}
