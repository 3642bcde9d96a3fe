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
/// <param name="Kept">
/// Rows that stayed though the source has not the same: newer ones (<c>conflict: lastWriteWins</c>), and those of <see cref="Own"/>.
/// </param>
/// <param name="Bytes">What came over the wire from the source.</param>
/// <param name="Seconds">How long finding, fetching and writing them took.</param>
public sealed record TableChanges(
    ChangeTracking Way, string Reason, long Inserted, long Updated, long Deleted, long Unchanged, long Kept, long Bytes, double Seconds)
{
    /// <summary>
    /// Of <see cref="Kept"/> those that only the target has (<c>lastWriteWins</c>, <c>deletes: false</c>). Not looked for, and so 0, by
    /// stamps with <c>deletes: false</c>.
    /// </summary>
    public long Own { get; init; }

    /// <summary>
    /// Of <see cref="Deleted"/> those that a row of the source has taken the place of, whose period they overlapped, though rows of the
    /// target are to stay: see a key WITHOUT OVERLAPS. Whether they were the target's own nobody can tell.
    /// </summary>
    public long Replaced { get; init; }

    public long All => Inserted + Updated + Deleted;

    [JsonIgnore]
    public TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    /// <summary>Such as <c>12 inserted, 3 updated, 1 deleted</c>.</summary>
    public override string ToString() => All == 0
        ? "unchanged"
        : $"{Quantity.Number(Inserted)} inserted, {Quantity.Number(Updated)} updated, {Quantity.Number(Deleted)} deleted";
}
