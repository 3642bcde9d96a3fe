using System.Globalization;
using BackupSync.Tests.Soak;

namespace BackupSync.Soak;

/// <summary>The table that docs/reliability.md has.</summary>
sealed class SoakReport
{
    readonly List<SoakResult> _results = [];

    public bool AllBorne => _results.All(r => r.Problems.Count == 0);

    public void Add(SoakResult result) => _results.Add(result);

    public void Write(TextWriter to, TimeSpan took)
    {
        to.WriteLine();
        to.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_results.Count} faults, {_results.Count(r => r.Happened)} of them before the run had ended, ")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"{_results.Count(r => r.Problems.Count > 0)} not borne; {took.TotalMinutes:0} min"));
        Table(to, "run", _results.GroupBy(r => r.Case.Run.ToString()));
        Table(to, "fault", _results.GroupBy(r => r.Case.Fault.ToString()));
        Table(
            to,
            "PostgreSQL",
            _results.GroupBy(r => $"{r.Case.SourceMajor} to {r.Case.TargetMajor}").OrderBy(g => g.Key, StringComparer.Ordinal));
    }

    /// <summary>Of seconds that somebody stood still, the median and the longest.</summary>
    static void Table(TextWriter to, string what, IEnumerable<IGrouping<string, SoakResult>> groups)
    {
        to.WriteLine();
        to.WriteLine($"| {what} | faults | in time | succeeded | failed | died | not borne | others stood still: median, longest |");
        to.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var group in groups)
        {
            var waits = group.Select(r => r.Worst).Order().ToList();
            int[] counts =
            [
                group.Count(), group.Count(r => r.Happened), group.Count(r => r.ExitCode is 0 or 6), group.Count(
                    r => r.ExitCode is not (0 or 6 or 137)),
                group.Count(r => r.ExitCode == 137), group.Count(r => r.Problems.Count > 0),
            ];
            to.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {group.Key} | {string.Join(" | ", counts)} | {waits[waits.Count / 2]:0.00} s, {waits[^1]:0.00} s |"));
        }
    }
}
