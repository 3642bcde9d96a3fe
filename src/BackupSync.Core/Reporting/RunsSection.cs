using BackupSync.Runs;

namespace BackupSync.Reporting;

/// <summary>Of the page: the runs of some days as charts, all together and of each job and plan.</summary>
static class RunsSection
{
    public static void AddTo(HtmlText html, ReportFigures figures)
    {
        html.Add($"<section><h2>The last {Quantity.Of(figures.Days, "day")}</h2>\n");
        if (figures.Counts.All == 0)
        {
            html.Add($"<div class=\"card series\"><p class=\"soft\">Nothing has run.</p></div></section>\n");
            return;
        }
        AddAll(html, figures);
        foreach (var series in figures.Series.OrderBy(s => s.Series.Kind).ThenBy(s => s.Series.Job, StringComparer.Ordinal)
            .ThenBy(s => s.Series.Database, StringComparer.Ordinal))
            AddSeries(html, figures, series);
        html.Add($"</section>\n");
    }

    static void AddAll(HtmlText html, ReportFigures figures)
    {
        var most = Math.Max(1, figures.Periods.Max(p => p.All));
        html.Add($"<div class=\"card series\"><figure><figcaption><span>Runs each {Period(figures)}</span>");
        html.Add($"<b>at most {Quantity.Number(most)}</b></figcaption>\n");
        ReportChart.AddTo(html, $"Runs each {Period(figures)}: {ReportWords.Counts(figures.Counts)}", "tall",
            [.. figures.Periods.Select((p, i) => new ReportChart.Bar(
                $"{Label(figures, i)}: {ReportWords.Counts(p)}",
                new("ok", (double)p.Succeeded / most), new("no", (double)p.NotDone / most), new("ko", (double)p.Failed / most)))]);
        AddAxis(html, figures);
        html.Add($"</figure>\n<div class=\"legend\">");
        html.Add($"<span><i class=\"ok\"></i>{Quantity.Number(figures.Counts.Succeeded)} succeeded</span>");
        html.Add($"<span><i class=\"ko\"></i>{Quantity.Number(figures.Counts.Failed)} failed</span>");
        html.Add($"<span><i class=\"no\"></i>{Quantity.Number(figures.Counts.NotDone)} not done: gave way or stopped</span>");
        html.Add($"</div>\n");
        html.Add($"<dl class=\"facts\">");
        foreach (var (kind, counts) in figures.Kinds)
            html.Add($"<div><dt>{ReportWords.Kind(kind)}</dt><dd>{ReportWords.Counts(counts)}</dd></div>");
        html.Add($"</dl></div>\n");
    }

    static void AddSeries(HtmlText html, ReportFigures figures, SeriesFigures series)
    {
        var (of, counts) = (series.Series, series.Counts);
        html.Add($"<div class=\"card series\"><div class=\"top\"><h3>{of.Job}</h3>");
        html.Add($"<span class=\"soft\">{(of.Kind == RunKind.Sync ? "sync to" : "backup of")} {of.Database}</span></div>\n");
        html.Add($"<dl class=\"facts\"><div><dt>Runs</dt><dd>{ReportWords.Counts(counts)}</dd></div>");
        html.Add($"<div><dt>Typical</dt><dd>{ReportWords.Took(series.TypicalSeconds)}</dd></div>");
        html.Add($"<div><dt>Longest</dt><dd>{ReportWords.Took(series.LongestSeconds)}</dd></div>");
        if (series.Bytes is { } bytes)
            html.Add($"<div><dt>Newest backup</dt><dd>{ByteSizes.Show(bytes)}</dd></div>");
        html.Add($"</dl>\n<div class=\"charts\">\n");
        AddRates(html, figures, series);
        AddDurations(html, figures, series);
        if (series.Bytes is not null)
            AddSizes(html, figures, series);
        html.Add($"</div></div>\n");
    }

    static void AddRates(HtmlText html, ReportFigures figures, SeriesFigures series) =>
        AddFigure(html, figures, "Success rate", ReportWords.Rate(series.Counts.SuccessRate), [.. series.Periods.Select((p, i) =>
        {
            double all = Math.Max(1, p.Counts.All);
            return new ReportChart.Bar($"{Label(figures, i)}: {ReportWords.Counts(p.Counts)}",
                new("ok", p.Counts.Succeeded / all), new("no", p.Counts.NotDone / all), new("ko", p.Counts.Failed / all));
        })]);

    static void AddDurations(HtmlText html, ReportFigures figures, SeriesFigures series)
    {
        var typical = series.Periods.Select(p => ReportFigures.Median(p.Seconds)).ToList();
        var most = Math.Max(typical.Max() ?? 0, 0.001);
        AddFigure(html, figures, "Typical duration", $"up to {ReportWords.Took(typical.Max())}", [.. typical.Select((t, i) =>
            new ReportChart.Bar($"{Label(figures, i)}: {ReportWords.Took(t)}", new ReportChart.Part("is", (t ?? 0) / most)))]);
    }

    static void AddSizes(HtmlText html, ReportFigures figures, SeriesFigures series)
    {
        double most = Math.Max(1, series.Periods.Max(p => p.Bytes) ?? 0);
        AddFigure(html, figures, "Backup size", $"up to {ReportWords.Size(series.Periods.Max(p => p.Bytes))}",
            [.. series.Periods.Select((p, i) => new ReportChart.Bar(
                $"{Label(figures, i)}: {ReportWords.Size(p.Bytes)}", new ReportChart.Part("is", (p.Bytes ?? 0) / most)))]);
    }

    static void AddFigure(
        HtmlText html, ReportFigures figures, string what, string value, IReadOnlyList<ReportChart.Bar> bars)
    {
        html.Add($"<figure><figcaption><span>{what}</span><b>{value}</b></figcaption>\n");
        ReportChart.AddTo(html, $"{what}: {value}", "", bars);
        AddAxis(html, figures);
        html.Add($"</figure>\n");
    }

    static void AddAxis(HtmlText html, ReportFigures figures)
    {
        html.Add($"<div class=\"axis\"><span>{ReportWords.Day(figures.First)}</span>");
        html.Add($"<span>{ReportWords.Day(figures.First.AddDays(figures.Days - 1))}</span></div>\n");
    }

    static string Period(ReportFigures figures) => figures.DaysOfPeriod == 1 ? "day" : "week";

    static string Label(ReportFigures figures, int period) =>
        (figures.DaysOfPeriod == 1 ? "" : "week from ") + ReportWords.Day(figures.First.AddDays(period * figures.DaysOfPeriod));
}
