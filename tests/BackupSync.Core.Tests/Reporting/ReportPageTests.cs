using System.Net;
using System.Text.RegularExpressions;
using BackupSync.Reporting;
using BackupSync.Runs;

namespace BackupSync.Tests.Reporting;

/// <summary>What the page says, against what is recorded.</summary>
[Trait("Needs", "nothing")]
public sealed partial class ReportPageTests : IDisposable
{
    readonly ReportScene _scene = new();

    public void Dispose() => _scene.Dispose();

    /// <summary>Figures are counted here by hand, of the runs as they were recorded.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(35)]
    [InlineData(366)]
    public async Task Every_figure_is_the_historys(int days)
    {
        _scene.Fill();
        var first = new DateTimeOffset(ReportScene.Now.Date.AddDays(1 - days), TimeSpan.Zero);
        var runs = _scene.Runs.Where(r => r.StartTime >= first).ToList();

        var page = await _scene.PageAsync(days);

        Assert.Equal($"{runs.Count}", Value(page, "Runs"));
        Assert.Equal(Rate(runs), Value(page, "Success rate"));
        foreach (var series in runs.Where(r => r.Kind is RunKind.Sync or RunKind.Backup)
            .GroupBy(r => (r.Job, r.Kind, Of: r.Kind == RunKind.Sync ? r.Target : r.DatabaseName!)))
        {
            var section = Section(page, series.Key.Job, $"{(series.Key.Kind == RunKind.Sync ? "sync to" : "backup of")} {series.Key.Of}");
            var good = series.Where(r => r.Success).OrderBy(r => r.DurationSeconds).ToList();
            Assert.Equal(Counts(series), Value(section, "Runs"));
            Assert.Equal(Rate(series), Figure(section, "Success rate"));
            if (good.Count == 0)
                continue;
            var typical = (good[(good.Count - 1) / 2].DurationSeconds + good[good.Count / 2].DurationSeconds) / 2;
            Assert.Equal(Durations.Show(TimeSpan.FromSeconds(typical)), Value(section, "Typical"));
            Assert.Equal(Durations.Show(TimeSpan.FromSeconds(good[^1].DurationSeconds)), Value(section, "Longest"));
            Assert.Equal(ByteSizes.Show(good.MaxBy(r => r.StartTime)!.SourceBackup!.Size), Value(section, "Newest backup"));
        }
        Assert.Equal(
            runs.Where(r => IsFailure(r)).Reverse().Take(10).Select(r => r.RunId),
            FailedRun().Matches(page).Select(m => m.Groups[1].Value));
        if (days <= 92)
            Assert.All(Enumerable.Range(0, days).Select(d => first.AddDays(d)), day => Assert.Contains(
                $"<title>{day:yyyy-MM-dd}: {Counts(runs.Where(r => r.StartTime.Date == day.Date))}</title>", page,
                StringComparison.Ordinal));
        Assert.Empty(_scene.Warnings);
    }

    [Fact]
    public async Task What_needs_somebody_stands_first_and_all_that_is_well_is_said_to_be()
    {
        var empty = await _scene.PageAsync();
        Assert.Contains("<h1>7 things need you.</h1>", empty, StringComparison.Ordinal);
        Assert.Contains("Nothing has run.", empty, StringComparison.Ordinal);

        _scene.Fill();
        var page = await _scene.PageAsync();
        Assert.Contains("<h1>2 things need you.</h1>", page, StringComparison.Ordinal);
        Assert.True(page.IndexOf(">development<", StringComparison.Ordinal) < page.IndexOf(">railway<", StringComparison.Ordinal));

        _scene.Mend();
        Assert.Contains("<h1>All is well.</h1>", await _scene.PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_and_messages_of_others_become_no_markup()
    {
        const string hostile = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;\u202e\n";
        _scene.Fill();
        var last = _scene.Runs[^1];
        _scene.Record("copies", last with
        {
            RunId = hostile, Kind = RunKind.Sync, Job = "railway-to-neon", Target = hostile, Outcome = RunOutcome.Aborted,
            StartTime = ReportScene.Now.AddMinutes(-5), EndTime = ReportScene.Now.AddMinutes(-4),
            Error = new RunError(hostile, RunStep.Check, hostile, hostile, hostile, hostile),
        });
        _scene.Record("copies", last with { RunId = "2", Kind = RunKind.Backup, Job = hostile, Source = hostile, DatabaseName = hostile });

        var page = await _scene.PageAsync();

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u202e', page);
        Assert.Contains(WebUtility.HtmlEncode(Printable.Line(hostile)), page, StringComparison.Ordinal);
        // All markup of the page is of these elements, and no attribute does anything.
        string[] elements =
        [
            "html", "head", "meta", "link", "title", "style", "body", "main", "header", "span", "b", "section", "div", "h1", "h2", "h3",
            "p", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "small", "svg", "g", "rect", "figure", "figcaption", "i",
            "code",
            "footer",
        ];
        Assert.Empty(Element().Matches(page).Select(m => m.Groups[1].Value).Distinct().Except(elements));
        Assert.DoesNotMatch(@"<[a-z][^<>]*\son[a-z]+=", page);
    }

    [Fact]
    public async Task Nothing_is_loaded_and_no_secret_or_row_is_told()
    {
        _scene.Fill();

        var page = await _scene.PageAsync();

        Assert.DoesNotContain("never-shown", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)(src|href|action)=\"(?!data:,\")|url\\(|@import|https?://(?!gateway|search)", page);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_that_is_there_is_replaced_and_nothing_else_is()
    {
        _scene.Fill();
        var path = Path.Join(_scene.Folder, "report.html");
        await WriteAsync(path);
        await WriteAsync(path);
        Assert.StartsWith("<!doctype html>", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));

        var other = Path.Join(_scene.Folder, "index.html");
        await File.WriteAllTextAsync(other, "<!doctype html>\n<p>mine");
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => WriteAsync(other));
        Assert.Equal((ErrorIds.FileFailed, $"{other} exists already, and is no report."), (e.ErrorId, e.Message));
        await WriteAsync(other, force: true);
        Assert.Equal(await File.ReadAllTextAsync(path), await File.ReadAllTextAsync(other));
        await Assert.ThrowsAsync<BackupSyncException>(() => WriteAsync(_scene.Folder, force: true));
    }

    Task WriteAsync(string path, bool force = false) =>
        ReportFile.WriteAsync(_scene.Config, 30, path, force, _scene.Clock, _scene.Warnings.Add, default);

    static bool IsFailure(RunResult run) =>
        run.Outcome is RunOutcome.Aborted or RunOutcome.RolledBack or RunOutcome.RollbackFailed or RunOutcome.Incomplete;

    static string Counts(IEnumerable<RunResult> runs)
    {
        var all = runs.ToList();
        var (good, bad) = (all.Count(r => r.Success), all.Count(IsFailure));
        var rest = all.Count - good - bad;
        return all.Count == 0 ? "no runs"
            : $"{good} succeeded" + (bad > 0 ? $", {bad} failed" : "") + (rest > 0 ? $", {rest} not done" : "");
    }

    static string Rate(IEnumerable<RunResult> runs)
    {
        var ended = runs.Where(r => r.Success || IsFailure(r)).ToList();
        return ended.Count == 0 ? "–" : $"{Math.Floor(ended.Count(r => r.Success) * 1000.0 / ended.Count) / 10:0.#}%";
    }

    static string Value(string html, string label) => Text(Regex.Match(html, $"<dt>{label}</dt><dd>(.*?)</dd>").Groups[1].Value);

    static string Figure(string html, string label) => Text(Regex.Match(html, $"<span>{label}</span><b>(.*?)</b>").Groups[1].Value);

    static string Text(string html) => WebUtility.HtmlDecode(html);

    static string Section(string html, string job, string of)
    {
        var start = html.IndexOf($"<h3>{job}</h3><span class=\"soft\">{of}</span>", StringComparison.Ordinal);
        Assert.True(start > 0, $"{job}, {of}");
        return html[start..html.IndexOf("</div></div>\n", start, StringComparison.Ordinal)];
    }

    [GeneratedRegex("step [A-Za-z]+, run ([0-9a-z]+)</code>")]
    private static partial Regex FailedRun();

    [GeneratedRegex("<([a-z][a-z0-9]*)")]
    private static partial Regex Element();
}
