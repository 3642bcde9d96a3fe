using BackupSync.Postgres;

namespace BackupSync.Operations.Sides;

/// <summary>The tables whose rows an operator wants to read in the log (<c>verify.report</c>).</summary>
static class ReportedTables
{
    /// <param name="table">A fingerprint's key.</param>
    public static bool IsReported(string table, IReadOnlyList<string> report)
    {
        var name = ObjectName.OfKey(table);
        return report.Any(r => r == name.Name || r == name.Plain);
    }

    /// <summary><c>13 users, 1 escrows, 13 wallets</c>, in the order of the report; all tables summed up where none is named.</summary>
    public static string Describe(IReadOnlyDictionary<string, long> rows, IReadOnlyList<string> report)
    {
        if (report.Count == 0)
            return $"{Quantity.Of(rows.Values.Sum(), "row")} in {Quantity.Of(rows.Count, "table")}";
        return string.Join(", ", report.Select(name =>
        {
            var found = rows.Where(t => IsReported(t.Key, [name])).ToList();
            return found.Count == 0 ? $"no table {name}" : $"{Quantity.Number(found.Sum(t => t.Value))} {name}";
        }));
    }
}
