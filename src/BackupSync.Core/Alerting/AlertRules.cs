using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>What becomes of an alert by the rules: a state and a moment in, a state with its messages out. Nothing else is looked at.</summary>
sealed class AlertRules(AlertsConfig config)
{
    static readonly TimeSpan DefaultRepeat = TimeSpan.FromDays(1);

    /// <summary>It is so, once more or for the first time.</summary>
    public AlertRecord Raised(AlertRecord? there, AlertEvent seen, DateTimeOffset now)
    {
        var alert = (there is { IsOpen: true } ? there : Anew(there, seen, now)) with
        {
            Headline = seen.Headline,
            Advice = seen.Advice,
            Details = seen.Details,
            LastSeen = now,
            Good = 0,
        };
        return Tell(alert with { Count = alert.Count + 1 }, now);
    }

    /// <summary>Time has passed: what goes on may have to be repeated, or told to others. The same where it has not.</summary>
    public AlertRecord Passed(AlertRecord alert, DateTimeOffset now)
    {
        if (alert.Messages.Where(m => !IsThere(m.Channel)).ToList() is { Count: > 0 } lost)
            alert = alert with
            {
                Messages = [.. alert.Messages.Except(lost)],
                Undelivered =
                [
                    .. alert.Undelivered,
                    .. lost.Select(m => $"{AlertText.Moment(now)}, {m.Channel}, {m.Purpose}: there is no such channel any more"),
                ],
            };
        return alert.IsOpen ? Tell(alert, now) : alert;
    }

    /// <summary>It is about nothing that there is any more: it is over, however often that was to be seen.</summary>
    public AlertRecord? Gone(AlertRecord? alert, DateTimeOffset now) =>
        alert is not { IsOpen: true } ? null : Closed(alert, "It is not in the configuration any more.", now);

    /// <summary>It is not so.</summary>
    public AlertRecord? Resolved(AlertRecord? alert, string? note, DateTimeOffset now)
    {
        if (alert is not { IsOpen: true })
            return null;
        var rules = RulesOf(alert).Where(r => alert.Rules.ContainsKey(r.Id)).ToList();
        var good = alert.Good + 1;
        return good < rules.Select(r => r.RecoverAfter).DefaultIfEmpty(1).Max()
            ? alert with { Good = good }
            : Closed(alert with { Good = good }, note, now);
    }

    AlertRecord Closed(AlertRecord alert, string? note, DateTimeOffset now)
    {
        var rules = RulesOf(alert).Where(r => alert.Rules.ContainsKey(r.Id)).ToList();
        var closed = alert with { ClosedAt = now };
        // What quiet hours hold is told with its end, in one message.
        var messages = closed.Messages.Where(m => !m.IsHeld(now)).ToList();
        foreach (var channel in closed.Told.Where(IsThere))
        {
            var due = rules.Where(r => ChannelsOf(r, closed.Rules[r.Id].Escalated is not null).Any(c => c.Name == channel))
                .Select(r => Due(r, alert, now)).DefaultIfEmpty(now).Min();
            messages.Add(AlertText.Message(closed, MessagePurpose.Recovered, channel, config.Names, now, due, note));
        }
        return closed with { Messages = messages };
    }

    /// <summary>Somebody sees to it.</summary>
    public AlertRecord? Acknowledged(AlertRecord? alert, string by, DateTimeOffset now)
    {
        if (alert is not { IsOpen: true })
            return null;
        var seen = alert with { AcknowledgedAt = now, AcknowledgedBy = by };
        // An incident of PagerDuty's would go on to call people.
        var incidents = config.Channels.Where(c => c.PagerDuty is not null && seen.Told.Contains(c.Name));
        return seen with
        {
            Messages =
            [
                .. seen.Messages.Where(m => m.Purpose is not (MessagePurpose.Repeated or MessagePurpose.Escalated) || m.Attempts > 0),
                .. incidents.Select(c => AlertText.Message(seen, MessagePurpose.Acknowledged, c.Name, config.Names, now, now)),
            ],
        };
    }

    static AlertRecord Anew(AlertRecord? there, AlertEvent seen, DateTimeOffset now) => new()
    {
        Key = seen.Key,
        Kind = seen.Kind,
        What = seen.What,
        Cause = seen.Cause,
        FirstSeen = now,
        Messages = there?.Messages ?? [],
        Undelivered = there?.Undelivered ?? [],
    };

    AlertRecord Tell(AlertRecord alert, DateTimeOffset now)
    {
        var states = alert.Rules.ToDictionary();
        var messages = alert.Messages.ToList();
        var told = alert.Told.ToList();
        void Add(IEnumerable<ChannelConfig> channels, MessagePurpose purpose, DateTimeOffset due)
        {
            foreach (var channel in channels.Select(c => c.Name).Where(c => !IsAbout(alert, c)))
            {
                if (!told.Contains(channel))
                    told.Add(channel);
                // Who is still to be told of it, need not be told that it is still so.
                if (!messages.Exists(m => m.Channel == channel && m.Purpose is not MessagePurpose.Recovered))
                    messages.Add(AlertText.Message(alert, purpose, channel, config.Names, now, due));
            }
        }
        foreach (var rule in RulesOf(alert))
        {
            var due = Due(rule, alert, now);
            if (!states.TryGetValue(rule.Id, out var state))
            {
                if (alert.Count < rule.After)
                    continue;
                Add(rule.To, MessagePurpose.Raised, due);
                states[rule.Id] = new RuleState(now, now, null);
                continue;
            }
            if (alert.AcknowledgedAt is not null)
                continue;
            if (rule.Escalate is { } escalate && state.Escalated is null && IsPast(state.First + escalate.After, state.First, now))
            {
                Add(escalate.To, MessagePurpose.Escalated, due);
                states[rule.Id] = state = state with { Escalated = now };
            }
            if (rule.Repeat is { } repeat && IsPast(state.Last + repeat, state.Last, now))
            {
                Add(ChannelsOf(rule, state.Escalated is not null), MessagePurpose.Repeated, due);
                states[rule.Id] = state with { Last = now };
            }
        }
        return states.Count == alert.Rules.Count && states.All(s => alert.Rules[s.Key] == s.Value)
            ? alert
            : alert with { Rules = states, Messages = messages, Told = told };
    }

    /// <summary>Also where a clock that was wrong has noted what it was counted from.</summary>
    static bool IsPast(DateTimeOffset moment, DateTimeOffset from, DateTimeOffset now) => now >= moment || FutureMoment.Is(from, now);

    List<AlertRule> RulesOf(AlertRecord alert)
    {
        var rules = config.Rules.Where(r => r.On.Contains(alert.Kind!.Value)).ToList();
        var isForAll = config.Rules.Count == 0 ? alert.Kind != AlertEventKind.Skipped : alert.Kind == AlertEventKind.ChannelFailed;
        if (rules.Count == 0 && isForAll)
            rules.Add(new AlertRule { On = [alert.Kind!.Value], To = config.Channels, Repeat = DefaultRepeat });
        return rules;
    }

    static IEnumerable<ChannelConfig> ChannelsOf(AlertRule rule, bool isEscalated) =>
        isEscalated && rule.Escalate is { } escalate ? rule.To.Concat(escalate.To).DistinctBy(c => c.Name) : rule.To;

    static DateTimeOffset Due(AlertRule rule, AlertRecord alert, DateTimeOffset now) =>
        alert.Severity == AlertSeverity.Critical ? now : rule.Quiet?.NextLoud(now) ?? now;

    /// <summary>A channel is not told by itself that it does not work.</summary>
    static bool IsAbout(AlertRecord alert, string channel) =>
        alert.Kind == AlertEventKind.ChannelFailed && alert.What == ChannelHealth.WhatOf(channel);

    bool IsThere(string channel) => config.Channels.Any(c => c.Name == channel);
}
