using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations.Expire;

namespace BackupSync.Application;

/// <summary>A place whose backups that have served their time are removed, or the directory of a job.</summary>
public sealed record CleanUpTarget
{
    readonly Func<DateTimeOffset, CancellationToken, Task<IReadOnlyList<RetentionDecision>>> _decide;

    CleanUpTarget(
        string title, PlaceConfig place, Func<DateTimeOffset, CancellationToken, Task<IReadOnlyList<RetentionDecision>>> decide) =>
        (Title, Place, _decide) = (title, place, decide);

    /// <summary>As people call it.</summary>
    public string Title { get; }
    public PlaceConfig Place { get; }

    /// <summary>What time it is: backups are as old as that.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>What is meant by the jobs and places that were named: all of both where none is.</summary>
    /// <param name="keepDays">In days, for what jobs have left; null for their own.</param>
    /// <exception cref="BackupSyncException">A name is unknown, or the options do not go together.</exception>
    public static IReadOnlyList<CleanUpTarget> Of(
        BackupSyncConfig config, IReadOnlyList<string>? jobs, IReadOnlyList<string>? places, int? keepDays)
    {
        var (namedJobs, namedPlaces) = (jobs is { Count: > 0 }, places is { Count: > 0 });
        if (OptionRules.CleanUp(keepDays is not null, namedPlaces) is { } refusal)
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, refusal);
        var chosenJobs = namedPlaces && !namedJobs ? [] : Selection.Jobs(config, jobs);
        var chosenPlaces = Selection.Places(config, places) ?? (namedJobs || keepDays is not null ? [] : config.Places);
        return [.. chosenJobs.Select(j => Of(JobFolder.Of(j), keepDays)), .. chosenPlaces.Select(p => Of(p, config))];
    }

    public static CleanUpTarget Of(JobFolder folder, int? keepDays) => new(
        folder.Job is { } job ? $"Job {job.Name}" : $"Directory {folder.Directory}", FolderPlaceConfig.At(folder.Directory),
        (now, _) => Task.FromResult(folder.PlanCleanUp(keepDays, now)));

    static CleanUpTarget Of(PlaceConfig place, BackupSyncConfig config) => new(
        $"Place {place.Name}", place, (now, ct) => JobBackups.PlanCleanUpAsync(place, config, now, ct));

    /// <summary>Decides about every file; removes nothing.</summary>
    /// <param name="told">
    /// What was decided about before, and is added to: a job's directory may stand among the folders of a place, and is told once.
    /// </param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<IReadOnlyList<RetentionDecision>> PlanAsync(ISet<string> told, CancellationToken cancellationToken) =>
        [.. (await _decide(Clock.GetUtcNow(), cancellationToken)).Where(d => told.Add(KeyOf(d)))];

    /// <summary>Buckets of two servers may have the same name. What one target keeps another may have to remove.</summary>
    string KeyOf(RetentionDecision decision) =>
        $"{(decision.Remove ? "-" : "+")} {(Place is FolderPlaceConfig ? "" : Place.Name)} {RealPath.OfFile(decision.Path)}";

    /// <inheritdoc cref="Retention.ApplyAsync"/>
    public Task<IReadOnlyList<RetentionDecision>> ApplyAsync(
        IReadOnlyList<RetentionDecision> plan, Action<string>? warn, CancellationToken cancellationToken) =>
        Retention.ApplyAsync(Place, plan, warn, cancellationToken);
}
