using BackupSync.Reporting;
using Microsoft.AspNetCore.Http;

namespace BackupSync.Cli.Serving;

/// <summary>Health, metrics and the page by HTTP, from what is known: nothing is connected to for an answer.</summary>
static class WatchRoutes
{
    /// <summary>What load balancers and monitors ask every few seconds.</summary>
    public const string DatabaseHealth = "/api/system/db-health";

    public static IEnumerable<WebRoute> Of(Watch watch)
    {
        yield return WebRoute.Get("/", () => Answer(watch, w => WebAnswer.Text(w.Page(), "text/html; charset=utf-8")));
        yield return WebRoute.Get("/metrics", () => Answer(watch, w => WebAnswer.Text(MetricsText.Of(w.Metrics), MetricsText.ContentType)));
        yield return WebRoute.Get("/api/system/health", () => Answer(watch, w =>
        {
            var health = w.Health.Report();
            return WebAnswer.Json(HealthJson.Of(health), StatusOf(health.Status));
        }));
        yield return new WebRoute(DatabaseHealth, IsPost: false, (request, _) => Task.FromResult(Answer(watch, w =>
        {
            var health = w.Health.Report().Job(request.Query["job"].ToString() is { Length: > 0 } job ? job : null);
            return WebAnswer.Json(HealthJson.Of(health), StatusOf(health.Status));
        })));
    }

    static WebAnswer Answer(Watch watch, Func<Watching, WebAnswer> answer) => watch.Current is { } watching
        ? answer(watching)
        : WebAnswer.Refused(StatusCodes.Status503ServiceUnavailable, "Records and places are being read; ask again in a moment.");

    static int StatusOf(HealthStatus status) =>
        status == HealthStatus.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
}
