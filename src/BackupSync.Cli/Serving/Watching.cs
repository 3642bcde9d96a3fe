using BackupSync.Alerting;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Reporting;
using BackupSync.Scheduling;

namespace BackupSync.Cli.Serving;

/// <summary>
/// What is watched and told of one configuration: how all stands, probes, figures. A configuration that was read anew gets a new one.
/// </summary>
sealed class Watching : IDisposable
{
    /// <summary>The page reads histories: who asks again within that gets the same.</summary>
    static readonly TimeSpan PageHolds = TimeSpan.FromSeconds(5);

    /// <summary>How often it is judged whether a copy has become too old: it does so without anything happening.</summary>
    static readonly TimeSpan Judging = TimeSpan.FromSeconds(15);

    readonly BackupSyncConfig _config;
    readonly ServiceLog _log;
    readonly TimeProvider _clock;
    readonly Probes _probes;
    readonly AlertService _alerts;
    readonly DateTimeOffset _since;
    readonly Lock _gate = new();
    (string Page, DateTimeOffset Made)? _page;

    Watching(BackupSyncConfig config, HealthWatch health, ServiceLog log, TimeProvider clock)
    {
        (_config, Health, _log, _clock) = (config, health, log, clock);
        Metrics = new Metrics(health);
        _probes = new Probes(config, clock, OnChange, log.Warn, change => Alert(() => ProbeAlerts.Tell(change, _alerts!)));
        _since = clock.GetUtcNow();
        _alerts = new AlertService(
            config.Alerts, clock, log.Warn, _ => Task.FromResult<string?>(Page()), () => health.Report().All().Count(e => !e.IsHealthy));
    }

    public HealthWatch Health { get; }

    public Metrics Metrics { get; }

    public static async Task<Watching> StartAsync(
        BackupSyncConfig config, ServiceLog log, TimeProvider clock, CancellationToken cancellationToken) =>
        new(config, await HealthWatch.StartAsync(config, clock, log.Warn, cancellationToken), log, clock);

    /// <summary>Until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Health.RunAsync(cancellationToken), _probes.RunAsync(cancellationToken), _alerts.RunAsync(cancellationToken),
        JudgeAsync(cancellationToken));

    public string Page()
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            if (_page is not { } page || (now - page.Made).Duration() >= PageHolds)
                _page = page = (ReportPage.Of(_config, Health.Report(), OptionRanges.ReportDays, _log.Warn, CancellationToken.None), now);
            return page.Page;
        }
    }

    public void Dispose()
    {
        Metrics.Dispose();
        Health.Dispose();
    }

    void OnChange(ProbeChange change)
    {
        if (change.To is ProbeState.Down or ProbeState.Failing or ProbeState.Degraded)
            _log.Warn(change.Told);
        else
            _log.Say(change.Told);
        Health.Refresh();
    }

    async Task JudgeAsync(CancellationToken cancellationToken)
    {
        Alert(() => StatusAlerts.TellGone(_config, _alerts));
        while (true)
        {
            Alert(() =>
            {
                StatusAlerts.Tell(_config, Health.Status(), _since, _alerts);
                ScheduleAlerts.Tell(Schedules.Read(_config, [], _clock, _log.Warn), _clock.GetUtcNow(), _alerts);
            });
            await Task.Delay(Judging, _clock, cancellationToken);
        }
    }

    void Alert(Action tell) => Alert(_config.Alerts, _log, tell);

    /// <summary>Where nobody is to be told, nothing is kept.</summary>
    public static void Alert(AlertsConfig config, ServiceLog log, Action tell)
    {
        if (config.Channels.Count == 0)
            return;
        try
        {
            tell();
        }
        catch (BackupSyncException failure)
        {
            log.Warn($"An alert could not be kept: {failure.Message}");
        }
    }
}
