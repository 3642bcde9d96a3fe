namespace BackupSync.Places;

/// <summary>How long an S3 place waits, how often it tries, and in which pieces it uploads.</summary>
sealed record S3Limits
{
    /// <summary>In bytes. Larger files are uploaded in parts of this size; S3 takes no part below 5 MiB but the last.</summary>
    public long PartSize { get; init; } = 16 * 1024 * 1024;

    /// <summary>Each streams from the file, so they cost connections rather than memory.</summary>
    public int PartsAtOnce { get; init; } = 3;

    /// <summary>
    /// How long a place may take to answer a question, all tries together, and to send the next byte of what is read: its
    /// <c>limits.connect</c>.
    /// </summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an upload may go on without a byte passing, or an answer coming: what a slow line has not sent yet looks the same.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the server may take to put the parts together; AWS speaks of minutes for large objects.</summary>
    public TimeSpan Completion { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long to try to remove what a failed upload left: whoever cancelled is waiting.</summary>
    public TimeSpan Undoing { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a part may still be on its way after its upload was aborted.</summary>
    public TimeSpan LateParts { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Of a request that failed for a passing reason, and of a reading whose line was cut, each with growing pauses.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>From when on an unfinished upload is nobody's any more.</summary>
    public TimeSpan StaleUpload { get; init; } = TimeSpan.FromDays(1);
}
