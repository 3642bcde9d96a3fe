using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Operations;

/// <param name="Limit">How long the step may take; null where only the run's own limit holds.</param>
public sealed record PlannedStep(RunStep Step, string Description, TimeSpan? Limit);

/// <summary>What a run would do, told from the configuration alone (<c>-WhatIf</c>).</summary>
static class RunPlan
{
    public static IReadOnlyList<PlannedStep> Sync(JobConfig job)
    {
        Guards.EnsureMayBeTarget(job.TargetDatabase);
        var (source, target) = (job.SourceDatabase.DisplayName, job.TargetDatabase.DisplayName);
        return
        [
            new(RunStep.Lock, $"Lock {target}, so that no other run can replace it at the same time", job.Limits.Connect * 2),
            new(
                RunStep.Check,
                $"Connect to {source} and {target}, check versions, privileges, free connections and disk space, clear what dead runs left",
                job.Limits.Connect * 3),
            new(RunStep.Guards, $"Prove that {source} and {target} are different databases", job.Limits.Connect),
            new(RunStep.Statistics, $"Take a snapshot of {source}, count {(job.Verify.Content ? "and hash " : "")}the rows of every "
                + $"table on both sides; refuse if more than {Percentages.Show(job.Guards.MaximumShrink)} of {target}'s rows are gone. "
                + $"{GivingWay(job)}", null),
            new(RunStep.Dump, $"Dump {source} to {job.Backups.Directory}", job.Limits.Dump),
            new(RunStep.SafetyBackup, $"Back {target} up to {job.Backups.Directory}, at the same time", job.Limits.SafetyBackup),
            .. Replace(job),
        ];
    }

    static string GivingWay(JobConfig job) => job.Limits.Blocking is { } limit
        ? $"From here to the end of the dumps: if others have waited for the run for {Durations.Show(limit)}, let go of everything and "
            + "begin anew, three times at most"
        : "From here to the end of the dumps, others have to wait for the run (limits.blocking)";

    public static IReadOnlyList<PlannedStep> Incremental(JobConfig job)
    {
        Guards.EnsureMayBeTarget(job.TargetDatabase);
        var (source, target) = (job.SourceDatabase.DisplayName, job.TargetDatabase.DisplayName);
        var tables = job.Tables.Count == 0 ? "every table" : string.Join(", ", job.Tables);
        var (deletes, keeps) = (job.Incremental.Deletes, job.Incremental.Conflict == ConflictRule.LastWriteWins);
        var schema = job.MayBecomeFull ? $"run a full sync instead if the schemas differ, or stop if {target} has what {source} has not"
            : "stop if the schemas differ" + (job.MayFill ? $", but run a full sync instead if {target} has no tables" : "");
        var guard = deletes ? $"; refuse if more than {Percentages.Show(job.Guards.MaximumShrink)} of {target}'s rows are gone" : "";
        return
        [
            new(RunStep.Lock, $"Lock {target}, so that no other run can replace it at the same time", job.Limits.Connect * 2),
            new(RunStep.Check, $"Connect to {source} and {target}, clear what dead runs left", job.Limits.Connect * 3),
            new(RunStep.Guards, $"Prove that {source} and {target} are different databases", job.Limits.Connect),
            new(RunStep.Compare, $"Take a snapshot of {source}; {schema}; lock {tables} of {target} against writing; find "
                + $"changed{(deletes ? " and deleted" : "")} rows by stamps or content{guard}", null),
            new(RunStep.Merge, $"In one transaction on {target}: write the rows that "
                + $"differ{(deletes ? ", delete those that are gone" : "")}{(keeps ? ", keep those that are newer or its own" : "")}, "
                + "set sequences; no trigger fires", job.Limits.Restore),
            new(RunStep.Verify, "Compare what was written with the snapshot", job.Limits.Restore),
            new(RunStep.Publish, "Publish: commit", job.Limits.Restore),
        ];
    }

    /// <summary>
    /// How an incremental run can become more than that, as the rest of a sentence that asks for it; empty where it cannot.
    /// </summary>
    public static string OrFull(JobConfig job) => job.MayBecomeFull
        ? ", or replace it by a copy if the tables differ"
        : job.MayFill ? ", or fill it by a copy if it has no tables" : "";

    public static IReadOnlyList<PlannedStep> Restore(JobConfig job, BackupFile backup, RunOptions options)
    {
        Guards.EnsureMayBeTarget(job.TargetDatabase, options.AllowProduction);
        var target = job.TargetDatabase.DisplayName;
        return
        [
            new(RunStep.Lock, $"Lock {target}, so that no other run can replace it at the same time", job.Limits.Connect * 2),
            new(
                RunStep.Check,
                $"Check every byte of {backup.FileName} against its manifest; connect to {target}, check versions and privileges",
                null),
            new(RunStep.Statistics, $"Count and hash the rows of every table of {target}", null),
            new(RunStep.SafetyBackup, $"Back {target} up to {job.Backups.Directory}", job.Limits.SafetyBackup),
            .. Replace(options.SkipRefused ? job with { Publish = PublishMode.Swap } : job, options.SkipRefused),
        ];
    }

    public static IReadOnlyList<PlannedStep> RestoreTables(
        JobConfig job,
        BackupFile backup,
        IReadOnlyList<string> patterns,
        RunOptions options)
    {
        Guards.EnsureMaySkip(options);
        var (target, tables) = (job.TargetDatabase.DisplayName, string.Join(", ", patterns));
        return
        [
            .. Restore(job, backup, options).TakeWhile(s => s.Step != RunStep.Restore),
            new(RunStep.Restore, $"In one transaction: take the foreign keys of {tables} away and switch their triggers off, delete "
                + $"the rows of {tables}, load their rows from the backup, set their sequences, put triggers and foreign keys back and "
                + "check these against every row", job.Limits.Restore),
            new(RunStep.Verify, $"Compare rows and content of {tables} with the backup", job.Limits.Restore),
            new(RunStep.Publish, "Publish: commit", job.Limits.Restore),
            new(RunStep.CleanUp, $"Remove backups older than {job.Backups.KeepDays} days", null),
        ];
    }

    static IEnumerable<PlannedStep> Replace(JobConfig job, bool skipsRefused = false)
    {
        var target = job.TargetDatabase.DisplayName;
        var pooled = job.TargetDatabase.Pooler is not null || job.TargetDatabase.PoolerProblem is not null
            ? "; its PgBouncer's clients wait meanwhile" : "; clients that come through a PgBouncer may be refused for 15 s, unless "
                + "its console is named as the database's pooler";
        var (how, publish) = job.Publish switch
        {
            PublishMode.Swap => ("into a new database beside it", "rename both databases in one transaction; sessions on the old one "
                + "are ended" + pooled),
            PublishMode.Transaction => ("in one transaction", "commit"),
            _ => ("into a new database beside it, or in one transaction where the role may not create "
                + "databases", "rename both databases in one transaction" + pooled + "; or commit"),
        };
        return
        [
            new(RunStep.Restore, $"Restore for {target} {how}, out of "
                + $"sight{(skipsRefused ? "; leave out, and name, what its server refuses to create, but no rows" : "")}",
                job.Limits.Restore),
            new(RunStep.Verify, $"Compare rows{(job.Verify.Content ? " and content" : "")} of every "
                + $"table{(skipsRefused ? " and" : ",")} sequences{(skipsRefused ? "" : " and all other objects")} with the "
                + "snapshot", job.Limits.Restore),
            new(RunStep.Publish, $"Publish: {publish}", job.Limits.Restore),
            new(RunStep.CheckPublished, $"Check {target} by its public address; undo on any difference", job.Limits.Restore),
            new(RunStep.CleanUp, $"Drop the previous content and remove backups older than {job.Backups.KeepDays} days", null),
        ];
    }
}
