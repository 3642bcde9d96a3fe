using BackupSync.Configuration;
using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Operations.FullSync;

/// <summary>The steps of a full sync.</summary>
sealed class SyncSteps(SyncRequest request)
{
    readonly string _source = request.Source.Name, _target = request.Target.Name;
    readonly RunSettings _settings = request.Settings;

    public Step Lock => SideSteps.Lock(request.Target, _settings);

    public Step Check => SideSteps.CheckBoth(_settings,
        $"Connect to {_source} and {_target}, check versions, privileges, free connections and disk space, clear what dead runs left");

    public Step ProveDifferent => SideSteps.ProveDifferent(request.Source, request.Target, _settings);

    public Step Statistics => new(RunStep.Statistics, "Read the statistics of both databases", null, ErrorIds.StatisticsFailed)
    {
        Plan = $"Take a snapshot of {_source}, count {(request.Verify.Content ? "and hash " : "")}the rows of every table on both sides; "
            + $"refuse if more than {Percentages.Show(request.MaximumShrink)} of {_target}'s rows are gone. {GivingWay}",
    };

    public Step Dump => new(RunStep.Dump, $"Dump {_source}", _settings.DumpLimit, ErrorIds.DumpFailed)
    {
        Plan = $"Dump {_source} to {_settings.Folder}",
    };

    public Step SafetyBackup =>
        SideSteps.SafetyBackup(request.Target, _settings, $"Back {_target} up to {_settings.Folder}, at the same time");

    /// <param name="mode">How it is published, once that is known.</param>
    public ReplacementSteps Replace(PublishMode mode) => new(request.Target, _settings, mode, request.Verify.Content);

    public Step CleanUp => Expire.CleanUp.StepOf(request.KeepDays, dropsPrevious: true);

    /// <summary>In their order; dump and safety backup at the same time.</summary>
    public IReadOnlyList<Step> All =>
        [Lock, Check, ProveDifferent, Statistics, Dump, SafetyBackup, .. Replace(request.Publish).All, CleanUp];

    string GivingWay => _settings.Limits.Blocking is { } limit
        ? $"From here to the end of the dumps: if others have waited for the run for {Durations.Show(limit)}, "
            + "let go of everything and begin anew, three times at most"
        : "From here to the end of the dumps, others have to wait for the run (limits.blocking)";
}
