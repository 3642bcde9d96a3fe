namespace BackupSync.Operations.Compare;

public sealed record ComparisonOptions
{
    /// <summary>
    /// Names of tables, with or without a schema; <c>*</c> and <c>?</c> stand for any characters and any one. All where none is named.
    /// </summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Whether every row that differs is told, and in which columns.</summary>
    public bool Detail { get; init; }

    /// <summary>
    /// Whether owners and grants are compared, too. Syncs leave each side its own, for the roles of one provider are not those of
    /// another: that they differ is not what is asked for as a rule.
    /// </summary>
    public bool Rights { get; init; }

    /// <summary>Sessions on each side, 1 at the least.</summary>
    public int Parallel { get; init; } = 2;

    /// <summary>How long to keep trying to connect.</summary>
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long others may have to wait for it, until it lets go of everything and begins anew; null for ever.</summary>
    public TimeSpan? Blocking { get; init; } = new Configuration.LimitsConfig().Blocking;

    /// <summary>For all of it.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromHours(1);
}

/// <param name="Item">The table that was read last, or whose differing rows are looked for.</param>
/// <param name="Fraction">0 to 1.</param>
public sealed record ComparisonProgress(string Item, double Fraction, long Rows, long Bytes);
