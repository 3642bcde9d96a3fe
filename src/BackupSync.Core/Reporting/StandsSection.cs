using BackupSync.Application;

namespace BackupSync.Reporting;

/// <summary>Of the page: each database, job and service, what is not healthy first.</summary>
static class StandsSection
{
    public static void AddTo(HtmlText html, HealthReport health)
    {
        html.Add($"<section><h2>How all stands</h2>\n<div class=\"card\"><table class=\"stands\">\n");
        html.Add($"<thead><tr><th>Name</th><th>State</th><th>Age of the copy</th><th>Last proven</th><th>Next run</th></tr></thead>\n");
        foreach (var entry in health.All().OrderByDescending(e => e.Status))
            AddEntry(html, entry, health.Time);
        html.Add($"</table></div></section>\n");
    }

    static void AddEntry(HtmlText html, HealthEntry entry, DateTimeOffset now)
    {
        var badge = ReportWords.Of(entry);
        html.Add($"<tbody><tr><td class=\"whole\"><span><span class=\"name\">{entry.Name}</span> ");
        html.Add($"<span class=\"soft\">{entry.Kind.ToString().ToLowerInvariant()}</span></span></td>");
        html.Add($"<td data-is=\"State\"><span class=\"state {badge.Tone}\">");
        html.Add($"<span class=\"sign\" aria-hidden=\"true\">{badge.Sign}</span>{badge.Word}</span></td>");
        if (entry.Kind == HealthKind.Service)
            AddProbe(html, entry, now);
        else
            AddCopy(html, entry, now);
        html.Add($"</tr>");
        if (entry.Reason is { } reason)
            html.Add($"<tr class=\"why\"><td colspan=\"5\">{reason}</td></tr>");
        html.Add($"</tbody>\n");
    }

    static void AddProbe(HtmlText html, HealthEntry entry, DateTimeOffset now)
    {
        html.Add($"<td data-is=\"Answer\">{(entry.Latency is { } latency ? ReportWords.Milliseconds(latency) : "–")}</td>");
        html.Add($"<td data-is=\"Probes\">{(entry.FailedShare is { } share ? $"{ReportWords.Rate(1 - share)} good" : "–")}</td>");
        html.Add($"<td data-is=\"Asked\">{(entry.LastCheck is { } at ? ReportWords.From(at, now) : "never")}</td>");
    }

    static void AddCopy(HtmlText html, HealthEntry entry, DateTimeOffset now)
    {
        html.Add($"<td data-is=\"Age of the copy\">");
        if (entry.Age is not { } age)
            html.Add($"<span class=\"soft\">{(entry.State == StatusState.Unplanned ? "none" : "no copy")}</span>");
        else if (entry.RpoLimit is { } limit)
            AddMeter(html, age, limit);
        else
            html.Add($"<span>{Durations.Show(age)}</span>");
        html.Add($"</td><td data-is=\"Last proven\">");
        if (entry.LastProof is { } proof)
            html.Add($"<span>{ReportWords.From(proof, now)}<span class=\"soft\">, {entry.Proof}</span></span>");
        else
            html.Add($"<span class=\"soft\">{(entry.Kind == HealthKind.Job ? "each run" : "never")}</span>");
        html.Add($"</td><td data-is=\"Next run\">");
        if (entry.NextDue is { } due)
            html.Add($"<span>{ReportWords.Moment(due)}<span class=\"soft\">, {ReportWords.From(due, now)}</span></span>");
        else
            html.Add($"<span class=\"soft\">no schedule</span>");
        html.Add($"</td>");
    }

    static void AddMeter(HtmlText html, TimeSpan age, TimeSpan limit)
    {
        var share = Math.Clamp(age / limit, 0.02, 1);
        var tone = age > limit ? "bad" : age > limit * 0.8 ? "warn" : "good";
        html.Add($"<span>{Durations.Show(age)} <span class=\"soft\">of {Durations.Show(limit)}{(age > limit ? ", too old" : "")}</span>");
        html.Add($"<svg class=\"meter {tone}\" viewBox=\"0 0 100 5\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
        html.Add($"<rect width=\"{share * 100}\" height=\"5\"/></svg></span>");
    }
}
