using BackupSync.Application;

namespace BackupSync.Reporting;

/// <summary>Of the page: each database and job, then each service, what is not healthy first.</summary>
static class StandsSection
{
    public static void AddTo(HtmlText html, HealthReport health)
    {
        html.Add($"<section><h2>How all stands</h2>\n");
        AddTable(html, [.. health.Databases, .. health.Jobs], health.Time, "Age of the copy", "Last proven", "Next run");
        if (health.Services.Count > 0)
        {
            html.Add($"<h2>Services</h2>\n");
            AddTable(html, health.Services, health.Time, "Answer", "Last probes", "Asked");
        }
        html.Add($"</section>\n");
    }

    static void AddTable(HtmlText html, IReadOnlyList<HealthEntry> entries, DateTimeOffset now, params string[] headings)
    {
        html.Add($"<div class=\"card\"><table class=\"stands\">\n<thead><tr><th>Name</th><th>State</th>");
        foreach (var heading in headings)
            html.Add($"<th>{heading}</th>");
        html.Add($"</tr></thead>\n");
        foreach (var entry in entries.OrderByDescending(e => e.Status))
        {
            var badge = ReportWords.Of(entry);
            html.Add($"<tbody><tr><td class=\"whole\"><span class=\"name\">{entry.Name}</span> ");
            html.Add($"<small>{entry.Kind.ToString().ToLowerInvariant()}</small></td>");
            html.Add($"<td data-is=\"State\"><span class=\"state {badge.Tone}\">");
            html.Add($"<span class=\"sign\" aria-hidden=\"true\">{badge.Sign}</span>{badge.Word}</span></td>");
            if (entry.Kind == HealthKind.Service)
                AddProbe(html, headings, entry, now);
            else
                AddCopy(html, headings, entry, now);
            html.Add($"</tr>");
            if (entry.Reason is { } reason)
                html.Add($"<tr class=\"why\"><td colspan=\"5\">{reason}</td></tr>");
            html.Add($"</tbody>\n");
        }
        html.Add($"</table></div>\n");
    }

    static void AddProbe(HtmlText html, string[] headings, HealthEntry entry, DateTimeOffset now)
    {
        Add(html, headings[0], entry.Latency is { } latency ? ReportWords.Milliseconds(latency) : "–");
        Add(html, headings[1], entry.FailedShare is { } share ? $"{ReportWords.Rate(1 - share)} good" : "–");
        Add(html, headings[2], entry.LastCheck is { } at ? ReportWords.From(at, now) : "never");
    }

    static void AddCopy(HtmlText html, string[] headings, HealthEntry entry, DateTimeOffset now)
    {
        if (entry is { Age: { } age, RpoLimit: { } limit })
            AddMeter(html, headings[0], age, limit);
        else
            Add(html, headings[0], entry.Age is { } alone ? Durations.Show(alone)
                : entry.State == StatusState.Unplanned ? "none" : "no copy");
        if (entry.LastProof is { } proof)
            Add(html, headings[1], ReportWords.From(proof, now), entry.Proof);
        else
            Add(html, headings[1], entry.Kind == HealthKind.Job ? "each run" : "never");
        if (entry.NextDue is { } due)
            Add(html, headings[2], ReportWords.Moment(due), ReportWords.From(due, now));
        else
            Add(html, headings[2], "no schedule");
    }

    static void Add(HtmlText html, string heading, string value, string? more = null)
    {
        html.Add($"<td data-is=\"{heading}\"><span>{value}");
        if (more is not null)
            html.Add($" <small>{more}</small>");
        html.Add($"</span></td>");
    }

    static void AddMeter(HtmlText html, string heading, TimeSpan age, TimeSpan limit)
    {
        var tone = age > limit ? "bad" : age > limit * 0.8 ? "warn" : "good";
        html.Add($"<td data-is=\"{heading}\"><span>{Durations.Show(age)}");
        html.Add($" <span class=\"soft\">of {Durations.Show(limit)}</span>");
        html.Add($"<svg class=\"meter {tone}\" viewBox=\"0 0 100 5\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
        html.Add($"<rect width=\"{Math.Clamp(age / limit, 0.02, 1) * 100}\" height=\"5\"/></svg>");
        if (age > limit)
            html.Add($"<small>too old</small>");
        html.Add($"</span></td>");
    }
}
