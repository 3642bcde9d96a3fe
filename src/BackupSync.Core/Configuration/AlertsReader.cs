using System.Net;

namespace BackupSync.Configuration;

/// <summary>Reads who is told what.</summary>
static class AlertsReader
{
    /// <summary>The folder below the service's state.</summary>
    public const string FolderName = "alerts";

    const string SomeChannel = "one of smtp, slack, teams, discord, telegram, pagerDuty, twilio, webhook and command";
    const int ShortestSigningKey = 16;
    const int MostInARow = 1000;

    /// <summary>Kinds that are an address alone, which has the ways of secrets.</summary>
    static readonly string[] Addresses = ["slack", "teams", "discord"];

    /// <summary>Kinds with settings of their own.</summary>
    static readonly string[] Others = ["smtp", "telegram", "pagerDuty", "twilio", "webhook", "command"];

    static readonly TimeSpan ShortestProof = TimeSpan.FromHours(1);
    static readonly TimeSpan LongestProof = TimeSpan.FromDays(366);
    static readonly TimeSpan ShortestRepeat = TimeSpan.FromMinutes(1);

    /// <summary>An address that is a secret itself: it goes nowhere in the clear but to this machine.</summary>
    static readonly SecretKind<Secret> Address = new("address", 8192, text => IsAddress(text, mayBeClear: false)
        ? (new Secret(text), null)
        : (null, "is no address such as https://hooks.example.com/…: https, or http to this machine alone"));

    /// <summary>The same of a receiver of one's own, where the network may be trusted.</summary>
    static readonly SecretKind<Secret> Receiver = new("address", 8192, text => IsAddress(text, mayBeClear: true)
        ? (new Secret(text), null)
        : (null, "is no address such as https://alerts.example.com/…, without a user"));

    static readonly SecretKind<Secret> PingAddress = Receiver with { MayBeEmpty = true };

    static readonly SecretKind<Secret> Token = SecretKinds.Key with { Name = "token", MayBeEmpty = false };
    static readonly SecretKind<Secret> Key = SecretKinds.Key with { MayBeEmpty = false };

    static readonly SecretKind<Secret> SigningKey = SecretKinds.Key with
    {
        Parse = text => text.Length < ShortestSigningKey
            ? (null, $"is too short: at least {ShortestSigningKey} characters are needed")
            : (new Secret(text), null),
    };

    /// <param name="state">The service's.</param>
    public static AlertsConfig Read(YamlSection alerts, string state)
    {
        var channels = alerts.Named("channels", ReadChannel).OfType<ChannelConfig>().ToArray();
        return new AlertsConfig
        {
            Channels = channels,
            Rules = alerts.Sections("rules", rule => ReadRule(rule, channels)),
            Digest = alerts.Has("digest") ? alerts.Section("digest", digest => ReadDigest(digest, channels)) : null,
            ProvenWithin = alerts.Duration("provenWithin", TimeSpan.FromDays(35), LongestProof, ShortestProof),
            Names = alerts.Boolean("names", true),
            Folder = Path.Combine(state, FolderName),
        };
    }

    /// <summary>Of a job or a backup plan: who is told that it begins and ends.</summary>
    public static LateValue<Secret>? ReadPing(YamlSection section) => SecretReader.Read(section, "ping", PingAddress);

    static ChannelConfig? ReadChannel(string name, YamlSection channel)
    {
        var there = Others.Where(channel.Has).Concat(Addresses.Select(a => SecretReader.KeyOf(channel, a)).OfType<string>()).ToList();
        if (there.Count == 0)
            channel.Report("smtp", $"is missing: a channel is {SomeChannel}");
        foreach (var other in there.Skip(1))
            channel.Report(other, $"stands beside '{there[0]}'; a channel is {SomeChannel}");
        LateValue<Secret>? Url(string kind) => SecretReader.Read(channel, kind, Address);
        T? Section<T>(string kind, Func<YamlSection, T> read) where T : class => channel.Has(kind) ? channel.Section(kind, read) : null;
        var config = new ChannelConfig
        {
            Name = name,
            Smtp = Section("smtp", ReadSmtp),
            Slack = Url("slack"),
            Teams = Url("teams"),
            Discord = Url("discord"),
            Telegram = Section("telegram", ReadTelegram),
            PagerDuty = Section("pagerDuty", ReadPagerDuty),
            Twilio = Section("twilio", ReadTwilio),
            Webhook = Section("webhook", ReadWebhook),
            Command = channel.Has("command") ? ReadCommand(channel) : null,
            WorkingFolder = channel.FullPath("."),
        };
        return there.Count == 0 ? null : config;
    }

    static SmtpConfig ReadSmtp(YamlSection smtp)
    {
        var host = smtp.RequiredText("host", "the name of the mail server") ?? "";
        var security = smtp.Choice("security", SmtpSecurity.StartTls);
        var user = smtp.OptionalText("user");
        var password = SecretReader.Read(smtp, "password", SecretKinds.Password with { MayBeEmpty = true });
        var passwordKey = SecretReader.KeyOf(smtp, "password");
        if (security == SmtpSecurity.None && password is not null && !IsThisMachine(host))
            smtp.Report(passwordKey!, "would be sent in the clear with security: none; state startTls or tls, or leave it out");
        if (user is null != password is null)
        {
            smtp.Report(user is not null ? "user" : passwordKey!,
                user is not null ? "has no password beside it" : "has no user beside it");
        }
        var from = Mail(smtp, "from", "the sender's address, such as backups@example.com");
        return new SmtpConfig
        {
            Host = host,
            Port = smtp.Integer("port", 587, 1, 65_535),
            Security = security,
            RootCertificate = smtp.Has("rootCertificate") && smtp.Text("rootCertificate") is { } file ? smtp.FullPath(file) : null,
            User = user,
            Password = password,
            From = from,
            To = Several(smtp, "to", "the addresses that get the mail, as a list such as [ops@example.com]", IsMail),
        };
    }

    static TelegramConfig ReadTelegram(YamlSection telegram) => new()
    {
        Token = SecretReader.ReadRequired(telegram, "token", Token, "the bot's token"),
        Chat = telegram.RequiredText("chat", "the number of a chat, or the name of a channel, such as \"@ops\"") ?? "",
        Server = Server(telegram, new Uri("https://api.telegram.org")),
    };

    static PagerDutyConfig ReadPagerDuty(YamlSection pagerDuty) => new()
    {
        Key = SecretReader.ReadRequired(pagerDuty, "key", Key, "the integration key of a service (Events API v2)"),
        Server = Server(pagerDuty, new Uri("https://events.pagerduty.com")),
    };

    static TwilioConfig ReadTwilio(YamlSection twilio) => new()
    {
        Account = twilio.RequiredText("account", "the account's SID") ?? "",
        Token = SecretReader.ReadRequired(twilio, "token", Token, "the account's auth token"),
        From = twilio.RequiredText("from", "the sender's number, such as \"+15005550006\"") ?? "",
        To = Several(twilio, "to", "the numbers that get the message, as a list such as [\"+15005550007\"]", text => text.Length > 0),
        Server = Server(twilio, new Uri("https://api.twilio.com")),
    };

    static WebhookConfig ReadWebhook(YamlSection webhook) => new()
    {
        Url = SecretReader.ReadRequired(webhook, "url", Receiver, "where the alert is posted to"),
        SigningKey = SecretReader.Read(webhook, "signingKey", SigningKey),
        PreviousKey = SecretReader.Read(webhook, "previousKey", SigningKey),
    };

    static IReadOnlyList<string>? ReadCommand(YamlSection channel)
    {
        var words = channel.Texts("command");
        if (words.Count == 0 || words[0].Length == 0)
        {
            channel.Report("command", "names no program: it is a list such as [notify-send, BackupSync]");
            return [];
        }
        // That it is not there is told when it is needed, and by who checks: it may be on another machine.
        if (SecretCommand.Find(words[0], channel.FullPath) is not { } program)
            channel.HoldBack("command", $"there is no program {words[0]} on this machine");
        else if (ConfigurationTrust.Fault(program) is { } distrust)
            channel.HoldBack("command", $"the program {program} {distrust}");
        return words;
    }

    static AlertRule ReadRule(YamlSection rule, IReadOnlyList<ChannelConfig> channels)
    {
        if (rule.IsEmpty("on"))
            rule.Missing("on", "the events that it is for, as a list such as [rolledBack, failed]");
        return new AlertRule
        {
            On = rule.Choices<AlertEventKind>("on"),
            To = Channels(rule, channels),
            Repeat = rule.Has("repeat")
                ? rule.Duration("repeat", TimeSpan.FromDays(1), ScheduleReader.LongestLimit, ShortestRepeat)
                : null,
            After = rule.Integer("after", 1, 1, MostInARow),
            RecoverAfter = rule.Integer("recoverAfter", 1, 1, MostInARow),
            Quiet = rule.Has("quiet")
                ? rule.Value<QuietHours?>("quiet", null, (string text, out QuietHours? value) =>
                    {
                        var isRead = QuietHours.TryParse(text, out var hours);
                        value = hours;
                        return isRead;
                    },
                    QuietHours.Allowed)
                : null,
            Escalate = rule.Has("escalate")
                ? rule.Section("escalate", escalate => new EscalationConfig
                {
                    After = escalate.Duration("after", TimeSpan.FromHours(1), ScheduleReader.LongestLimit),
                    To = Channels(escalate, channels),
                })
                : null,
        };
    }

    static DigestConfig ReadDigest(YamlSection digest, IReadOnlyList<ChannelConfig> channels)
    {
        var timeZone = ScheduleReader.ReadZone(digest);
        return new DigestConfig
        {
            Cron = ScheduleReader.ReadCron(digest, timeZone, CronExpression.Allowed) ?? "0 8 * * *",
            TimeZone = timeZone,
            To = Channels(digest, channels),
        };
    }

    static IReadOnlyList<ChannelConfig> Channels(YamlSection section, IReadOnlyList<ChannelConfig> channels)
    {
        if (section.IsEmpty("to"))
            section.Missing("to", "the channels that are told, as a list such as [ops]");
        return section.References("to", "channel", channels, c => c.Name);
    }

    static IReadOnlyList<string> Several(YamlSection section, string key, string meaning, Func<string, bool> isOne)
    {
        if (section.IsEmpty(key))
            section.Missing(key, meaning);
        var texts = section.Texts(key);
        if (texts.FirstOrDefault(t => !isOne(t)) is { } wrong)
            section.Report(key, $"has {YamlSection.Quote(wrong)} in it, which is none: {meaning}");
        return texts;
    }

    static string Mail(YamlSection section, string key, string meaning)
    {
        var text = section.RequiredText(key, meaning) ?? "";
        if (text.Length > 0 && !IsMail(text))
            section.Report(key, $"is no address: {meaning}");
        return text;
    }

    static bool IsMail(string text) => text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < text.Length - 1
        && text.AsSpan().IndexOfAny(" \t\r\n<>,;") < 0;

    static Uri Server(YamlSection section, Uri otherwise) => section.Value(
        "server", otherwise,
        (string text, out Uri server) =>
        {
            server = otherwise;
            if (!IsAddress(text, mayBeClear: false) || new Uri(text) is not { PathAndQuery: "/" } uri)
                return false;
            server = uri;
            return true;
        },
        $"an address such as {otherwise.GetLeftPart(UriPartial.Authority)}");

    static bool IsAddress(string text, bool mayBeClear) => Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { UserInfo: "", Fragment: "", Host.Length: > 0 }
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && (mayBeClear || IsThisMachine(uri.DnsSafeHost))));

    static bool IsThisMachine(string host) =>
        host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
