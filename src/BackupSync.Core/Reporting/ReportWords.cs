using System.Globalization;
using BackupSync.Application;
using BackupSync.Runs;

namespace BackupSync.Reporting;

/// <summary>What the page says of values: a word beside each colour, and times in UTC.</summary>
static class ReportWords
{
    /// <param name="Tone">The class of its colour.</param>
    /// <param name="Sign">What is seen without colours.</param>
    public readonly record struct Badge(string Tone, string Sign, string Word);

    public static Badge Of(HealthEntry entry) => entry.Status switch
    {
        HealthStatus.Healthy when entry.State == StatusState.Unplanned => new("none", "–", "No copy asked for"),
        HealthStatus.Healthy => new("good", "✓", "Good"),
        HealthStatus.Down => new("bad", "✕", "Down"),
        _ when entry.State == StatusState.Failed => new("bad", "✕", "Failed"),
        _ when entry.State is { } state and not (StatusState.Good or StatusState.Unplanned) => new("warn", "!", state.ToString()),
        _ => new("warn", "!", "Degraded"),
    };

    public static Badge Of(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Incomplete => new("warn", "!", "Incomplete"),
        RunOutcome.RolledBack => new("bad", "✕", "Rolled back"),
        RunOutcome.RollbackFailed => new("bad", "✕", "Rollback failed"),
        RunOutcome.DidNotEnd => new("bad", "✕", "Did not end"),
        _ => new("bad", "✕", "Failed, nothing changed"),
    };

    /// <summary>Never 100% where something has failed.</summary>
    public static string Rate(double? share) => share switch
    {
        null => "–",
        { } all => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(all * 1000) / 10:0.#}%"),
    };

    public static string Took(double? seconds) => seconds is { } some ? Durations.Show(TimeSpan.FromSeconds(some)) : "–";

    public static string Milliseconds(double some) => string.Create(CultureInfo.InvariantCulture, $"{some:0.0} ms");

    public static string Size(long? bytes) => bytes is { } some ? ByteSizes.Show(some) : "–";

    public static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    public static string Day(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Such as <c>in 4h 29m</c> or <c>2d 03h ago</c>.</summary>
    public static string From(DateTimeOffset moment, DateTimeOffset now) =>
        (moment - now).Duration() < TimeSpan.FromSeconds(1) ? "now"
        : moment > now ? $"in {Durations.Show(moment - now)}"
        : $"{Durations.Show(now - moment)} ago";

    /// <summary>Such as <c>58 succeeded, 2 failed</c>.</summary>
    public static string Counts(OutcomeCounts counts) => counts.All == 0 ? "no runs" : string.Join(", ", ((string?[])
        [$"{Quantity.Number(counts.Succeeded)} succeeded", .. Others(counts)]).OfType<string>());

    /// <summary>What of them is not good, such as <c>2 failed</c>.</summary>
    public static string NotWell(OutcomeCounts counts) => counts.All == 0 ? "no runs"
        : counts.Succeeded == counts.All ? "all succeeded"
        : string.Join(", ", Others(counts).OfType<string>());

    static string?[] Others(OutcomeCounts counts) =>
    [
        counts.Failed > 0 ? $"{Quantity.Number(counts.Failed)} failed" : null,
        counts.NotDone > 0 ? $"{Quantity.Number(counts.NotDone)} not done" : null,
    ];

    public static string Kind(RunKind kind) => kind switch
    {
        RunKind.Verify => "Backups read to their end",
        RunKind.Drill => "Backups restored on trial",
        RunKind.Copy => "Backups copied",
        RunKind.Sign => "Backups signed",
        RunKind.Label => "Backups labelled",
        RunKind.Remove => "Backups removed",
        RunKind.Restore => "Restores",
        RunKind.Backup => "Backups",
        _ => "Syncs",
    };

    /// <summary>Such as <c>railway-to-neon, sync to neon</c>.</summary>
    public static string Subject(RunResult run) => run.Kind switch
    {
        RunKind.Sync or RunKind.Restore => $"{run.Job}, {Word(run.Kind)} to {run.Target}",
        _ => $"{run.Job}, {Word(run.Kind)} of {run.DatabaseName ?? run.Source}",
    };

    static string Word(RunKind kind) => kind.ToString().ToLowerInvariant();
}
