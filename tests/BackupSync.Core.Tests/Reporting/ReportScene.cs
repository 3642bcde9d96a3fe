using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Reporting;
using BackupSync.Runs;
using BackupSync.Tests.Backups;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Reporting;

/// <summary>
/// A month of production on Railway, its standby on Neon and a development database, as it is recorded: mostly well, with some failures.
/// It is half past nine on the first of December 2026.
/// </summary>
sealed class ReportScene : IDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 12, 1, 9, 30, 0, TimeSpan.Zero);

    readonly TempFolder _temp = new();
    readonly Random _random = new(7);

    public ReportScene(string more = "") => Config = ConfigurationFile.Load(_temp.Write("backupsync.yml", $$"""
        tiers:
          critical: { rto: 1h, rpo: 13h }
          relaxed: { rpo: 26h }
        databases:
          railway: { url: "${NOT_SET_ANYWHERE}", role: production, tier: critical }
          neon: { url: "${NOT_SET_ANYWHERE}", tier: critical, provider: neon }
          billing: { url: "${NOT_SET_ANYWHERE}", role: production, tier: relaxed }
          development: { url: "${NOT_SET_ANYWHERE}", role: development }
        places:
          local: { directory: backups }
        jobs:
          railway-to-neon: { source: railway, target: neon, schedule: { cron: "0 6,18 * * *" }, backups: { directory: copies } }
          refresh: { source: railway, target: development, schedule: { cron: "15 6 * * *" }, backups: { directory: refreshes } }
        backupPlans:
          nightly: { databases: [railway, billing], places: [local], schedule: { cron: "0 2 * * *" } }
        health:
          databases: { railway: { every: 30s } }
          services:
            gateway: { http: "https://gateway.example.com/health?key=never-shown" }
            search: { http: "https://search.example.com/health" }
        {{more}}
        """));

    public BackupSyncConfig Config { get; }
    public FakeTimeProvider Clock { get; } = new(Now);
    public List<string> Warnings { get; } = [];
    public string Folder => _temp.Path;

    /// <summary>All that was recorded of the last days, oldest first.</summary>
    public List<RunResult> Runs { get; } = [];

    public void Dispose() => _temp.Dispose();

    public Task<HealthReport> HealthAsync() => HealthReport.ReadAsync(Config, Clock, Warnings.Add, default);

    public Task<string> PageAsync(int days = 30) => ReportPage.OfAsync(Config, days, Clock, Warnings.Add, default);

    /// <summary>All of it.</summary>
    public ReportScene Fill()
    {
        for (var day = -34; day <= 0; day++)
        {
            var midnight = Now.Date.AddDays(day);
            var size = 1_840_000 + (day + 34) * 21_000L + _random.Next(40_000);
            Backup("railway", At(midnight, 2, 0), size, Took(21, 6), day == -20 ? RunOutcome.Incomplete : RunOutcome.Succeeded);
            Backup("billing", At(midnight, 2, 1), size / 3, Took(9, 2), RunOutcome.Succeeded);
            Sync("railway-to-neon", "neon", At(midnight, 6, 0), size, Took(42, 9), (day % 13) switch
            {
                -7 => RunOutcome.RolledBack,
                _ => RunOutcome.Succeeded,
            });
            Sync("refresh", "development", At(midnight, 6, 15), size, Took(64, 20), day switch
            {
                0 => RunOutcome.Aborted,
                -9 or -10 => RunOutcome.Skipped,
                _ => RunOutcome.Succeeded,
            });
            if (day % 7 == 0)
                Drill(At(midnight, 4, 0), size);
            if (day < 0)
                Sync("railway-to-neon", "neon", At(midnight, 18, 0), size, Took(40, 8), RunOutcome.Succeeded);
        }
        Probe(ProbeKind.Database, "railway", new ProbeAnswer(3.2, null) { ConnectionsUsed = 31, ConnectionsLimit = 97 });
        Probe(ProbeKind.Service, "gateway", new ProbeAnswer(48.3, null));
        Probe(ProbeKind.Service, "search", new ProbeAnswer(61.9, null));
        return this;
    }

    /// <summary>The last failure was mended since.</summary>
    public ReportScene Mend()
    {
        var last = Runs.Last(r => r.Job == "refresh");
        Record("refreshes", last with
        {
            RunId = "mended", Outcome = RunOutcome.Succeeded, Error = null, StartTime = last.EndTime.AddHours(1),
            EndTime = last.EndTime.AddHours(1).AddSeconds(71), SnapshotTime = last.EndTime.AddHours(1),
        });
        return this;
    }

    public void Record(string folder, RunResult run)
    {
        var directory = _temp.File(folder);
        RunHistory.Append(directory, run);
        LatestRuns.Update(directory, run);
        Runs.Add(run);
    }

    public void Probe(ProbeKind kind, string name, ProbeAnswer answer)
    {
        Directory.CreateDirectory(ProbeRecord.FolderOf(Config.Service.State));
        var rule = kind == ProbeKind.Database
            ? ProbeRule.Of(Config.Health.Databases.Single(d => d.Name == name))
            : ProbeRule.Of(Config.Health.Services.Single(s => s.Name == name));
        rule.After(ProbeRecord.Read(Config.Service.State, kind, name), kind, name, answer, Clock.GetUtcNow()).Write(Config.Service.State);
    }

    void Sync(string job, string target, DateTimeOffset start, long size, double seconds, RunOutcome outcome) => Record(
        job == "refresh" ? "refreshes" : "copies", Run(job, RunKind.Sync, start, size, seconds, outcome) with
        {
            Source = "railway", Target = target, SnapshotTime = outcome == RunOutcome.Succeeded ? start.AddSeconds(1) : null,
        });

    void Backup(string database, DateTimeOffset start, long size, double seconds, RunOutcome outcome)
    {
        var folder = $"backups/{database}";
        Record(folder, Run("nightly", RunKind.Backup, start, size, seconds, outcome) with
        {
            Source = database, Target = "local", DatabaseName = database,
        });
        if (start > Now.AddDays(-3))
            BackupSamples.Add(
                _temp.File(folder), $"{database}_backup_{start:yyyyMMdd_HHmmss}.dump", BackupKind.Plan, start, Runs[^1].RunId, "nightly",
                m => m with
                {
                    Database = database,
                    Proof = new ProofRecord(BackupProof.Integrity, start.AddMinutes(3), 20, null, null, null),
                });
    }

    void Drill(DateTimeOffset start, long size) => Record("backups/railway", Run(
        "nightly", RunKind.Drill, start, size, Took(95, 20), RunOutcome.Succeeded) with
    {
        Source = "railway_backup.dump", Target = "throw-away", DatabaseName = "railway",
    });

    static RunResult Run(string job, RunKind kind, DateTimeOffset start, long size, double seconds, RunOutcome outcome)
    {
        var id = $"{start:MMddHHmm}{job.Length:x2}";
        return new RunResult
        {
            RunId = id, Job = job, Kind = kind, Outcome = outcome, Source = "", Target = "", StartTime = start,
            EndTime = start.AddSeconds(seconds),
            SourceStats = new Dictionary<string, long> { ["public.users"] = 512, ["public.transactions"] = 20_065 },
            Steps =
            [
                new StepResult(RunStep.Dump, StepState.Succeeded, start, Math.Round(seconds * 0.3, 1), null),
                new StepResult(RunStep.Restore, StepState.Succeeded, start, Math.Round(seconds * 0.5, 1), null),
            ],
            SourceBackup = kind == RunKind.Sync && outcome != RunOutcome.Succeeded ? null : new BackupFile(
                "/backups/a.dump", BackupKind.Source, job, "railway", start, size, 20_577, 2, id, "18.6", "00"),
            Error = outcome switch
            {
                RunOutcome.RolledBack => new RunError(
                    ErrorIds.VerificationFailed, RunStep.Verify,
                    "neon: public.wallets has 511 rows after the restore, and 512 were dumped.",
                    "DETAIL:  never-shown", "Look at triggers and rules of the target that change rows, then run again.",
                    "Rollback successful - Neon database preserved"),
                RunOutcome.Aborted => new RunError(
                    ErrorIds.ConnectionFailed, RunStep.Check, "development: dev.example.com:5432 did not answer within 30.0s.", null,
                    "Check host and port, the network and the server; raise limits.connect for a compute that is slow to wake.", null),
                RunOutcome.Incomplete => new RunError(
                    ErrorIds.PlaceFailed, RunStep.Store, "The place local has no room left: 1.2 MB are free, and 1.84 MB are needed.",
                    null,
                    "Free space there, or keep fewer backups.", null),
                RunOutcome.Skipped => new RunError(
                    ErrorIds.RunInProgress, RunStep.Lock, "Another run holds development.", null, null, null),
                _ => null,
            },
        };
    }

    double Took(double typical, double more) => Math.Round(typical + _random.NextDouble() * more, 1);

    static DateTimeOffset At(DateTime midnight, int hour, int minute) => new(midnight.AddHours(hour).AddMinutes(minute), TimeSpan.Zero);
}
