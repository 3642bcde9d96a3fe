using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Alerting;

/// <summary>
/// Sends what is due, channel by channel: each has a lock, so that of several processes one sends, and a backoff of its own, so that one
/// that is dead costs neither others nor the next run its time.
/// </summary>
sealed class AlertDelivery(AlertsConfig config, AlertStore store, IAlertSink sink, TimeProvider clock)
{
    /// <summary>How long a message is tried, from when it could be sent.</summary>
    public static readonly TimeSpan GivenUpAfter = TimeSpan.FromHours(24);

    /// <summary>A few hiccups are nobody's business; a receiver that says no for good is.</summary>
    const int ToldAfterFailures = 3;

    /// <summary>Of quiet hours, and then of a receiver that wants to be left alone.</summary>
    static readonly TimeSpan LongestWaitOfAll = TimeSpan.FromDays(2);

    static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);
    static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt may take, by the machine's time: a network is not of a test's.</summary>
    public TimeSpan AttemptLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Tries what is due by all channels, at once. None waits for another.</summary>
    /// <param name="within">How long altogether; null until nothing is due or a channel fails.</param>
    public Task DeliverAsync(TimeSpan? within, CancellationToken cancellationToken) =>
        Task.WhenAll(config.Channels.Select(c => Task.Run(() => DeliverAsync(c, within, cancellationToken), cancellationToken)));

    /// <summary>The same by one channel; nothing where another process sends by it.</summary>
    public async Task DeliverAsync(ChannelConfig channel, TimeSpan? within, CancellationToken cancellationToken)
    {
        if (Due(channel).Count == 0 || IsLeftAlone(channel))
            return;
        if (!TryTakeTurn(channel, out var turn))
            return;
        using var held = turn;
        var began = TimeProvider.System.GetTimestamp();
        foreach (var (key, seen) in Due(channel))
        {
            var left = (within ?? TimeSpan.MaxValue) - TimeProvider.System.GetElapsedTime(began);
            if (left <= TimeSpan.Zero || IsLeftAlone(channel))
                return;
            // Another process may have sent it before this one had its turn.
            if (store.Read(key)?.Messages.FirstOrDefault(m => m.Id == seen.Id) is { } message)
                await SendAsync(channel, key, message, left, cancellationToken);
        }
    }

    /// <summary>Where there is no place for a lock, it is sent without one: told twice is better than not at all.</summary>
    bool TryTakeTurn(ChannelConfig channel, out IDisposable? turn)
    {
        turn = null;
        try
        {
            return (turn = FolderLock.TryTake(store.Folder, ChannelHealth.LockOf(channel.Name))) is not null;
        }
        catch (BackupSyncException)
        {
            return true;
        }
    }

    bool IsLeftAlone(ChannelConfig channel) => IsAhead(ChannelHealth.Read(store.Folder, channel.Name).Next);

    /// <summary>No receiver wants to be left alone for longer than a day: what is later is of a clock that was wrong.</summary>
    bool IsAhead(DateTimeOffset? moment) =>
        clock.GetUtcNow() is var now && moment > now && !FutureMoment.Is(moment.Value, now + HttpSender.LongestRetryAfter);

    /// <summary>What has been tried least comes first: one that a receiver refuses does not keep others back.</summary>
    List<(string Key, AlertMessage Message)> Due(ChannelConfig channel)
    {
        var now = clock.GetUtcNow();
        return
        [
            .. from alert in store.ReadAll()
               from message in alert.Messages
               where message.Channel == channel.Name && (message.Next <= now || FutureMoment.Is(message.Next, now + LongestWaitOfAll))
               orderby message.Attempts, message.Created
               select (alert.Key, message),
        ];
    }

    async Task SendAsync(ChannelConfig channel, string key, AlertMessage message, TimeSpan left, CancellationToken cancellationToken)
    {
        var limit = channel.Command is not null ? CommandLimit : AttemptLimit;
        limit = left < limit ? left : limit;
        try
        {
            var remark = await AttemptAsync(channel, message, limit, clock, cancellationToken);
            store.Change(key, alert => alert is null ? null : alert with { Messages = [.. alert.Messages.Where(m => m.Id != message.Id)] });
            Works(channel.Name, remark);
        }
        catch (ChannelException failure)
        {
            var waits = Waits(message.Attempts, failure.RetryAfter);
            var (now, isGivenUp) = (clock.GetUtcNow(), clock.GetUtcNow() + waits >= message.Due + GivenUpAfter);
            store.Change(key, alert => alert is null ? null : alert with
            {
                Messages = [.. alert.Messages.Where(m => m.Id != message.Id || !isGivenUp).Select(m => m.Id != message.Id ? m : m with
                {
                    Attempts = m.Attempts + 1, Next = now + waits, Reached = failure.Reached,
                })],
                Undelivered = isGivenUp
                    ? [.. alert.Undelivered, $"{AlertText.Moment(now)}, {channel.Name}, {message.Purpose}: {failure.Message}"]
                    : alert.Undelivered,
            });
            DoesNotWork(channel.Name, failure);
        }
    }

    /// <summary>Sends one message by a channel, whatever else waits there.</summary>
    /// <exception cref="ChannelException">It was not accepted.</exception>
    public static async Task<string?> AttemptAsync(
        ChannelConfig channel, AlertMessage message, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(limit);
        try
        {
            return await AlertSenders.Of(channel, clock).SendAsync(message, time.Token);
        }
        catch (Exception e) when (time.IsCancellationRequested && !cancellationToken.IsCancellationRequested && e is not ChannelException)
        {
            throw new ChannelException($"There was no answer within {Durations.Show(limit)}.", e) { Reached = message.Reached };
        }
        catch (Exception e) when (e is not (ChannelException or OperationCanceledException))
        {
            // Of a library's failure that nobody foresaw, the type alone is sure to hold no secret.
            throw new ChannelException($"It failed by {e.GetType().Name}.", e) { Reached = message.Reached };
        }
    }

    public void Works(string channel, string? remark)
    {
        var health = ChannelHealth.Read(store.Folder, channel);
        var now = clock.GetUtcNow();
        health = health with { Failures = 0, FailingSince = null, Next = null, LastError = remark, LastSuccess = now };
        health.Write(store.Folder, channel);
        var failed = AlertEvent.KeyOf(ChannelHealth.WhatOf(channel), AlertEventKind.ChannelFailed);
        if (remark is not null)
            sink.Raise(Failed(channel, remark, null));
        else
            sink.Resolve(failed);
    }

    void DoesNotWork(string channel, ChannelException failure)
    {
        var health = ChannelHealth.Read(store.Folder, channel);
        var now = clock.GetUtcNow();
        var since = health.FailingSince ?? now;
        health = health with
        {
            Failures = health.Failures + 1,
            FailingSince = since,
            Next = now + Waits(health.Failures, failure.RetryAfter),
            LastError = failure.Message,
        };
        health.Write(store.Folder, channel);
        if (failure.IsLasting || health.Failures >= ToldAfterFailures)
            sink.Raise(Failed(channel, failure.Message, since));
    }

    static AlertEvent Failed(string channel, string why, DateTimeOffset? since) => new()
    {
        Kind = AlertEventKind.ChannelFailed,
        What = ChannelHealth.WhatOf(channel),
        Headline = $"Alerts do not arrive by the channel {channel}: {why.TrimEnd('.')}.",
        Advice = $"Look at its settings and at the receiver, then try it: {Spelling.TestChannel} {channel}.",
        Details = since is { } moment
            ? new Dictionary<string, string> { ["Failing since"] = AlertText.Moment(moment) }
            : new Dictionary<string, string>(),
    };

    /// <summary>Twice as long each time, and as long as the receiver wants.</summary>
    static TimeSpan Waits(int failures, TimeSpan? retryAfter)
    {
        var own = FirstWait * Math.Pow(2, Math.Min(failures, 10));
        own = own < LongestWait ? own : LongestWait;
        return retryAfter is { } wanted && wanted > own ? wanted : own;
    }
}
