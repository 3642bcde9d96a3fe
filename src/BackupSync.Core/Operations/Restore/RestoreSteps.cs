using BackupSync.Configuration;
using BackupSync.Operations.Publishing;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Operations.Restore;

/// <summary>The steps of a restore: of a whole backup, or of some of its tables.</summary>
sealed class RestoreSteps(RestoreRequest request)
{
    readonly string _target = request.Target.Name, _file = request.Backup.File.FileName;
    readonly string _place = request.Backup.File.Place is { } place ? $", in {place}," : "";
    readonly string _tables = string.Join(", ", request.Tables.Select(AddressText.Shown));
    readonly RunSettings _settings = request.Settings;

    public Step Lock => SideSteps.Lock(request.Target, _settings);

    public Step Check => new(RunStep.Check, $"Check {_file} and {_target}", null)
    {
        Plan = $"Check every byte of {_file}{_place} against its manifest; connect to {_target}"
            + (request.Tables.Count > 0 ? "" : ", or create it where it is not there") + "; check versions and privileges",
    };

    public Step Statistics => new(RunStep.Statistics, $"Read the statistics of {_target}", null, ErrorIds.StatisticsFailed)
    {
        Plan = $"Count and hash the rows of every table of {_target}",
    };

    public Step SafetyBackup => SideSteps.SafetyBackup(request.Target, _settings, $"Back {_target} up to {_settings.Folder}");

    /// <param name="mode">How it is published, once that is known.</param>
    public ReplacementSteps Replace(PublishMode mode) =>
        new(request.Target, _settings, mode, request.Verify.Content, request.SkipRefused);

    public Step RestoreTables => new(
        RunStep.Restore, $"Restore into {_target} (in one transaction)", _settings.RestoreLimit, ErrorIds.RestoreFailed)
    {
        Plan = $"In one transaction: take the foreign keys of {_tables} away and switch their triggers off, delete the rows of {_tables}, "
            + "load their rows from the backup, set their sequences, put triggers and foreign keys back and check these against every row",
    };

    public Step VerifyTables => new(RunStep.Verify, "Verify before publishing", _settings.RestoreLimit, ErrorIds.VerificationFailed)
    {
        Plan = $"Compare rows and content of {_tables} with the backup",
    };

    public Step PublishTables => new(RunStep.Publish, $"Publish {_target}", _settings.RestoreLimit, ErrorIds.PublishFailed)
    {
        Plan = "Publish: commit",
    };

    public Step CleanUp => Expire.CleanUp.StepOf(request.KeepDays, dropsPrevious: request.Tables.Count == 0);

    public IReadOnlyList<Step> All => Planned(isCreated: false);

    /// <param name="isCreated">Whether the target is not there, so that it holds nothing to save.</param>
    public IReadOnlyList<Step> Planned(bool isCreated) =>
    [
        Lock, Check, Statistics, .. isCreated ? (Step[])[] : [SafetyBackup],
        .. request.Tables.Count > 0 ? [RestoreTables, VerifyTables, PublishTables] : Replace(PlannedMode).All,
        CleanUp,
    ];

    /// <summary>Only beside the target can something be left out: a transaction ends with the first refusal.</summary>
    PublishMode PlannedMode => request.SkipRefused ? PublishMode.Swap : request.Publish;
}
