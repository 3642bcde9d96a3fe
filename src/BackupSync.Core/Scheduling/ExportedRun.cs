using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Operations;

namespace BackupSync.Scheduling;

/// <summary>What a scheduler of somebody else's calls: <c>backupsync sync</c> or <c>plan</c>, with what it needs around it.</summary>
/// <param name="Id">For names of files, units and objects: small letters, digits and hyphens, and no other run has it.</param>
/// <param name="Limit">When it has ended at the latest, by its own limits, undoing what it began included.</param>
/// <param name="Folders">Those that it writes to; absolute.</param>
sealed record ExportedRun(ScheduleItem Item, string Id, IReadOnlyList<string> Arguments, TimeSpan Limit, IReadOnlyList<string> Folders)
{
    /// <summary>Kubernetes allows 52 characters for a CronJob, and each kind needs some for itself.</summary>
    const int LongestId = 50;

    public ScheduleConfig Schedule => Item.Schedule;

    /// <summary>For people.</summary>
    public string Title => $"BackupSync: {string.Join(' ', Arguments)}";

    /// <summary>Of the items that are chosen, one for each; what it is called depends on the whole configuration alone.</summary>
    /// <param name="byMember">Whether a plan becomes one for each of its databases.</param>
    public static IReadOnlyList<ExportedRun> Of(BackupSyncConfig config, IReadOnlyList<string> names, bool byMember)
    {
        var all = ScheduleItem.Of(config).SelectMany(i => Of(config, i, byMember)).ToList();
        var taken = all.GroupBy(r => r.Id).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet();
        var chosen = Schedules.Select(config, names).Select(i => i.Key).ToHashSet();
        return [.. all.Where(r => chosen.Contains(r.Item.Key)).Select(r => taken.Contains(r.Id) ? r with { Id = WithHash(r) } : r)];
    }

    static IEnumerable<ExportedRun> Of(BackupSyncConfig config, ScheduleItem item, bool byMember)
    {
        if (item.Job is { } job)
        {
            // A run's limit, and as long again to bring the target back.
            yield return Make(["sync", job.Name], job.Limits.Total * 2, [job.Backups.Directory]);
            yield break;
        }
        var plan = item.Plan!;
        IEnumerable<string> folders =
            [BackupOrders.LocalOf(plan.Places, config).Directory, .. plan.Places.OfType<FolderPlaceConfig>().Select(p => p.Directory)];
        var rounds = (plan.Databases.Count + plan.Parallel - 1) / plan.Parallel;
        if (!byMember)
            yield return Make(["plan", plan.Name], RunSettings.LongLimits.Total * rounds, folders);
        else
        {
            foreach (var database in plan.Databases)
                yield return Make(["plan", plan.Name, "--database", database.Name], RunSettings.LongLimits.Total, folders);
        }

        ExportedRun Make(IReadOnlyList<string> arguments, TimeSpan limit, IEnumerable<string> written)
        {
            var words = arguments.Where(a => a != "--database").Select(SafeWord).ToList();
            var run = new ExportedRun(
                item, string.Join('-', words.Prepend("backupsync")), arguments, limit,
                [.. written.Append(config.Service.State).Distinct(StringComparer.Ordinal)]);
            var isSaid = words.Zip(arguments.Where(a => a != "--database")).All(w => w.First == w.Second) && run.Id.Length <= LongestId;
            return isSaid ? run : run with { Id = WithHash(run) };
        }
    }

    static string SafeWord(string name)
    {
        var word = string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '-'));
        return string.Join('-', word.Split('-', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Names that become the same, or that were cut, differ by what they are.</summary>
    static string WithHash(ExportedRun run)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', run.Arguments))))[..6];
        return string.Create(CultureInfo.InvariantCulture, $"{run.Id[..Math.Min(run.Id.Length, LongestId - 7)].TrimEnd('-')}-{hash}");
    }
}
