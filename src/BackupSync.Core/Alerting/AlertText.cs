using System.Security.Cryptography;
using System.Text;
using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>The words of messages: the same in every channel, the first line saying what happened to what, and what to do.</summary>
static class AlertText
{
    /// <summary>What stands for a key where names are left out.</summary>
    public static string CodeOf(string key) => Hash(key)[..8];

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <param name="names">Whether names may be told.</param>
    /// <param name="note">Of its end: what it has cost.</param>
    public static AlertMessage Message(
        AlertRecord alert, MessagePurpose purpose, string channel, bool names, DateTimeOffset now, DateTimeOffset due, string? note = null)
    {
        var what = names ? alert.Headline : Nameless(alert);
        var seen = Quantity.Of(alert.Count, "time");
        var lasted = Durations.Show(now - alert.FirstSeen);
        var headline = purpose switch
        {
            MessagePurpose.Repeated => $"Still so after {lasted}, seen {seen}: {what}",
            MessagePurpose.Escalated => $"Nobody has acknowledged this for {lasted}: {what}",
            MessagePurpose.Acknowledged => $"Acknowledged{(names && alert.AcknowledgedBy is { } by ? $" by {by}" : "")}: {what}",
            MessagePurpose.Recovered => $"Over after {lasted}{(alert.Count > 1 ? $", seen {seen}" : "")}: {what}",
            _ => what,
        };
        var details = new Dictionary<string, string>();
        if (names)
        {
            foreach (var (name, value) in alert.Details)
                details[name] = value;
            details["Key"] = alert.Key;
        }
        details["Since"] = Moment(alert.FirstSeen);
        return new AlertMessage
        {
            Id = NewId(),
            Channel = channel,
            Purpose = purpose,
            Key = names ? alert.Key : CodeOf(alert.Key),
            Kind = alert.Kind,
            Severity = purpose is MessagePurpose.Recovered or MessagePurpose.Acknowledged ? AlertSeverity.Information : alert.Severity,
            What = names ? alert.What : null,
            Headline = Printable.Line(headline),
            Advice = Printable.Line(purpose switch
            {
                MessagePurpose.Recovered => (names ? note : null) ?? "Nothing is to be done.",
                MessagePurpose.Acknowledged => "It is not repeated.",
                _ when names => alert.Advice ?? $"{Spelling.AlertList} shows it.",
                _ => $"{Spelling.AlertList} shows what it is about.",
            }),
            Details = details.ToDictionary(d => Printable.Line(d.Key), d => Printable.Line(d.Value)),
            Host = names ? Environment.MachineName : null,
            Created = now,
            Due = due,
            Next = due,
        };
    }

    public static string NewId() => $"msg_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))}";

    public static string Moment(DateTimeOffset moment) => $"{moment.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";

    /// <summary>What happened, and a code by which those find it who may see the rest.</summary>
    static string Nameless(AlertRecord alert) => $"{Kind(alert.Kind)} (code {CodeOf(alert.Key)}).";

    static string Kind(AlertEventKind? kind) => kind switch
    {
        AlertEventKind.RollbackFailed => "A run failed, and so did its rollback",
        AlertEventKind.BadBackup => "A backup is bad",
        AlertEventKind.RolledBack => "A run failed and was rolled back",
        AlertEventKind.Failed => "A run failed, and nothing was changed",
        AlertEventKind.Incomplete => "A backup is good, but was not brought everywhere or proven",
        AlertEventKind.CopyTooOld => "A copy is too old",
        AlertEventKind.BackupTooOld => "The newest backup of a database is too old",
        AlertEventKind.NotProven => "Backups of a database were not proven for long",
        AlertEventKind.Unreachable => "A database does not answer",
        AlertEventKind.ServiceDown => "A service does not answer as expected",
        AlertEventKind.ObjectiveMissed => "A recovery objective was missed",
        AlertEventKind.Missed => "A scheduled run did not take place",
        AlertEventKind.Skipped => "A run was skipped",
        AlertEventKind.Paused => "A schedule is paused for long",
        AlertEventKind.ChannelFailed => "Alerts do not arrive by a channel",
        _ => "Something happened",
    };

    /// <summary>Cut to so many UTF-16 units, an ellipsis at the end; no character is cut in two.</summary>
    public static string Cut(string text, int most)
    {
        if (text.Length <= most)
            return text;
        var end = most - 1;
        if (char.IsHighSurrogate(text[end - 1]))
            end--;
        return text[..end] + "…";
    }
}
