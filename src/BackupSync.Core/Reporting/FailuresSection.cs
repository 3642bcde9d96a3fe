namespace BackupSync.Reporting;

/// <summary>
/// Of the page: the last runs that failed, why, and what to do. What servers say in detail is left out: it may name rows.
/// </summary>
static class FailuresSection
{
    public static void AddTo(HtmlText html, ReportFigures figures)
    {
        html.Add($"<section><h2>The last failures</h2>\n");
        if (figures.Failures.Count == 0)
            html.Add($"<div class=\"card series\"><p>No run has failed in the last {Quantity.Of(figures.Days, "day")}.</p></div>\n");
        foreach (var run in figures.Failures)
        {
            var badge = ReportWords.Of(run.Outcome);
            html.Add($"<div class=\"card failure {badge.Tone}\"><div class=\"top\"><span class=\"state {badge.Tone}\">");
            html.Add($"<span class=\"sign\" aria-hidden=\"true\">{badge.Sign}</span>{badge.Word}</span>");
            html.Add($"<span class=\"name\">{ReportWords.Subject(run)}</span>");
            html.Add($"<span class=\"soft\">{ReportWords.Moment(run.StartTime)} UTC, after {Durations.Show(run.Duration)}</span></div>\n");
            if (run.Error is { } error)
            {
                html.Add($"<p class=\"what\">{error.Message}</p>\n");
                if (error.Advice is { } advice)
                    html.Add($"<p class=\"do\"><b>What to do:</b> {advice}</p>\n");
                if (error.Rollback is { } rollback)
                    html.Add($"<p class=\"soft\">{rollback}</p>\n");
                html.Add($"<p><code>{error.Id}{(error.Step is { } step ? $", step {step}" : "")}, run {run.RunId}</code></p>\n");
            }
            html.Add($"</div>\n");
        }
        var more = figures.Counts.Failed - figures.Failures.Count;
        if (more > 0)
            html.Add($"<p class=\"soft\">And {Quantity.Number(more)} more before: backupsync history lists all.</p>\n");
        html.Add($"</section>\n");
    }
}
