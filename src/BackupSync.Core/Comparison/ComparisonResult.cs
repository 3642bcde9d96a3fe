using System.Globalization;
using System.Text.Json.Serialization;

namespace BackupSync.Comparison;

[JsonConverter(typeof(JsonStringEnumConverter<ComparedKind>))]
public enum ComparedKind
{
    Table,
    Sequence,
    LargeObjects,

    /// <summary>Anything else that a schema consists of, such as an index.</summary>
    Object,
}

[JsonConverter(typeof(JsonStringEnumConverter<ComparedState>))]
public enum ComparedState
{
    Equal,
    Different,
    SourceOnly,
    TargetOnly,
}

/// <summary>What became of one table, sequence or other object. Objects that are equal are counted, not listed.</summary>
/// <param name="Name">
/// Such as <c>public.users</c>; of objects with their kind, such as <c>index public.users_email_key on users</c>.
/// </param>
/// <param name="SourceRows">Of tables; null where the source has none of this name. So is <paramref name="TargetRows"/>.</param>
/// <param name="What">How it differs, as a phrase; null where it does not.</param>
public sealed record ComparedItem(ComparedKind Kind, string Name, ComparedState State, long? SourceRows, long? TargetRows, string? What);

/// <summary>Two databases, each as it was at one moment.</summary>
public sealed record ComparisonResult
{
    public required string Source { get; init; }
    public required string Target { get; init; }

    /// <summary>When the source's snapshot was taken, by its server's clock, in UTC.</summary>
    public required DateTimeOffset SourceTime { get; init; }
    public required DateTimeOffset TargetTime { get; init; }

    /// <summary>Such as <c>15.18</c>.</summary>
    public required string SourceVersion { get; init; }
    public required string TargetVersion { get; init; }

    public required IReadOnlyList<ComparedItem> Items { get; init; }
    public required double DurationSeconds { get; init; }

    /// <summary>
    /// What is no difference but worth knowing, each as a phrase, such as generated columns that another version computes otherwise.
    /// </summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
    public bool IsEqual => Items.All(i => i.State == ComparedState.Equal);

    /// <summary>
    /// What differs beside the rows of tables that both have, each as a phrase such as <c>index public.x on users: the target lacks
    /// it</c>.
    /// </summary>
    public IEnumerable<string> BesideRows => Items
        .Where(i => i.State != ComparedState.Equal && (i.Kind != ComparedKind.Table || i.State != ComparedState.Different))
        .Select(i => (i.Kind is ComparedKind.Table or ComparedKind.Sequence ? i.Kind.ToString().ToLowerInvariant() + " " : "")
            + $"{i.Name}: {i.What}");

    /// <summary>In one line, such as <c>primary and secondary differ: 2 of 22 tables, 1 other object (1.2s)</c>.</summary>
    public string Summary
    {
        get
        {
            var tables = Items.Where(i => i.Kind == ComparedKind.Table).ToList();
            var different = tables.Count(t => t.State != ComparedState.Equal);
            var others = Items.Count(i => i.Kind != ComparedKind.Table && i.State != ComparedState.Equal);
            string[] differences =
            [
                .. different > 0
                    ? [string.Create(CultureInfo.InvariantCulture, $"{different:N0} of {Count(tables.Count, "table")}")]
                    : Array.Empty<string>(),
                .. others > 0 ? [Count(others, "other object")] : Array.Empty<string>(),
            ];
            var what = IsEqual
                ? $"are equal: {Count(tables.Count, "table")}, {Count(tables.Sum(t => t.SourceRows ?? 0), "row")}"
                : $"differ: {string.Join(", ", differences)}";
            return $"{Source} and {Target} {what} ({Durations.Show(TimeSpan.FromSeconds(DurationSeconds))})";
        }
    }

    static string Count(long number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {what}{(number == 1 ? "" : "s")}");
}

[JsonConverter(typeof(JsonStringEnumConverter<RowState>))]
public enum RowState
{
    /// <summary>Both sides have a row of this key, and the rows differ.</summary>
    Different,
    SourceOnly,
    TargetOnly,
}

/// <summary>A row that is not the same on both sides.</summary>
/// <param name="Table">Such as <c>public.users</c>.</param>
/// <param name="Key">
/// The values of the key's columns, one after the other with <c>, </c> in between; of a table without a key the row itself, as far
/// as 200 characters go.
/// </param>
/// <param name="Columns">Those that differ, with <c>, </c> in between; empty where only one side has the row.</param>
/// <param name="Rows">More than 1 where a table without a key has so many equal rows more on this side.</param>
public sealed record RowDifference(string Table, string Key, RowState State, string Columns, long Rows);
