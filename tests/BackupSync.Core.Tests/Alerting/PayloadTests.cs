using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BackupSync.Alerting;
using BackupSync.Configuration;

namespace BackupSync.Tests.Alerting;

/// <summary>Payloads against the limits that their receivers have documented, whatever others' words are in them.</summary>
[Trait("Needs", "nothing")]
public sealed class PayloadTests
{
    const string Url = "https://hooks.example.com/services/Zq7Wk9secret";

    static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly string[] Odd = ["&", "<!channel>", "@everyone", "[x](https://evil.example)", "*_~`|", "\U0001F4A5", "ж", "\"\\", "x"];

    public static IEnumerable<object[]> Words => Odd.SelectMany(_ => new[] { 1, 100, 5000 }, (word, times) => new object[] { word, times });

    [Theory]
    [MemberData(nameof(Words))]
    public void Slack_takes_it(string word, int times)
    {
        var json = Json(ChatPayloads.Slack(Url, Of(word, times)));

        Assert.InRange(json.GetProperty("text").GetString()!.Length, 1, 40_000);
        var blocks = json.GetProperty("blocks").EnumerateArray().ToList();
        Assert.InRange(blocks.Count, 1, 50);
        Assert.InRange(blocks[0].GetProperty("text").GetProperty("text").GetString()!.Length, 1, 3000);
        Assert.Equal("plain_text", blocks[0].GetProperty("text").GetProperty("type").GetString());
        Assert.All(
            blocks[1].GetProperty("elements").EnumerateArray(), e => Assert.InRange(e.GetProperty("text").GetString()!.Length, 1, 3000));
        // Relaxed: a character outside of the first plane is escaped to twelve, and counted as one by whoever has read it.
        Assert.InRange(blocks.Sum(b => JsonSerializer.Serialize(b, Relaxed).Replace(@"\uD83D\uDCA5", "xx").Length), 1, 13_200);
        Assert.DoesNotContain("<", json.GetProperty("text").GetString());
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void Teams_takes_it(string word, int times)
    {
        var payload = ChatPayloads.Teams(Url, Of(word, times));

        Assert.InRange(Encoding.UTF8.GetByteCount(payload.Body), 1, 21_000);
        var attachment = Json(payload).GetProperty("attachments")[0];
        Assert.Equal("application/vnd.microsoft.card.adaptive", attachment.GetProperty("contentType").GetString());
        var card = attachment.GetProperty("content");
        Assert.Equal(("AdaptiveCard", "1.4"), (card.GetProperty("type").GetString(), card.GetProperty("version").GetString()));
        // Runs are no Markdown.
        Assert.All(card.GetProperty("body").EnumerateArray(), b => Assert.Equal("RichTextBlock", b.GetProperty("type").GetString()));
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void Discord_takes_it(string word, int times)
    {
        var json = Json(ChatPayloads.Discord(Url, Of(word, times)));

        Assert.InRange(json.GetProperty("content").GetString()!.Length, 1, 2000);
        Assert.Empty(json.GetProperty("allowed_mentions").GetProperty("parse").EnumerateArray());
        var fields = json.GetProperty("embeds")[0].GetProperty("fields").EnumerateArray()
            .Select(f => (Name: f.GetProperty("name").GetString()!, Value: f.GetProperty("value").GetString()!)).ToList();
        Assert.InRange(fields.Count, 1, 25);
        Assert.All(fields, f => Assert.InRange(f.Name.Length, 1, 256));
        Assert.All(fields, f => Assert.InRange(f.Value.Length, 1, 1024));
        Assert.InRange(fields.Sum(f => f.Name.Length + f.Value.Length), 1, 6000);
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void Telegram_takes_it(string word, int times)
    {
        var config = new TelegramConfig { Token = AlertSamples.Late("123:Zq7Wk9secret"), Chat = "-100" };
        var payload = ChatPayloads.Telegram(config, Of(word, times));
        var json = Json(payload);

        Assert.Equal("https://api.telegram.org/bot123%3AZq7Wk9secret/sendMessage", payload.Url);
        Assert.InRange(json.GetProperty("text").GetString()!.Length, 1, 4096);
        Assert.False(json.TryGetProperty("parse_mode", out _));
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void PagerDuty_takes_it(string word, int times)
    {
        var config = new PagerDutyConfig { Key = AlertSamples.Late("routing") };
        var words = string.Concat(Enumerable.Repeat(word, times));
        var message = Of(word, times) with { Key = words, What = words };
        var payload = PagerDutyPayload.Of(config, message)!;
        var json = Json(payload);

        Assert.InRange(Encoding.UTF8.GetByteCount(payload.Body), 1, 512 * 1024);
        Assert.Equal("trigger", json.GetProperty("event_action").GetString());
        Assert.InRange(json.GetProperty("dedup_key").GetString()!.Length, 1, 255);
        Assert.InRange(json.GetProperty("payload").GetProperty("summary").GetString()!.Length, 1, 1024);
        Assert.Equal("error", json.GetProperty("payload").GetProperty("severity").GetString());
        var resolve = Json(PagerDutyPayload.Of(config, message with { Purpose = MessagePurpose.Recovered })!);
        Assert.Equal("resolve", resolve.GetProperty("event_action").GetString());
        Assert.Equal(json.GetProperty("dedup_key").GetString(), resolve.GetProperty("dedup_key").GetString());
        Assert.False(resolve.TryGetProperty("payload", out _));
        Assert.Null(PagerDutyPayload.Of(config, message with { Purpose = MessagePurpose.Digest }));
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void Twilio_takes_it(string word, int times)
    {
        var sender = new TwilioSender(new TwilioConfig
        {
            Account = "AC1", Token = AlertSamples.Late("Zq7Wk9secret"), From = "+15005550006", To = ["+15005550007"],
        }, TimeProvider.System);
        var payload = sender.PayloadFor("+15005550007", Of(word, times));
        var fields = payload.Body.Split('&').Select(f => f.Split('=')).ToDictionary(f => f[0], f => Uri.UnescapeDataString(f[1]));

        Assert.Equal(("+15005550007", "+15005550006"), (fields["To"], fields["From"]));
        Assert.InRange(fields["Body"].Length, 1, 1600);
        Assert.Equal(("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("AC1:Zq7Wk9secret"))}"), payload.Headers[0]);
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void A_mail_has_lines_and_headers_that_servers_take(string word, int times)
    {
        var config = new SmtpConfig { Host = "smtp.example.com", From = "backups@example.com", To = ["ops@example.com"] };
        using var mail = SmtpSender.MailOf(config, Of(word, times) with { Page = $"<p>{word}</p>" });
        using var stream = new MemoryStream();
        mail.Prepare(MimeKit.EncodingConstraint.SevenBit); // as it is sent to a server that offers nothing
        mail.WriteTo(MimeKit.FormatOptions.Default, stream);
        var text = Encoding.ASCII.GetString(stream.ToArray());

        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd('\r').Length, 0, 998));
        Assert.Contains("Auto-Submitted: auto-generated", text);
        Assert.Contains("Message-Id: <msg_1@example.com>", text);
        Assert.InRange(mail.Subject!.Length, 1, 200);
        Assert.Contains("backupsync.html", text);
    }

    /// <summary>https://www.standardwebhooks.com: id.timestamp.body, a signature for each key.</summary>
    [Fact]
    public void A_webhook_is_signed_with_both_keys()
    {
        const string Key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        const string Previous = "any text of some length";
        var now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var channel = AlertSamples.Webhook("hook", Url, Key, Previous);
        var payload = WebhookPayload.Of(channel.Webhook!, AlertSamples.Message(), now);
        var headers = payload.Headers.ToDictionary();

        Assert.Equal(("msg_1", "1700000000"), (headers["webhook-id"], headers["webhook-timestamp"]));
        var signed = Encoding.UTF8.GetBytes($"msg_1.1700000000.{payload.Body}");
        Assert.Equal(
            [
                $"v1,{Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key[6..]), signed))}",
                $"v1,{Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Previous), signed))}",
            ],
            headers["webhook-signature"].Split(' '));
        Assert.Equal("backupsync.alert.raised", Json(payload).GetProperty("type").GetString());
        var unsigned = WebhookPayload.Of(AlertSamples.Webhook("hook", Url).Webhook!, AlertSamples.Message(), now);
        Assert.Equal(["webhook-id", "webhook-timestamp"], unsigned.Headers.Select(h => h.Name));
    }

    [Fact]
    public void No_character_is_cut_in_two() => Assert.Equal("ab…", AlertText.Cut("ab\U0001F4A5cd", 4));

    static AlertMessage Of(string word, int times) =>
        AlertSamples.Message(string.Concat(Enumerable.Repeat(word, times)), details: 30) with
        {
            Details = Enumerable.Range(0, 30).ToDictionary(i => $"{i} {word}", _ => string.Concat(Enumerable.Repeat(word, times))),
        };

    static JsonElement Json(HttpPayload payload) => JsonDocument.Parse(payload.Body).RootElement;
}
