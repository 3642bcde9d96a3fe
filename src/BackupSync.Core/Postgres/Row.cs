using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>One row of what a query gives, as the server writes its values; columns are counted from 0.</summary>
sealed class Row(string?[] fields)
{
    internal IReadOnlyList<string?> Fields => fields;

    /// <summary>How many it was on the way, with what stands between columns and rows.</summary>
    internal long Characters => fields.Sum(f => (f?.Length ?? 0) + 1L);

    /// <exception cref="FormatException">As all of these: what is there is not of this kind, or null.</exception>
    public string Text(int column) => fields[column] ?? throw Unfit(column, "a text");

    public string? TextOrNull(int column) => fields[column];

    /// <summary>Null is no, as it is to WHERE.</summary>
    public bool Flag(int column) => FlagOrNull(column) == true;

    public bool? FlagOrNull(int column) => fields[column] switch
    {
        "t" => true,
        "f" => false,
        null => null,
        _ => throw Unfit(column, "a boolean"),
    };

    public int Int(int column) =>
        int.TryParse(fields[column], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw Unfit(column, "an integer");

    public long Long(int column) =>
        long.TryParse(fields[column], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw Unfit(column, "a bigint");

    public long? LongOrNull(int column) => fields[column] is null ? null : Long(column);

    /// <summary>The number of a transaction, among others.</summary>
    public ulong Unsigned(int column) =>
        ulong.TryParse(fields[column], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw Unfit(column, "a number without a sign");

    public uint Oid(int column) =>
        uint.TryParse(fields[column], NumberStyles.None, CultureInfo.InvariantCulture, out var oid) ? oid : throw Unfit(column, "an oid");

    /// <summary>What an aggregate has strung together with commas; none where there was nothing to be strung together.</summary>
    public IReadOnlyList<uint> Oids(int column)
    {
        var oids = new List<uint>();
        foreach (var text in (fields[column] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            oids.Add(uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var oid) ? oid
                : throw Unfit(column, "a list of oids"));
        }
        return oids;
    }

    /// <summary>In UTC, in the form of ISO 8601.</summary>
    public DateTimeOffset Time(int column) =>
        DateTimeOffset.TryParse(fields[column], CultureInfo.InvariantCulture, out var time) ? time : throw Unfit(column, "a time");

    /// <summary>A schema, and in the next column the name of what is in it.</summary>
    public ObjectName Name(int schema) => new(Text(schema), Text(schema + 1));

    FormatException Unfit(int column, string kind) =>
        new($"Column {column} of a row is {(fields[column] is { } value ? $"'{value}'" : "null")}, and not {kind}.");
}
