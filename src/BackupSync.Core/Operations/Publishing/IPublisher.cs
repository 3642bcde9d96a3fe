using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Publishing;

/// <summary>What is to be published.</summary>
/// <param name="Archive">A whole, checked archive.</param>
/// <param name="Content">What it holds, and so what the target must hold.</param>
/// <param name="Jobs">How many tables and indexes are restored at once, where the publisher can.</param>
sealed record PublishContent(string Archive, ArchiveListing Listing, DatabaseFingerprint Content, PgToolset Tools, int Jobs)
{
    /// <summary>
    /// Whether what PostgreSQL refuses to create is left out, and told. By swap alone: a transaction ends with the first refusal.
    /// </summary>
    public bool SkipRefused { get; init; }
}

enum UndoResult
{
    /// <summary>The target holds what it held before.</summary>
    Undone,

    /// <summary>The publisher cannot tell or cannot undo: the safety backup has to be restored.</summary>
    NeedsSafetyBackup,
}

/// <summary>
/// Makes new content visible on the target in one atomic step, after it was restored out of sight and verified there.
/// Called in the order of its members; disposing it before <see cref="PublishAsync"/> leaves the target as it was.
/// </summary>
interface IPublisher : IAsyncDisposable
{
    PublishMode Mode { get; }

    /// <summary>Restores out of sight, with planner statistics.</summary>
    Task RestoreAsync(PublishContent content, StepScope scope, CancellationToken cancellationToken);

    /// <summary>What may rightly differ from the source, known after the restore.</summary>
    ComparisonTolerance Tolerance { get; }

    /// <summary>Reads what was restored, while it is still out of sight.</summary>
    Task<DatabaseFingerprint> FingerprintAsync(
        FingerprintMethod method, FingerprintReader.OnTable onTable, CancellationToken cancellationToken);

    Task PublishAsync(CancellationToken cancellationToken);

    /// <summary>Brings back what was there before, whether or not it had been published.</summary>
    Task<UndoResult> UndoAsync(CancellationToken cancellationToken);

    /// <summary>Lets go of what was there before: the run has ended well.</summary>
    Task CompleteAsync(CancellationToken cancellationToken);
}
