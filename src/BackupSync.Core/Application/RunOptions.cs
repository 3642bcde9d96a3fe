using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>What the operator may lift for one run.</summary>
public sealed record RunOptions
{
    /// <summary>Lifts the shrink guard, and nothing else. The run's record says so.</summary>
    public bool Force { get; init; }

    /// <summary>How to run; null for what the job says.</summary>
    public SyncMode? Mode { get; init; }

    /// <summary>Has an incremental run compare the whole content, whatever stamps tell.</summary>
    public bool FullVerify { get; init; }

    /// <summary>Lets a restore replace a production database. A sync never does.</summary>
    public bool AllowProduction { get; init; }

    /// <summary>A restore does not give way, however long others have to wait for it. Jobs say so by <c>limits.blocking</c>.</summary>
    public bool OthersWait { get; init; }

    /// <summary>
    /// A restore leaves out, and names, what PostgreSQL refuses to create (a foreign key that rows break, a view that cannot be
    /// refreshed), instead of ending. Of a whole database, published by swap. Rows and sequences have to be those of the backup
    /// nevertheless.
    /// </summary>
    public bool SkipRefused { get; init; }

    /// <summary>What time it is for the run.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
