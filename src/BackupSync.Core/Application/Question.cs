using System.Globalization;
using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>What an operator is asked before a database's content is replaced, or a backup is taken for his.</summary>
/// <param name="Verb">In lower case.</param>
/// <param name="What">What the verb is about.</param>
/// <param name="Target">What it is of, as a person knows it; never with a password.</param>
/// <param name="How">By what, or what for.</param>
/// <param name="IsConfigured">Whether the configuration has agreed to it in advance, so that a scheduler may do it unasked.</param>
public sealed record Question(string Verb, string What, string Target, string How, bool IsConfigured)
{
    /// <summary>Whether it is about production, where a key that was pressed too soon must mean no.</summary>
    public bool IsOfProduction { get; init; }

    /// <summary>The action alone, for who shows the target beside it.</summary>
    public string Action => $"{char.ToUpperInvariant(Verb[0])}{Verb[1..]} {What} {How}";

    /// <summary>All of it, as the rest of "About to …".</summary>
    public override string ToString() => $"{Verb} {What} of {Target} {How}";

    /// <summary>Who agrees to an update is told where it can become more than that.</summary>
    /// <param name="mode">Null for what the job says.</param>
    public static Question Sync(JobConfig job, SyncMode? mode, bool isConfigured) => (mode ?? job.Mode) == SyncMode.Full
        ? FirstCopy(job) with { How = $"by a copy of {job.Source} (job {job.Name})", IsConfigured = isConfigured }
        : new Question(
            "update", "the content", Describe(job.TargetDatabase), $"{JobRunner.DescribeUpdate(job)} (job {job.Name})", isConfigured);

    /// <summary>The first copy, of which the configuration knows nothing.</summary>
    public static Question FirstCopy(JobConfig job) =>
        new("replace", "the content", Describe(job.TargetDatabase), $"by a copy of {job.Source}", IsConfigured: false);

    /// <param name="tables">Patterns of the only tables to restore; none for everything.</param>
    /// <param name="why">How the backup was chosen, as the end of a sentence; empty where it was named.</param>
    /// <param name="now">What was found at the target; null where nobody has looked.</param>
    public static Question Restore(
        BackupFile backup, IReadOnlyList<string> tables, RestoreTarget target, string why = "", ConnectionTestResult? now = null)
    {
        var database = target.Database;
        var isProduction = database.Role == DatabaseRole.Production;
        var isMissing = now is { IsMissing: true };
        return new Question(
            "replace", tables.Count == 0 ? "the content" : $"the tables {string.Join(", ", tables.Select(AddressText.Shown))}",
            $"{database.Name} ({database.Address}{(isProduction ? ", PRODUCTION" : "")}"
                + (isMissing ? "; it is not there, and is created)" : now?.Size is { } bytes
                    ? $", which holds {ByteSizes.Show(bytes)} now)" : ")"),
            $"by {backup.FileName}{(backup.Place is { } place ? $" in {place}" : "")}: {backup.Database} as it was at {Time(backup)}, "
                + $"{Quantity.Of(backup.Rows, "row")}, {ByteSizes.Show(backup.Size)}{why}",
            IsConfigured: target.IsConfigured && !isProduction && !isMissing) { IsOfProduction = isProduction };
    }

    /// <param name="isConfigured">Whether the target is a job's, and not a URL that was typed.</param>
    public static Question Undo(SafetyRestore what, bool isConfigured) => new(
        "replace", "the content", $"{what.Target.Name} ({what.Target.Address})",
        $"by {what.Backup.File.FileName}, {ByteSizes.Show(what.Backup.File.Size)} of {Time(what.Backup.File)}", isConfigured);

    /// <summary>Its target tells what somebody should know of a backup before it is taken for theirs.</summary>
    public static Question Sign(BackupFile backup) => new(
        "sign", "the backup",
        $"{backup.Path}: {backup.Database}, {Time(backup)}, {(backup.Encrypted ? "encrypted" : "NOT ENCRYPTED")}{backup.Labels()}",
        "so that it is taken for yours", IsConfigured: false);

    /// <param name="why">Which rule lets it go, or would not have.</param>
    public static Question Remove(BackupFile backup, string why) => new(
        "remove", "the backup", $"{backup.Path}: {backup.Database}, {Time(backup)}{backup.Labels()}", $"({why})", IsConfigured: false);

    /// <summary>A database by its name and address, the password hidden.</summary>
    public static string Describe(DatabaseConfig database) =>
        database.AddressProblem is null ? $"{database.Name} ({database.Address})" : database.Name;

    static string Time(BackupFile backup) =>
        backup.Created.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";
}
