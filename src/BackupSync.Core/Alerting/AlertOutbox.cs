using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Alerting;

/// <summary>
/// The alerts of one configuration: what is raised here is on the disk before anything is sent, and whoever comes later, the service or the
/// next run, sends what was not. Several processes do so at once.
/// </summary>
public sealed class AlertOutbox : IAlertSink
{
    /// <summary>How long a run's end, or a command, may wait for channels.</summary>
    public static readonly TimeSpan SendingLimit = TimeSpan.FromSeconds(5);

    /// <summary>Held by the service that sends.</summary>
    internal const string PumpLock = ".pump.lock";

    /// <summary>How long what is over is remembered.</summary>
    static readonly TimeSpan Remembered = TimeSpan.FromDays(30);

    readonly AlertsConfig _config;
    readonly TimeProvider _clock;
    readonly AlertRules _rules;

    public AlertOutbox(AlertsConfig config, TimeProvider clock)
    {
        (_config, _clock) = (config, clock);
        _rules = new AlertRules(config);
        Store = new AlertStore(config.Folder);
        Delivery = new AlertDelivery(config, Store, this, clock);
    }

    internal AlertStore Store { get; }
    internal AlertDelivery Delivery { get; init; }

    public void Raise(AlertEvent alertEvent)
    {
        if (_config.Channels.Count > 0)
            Store.Change(alertEvent.Key, alert => _rules.Raised(alert, alertEvent, _clock.GetUtcNow()));
    }

    public void Resolve(string key, string? note = null)
    {
        if (Store.Read(key) is { IsOpen: true })
            Store.Change(key, alert => _rules.Resolved(alert, note, _clock.GetUtcNow()));
    }

    /// <summary>Takes in that nothing of these kinds is so any more, whatever the cause.</summary>
    internal void Resolve(string what, IReadOnlyList<AlertEventKind> kinds, Func<AlertRecord, string?> note)
    {
        foreach (var alert in Store.ReadAll().Where(a => a.IsOpen && a.What == what && kinds.Contains(a.Kind!.Value)))
            Resolve(alert.Key, note(alert));
    }

    /// <summary>Alerts, those first that go on, and of these the newest.</summary>
    /// <param name="all">Whether those that are over are among them; they are remembered for 30 days.</param>
    public IReadOnlyList<Alert> List(bool all = false) =>
    [
        .. Store.ReadAll().Where(a => a.Kind is not null && a.Count > 0 && (all || a.IsOpen))
            .Select(Alert.Of).OrderBy(a => a.State == AlertState.Closed).ThenByDescending(a => a.LastSeen),
    ];

    /// <summary>Takes in that somebody sees to it: it is neither repeated nor escalated. Its end is told.</summary>
    /// <param name="key">Of one that goes on, or its code.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.UnknownName"/>: there is none such; the nearest is given.</exception>
    public Alert Acknowledge(string key, string by)
    {
        var open = Store.ReadAll().Where(a => a.IsOpen).ToList();
        var found = open.FirstOrDefault(a => a.Key == key) ?? open.FirstOrDefault(a => AlertText.CodeOf(a.Key) == key);
        if (found is null)
        {
            AddressGivenException.Refuse(key, "the key of an alert");
            var keys = open.ConvertAll(a => a.Key);
            throw new BackupSyncException(
                ErrorIds.UnknownName,
                $"No alert '{key}' goes on. " + (NearestName.Of(key, keys) is { } nearest ? $"Did you mean '{nearest}'?"
                    : keys.Count > 0 ? $"There are: {NameList.Of(keys, most: 20)}."
                    : "There is none."));
        }
        Store.Change(found.Key, alert => _rules.Acknowledged(alert, by, _clock.GetUtcNow()), mustBeWritten: true);
        return Alert.Of(Store.Read(found.Key)!);
    }

    /// <summary>Sends what is due, within a limit: what is not accepted by then is left to the service or to the next run.</summary>
    /// <remarks>Where a service of this folder sends, it has been told already.</remarks>
    public async Task DeliverAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        if (_config.Channels.Count == 0 || !Store.IsThere || (Store.Failure is null && IsSentByService()))
            return;
        Pass();
        var began = TimeProvider.System.GetTimestamp();
        await Delivery.DeliverAsync(within, cancellationToken);
        // A channel that has failed is told by the others.
        if (within - TimeProvider.System.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            await Delivery.DeliverAsync(left, cancellationToken);
    }

    /// <exception cref="BackupSyncException">The disk did not take everything: what was not sent is lost when this process ends.</exception>
    internal void EnsureWritten()
    {
        if (Store.Failure is { } failure)
            throw failure;
    }

    bool IsSentByService()
    {
        try
        {
            using var pump = FolderLock.TryTake(Store.Folder, PumpLock);
            return pump is null;
        }
        catch (BackupSyncException)
        {
            // A folder that is another user's: what could be read of it is sent.
            return false;
        }
    }

    /// <summary>Takes in that what an alert is about is not in the configuration any more: nobody else would ever end it.</summary>
    internal void ResolveGone(Func<AlertRecord, bool> isThere)
    {
        foreach (var alert in Store.ReadAll().Where(a => a.IsOpen && !isThere(a)))
            Store.Change(alert.Key, there => _rules.Gone(there, _clock.GetUtcNow()));
    }

    /// <summary>Time has passed: what goes on is repeated and escalated, what is long over is forgotten.</summary>
    internal void Pass()
    {
        var now = _clock.GetUtcNow();
        if (Store.Failure is not null)
            Store.WriteUnwritten();
        foreach (var alert in Store.ReadAll())
        {
            if (!ReferenceEquals(_rules.Passed(alert, now), alert))
                Store.Change(alert.Key, there => there is null ? null : _rules.Passed(there, now));
            else if (IsForgotten(alert, now) && Store.Failure is null)
                Store.Remove(alert.Key, there => IsForgotten(there, now));
        }
    }

    /// <summary>Sends a test by channels, at once and without the outbox.</summary>
    public async Task<IReadOnlyList<ChannelTestResult>> TestAsync(
        IReadOnlyList<ChannelConfig> channels, CancellationToken cancellationToken) =>
        await Task.WhenAll(channels.Select(c => TestAsync(c, cancellationToken)));

    async Task<ChannelTestResult> TestAsync(ChannelConfig channel, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var message = new AlertMessage
        {
            Id = AlertText.NewId(),
            Channel = channel.Name,
            Purpose = MessagePurpose.Test,
            Key = $"test/{channel.Name}",
            Severity = AlertSeverity.Information,
            Headline = $"This is a test of the channel {channel.Name}: alerts of BackupSync arrive here.",
            Advice = "Nothing is to be done.",
            Host = _config.Names ? Environment.MachineName : null,
            Created = now,
            Due = now,
            Next = now,
        };
        var began = TimeProvider.System.GetTimestamp();
        string? error;
        try
        {
            error = await AlertDelivery.AttemptAsync(channel, message, Delivery.AttemptLimit, _clock, cancellationToken);
            // A test of an incident must not stay one.
            if (channel.PagerDuty is not null)
                await AlertDelivery.AttemptAsync(
                    channel, message with { Id = AlertText.NewId(), Purpose = MessagePurpose.Recovered }, Delivery.AttemptLimit, _clock,
                    cancellationToken);
            Proven(channel, error);
        }
        catch (ChannelException failure)
        {
            error = failure.Message;
        }
        return new ChannelTestResult
        {
            Name = channel.Name, Kind = channel.Kind, Accepted = error is null, Error = error,
            Seconds = Math.Round(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 3),
        };
    }

    /// <summary>It works: what waits there need not wait for its time.</summary>
    void Proven(ChannelConfig channel, string? remark)
    {
        if (!Directory.Exists(Store.Folder))
            return;
        using var turn = FolderLock.TryTake(Store.Folder, ChannelHealth.LockOf(channel.Name));
        if (turn is not null)
            Delivery.Works(channel.Name, remark);
    }

    static bool IsForgotten(AlertRecord alert, DateTimeOffset now) =>
        alert.Kind is not null && !alert.IsOpen && alert.Messages.Count == 0 && now - (alert.ClosedAt ?? alert.LastSeen) > Remembered;
}

/// <summary>Whether a message was accepted by a channel.</summary>
public sealed record ChannelTestResult
{
    public required string Name { get; init; }

    /// <summary>As in the configuration, such as <c>smtp</c>.</summary>
    public required string Kind { get; init; }
    public required bool Accepted { get; init; }

    /// <summary>How long it took.</summary>
    public required double Seconds { get; init; }

    /// <summary>Why it was not accepted, or not by all receivers; null where it was.</summary>
    public string? Error { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    /// <summary><c>accepted</c> or <c>refused</c>, to be shown.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string State => Accepted ? "accepted" : "refused";
}
