using System.Globalization;

namespace BackupSync.Benchmarks;

/// <summary>What was measured, and whether it is what is to be reached: tables for people that are Markdown as they stand.</summary>
sealed class Report(string machine, IReadOnlyList<Target> targets)
{
    const long LargestPeak = 200_000_000;

    readonly Dictionary<string, (string Title, List<Measurement> Measured)> _contenders = [];

    /// <summary>False where a target was missed. What was not measured misses none.</summary>
    public bool AllReached { get; private set; } = true;

    public void Add(string key, string title, Measurement measured)
    {
        if (!_contenders.TryGetValue(key, out var known))
            _contenders[key] = known = (title, []);
        known.Measured.Add(measured);
    }

    public void Write(TextWriter writer)
    {
        writer.WriteLine($"\n{machine}\n");
        WriteTable(writer, ["", "median", "fastest", "slowest"], _contenders.Select(c => (string[])
        [
            $"({c.Key}) {c.Value.Title}", Seconds(Median(SecondsOf(c.Key))), Seconds(SecondsOf(c.Key)
                .Min()), Seconds(SecondsOf(c.Key).Max()),
        ]));
        WriteTable(writer, ["", "measured", "of each round, median", "to reach", ""],
            [.. targets.SelectMany(Ratio), .. targets.SelectMany(Share), .. _contenders.Where(
                c => c.Value.Measured.Any(m => m.PeakBytes is not null)).Select(c => c.Key).SelectMany(Peak)]);
        foreach (var (key, ours) in _contenders)
        {
            WriteTable(writer, [$"step of ({key})", "median"], ours.Measured.SelectMany(m => m.Steps ?? []).GroupBy(s => s.Step)
                .Select(step => (string[])[step.Key.ToString(), Seconds(Median(step.Select(s => s.DurationSeconds)))]));
        }
    }

    IEnumerable<string[]> Ratio(Target target)
    {
        if (!_contenders.ContainsKey(target.Ours) || !_contenders.ContainsKey(target.Other))
            yield break;
        var ratio = Median(SecondsOf(target.Ours)) / Median(SecondsOf(target.Other));
        var ofRounds = Median(SecondsOf(target.Ours).Zip(SecondsOf(target.Other), (ours, theirs) => ours / theirs));
        yield return [$"({target.Ours}) / ({target.Other})", Number(ratio), Number(ofRounds), $"at most {Number(target.Most)}",
            Judge(ratio <= target.Most)];
    }

    IEnumerable<string[]> Share(Target target)
    {
        if (target.MostRead is not { } most || !_contenders.TryGetValue(target.Ours, out var ours))
            yield break;
        var shares = ours.Measured.Select(m => m.ShareRead!.Value).ToList();
        yield return [$"read over the wire by ({target.Ours})", Percent(shares
            .Max()), Percent(Median(shares)), $"at most {Percent(most)}", Judge(shares.Max() <= most)];
    }

    IEnumerable<string[]> Peak(string key)
    {
        if (!_contenders.TryGetValue(key, out var ours))
            yield break;
        var peaks = ours.Measured.Select(m => m.PeakBytes ?? 0).ToList();
        yield return [$"peak memory of ({key})", ByteSizes.Show(peaks.Max()), ByteSizes.Show((long)Median(peaks.Select(p => (double)p))),
            $"under {ByteSizes.Show(LargestPeak)}", Judge(peaks.Max() < LargestPeak)];
    }

    string Judge(bool reached)
    {
        AllReached &= reached;
        return reached ? "reached" : "MISSED";
    }

    IEnumerable<double> SecondsOf(string key) => _contenders[key].Measured.Select(m => m.Duration.TotalSeconds);

    static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    static string Seconds(double seconds) => seconds.ToString("0.0 's'", CultureInfo.InvariantCulture);

    static string Number(double number) => number.ToString(number < 0.2 ? "0.000" : "0.00", CultureInfo.InvariantCulture);

    static string Percent(double share) => (share * 100).ToString("0.0 '%'", CultureInfo.InvariantCulture);

    static void WriteTable(TextWriter writer, string[] head, IEnumerable<string[]> body)
    {
        var rows = body.ToList();
        if (rows.Count == 0)
            return;
        var widths = head.Select((h, i) => Math.Max(3, rows.Append(head).Max(r => r[i].Length))).ToList();
        writer.WriteLine(Line(head, ' '));
        writer.WriteLine(Line([.. head.Select(_ => "")], '-'));
        foreach (var row in rows)
            writer.WriteLine(Line(row, ' '));
        writer.WriteLine();

        string Line(string[] cells, char fill) => $"| {string.Join(" | ", cells.Select((c, i) => c.PadRight(widths[i], fill)))} |";
    }
}
