using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Reporting;

/// <summary>
/// One HTML document that tells how all stands: first what reassures or alarms, then the runs of some days as charts, then the last failures
/// with what to do. It asks for nothing else, from nowhere, and runs no script.
/// </summary>
public static class ReportPage
{
    /// <summary>What a file of ours begins with.</summary>
    internal const string Head =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"BackupSync\">\n";

    /// <summary>With the health of now.</summary>
    /// <param name="days">How many, today included.</param>
    /// <param name="warn">Told of places and records that cannot be read.</param>
    /// <exception cref="BackupSyncException">No history can be read.</exception>
    public static async Task<string> OfAsync(
        BackupSyncConfig config, int days, TimeProvider clock, Action<string> warn, CancellationToken cancellationToken) =>
        Of(config, await HealthReport.ReadAsync(config, clock, warn, cancellationToken), days, warn, cancellationToken);

    /// <inheritdoc cref="OfAsync"/>
    /// <param name="health">How all stands; its time is that of the page.</param>
    public static string Of(
        BackupSyncConfig config, HealthReport health, int days, Action<string> warn, CancellationToken cancellationToken)
    {
        var figures = new ReportFigures(health.Time, days);
        foreach (var run in new RunQuery { After = figures.First }.Find(config, warn))
        {
            cancellationToken.ThrowIfCancellationRequested();
            figures.Add(run);
        }
        return Of(Path.GetFileName(config.Path), health, figures);
    }

    internal static string Of(string configuration, HealthReport health, ReportFigures figures)
    {
        var html = new HtmlText();
        AddHead(html, health, configuration);
        AddVerdict(html, health);
        AddTiles(html, health, figures);
        StandsSection.AddTo(html, health);
        RunsSection.AddTo(html, figures);
        FailuresSection.AddTo(html, figures);
        html.Add($"<footer>Made by BackupSync {RecordedRun.Version} from what is recorded; no database was asked. ");
        html.Add($"Days and times are those of UTC.</footer>\n</main>\n</body>\n</html>\n");
        return html.ToString();
    }

    static void AddHead(HtmlText html, HealthReport health, string configuration)
    {
        html.Raw(Head);
        html.Add($"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Add($"<meta name=\"color-scheme\" content=\"light dark\">\n");
        // Nothing of a name or a message could ever be loaded or run, even if it became markup.
        html.Add($"<meta http-equiv=\"Content-Security-Policy\" ");
        html.Add($"content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n");
        html.Add($"<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n");
        html.Add($"<link rel=\"icon\" href=\"data:,\">\n<title>BackupSync: {Sentence(health)}</title>\n<style>\n");
        html.Raw(EmbeddedText.Read("report.css"));
        html.Add($"</style>\n</head>\n<body>\n<main>\n<header><span><b>BackupSync</b> · {configuration}</span>");
        html.Add($"<span>As of {ReportWords.Moment(health.Time)} UTC</span></header>\n");
    }

    static string Sentence(HealthReport health) => health.All().Count(e => !e.IsHealthy) switch
    {
        0 => "All is well.",
        1 => "One thing needs you.",
        var several => $"{several} things need you.",
    };

    static void AddVerdict(HtmlText html, HealthReport health)
    {
        var (tone, sign) = health.Status switch
        {
            HealthStatus.Healthy => ("good", "✓"),
            HealthStatus.Degraded => ("warn", "!"),
            _ => ("bad", "✕"),
        };
        if (health.All().Any(e => ReportWords.Of(e).Tone == "bad"))
            (tone, sign) = ("bad", "✕");
        html.Add($"<section class=\"card verdict {tone}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span>");
        html.Add($"<div><h1>{Sentence(health)}</h1>\n");
        var needy = health.All().Where(e => !e.IsHealthy).Select(e => e.Name).Distinct().ToList();
        html.Add($"<p class=\"soft\">{(needy.Count > 0 ? NameList.Of(needy, most: 8) : All(health))}</p></div></section>\n");
    }

    static string All(HealthReport health) => string.Join(", ", ((string?[])
    [
        Quantity.Of(health.Databases.Count, "database"),
        Quantity.Of(health.Jobs.Count, "job"),
        health.Services.Count > 0 ? Quantity.Of(health.Services.Count, "service") : null,
    ]).OfType<string>());

    static void AddTiles(HtmlText html, HealthReport health, ReportFigures figures)
    {
        var copies = health.All().Where(e => e.Age is not null).ToList();
        var oldest = copies.MaxBy(e => e.RpoLimit is { } limit ? e.Age / limit : 0) is { RpoLimit: not null } pressed
            ? pressed
            : copies.MaxBy(e => e.Age);
        var proven = health.Databases.Where(e => e.LastProof is not null).MaxBy(e => e.LastProof);
        html.Add($"<dl class=\"tiles\">\n");
        Tile(html, "Success rate", ReportWords.Rate(figures.Counts.SuccessRate), $"of the last {Quantity.Of(figures.Days, "day")}");
        Tile(html, "Runs", Quantity.Number(figures.Counts.All), ReportWords.NotWell(figures.Counts));
        Tile(html, oldest?.RpoLimit is null ? "Oldest copy" : "Copy nearest its limit", ReportWords.Took(oldest?.AgeSeconds),
            oldest is null ? "there is none" : $"{oldest.Name}{(oldest.RpoLimit is { } limit ? $", of {Durations.Show(limit)}" : "")}");
        Tile(html, "Last proven backup", proven is null ? "–" : ReportWords.From(proven.LastProof!.Value, health.Time),
            proven is null ? "none was proven" : $"{proven.Name}, {proven.Proof}");
        html.Add($"</dl>\n");
    }

    static void Tile(HtmlText html, string label, string value, string more) =>
        html.Add($"<div class=\"card\"><dt>{label}</dt><dd>{value}</dd><p>{more}</p></div>\n");
}
