using System.Globalization;
using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Runs;
using Spectre.Console;

namespace BackupSync.Cli.Display;

/// <summary>Results as people read them: aligned, sizes and durations in human units, times in UTC.</summary>
static class Tables
{
    // Columns are those of the module's views, as a test compares. Those that begin with > are aligned to the right.
    public static readonly string[] OfSteps = ["Step", "State", ">Duration", "What it did"];
    public static readonly string[] OfContent = ["Table", ">Source", ">Before", ">After", ">Size", "Verified"];
    public static readonly string[] OfChanges =
        ["Table", "Way", ">Inserted", ">Updated", ">Deleted", ">Unchanged", ">Kept", ">Rows", ">Read", ">Duration", "Verified", "Why"];
    public static readonly string[] OfPlan = ["Step", ">Limit", "What it would do"];
    public static readonly string[] OfConnections =
        ["Name", "State", "Role", ">Latency", "Version", "Provider", ">Size", ">Connections", "Address"];
    public static readonly string[] OfRuns =
    [
        "Job", "Outcome", "Started (UTC)", ">Duration", ">Rows", "Error", "Kind", "Mode", ">Backup", ">Safety", ">Age", "Recovery",
        ">Tables", "Publish",
    ];
    public static readonly string[] OfComparison = ["Name", "State", ">Source", ">Target", "What"];

    public static Table Steps(IEnumerable<StepResult> steps)
    {
        var table = New(OfSteps);
        foreach (var step in steps)
            Add(
                table,
                Plain(step.Step),
                State(step.State.ToString(), step.State == StepState.Succeeded),
                Plain(Duration(step.DurationSeconds)),
                Plain(step.Note));
        return table;
    }

    public static Table Content(IEnumerable<TableResult> tables)
    {
        var table = New(OfContent);
        foreach (var row in tables)
            Add(
                table,
                Plain(row.Table),
                Plain(Number(row.SourceRows)),
                Plain(Number(row.PreviousRows)),
                Plain(Number(row.TargetRows)),
                Plain(Size(row.Bytes)),
                row.Verified is { } verified ? State(verified ? "yes" : "no", verified) : Plain(""));
        return table;
    }

    /// <summary>What an incremental run did with each table.</summary>
    public static Table Changes(IReadOnlyList<TableResult> tables) => Filled(
        OfChanges,
        tables.Select(t => (Text[])
        [
            Plain(t.Table), Plain(t.Changes!.Way), Plain(Number(t.Changes.Inserted)), Plain(Number(t.Changes
                .Updated)), Plain(Number(t.Changes.Deleted)), Plain(Number(t.Changes.Unchanged)),
            Plain(t.Changes.Kept == 0
                ? ""
                : Number(t.Changes.Kept)), Plain(Number(t.TargetRows)), Plain(Size(t.Changes.Bytes)), Plain(Duration(t.Changes.Seconds)),
            t.Verified is { } verified ? State(verified ? "yes" : "no", verified) : Plain(""), Plain(t.Changes.Reason),
        ]));

    public static Table Plan(IEnumerable<PlannedStep> steps)
    {
        var table = New(OfPlan);
        foreach (var step in steps)
            Add(table, Plain(step.Step), Plain(step.Limit is { } limit ? Durations.Show(limit) : ""), Plain(step.Description));
        return table;
    }

    public static Table Connections(IEnumerable<ConnectionTestResult> results)
    {
        var table = New(OfConnections);
        foreach (var r in results)
        {
            Add(table, Plain(r.Name), State(r.State.ToString(), r.State == ConnectionState.Connected), Plain(r.Role),
                Plain(r.LatencyMs is { } latency ? string.Create(CultureInfo.InvariantCulture, $"{latency:0.0} ms") : ""),
                Plain(r.ServerVersion), Plain(r.Provider), Plain(Size(r.Size)),
                Plain(r.ConnectionsUsed is { } used ? $"{used}/{r.ConnectionsLimit}" : ""), Plain(r.Address));
        }
        return table;
    }

    public static Table History(IEnumerable<RunResult> runs) => Filled(
        OfRuns,
        runs.Select(r => (Text[])
        [
            Plain(r.Job), Outcome(r.Outcome), Plain(Time(r.StartTime)), Plain(Duration(r.DurationSeconds)), Plain(Number(Rows(r))),
            Plain(r.Error?.Id), Plain(r.Kind), Plain(r.Mode), Plain(Size(r.SourceBackup?.Size)), Plain(Size(r.SafetyBackup?.Size)),
            Plain(r.RpoSeconds is { } age ? Duration(age) : ""), Recovery(r.Recovery),
            Plain(Number(r.Mode == SyncMode.Incremental ? r.Tables.Count : r.SourceStats?.Count)), Plain(r.Publish),
        ]));

    public static Table Compared(IEnumerable<ComparedItem> items)
    {
        var table = New(OfComparison);
        foreach (var item in items)
            Add(
                table, Plain(item.Name), State(item.State.ToString(), item.State == ComparedState.Equal), Plain(Number(item.SourceRows)),
                Plain(Number(item.TargetRows)), Plain(item.What));
        return table;
    }

    /// <summary>An incremental run need not count every table, and the rows of some are not those of the database.</summary>
    static long? Rows(RunResult run) =>
        run.Mode == SyncMode.Incremental && run.Tables.Any(t => t.SourceRows is null) ? null : run.SourceStats?.Values.Sum();

    static Text Recovery(RecoveryResult? recovery) =>
        recovery is null ? Plain("") : State($"{recovery}", recovery is { RtoMet: not false, RpoMet: not false });

    public static Text Outcome(RunOutcome outcome) => new(outcome.ToString(), outcome switch
    {
        RunOutcome.Succeeded => Color.Green,
        RunOutcome.Skipped or RunOutcome.Cancelled or RunOutcome.Incomplete => Color.Yellow,
        _ => Color.Red,
    });

    public static string Duration(double seconds) => Durations.Show(TimeSpan.FromSeconds(seconds));

    static Table New(params ReadOnlySpan<string> headings)
    {
        var table = new Table { Border = TableBorder.Simple, ShowRowSeparators = false };
        foreach (var heading in headings)
        {
            var isRight = heading[0] == '>';
            table.AddColumn(new TableColumn(new Text(heading.TrimStart('>'), new Style(decoration: Decoration.Bold)))
            {
                Alignment = isRight ? Justify.Right : Justify.Left,
                NoWrap = isRight,
            });
        }
        return table;
    }

    /// <summary>A table without the columns that would be empty.</summary>
    public static Table Filled(string[] headings, IEnumerable<Text[]> rows)
    {
        var all = rows.ToList();
        int[] filled = [.. Enumerable.Range(0, headings.Length).Where(i => all.Any(r => r[i].Length > 0))];
        var table = New([.. filled.Select(i => headings[i])]);
        foreach (var row in all)
            Add(table, [.. filled.Select(i => row[i])]);
        return table;
    }

    /// <summary>How wide a table of these has to be for every cell to stand in one line.</summary>
    public static int WidthOf(string[] headings, IReadOnlyCollection<Text[]> rows)
    {
        var columns = headings.Select(
            (h, i) => (Heading: h.TrimStart('>').Length,
                Cells: rows.Select(r => r[i].Length).DefaultIfEmpty().Max())).Where(c => c.Cells > 0);
        return columns.Sum(c => Math.Max(c.Heading, c.Cells) + 3) + 1;
    }

    static void Add(Table table, params ReadOnlySpan<Text> cells) => table.AddRow(cells.ToArray());

    /// <summary>Others' words, in one line.</summary>
    public static Text Plain(object? value, Color? color = null) => new(Printable.Line(value?.ToString() ?? ""), color);

    public static Text State(string text, bool isGood) => Plain(text, isGood ? Color.Green : Color.Red);

    public static string Number(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

    public static string Size(long? bytes) => bytes is { } b ? ByteSizes.Show(b) : "";

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
