using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>
/// What chats are posted, within their limits. Names of tables and files are others' words: nothing of them is taken for a mention, a link
/// or a mark.
/// </summary>
static class ChatPayloads
{
    // https://docs.slack.dev/reference/block-kit/blocks/section-block: 3,000 characters; 10 fields of 2,000 each.
    const int SlackText = 2900;
    const int SlackDetail = 500;

    /// <summary>Blocks of more than about 13,200 characters of JSON, all together, were refused.</summary>
    const int SlackDetails = 1500;

    // https://discord.com/developers/docs/resources/message: 2,000 characters of content; embeds have 25 fields, 6,000 characters together.
    const int DiscordContent = 2000;
    const int DiscordName = 200;
    const int DiscordValue = 200;

    // https://core.telegram.org/bots/api#sendmessage
    const int TelegramText = 4096;
    const int TelegramDetail = 500;

    /// <summary>A card has 28 KB, of which some have found 21 to be safe; a character may become six bytes.</summary>
    const int TeamsText = 1500;
    const int TeamsDetail = 150;

    const int MostDetails = 10;
    const int MostName = 60;

    public static HttpPayload Slack(string url, AlertMessage message)
    {
        var details = Details(message, MostName, SlackDetail).ToList();
        var text = AlertText.Cut(string.Join("\n", details.Select(d => $"{d.Name}: {d.Value}")), SlackDetails);
        var blocks = new List<object> { new { type = "section", text = Plain(message.FirstLine) } };
        if (details.Count > 0)
        {
            blocks.Add(new
            {
                type = "context",
                elements = new[] { Plain(text) },
            });
        }
        return new HttpPayload(url, Payloads.Json(new { text = Escaped(AlertText.Cut(message.FirstLine, SlackText)), blocks }));

        // What & < > are escaped to is counted, too.
        static object Plain(string text)
        {
            var escaped = Escaped(AlertText.Cut(text, SlackText));
            for (var most = SlackText; escaped.Length > SlackText; most -= 100)
                escaped = Escaped(AlertText.Cut(text, most));
            return new { type = "plain_text", text = escaped, emoji = false };
        }

        static string Escaped(string text) => text
            .Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
    }

    /// <summary>A card of a workflow; its texts are runs, in which nothing is Markdown.</summary>
    public static HttpPayload Teams(string url, AlertMessage message)
    {
        var (color, weight) = message.Severity >= AlertSeverity.Error ? ("attention", "bolder")
            : message.Severity == AlertSeverity.Warning ? ("warning", "bolder")
            : ("good", "default");
        object Run(string text) => new { type = "TextRun", text };
        var body = new List<object>
        {
            new
            {
                type = "RichTextBlock",
                inlines = new object[]
                {
                    new { type = "TextRun", text = AlertText.Cut(message.FirstLine, TeamsText), weight, color },
                },
            },
        };
        body.AddRange(Details(message, MostName, TeamsDetail)
            .Select(d => (object)new { type = "RichTextBlock", spacing = "none", inlines = new[] { Run($"{d.Name}: {d.Value}") } }));
        var card = new Dictionary<string, object>
        {
            ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
            ["type"] = "AdaptiveCard",
            ["version"] = "1.4",
            ["body"] = body,
        };
        return new HttpPayload(url, Payloads.Json(new
        {
            type = "message",
            attachments = new[] { new { contentType = "application/vnd.microsoft.card.adaptive", content = card } },
        }));
    }

    public static HttpPayload Discord(string url, AlertMessage message)
    {
        var fields = Details(message, DiscordName / 2, DiscordValue)
            .Select(d => new { name = Cut(d.Name, DiscordName), value = Cut(d.Value, DiscordValue * 2), inline = false }).ToArray();
        return new HttpPayload(url, Payloads.Json(new
        {
            username = "BackupSync",
            content = Cut(message.FirstLine, DiscordContent),
            embeds = fields.Length == 0 ? null : new[] { new { fields } },
            allowed_mentions = new { parse = Array.Empty<string>() },
        }));

        static string Cut(string text, int most)
        {
            var escaped = Unmarked(text);
            for (var length = most; escaped.Length > most; length -= 50)
                escaped = Unmarked(AlertText.Cut(text, length));
            return escaped;
        }

        static string Unmarked(string text) =>
            string.Concat(text.Select(c => @"\*_~`|>[]()#<@:-".Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString()));
    }

    public static HttpPayload Telegram(TelegramConfig telegram, AlertMessage message)
    {
        var token = telegram.Token!.Value.Reveal();
        var lines = Details(message, MostName, TelegramDetail).Select(d => $"{d.Name}: {d.Value}").Prepend(message.FirstLine);
        return new HttpPayload($"{telegram.Server.GetLeftPart(UriPartial.Authority)}/bot{Uri.EscapeDataString(token)}/sendMessage",
            Payloads.Json(new
            {
                chat_id = telegram.Chat,
                text = AlertText.Cut(string.Join("\n", lines), TelegramText),
                disable_notification = message.Severity < AlertSeverity.Error,
                link_preview_options = new { is_disabled = true },
            }), token);
    }

    static IEnumerable<(string Name, string Value)> Details(AlertMessage message, int mostName, int mostValue)
    {
        var details = message.Details.Select(d => (Name: d.Key, d.Value));
        if (message.Host is { } host)
            details = details.Append(("Machine", host));
        return details.Take(MostDetails).Select(d => (AlertText.Cut(d.Name, mostName), AlertText.Cut(d.Value, mostValue)));
    }
}
