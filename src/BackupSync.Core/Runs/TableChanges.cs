using System.Text.Json.Serialization;

namespace BackupSync.Runs;

[JsonConverter(typeof(JsonStringEnumConverter<ChangeTracking>))]
public enum ChangeTracking
{
    /// <summary>Rows stamped since the last run.</summary>
    UpdatedAt,

    /// <summary>Rows were hashed on both sides, and those that differ found by their keys.</summary>
    Content,

    /// <summary>The table has no key: it is replaced as a whole where its content differs.</summary>
    Whole,
}

/// <summary>What an incremental run did with one table.</summary>
/// <param name="Reason">Why this way, as a phrase.</param>
/// <param name="Unchanged">Rows that were read, and found to be the same on both sides.</param>
/// <param name="Kept">Rows of the target that were newer than the source's, and stayed (<c>conflict: lastWriteWins</c>).</param>
/// <param name="Bytes">What came over the wire from the source.</param>
/// <param name="Seconds">How long finding, fetching and writing them took.</param>
public sealed record TableChanges(
    ChangeTracking Way, string Reason, long Inserted, long Updated, long Deleted, long Unchanged, long Kept, long Bytes, double Seconds)
{
    public long All => Inserted + Updated + Deleted;
}
