using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Operations.Expire;

/// <summary>What decides about a backup.</summary>
/// <param name="Keep">The rules it is under; null where it is under none.</param>
/// <param name="Stays">Why it stays then, as a phrase.</param>
sealed record RetentionRule(KeepConfig? Keep, string? Stays)
{
    public static RetentionRule Of(KeepConfig keep) => new(keep, null);

    public static RetentionRule None(string stays) => new(null, stays);
}

/// <summary>By what a backup plan keeps what it has taken.</summary>
/// <param name="Databases">The names of those that it backs up.</param>
sealed record PlanRule(string Name, IReadOnlyList<string> Databases, KeepConfig Keep);

/// <summary>Which rules the backups of a folder or place are under.</summary>
/// <param name="Of">Asked once for each job or plan, database and kind.</param>
/// <param name="EndedWell">
/// Asked once for the safety backups of a job that have served their time: which runs are known to have ended well.
/// </param>
sealed record RetentionRules(Func<BackupFile, RetentionRule> Of, Func<IReadOnlyList<BackupFile>, IReadOnlySet<string>> EndedWell)
{
    /// <summary>For places, where no safety backups are.</summary>
    public static readonly Func<IReadOnlyList<BackupFile>, IReadOnlySet<string>> NoneEndedWell = _ => new HashSet<string>();

    /// <summary>A job's own directory: everything is kept for so many days.</summary>
    /// <param name="history">The runs that took some backups; what tells how they ended.</param>
    public static RetentionRules OfJob(int keepDays, string? job, Func<IReadOnlyList<BackupFile>, IEnumerable<RunResult>> history)
    {
        var keep = RetentionRule.Of(new KeepConfig { Days = keepDays });
        return new RetentionRules(
            backup => job is null || backup.Job == job ? keep : RetentionRule.None($"of another job, {backup.Job}"),
            backups => history(backups).Where(r => r.Success).Select(r => r.RunId).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>The same, but what a plan has taken is kept by that plan's rules, and stays where nobody knows it.</summary>
    public RetentionRules WithPlans(IReadOnlyList<PlanRule> plans)
    {
        var (others, ofPlans) = (Of, OfPlans(plans).Of);
        return this with { Of = backup => backup.Kind == BackupKind.Plan ? ofPlans(backup) : others(backup) };
    }

    /// <summary>
    /// A place: the rules of the plan that took a backup. One taken by hand is under the tags of all plans that its database
    /// is in, in the file's order.
    /// </summary>
    public static RetentionRules OfPlans(IReadOnlyList<PlanRule> plans)
    {
        RetentionRule RuleOf(BackupFile backup) => backup.Kind switch
        {
            BackupKind.Plan => plans.FirstOrDefault(p => p.Name == backup.Job) is { } plan
                ? RetentionRule.Of(plan.Keep)
                : RetentionRule.None($"of the plan {backup.Job}, which is not in the configuration"),
            BackupKind.Manual => RetentionRule.Of(new KeepConfig
            {
                Tags = [.. plans.Where(p => p.Databases.Contains(backup.Database)).SelectMany(p => p.Keep.Tags)],
            }),
            _ => RetentionRule.None($"a copy of a backup of the job {backup.Job}"),
        };
        return new RetentionRules(RuleOf, NoneEndedWell);
    }
}
