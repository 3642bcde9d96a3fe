using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>
/// A message as JSON, signed as https://www.standardwebhooks.com has it: HMAC-SHA-256 over id, time and body, a signature for each key.
/// </summary>
static class WebhookPayload
{
    const string KeyPrefix = "whsec_";

    public static HttpPayload Of(WebhookConfig config, AlertMessage message, DateTimeOffset now)
    {
        var body = Body(message);
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var keys = new[] { config.SigningKey, config.PreviousKey }.Where(k => k is not null).Select(k => k!.Value.Reveal()).ToList();
        List<(string, string)> headers = [("webhook-id", message.Id), ("webhook-timestamp", timestamp)];
        if (keys.Count > 0)
            headers.Add(("webhook-signature", string.Join(' ', keys.Select(k => Signature(k, message.Id, timestamp, body)))));
        return new HttpPayload(config.Url!.Value.Reveal(), body, keys) { Headers = headers };
    }

    /// <summary>The same for commands.</summary>
    public static string Body(AlertMessage message) => Payloads.Json(new
    {
        type = $"backupsync.alert.{char.ToLowerInvariant($"{message.Purpose}"[0])}{$"{message.Purpose}"[1..]}",
        timestamp = Payloads.Moment(message.Created),
        data = new
        {
            id = message.Id,
            key = message.Key,
            @event = message.Kind?.Word(),
            severity = $"{message.Severity}".ToLowerInvariant(),
            what = message.What,
            headline = message.Headline,
            advice = message.Advice,
            details = message.Details,
            machine = message.Host,
        },
    });

    static string Signature(string key, string id, string timestamp, string body) =>
        $"v1,{Convert.ToBase64String(HMACSHA256.HashData(BytesOf(key), Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")))}";

    /// <summary>The layout's own form of a key, or any text.</summary>
    static byte[] BytesOf(string key)
    {
        if (key.StartsWith(KeyPrefix, StringComparison.Ordinal))
        {
            var buffer = new byte[key.Length];
            if (Convert.TryFromBase64String(key[KeyPrefix.Length..], buffer, out var count))
                return buffer[..count];
        }
        return Encoding.UTF8.GetBytes(key);
    }
}
