using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>Brings messages to where a channel leads.</summary>
interface IAlertSender
{
    /// <summary>Returns when it was accepted.</summary>
    /// <returns>What was not quite right, such as one of several receivers that was refused; null where all was.</returns>
    /// <exception cref="ChannelException">It was not.</exception>
    Task<string?> SendAsync(AlertMessage message, CancellationToken cancellationToken);
}

/// <summary>A message was not accepted. What it says has no secrets: addresses of webhooks are some.</summary>
sealed class ChannelException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long the receiver wants to be left alone; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether trying again will not help before somebody has changed something.</summary>
    public bool IsLasting { get; init; }

    /// <summary>Those of the channel's receivers that have it nevertheless.</summary>
    public IReadOnlyList<string> Reached { get; init; } = [];
}

static class AlertSenders
{
    /// <exception cref="ChannelException">A secret that it needs cannot be had.</exception>
    public static IAlertSender Of(ChannelConfig channel, TimeProvider clock)
    {
        try
        {
            return channel switch
            {
                { Smtp: { } smtp } => new SmtpSender(smtp),
                { Slack: { } slack } => new HttpSender(clock, message => ChatPayloads.Slack(slack.Value.Reveal(), message)),
                { Teams: { } teams } => new HttpSender(clock, message => ChatPayloads.Teams(teams.Value.Reveal(), message)),
                { Discord: { } discord } => new HttpSender(clock, message => ChatPayloads.Discord(discord.Value.Reveal(), message)),
                { Telegram: { } telegram } => new HttpSender(clock, message => ChatPayloads.Telegram(telegram, message)),
                { PagerDuty: { } pagerDuty } => new HttpSender(clock, message => PagerDutyPayload.Of(pagerDuty, message)),
                { Twilio: { } twilio } => new TwilioSender(twilio, clock),
                { Webhook: { } webhook } => new HttpSender(clock, message => WebhookPayload.Of(webhook, message, clock.GetUtcNow())),
                { Command: { } command } => new CommandSender(command, channel.WorkingFolder),
                _ => throw new ChannelException($"The channel '{channel.Name}' is of no kind.") { IsLasting = true },
            };
        }
        catch (ConfigurationException e)
        {
            throw new ChannelException(e.Problems[0].Message, e) { IsLasting = true };
        }
    }
}
