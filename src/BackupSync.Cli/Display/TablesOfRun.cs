using BackupSync.Application.Views;
using BackupSync.Runs;

namespace BackupSync.Cli.Display;

/// <summary>What a run did with each table: of many, those that somebody looks for first. JSON and the history have all.</summary>
static class TablesOfRun
{
    const int Most = 20;

    public static void Show(IReadOnlyList<TableResult> tables)
    {
        if (tables.Count == 0)
            return;
        var isIncremental = tables.All(t => t.Changes is not null);
        // Where something is wrong, then where something was written, then what is large.
        var shown = tables.OrderByDescending(t => t.Verified == false)
            .ThenByDescending(t => t.Changes?.All ?? 0).ThenByDescending(t => t.Bytes ?? 0).Take(Most)
            .Where(t => !isIncremental || t.Changes!.All > 0 || t.Verified == false)
            .OrderBy(t => t.Table, StringComparer.Ordinal).ToList();
        if (shown.Count > 0)
            ViewTable.Show(isIncremental ? ResultViews.ChangedTables : ResultViews.Tables, shown);
        if (tables.Count > shown.Count)
        {
            Screen.WriteLine($"{(shown.Count == 0 ? "" : "and ")}"
                + $"{Quantity.Of(tables.Count - shown.Count, shown.Count == 0 ? "table" : "other table")}"
                + (isIncremental && tables.Except(shown).All(t => t.Changes!.All == 0) ? " unchanged" : "; --json has all"));
        }
        Screen.WriteLine();
    }
}
