using BackupSync.Comparison;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>What a change source has come to know of a table, beside the changes themselves.</summary>
/// <param name="SourceRows">Null where nobody has counted them.</param>
/// <param name="TargetRows">Before anything is written; null where nobody has counted them.</param>
/// <param name="Unchanged">Rows that were found to be the same on both sides.</param>
/// <param name="Received">Characters that came over the wire from the source, without the rows that were handed on.</param>
sealed record FoundChanges(long? SourceRows, long? TargetRows, long Unchanged, long Received)
{
    public static FoundChanges None { get; } = new(null, null, 0, 0);

    /// <summary>Where buckets of keys were compared: those that differed are looked at again when all is written.</summary>
    public TableComparison? Comparison { get; init; }

    /// <summary>What the source's whole table is, where that is known.</summary>
    public TableFingerprint? Whole { get; init; }
}
