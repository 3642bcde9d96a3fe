using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>Events of PagerDuty's Events API v2: an alert is an incident, which its end resolves.</summary>
static class PagerDutyPayload
{
    const int MostKey = 255;
    const int MostSummary = 1024;
    const int MostDetail = 1000;
    const int MostName = 255;
    const int MostDetails = 20;

    /// <summary>Null for what is no incident.</summary>
    public static HttpPayload? Of(PagerDutyConfig config, AlertMessage message)
    {
        if (message.Purpose == MessagePurpose.Digest)
            return null;
        var key = config.Key!.Value.Reveal();
        var dedup = $"backupsync/{message.Key}";
        var action = message.Purpose switch
        {
            MessagePurpose.Recovered => "resolve",
            MessagePurpose.Acknowledged => "acknowledge",
            _ => "trigger",
        };
        return new HttpPayload($"{config.Server.GetLeftPart(UriPartial.Authority)}/v2/enqueue", Payloads.Json(new
        {
            routing_key = key,
            event_action = action,
            dedup_key = dedup.Length <= MostKey ? dedup : AlertText.Hash(dedup),
            payload = action != "trigger" ? null : new
            {
                summary = AlertText.Cut(message.FirstLine, MostSummary),
                source = message.Host ?? "BackupSync",
                severity = message.Severity switch
                {
                    AlertSeverity.Critical => "critical",
                    AlertSeverity.Error => "error",
                    AlertSeverity.Warning => "warning",
                    _ => "info",
                },
                timestamp = Payloads.Moment(message.Created),
                component = message.What is { } what ? AlertText.Cut(what, MostName) : null,
                @class = message.Kind?.Word(),
                custom_details = message.Details.Take(MostDetails)
                    .ToDictionary(d => AlertText.Cut(d.Key, MostName), d => AlertText.Cut(d.Value, MostDetail)),
            },
            client = "BackupSync",
        }), key);
    }
}
