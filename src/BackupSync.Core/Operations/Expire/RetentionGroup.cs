using BackupSync.Backups;
using BackupSync.Configuration;

namespace BackupSync.Operations.Expire;

/// <summary>The backups of one job or plan, database and kind. The newest good one is the measure of the others' age, and stays.</summary>
sealed class RetentionGroup
{
    readonly IReadOnlyList<BackupFolderEntry> _entries;
    readonly RetentionRules _rules;
    readonly RetentionRule _rule;
    readonly DateTimeOffset _now;
    readonly BackupFile? _newest;

    /// <summary>Why those stay that are the newest of their day, week or month, by path.</summary>
    readonly Dictionary<string, string> _newestOfTheirPeriod;

    /// <param name="entries">At least one; all have a backup.</param>
    public RetentionGroup(IReadOnlyList<BackupFolderEntry> entries, RetentionRules rules, DateTimeOffset now)
    {
        (_entries, _rules, _now) = (entries, rules, now);
        _rule = rules.Of(entries[0].Backup!);
        var good = BackupCatalog.NewestFirst(
            entries.Where(e => e.IsGood && !FailedProof(e.Backup!) && !IsFromTheFuture(e.Backup!)).Select(e => e.Backup!)).ToList();
        _newest = good.FirstOrDefault();
        // One that has a time of its own may go before its day does, and must not stand for it.
        _newestOfTheirPeriod = RetentionPeriods.Newest(
            good.Where(b => b.KeepDays is null && TagRuleOf(b) is null),
            _rule.Keep ?? new KeepConfig());
    }

    public IEnumerable<RetentionDecision> Decide()
    {
        var verdicts = _entries.Select(e => (Entry: e, Backup: e.Backup!, Verdict: Verdict(e.Backup!))).ToList();
        // The history is long: it is asked about no others, and once.
        var expired = verdicts.Where(v => !v.Verdict.Stays && v.Backup.Kind == BackupKind.Safety).Select(v => v.Backup).ToList();
        var endedWell = expired.Count == 0 ? null : _rules.EndedWell(expired);
        foreach (var (entry, backup, verdict) in verdicts)
        {
            var (stays, reason) = !verdict.Stays && backup.Kind == BackupKind.Safety && endedWell?.Contains(backup.RunId) != true
                ? (true, $"safety backup of run {backup.RunId}, which is not known to have ended well")
                : verdict;
            yield return new RetentionDecision(entry.Path, entry.Size, !stays, reason + DamageOf(entry), backup)
            {
                Companions = entry.Companions,
            };
        }
    }

    (bool Stays, string Reason) Verdict(BackupFile backup) =>
        ReasonWhateverTheRules(backup) is { } reason ? (true, reason) : ByRules(backup, _rule.Keep!);

    string? ReasonWhateverTheRules(BackupFile backup) =>
        _rule.Keep is null ? _rule.Stays
        : backup.Pinned ? "pinned"
        : IsFromTheFuture(backup) ? FutureMoment.Why
        : _newest is null ? "there is no good backup newer than it"
        : _newest.Path == backup.Path ? backup.Kind switch
        {
            BackupKind.Plan => $"the newest backup of {backup.Database} by the plan {backup.Job}",
            BackupKind.Manual => $"the newest backup of {backup.Database} taken by hand",
            var kind => $"the newest {kind.ToString().ToLowerInvariant()} backup of {backup.Job}",
        }
        : backup.Created > _newest.Created ? "newer than the newest good one"
        : null;

    (bool Stays, string Reason) ByRules(BackupFile backup, KeepConfig keep)
    {
        if (backup.KeepDays is { } own)
            return ByAge(backup, own, ", stated for it");
        if (TagRuleOf(backup) is { } tag)
            return tag.Days is { } days
                ? ByAge(backup, days, $", the rule of {tag.Pattern}")
                : (true, $"kept for ever, the rule of {tag.Pattern}");
        if (backup.Kind == BackupKind.Manual)
            return (true, "taken by hand");

        string? reason = null;
        if (keep.Days is { } age)
        {
            (var isYoung, reason) = ByAge(backup, age, "");
            if (isYoung)
                return (true, reason);
        }
        return _newestOfTheirPeriod.TryGetValue(backup.Path, out var newest) ? (true, newest)
            : (false, string.Join(", and ", new[] { reason, RetentionPeriods.Describe(keep) }.OfType<string>()));
    }

    (bool Stays, string Reason) ByAge(BackupFile backup, int days, string whose)
    {
        var age = (_newest!.Created < _now ? _newest.Created : _now) - backup.Created;
        return age.TotalDays < days ? (true, $"not yet {Quantity.Of(days, "day")} older than the newest{whose}")
            : (false, days == 0 ? $"older than the newest{whose}" : $"older than {Quantity.Of(days, "day")}{whose}");
    }

    TagKeep? TagRuleOf(BackupFile backup) => backup.Tag is null ? null
        : _rule.Keep?.Tags.FirstOrDefault(t => TagPattern.Matches(t.Pattern, backup.Tag));

    bool IsFromTheFuture(BackupFile backup) => FutureMoment.Is(backup.Created, _now);

    /// <summary>It has the right size, but somebody has looked into it since.</summary>
    static bool FailedProof(BackupFile backup) => backup.Proof is { Bad: true };

    static string DamageOf(BackupFolderEntry entry) =>
        entry.Problem is { } problem ? $"; it {problem}"
        : entry.Backup!.Proof is { Bad: true } proof ? $"; it failed its {(proof.How == BackupProof.Drill ? "drill" : "integrity check")}"
        : "";
}
