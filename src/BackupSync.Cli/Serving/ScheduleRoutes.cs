using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Scheduling;
using Microsoft.AspNetCore.Http;

namespace BackupSync.Cli.Serving;

/// <summary>Schedules by HTTP: <c>GET /api/schedules</c>, and to pause, resume and run one, <c>POST /api/schedules/NAME/pause</c>.</summary>
static class ScheduleRoutes
{
    public static IEnumerable<WebRoute> Of(Func<BackupSyncConfig> config, Scheduler scheduler, TimeProvider clock, CancellationToken runs)
    {
        yield return WebRoute.Get("/api/schedules", () => WebAnswer.Of(Schedules.Read(config(), [], clock, _ => { })));
        yield return WebRoute.Post("/api/schedules/{name}/pause", (request, name) =>
        {
            var paused = Schedules.Pause(config(), [name], End(request.Query, clock), request.Query["because"], clock, _ => { });
            scheduler.Wake();
            return WebAnswer.Of(paused);
        });
        yield return WebRoute.Post("/api/schedules/{name}/resume", (_, name) =>
        {
            var resumed = Schedules.Resume(config(), [name], clock, _ => { });
            scheduler.Wake();
            return WebAnswer.Of(resumed);
        });
        yield return WebRoute.Post("/api/schedules/{name}/run", (_, name) =>
        {
            var begun = Schedules.Select(config(), [name]).Where(item => scheduler.RunNow(item, runs)).ToList();
            return begun.Count > 0
                ? WebAnswer.Of(Schedules.Read(config(), [name], clock, _ => { }))
                : WebAnswer.Refused(StatusCodes.Status409Conflict, $"{name} runs already.");
        });
    }

    static DateTimeOffset? End(IQueryCollection query, TimeProvider clock)
    {
        var (length, moment) = (query["for"].ToString(), query["until"].ToString());
        if (length.Length > 0)
            return Durations.TryParse(length, out var time) && time > TimeSpan.Zero
                ? clock.GetUtcNow() + time
                : throw new BackupSyncException(ErrorIds.ConfigurationInvalid, Moments.RefusalOfDuration(length));
        return moment.Length == 0 ? null
            : Moments.Read(moment) ?? throw new BackupSyncException(ErrorIds.ConfigurationInvalid, Moments.Refusal(moment));
    }
}
