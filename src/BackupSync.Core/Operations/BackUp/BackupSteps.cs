using BackupSync.Configuration;
using BackupSync.Operations.Expire;
using BackupSync.Runs;

namespace BackupSync.Operations.BackUp;

/// <summary>The steps of a backup of one database.</summary>
sealed class BackupSteps(BackupRequest request)
{
    readonly string _database = request.Database.Name;
    readonly RunSettings _settings = request.Settings;

    public Step Lock => new(RunStep.Lock, $"Lock {_settings.Folder}", null);
    public Step Check => new(RunStep.Check, $"Connect to {_database} and check it", _settings.ConnectLimit(2));
    public Step Statistics => new(RunStep.Statistics, $"Read the statistics of {_database}", null, ErrorIds.StatisticsFailed);
    public Step Dump => new(RunStep.Dump, $"Back {_database} up", _settings.DumpLimit, ErrorIds.DumpFailed);

    public Step Prove => new(RunStep.Prove,
        request.Order.Verify == BackupProof.Drill ? "Restore the backup on trial" : "Read the backup to its end", _settings.RestoreLimit);

    public Step StoreIn(PlaceConfig place) => new(RunStep.Store, $"Store in {place.Name}", _settings.DumpLimit);

    public Step CleanUp => BackupCleanUp.Step;

    public IReadOnlyList<Step> All =>
        [Lock, Check, Statistics, Dump, Prove, .. request.Order.Places.Where(p => p != request.Order.Local).Select(StoreIn), CleanUp];
}
