using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Tests.Backups;
using BackupSync.Tests.Runs;

namespace BackupSync.Tests.Application;

/// <summary>Which safety backup is chosen to bring a job's target back, and what is told of it.</summary>
[Trait("Needs", "nothing")]
public sealed class SafetyBackupsTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly List<string> _warnings = [];

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData(SyncMode.Incremental, RunOutcome.Succeeded, 1, true)]
    [InlineData(SyncMode.Incremental, RunOutcome.Succeeded, -1, false)]
    [InlineData(SyncMode.Incremental, RunOutcome.RolledBack, 1, false)]
    [InlineData(SyncMode.Full, RunOutcome.Aborted, 1, false)]
    public void Updates_since_the_last_full_run_are_told(SyncMode mode, RunOutcome outcome, int hoursLater, bool told)
    {
        BackupSamples.Add(_temp.Path, "full.dump", BackupKind.Safety, runId: "full");
        Record("full", SyncMode.Full, RunOutcome.Succeeded, TimeSpan.FromMinutes(1));
        Record("later", mode, outcome, TimeSpan.FromHours(hoursLater));

        Assert.Equal("full.dump", SafetyBackups.Latest(Job(), _warnings.Add).FileName);

        if (told)
            Assert.Contains("the last at 2025-10-18 07:00:12 UTC", Assert.Single(_warnings), StringComparison.Ordinal);
        else
            Assert.Empty(_warnings);
    }

    JobConfig Job() => AdHocJob.From("postgresql://u@127.0.0.1/a", "postgresql://u@127.0.0.1/b", _temp.Path, null) with
    {
        Name = "railway-to-neon", Backups = new BackupsConfig { Directory = _temp.Path },
    };

    void Record(string runId, SyncMode mode, RunOutcome outcome, TimeSpan later) => RunHistory.Append(
        _temp.Path,
        RunSamples.Succeeded(runId) with { Mode = mode, Outcome = outcome, EndTime = BackupSamples.Morning + later });
}
