using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>How the changes of one table are found: which <see cref="IChangeSource"/> finds them, and why that one.</summary>
/// <param name="Reason">Why this way, as a phrase.</param>
/// <param name="Stamp">The column of stamps, where the table has one that can be used.</param>
/// <param name="Since">The watermark of stamps.</param>
sealed record Tracking(ChangeTracking Way, string Reason, TableColumn? Stamp, DateTimeOffset? Since)
{
    /// <summary>Whether trackBy asks for stamps, and the table is not one that can have them.</summary>
    public bool LacksStamps { get; private init; }

    static readonly string[] StampTypes = ["timestamptz", "timestamp"];

    /// <summary>Which column the watermark is of, as notes have it.</summary>
    public string? StampName => Stamp is null ? null : $"{Stamp.Name} {Stamp.Type}";

    /// <summary>By stamps: whether a row may have been written since the last run, as a condition.</summary>
    public string IsStampedSince(IncrementalConfig config) => Stamps.MayBeSince(Stamp!, Since!.Value - config.Lateness);

    /// <summary>What finds the changes this way.</summary>
    public IChangeSource ChangeSource(KeyedTable table, IncrementalConfig config, FingerprintMethod method) => Way switch
    {
        ChangeTracking.UpdatedAt => new StampChangeSource(
            IsStampedSince(config), config.Deletes ? new ContentChangeSource(table, config, method, keysOnly: true) : null),
        ChangeTracking.Content => new ContentChangeSource(table, config, method, keysOnly: false),
        _ => new WholeChangeSource(table.Table, method),
    };

    /// <param name="stampBefore">The column that <paramref name="since"/> is of.</param>
    /// <param name="since">Null where the stamps of before are not to be believed, and <paramref name="doubt"/> says why.</param>
    public static Tracking Choose(KeyedTable table, IncrementalConfig config, DateTimeOffset? since, string? stampBefore, string? doubt)
    {
        var stamp = config.UpdatedAtColumns
            .Select(name => table.Table.Columns.FirstOrDefault(c => c.Name == name && c.IsBuiltIn && StampTypes.Contains(c.Type)))
            .FirstOrDefault(c => c is not null);
        var wish = config.TrackBy.FirstOrDefault(r => TableNames.Matches(table.Table.Name, r.Tables))?.Way ?? TrackBy.Auto;
        if (!table.HasKey)
            return new(ChangeTracking.Whole, "no primary key", stamp, null) { LacksStamps = wish == TrackBy.UpdatedAt };
        if (wish == TrackBy.Content)
            return new(ChangeTracking.Content, "trackBy says so", stamp, null);
        if (stamp is null)
            return new(ChangeTracking.Content, WhyNoStamp(table, config), null, null) { LacksStamps = wish == TrackBy.UpdatedAt };
        if (wish == TrackBy.Auto && !stamp.IsNotNull)
            return new(ChangeTracking.Content, $"its {stamp.Name} may be null", stamp, null);
        return since is null
            ? new(ChangeTracking.Content, doubt!, stamp, null)
            : stampBefore is not null && stampBefore != new Tracking(ChangeTracking.UpdatedAt, "", stamp, null).StampName
            ? new(ChangeTracking.Content, "the last run went by another column of stamps", stamp, null)
            : new(ChangeTracking.UpdatedAt, $"by {stamp.Name}{(wish == TrackBy.Auto ? "" : ", as trackBy says")}", stamp, since);
    }

    static string WhyNoStamp(KeyedTable table, IncrementalConfig config) =>
        config.UpdatedAtColumns.Count == 0 ? "no column of stamps is configured"
        : table.Table.Columns.FirstOrDefault(c => config.UpdatedAtColumns.Contains(c.Name)) is { } other
            ? $"its {other.Name} is no timestamp but of the type {other.Type}"
        : $"no {string.Join(" or ", config.UpdatedAtColumns)}";
}
