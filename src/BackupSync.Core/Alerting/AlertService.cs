using System.Collections.Concurrent;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Alerting;

/// <summary>Sends alerts for as long as it runs: those that it is told, and those that runs of other processes have left.</summary>
public sealed class AlertService : IAlertSink
{
    const string DigestKey = "digest";

    /// <summary>How late what another process has left is noticed; what this one raises is, at once.</summary>
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    readonly AlertsConfig _config;
    readonly TimeProvider _clock;
    readonly Action<string> _warn;
    readonly Func<CancellationToken, Task<string?>>? _page;
    readonly Func<int>? _unwell;
    readonly AlertOutbox _outbox;
    readonly Dictionary<string, Task> _sending = [];

    /// <summary>What was warned of last, by what it is about: it is looked at each second, and told when it changes.</summary>
    readonly ConcurrentDictionary<string, string> _warned = [];

    /// <param name="warn">Told what it cannot do, such as write to a full disk; it goes on.</param>
    /// <param name="page">Makes the page that goes with the digest; null for none.</param>
    /// <param name="unwell">How many of what is watched are not healthy, which the digest tells; null where nothing is watched.</param>
    public AlertService(
        AlertsConfig config, TimeProvider clock, Action<string>? warn = null, Func<CancellationToken, Task<string?>>? page = null,
        Func<int>? unwell = null)
        : this(new AlertOutbox(config, clock), config, clock, warn, page, unwell)
    {
    }

    internal AlertService(
        AlertOutbox outbox, AlertsConfig config, TimeProvider clock, Action<string>? warn = null,
        Func<CancellationToken, Task<string?>>? page = null, Func<int>? unwell = null) =>
        (_outbox, _config, _clock, _warn, _page, _unwell) = (outbox, config, clock, warn ?? (_ => { }), page, unwell);

    public void Raise(AlertEvent alertEvent) => _outbox.Raise(alertEvent);

    public void Resolve(string key, string? note = null) => _outbox.Resolve(key, note);

    /// <summary>Ends what is about nothing that there is any more.</summary>
    internal void ResolveGone(Func<AlertEventKind, string, bool> isThere) => _outbox.ResolveGone(a => isThere(a.Kind!.Value, a.What));

    /// <summary>Whether something was raised of it at that moment or later.</summary>
    internal bool HasHeardOf(string what, DateTimeOffset since) =>
        _config.Channels.Count == 0 || _outbox.Store.ReadAll().Any(a => a.What == what && a.Kind is not null && a.LastSeen >= since);

    /// <summary>Sends until it is cancelled; then it lets go of what is under way, which stays in the outbox.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_config.Channels.Count == 0)
            return;
        using var wake = new SemaphoreSlim(0);
        void Wake(string folder)
        {
            if (folder == _config.Folder && wake.CurrentCount == 0)
                wake.Release();
        }
        AlertStore.Changed += Wake;
        IDisposable? pump = null;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                pump ??= TryTakePump();
                await PumpAsync(cancellationToken);
                using var look = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(wake.WaitAsync(look.Token), Task.Delay(Look, _clock, look.Token));
                await look.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped: what was not sent stays where it is.
        }
        finally
        {
            AlertStore.Changed -= Wake;
            await Task.WhenAll(_sending.Values).ContinueWith(_ => { }, CancellationToken.None, default, TaskScheduler.Default);
            pump?.Dispose();
        }
    }

    /// <summary>Looks once, and begins to send by each channel that is not sending already: a dead one holds up none.</summary>
    internal async Task PumpAsync(CancellationToken cancellationToken)
    {
        try
        {
            _outbox.Pass();
            await DigestAsync(cancellationToken);
            Warn("Alerts", _outbox.Store.Failure is { } failure ? $"{failure.Message} They are sent from memory." : null);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Warn("Alerts", e.Message); // the next look tries again
        }
        foreach (var channel in _config.Channels)
        {
            if (!_sending.TryGetValue(channel.Name, out var sending) || sending.IsCompleted)
                _sending[channel.Name] = Task.Run(() => SendAsync(channel, cancellationToken), CancellationToken.None);
        }
    }

    /// <summary>Waits until nobody is sending: for tests, whose time stands still.</summary>
    internal Task SentAsync() => Task.WhenAll(_sending.Values);

    async Task SendAsync(ChannelConfig channel, CancellationToken cancellationToken)
    {
        try
        {
            await _outbox.Delivery.DeliverAsync(channel, within: null, cancellationToken);
            Warn($"Alerts by {channel.Name}", null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It stays in the outbox.
        }
        catch (Exception e)
        {
            Warn($"Alerts by {channel.Name}", e.Message);
        }
    }

    IDisposable? TryTakePump()
    {
        try
        {
            return FolderLock.TryTake(_config.Folder, AlertOutbox.PumpLock);
        }
        catch (BackupSyncException failure)
        {
            Warn("Alerts, sent without a lock", failure.Message);
            return null;
        }
    }

    void Warn(string what, string? message)
    {
        if (message is null)
            _warned.TryRemove(what, out _);
        else if (!_warned.TryGetValue(what, out var before) || before != message)
        {
            _warned[what] = message;
            _warn($"{what}: {message}");
        }
    }

    /// <summary>The digest goes without its page rather than not at all.</summary>
    async Task<string?> PageAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _page is null ? null : await _page(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _warn($"The digest has no page: {e.Message}");
            return null;
        }
    }

    /// <summary>One digest, however many were missed.</summary>
    async Task DigestAsync(CancellationToken cancellationToken)
    {
        if (_config.Digest is not { } digest)
            return;
        var now = _clock.GetUtcNow();
        var last = _outbox.Store.Read(DigestKey)?.LastSeen;
        // One that a clock of the future has sent is not waited for.
        if (last is null || FutureMoment.Is(last.Value, now))
        {
            _outbox.Store.Change(
                DigestKey, there => (there ?? new AlertRecord { Key = DigestKey, FirstSeen = now }) with { LastSeen = now });
            return;
        }
        if (!(CronSchedule.Parse(digest.Cron, digest.TimeZone).Next(last.Value) <= now))
            return;
        var page = await PageAsync(cancellationToken);
        var messages = digest.To.Select(c => Digest(c.Name, last.Value, now, page)).ToList();
        // Of several services one sends it: the one that still finds the last one.
        _outbox.Store.Change(DigestKey, there =>
            there?.LastSeen == last ? there with { LastSeen = now, Messages = [.. there.Messages, .. messages] } : there);
    }

    AlertMessage Digest(string channel, DateTimeOffset since, DateTimeOffset now, string? page)
    {
        var alerts = _outbox.List(all: true);
        var unwell = _unwell?.Invoke() ?? 0;
        var open = alerts.Where(a => a.State is AlertState.Open or AlertState.Acknowledged).ToList();
        var over = alerts.Where(a => a.ClosedAt > since).ToList();
        var lines = open.Concat(over).Select((a, i) => ($"{i + 1}. {a.State}", _config.Names ? a.Headline : $"code {a.Code}"));
        return new AlertMessage
        {
            Id = AlertText.NewId(),
            Channel = channel,
            Purpose = MessagePurpose.Digest,
            Key = DigestKey,
            Severity = AlertSeverity.Information,
            Headline = $"BackupSync since {AlertText.Moment(since)}: {Quantity.Of(open.Count, "alert")} open, {over.Count} over.",
            // What is not well need be no alert: no rule names it, or it has not lasted for long.
            Advice = open.Count > 0 ? $"{Spelling.AlertList} shows them."
                : unwell == 0 ? "Nothing is to be done."
                : $"All the same {Quantity.Of(unwell, "database, job or service", "databases, jobs or services")} "
                    + $"{(unwell == 1 ? "is" : "are")} not healthy: {Spelling.HealthOfAll}.",
            Details = lines.ToDictionary(l => l.Item1, l => Printable.Line(l.Item2)),
            Page = page,
            Host = _config.Names ? Environment.MachineName : null,
            Created = now,
            Due = now,
            Next = now,
        };
    }
}
