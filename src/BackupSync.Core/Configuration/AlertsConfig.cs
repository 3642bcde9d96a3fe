namespace BackupSync.Configuration;

/// <summary>Who is told what, and by which way. Nobody is told anything where there are no channels.</summary>
public sealed record AlertsConfig
{
    /// <summary>Ways to people, by name; each is of exactly one kind.</summary>
    public IReadOnlyList<ChannelConfig> Channels { get; init; } = [];

    /// <summary>
    /// Which events go where; all rules that name an event hold. Where none is stated, every event but <c>skipped</c> goes to all channels,
    /// and is repeated every day.
    /// </summary>
    public IReadOnlyList<AlertRule> Rules { get; init; } = [];

    /// <summary>What is told by the clock, whether or not anything is wrong. There is none where nothing is stated.</summary>
    public DigestConfig? Digest { get; init; }

    /// <summary>A database of which no backup was read to its end or restored on trial within this time is <c>notProven</c>.</summary>
    public TimeSpan ProvenWithin { get; init; } = TimeSpan.FromDays(35);

    /// <summary>
    /// Whether messages name databases, jobs, files and this machine. Without, they tell the kind of event and its key's code, which
    /// <c>backupsync alert list</c> (<c>Get-DbAlert</c>) explains.
    /// </summary>
    public bool Names { get; init; } = true;

    /// <summary>Where alerts and what is still to be sent are kept.</summary>
    internal string Folder { get; init; } = "";
}

/// <summary>A way to people: one of its properties is set.</summary>
public sealed record ChannelConfig
{
    public required string Name { get; init; }

    /// <summary>Mail, by a server that takes it.</summary>
    public SmtpConfig? Smtp { get; init; }

    /// <summary>The address of an incoming webhook of Slack's, a secret: <c>https://hooks.slack.com/services/…</c>.</summary>
    internal LateValue<Secret>? Slack { get; init; }

    /// <summary>The address of a workflow of Teams that posts when a webhook request is received; a secret.</summary>
    internal LateValue<Secret>? Teams { get; init; }

    /// <summary>The address of a webhook of Discord's, a secret: <c>https://discord.com/api/webhooks/…</c>.</summary>
    internal LateValue<Secret>? Discord { get; init; }

    /// <summary>A chat of Telegram, by a bot.</summary>
    public TelegramConfig? Telegram { get; init; }

    /// <summary>Incidents of PagerDuty (Events API v2): raised, acknowledged and resolved.</summary>
    public PagerDutyConfig? PagerDuty { get; init; }

    /// <summary>Short messages, by Twilio.</summary>
    public TwilioConfig? Twilio { get; init; }

    /// <summary>Any receiver of JSON by HTTP, signed in the Standard Webhooks layout.</summary>
    public WebhookConfig? Webhook { get; init; }

    /// <summary>
    /// A program and its arguments, run without a shell for 30 seconds at most. It gets the alert as JSON on its standard input, and has to
    /// end with 0.
    /// </summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>As in the configuration, such as <c>smtp</c>.</summary>
    public string Kind => Smtp is not null ? "smtp"
        : Slack is not null ? "slack"
        : Teams is not null ? "teams"
        : Discord is not null ? "discord"
        : Telegram is not null ? "telegram"
        : PagerDuty is not null ? "pagerDuty"
        : Twilio is not null ? "twilio"
        : Webhook is not null ? "webhook"
        : "command";

    /// <summary>Where programs that the configuration names are looked for, and run.</summary>
    internal string WorkingFolder { get; init; } = "";
}

/// <summary>How a connection to a mail server is secured: never left to what the server offers.</summary>
public enum SmtpSecurity
{
    /// <summary>Not at all: for a server on this machine or in its own network, and without a password.</summary>
    None,

    /// <summary>Begun in the clear and then secured, or ended: mostly port 587.</summary>
    StartTls,

    /// <summary>From the first byte on: mostly port 465.</summary>
    Tls,
}

/// <summary>Mail.</summary>
public sealed record SmtpConfig
{
    /// <summary>The server's name, which its certificate has to bear.</summary>
    public required string Host { get; init; }

    /// <summary>The server's port.</summary>
    public int Port { get; init; } = 587;

    /// <summary>
    /// <c>startTls</c>: begun in the clear, then secured, or not used; <c>tls</c>: secured from the first byte on, mostly port 465;
    /// <c>none</c>: in the clear, without a password.
    /// </summary>
    public SmtpSecurity Security { get; init; } = SmtpSecurity.StartTls;

    /// <summary>A file with the certificate of the authority that the server's is signed by, where this machine does not know it.</summary>
    public string? RootCertificate { get; init; }

    /// <summary>Who signs in; nobody does where it is empty.</summary>
    public string? User { get; init; }

    /// <summary>The user's password.</summary>
    internal LateValue<Secret>? Password { get; init; }

    /// <summary>The sender's address.</summary>
    public required string From { get; init; }

    /// <summary>The addresses that get the mail.</summary>
    public required IReadOnlyList<string> To { get; init; }
}

/// <summary>A chat of Telegram.</summary>
public sealed record TelegramConfig
{
    /// <summary>The bot's token.</summary>
    internal LateValue<Secret>? Token { get; init; }

    /// <summary>The number of a chat, or the name of a channel, such as <c>@ops</c>.</summary>
    public required string Chat { get; init; }

    /// <summary>Where its API is; another one for a proxy of one's own.</summary>
    public Uri Server { get; init; } = new("https://api.telegram.org");
}

/// <summary>A service of PagerDuty.</summary>
public sealed record PagerDutyConfig
{
    /// <summary>The integration key of a service.</summary>
    internal LateValue<Secret>? Key { get; init; }

    /// <summary>Where its events go; <c>https://events.eu.pagerduty.com</c> for accounts in the EU.</summary>
    public Uri Server { get; init; } = new("https://events.pagerduty.com");
}

/// <summary>Short messages.</summary>
public sealed record TwilioConfig
{
    /// <summary>The account's SID.</summary>
    public required string Account { get; init; }

    /// <summary>The account's auth token.</summary>
    internal LateValue<Secret>? Token { get; init; }

    /// <summary>The sender's number, such as <c>+15005550006</c>.</summary>
    public required string From { get; init; }

    /// <summary>The numbers that get the message.</summary>
    public required IReadOnlyList<string> To { get; init; }

    /// <summary>Where its API is.</summary>
    public Uri Server { get; init; } = new("https://api.twilio.com");
}

/// <summary>A receiver of JSON.</summary>
public sealed record WebhookConfig
{
    /// <summary>Where the alert is posted to; a secret, for many receivers know their senders by it alone.</summary>
    internal LateValue<Secret>? Url { get; init; }

    /// <summary>What messages are signed with: <c>whsec_</c> and Base64, or any text of 16 characters or more. Unsigned without.</summary>
    internal LateValue<Secret>? SigningKey { get; init; }

    /// <summary>A second key that they are signed with besides, while a receiver changes from one to the other.</summary>
    internal LateValue<Secret>? PreviousKey { get; init; }
}

/// <summary>What becomes of events.</summary>
public sealed record AlertRule
{
    /// <summary>The events that it is for.</summary>
    public required IReadOnlyList<AlertEventKind> On { get; init; }

    /// <summary>The channels that are told.</summary>
    public required IReadOnlyList<ChannelConfig> To { get; init; }

    /// <summary>How often an alert that goes on, and that nobody has acknowledged, is told again. Never where nothing is stated.</summary>
    public TimeSpan? Repeat { get; init; }

    /// <summary>After how many failures in a row of the same kind somebody is told.</summary>
    public int After { get; init; } = 1;

    /// <summary>After how many successes in a row it is over.</summary>
    public int RecoverAfter { get; init; } = 1;

    /// <summary>When nothing is sent but what is critical; it is sent at the end. Such as <c>22:00-06:00 Europe/Paris</c>.</summary>
    public QuietHours? Quiet { get; init; }

    /// <summary>Who is told as well, when nobody has acknowledged it.</summary>
    public EscalationConfig? Escalate { get; init; }

    /// <summary>What tells it from others in what is remembered of alerts, also when the configuration is written anew.</summary>
    internal string Id => $"{string.Join(',', On)}>{string.Join(',', To.Select(c => c.Name))}";
}

/// <summary>Who is told as well.</summary>
public sealed record EscalationConfig
{
    /// <summary>How long after the first message, unless it is over or acknowledged.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The channels that are told then, and of its end.</summary>
    public required IReadOnlyList<ChannelConfig> To { get; init; }
}

/// <summary>What is told by the clock.</summary>
public sealed record DigestConfig
{
    /// <summary>When, in five fields, as a schedule's.</summary>
    public required string Cron { get; init; }

    /// <summary>The time zone of <see cref="Cron"/>.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>The channels that get it.</summary>
    public required IReadOnlyList<ChannelConfig> To { get; init; }
}
