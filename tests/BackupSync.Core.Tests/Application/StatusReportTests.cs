using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Runs;
using BackupSync.Tests.Backups;
using BackupSync.Tests.Runs;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Application;

/// <summary>How databases and jobs stand by what is recorded in their folders. It is the 18th of October 2025, a Saturday.</summary>
[Trait("Needs", "nothing")]
public sealed class StatusReportTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(At(12, 0));
    readonly List<string> _warnings = [];
    BackupSyncConfig _config;

    public StatusReportTests() => _config = ConfigurationFile.Load(_temp.Write("backupsync.yml", """
        tiers:
          critical: { rpo: 6h }
        databases:
          railway: { url: "${NOT_SET_ANYWHERE}", role: production, tier: critical }
          neon: { url: "${NOT_SET_ANYWHERE}" }
          scratch: { url: "${NOT_SET_ANYWHERE}", role: development }
        places:
          local: { directory: backups }
          attic: { directory: attic }
        jobs:
          copy: { source: railway, target: neon, schedule: { cron: "0 6,18 * * *" }, backups: { directory: copies } }
        backupPlans:
          nightly: { databases: [railway], places: [local], schedule: { cron: "0 2 * * *", timeZone: "Europe/Paris" } }
        """));

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task What_was_never_done_is_said_of_what_needs_it_alone()
    {
        var report = await ReadAsync();

        Assert.Equal(
            [
                "railway: Never (the plan nightly has never run)",
                "neon: Unplanned (no job, plan or tier asks for a copy of it)",
                "scratch: Unplanned (no job, plan or tier asks for a copy of it)",
                "copy: Never (the job has never run)",
            ],
            report.Entries.Select(e => e.ToString()));
        Assert.False(report.IsGood);
        Assert.Equal([StatusKind.Database, StatusKind.Database, StatusKind.Database, StatusKind.Job], report.Entries.Select(e => e.Kind));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task A_good_sync_and_a_good_backup_are_all_that_is_needed()
    {
        RecordSync(At(6, 0));
        RecordBackup(At(0, 0));
        AddBackup("backups/railway", At(0, 0), m => m with
        {
            Proof = new ProofRecord(BackupProof.Drill, At(0, 5), 60, null, null, null) { RestoredInto = "18.6" },
        });

        var report = await ReadAsync();

        Assert.True(report.IsGood, string.Join('\n', report.Entries));
        var (railway, neon, copy) = (report.Entries[0], report.Entries[1], report.Entries[3]);
        Assert.Equal((At(6, 0), "Full", 6 * 3600.0, 6 * 3600.0), (copy.LastCopy, copy.CopiedBy, copy.AgeSeconds, copy.RpoLimitSeconds));
        Assert.Equal((At(6, 0), RunKind.Sync, RunOutcome.Succeeded), (copy.LastRun, copy.LastKind, copy.LastOutcome));
        Assert.Equal(At(18, 0), copy.NextDue);
        // Both sides hold since what the sync has read: it is newer than the backup.
        Assert.Equal((At(6, 0), "copy", At(0, 0)), (railway.LastCopy, railway.CopiedBy, railway.LastBackup));
        Assert.Equal((At(0, 5), "restored 18.6"), (railway.LastProof, railway.Proof));
        Assert.Equal(At(24, 0), railway.NextDue); // 02:00 in Paris
        Assert.Equal((StatusState.Good, At(6, 0)), (neon.State, neon.LastCopy));
        Assert.Null(railway.Reason);
    }

    [Fact]
    public async Task A_copy_older_than_the_RPO_is_late()
    {
        RecordSync(At(6, 0));
        RecordBackup(At(0, 0));
        AddBackup("backups/railway", At(0, 0));
        _clock.Advance(TimeSpan.FromMinutes(1));

        var report = await ReadAsync();

        Assert.Equal("railway: Late (the newest copy is 6h 01m old, and may be 6h 00m)", report.Entries[0].ToString());
        Assert.Equal(StatusState.Late, report.Entries[3].State);
        Assert.Equal(StatusState.Good, report.Entries[1].State); // its own tier says nothing
    }

    [Fact]
    public async Task A_schedule_that_was_missed_is_late_and_one_that_was_just_not_called_is_not()
    {
        RecordSync(At(6, 0));
        _config = _config with { Jobs = [_config.Jobs[0] with { SourceDatabase = _config.Databases[1] }] };

        _clock.SetUtcNow(At(30, 9));
        Assert.Equal(StatusState.Good, (await ReadAsync("copy")).Entries.Single().State);
        _clock.SetUtcNow(At(30, 10));

        Assert.Equal(
            "copy: Late (the job has not run since 2025-10-18 06:00 UTC; it was due at 2025-10-18 18:00 UTC and 2025-10-19 06:00 UTC)",
            (await ReadAsync("copy")).Entries.Single().ToString());
    }

    [Fact]
    public async Task A_run_that_failed_is_told_with_its_cause_until_one_succeeds()
    {
        RecordSync(At(6, 0));
        Record("copies", RunSamples.Failed("2") with { Job = "copy", StartTime = At(7, 0), EndTime = At(7, 1) });

        var copy = (await ReadAsync("copy")).Entries.Single();
        Assert.Equal(
            (StatusState.Failed, At(6, 0), RunOutcome.RolledBack, ErrorIds.VerificationFailed),
            (copy.State, copy.LastCopy, copy.LastOutcome, copy.ErrorId));
        Assert.Equal($"the job failed at 2025-10-18 07:00 UTC: {RunSamples.Failed().Error}", copy.Reason);

        Record("copies", RunSamples.Failed("3", RunOutcome.Skipped) with { Job = "copy", StartTime = At(8, 0), EndTime = At(8, 1) });
        Assert.Equal(StatusState.Good, (await ReadAsync("copy")).Entries.Single().State);
    }

    [Theory]
    [InlineData(RunOutcome.Skipped)]
    [InlineData(RunOutcome.Cancelled)]
    public async Task A_job_that_never_comes_to_its_work_is_late(RunOutcome outcome)
    {
        _config = _config with { Jobs = [_config.Jobs[0] with { SourceDatabase = _config.Databases[1] }] };
        RecordSync(At(6, 0));
        foreach (var at in new[] { At(18, 0), At(30, 0) })
            Record("copies", RunSamples.Failed($"{at:HHmm}", outcome) with { Job = "copy", StartTime = at, EndTime = at.AddMinutes(1) });

        _clock.SetUtcNow(At(30, 10));

        Assert.Equal(
            "copy: Late (the job has not run since 2025-10-18 06:00 UTC; it was due at 2025-10-18 18:00 UTC and 2025-10-19 06:00 UTC)",
            (await ReadAsync("copy")).Entries.Single().ToString());
    }

    [Fact]
    public async Task A_target_that_could_not_be_brought_back_is_told_of_the_target_alone()
    {
        RecordSync(At(6, 0));
        RecordBackup(At(0, 0));
        AddBackup("backups/railway", At(8, 0));
        Record("copies", RunSamples.Failed("2", RunOutcome.RollbackFailed) with { Job = "copy", StartTime = At(7, 0), EndTime = At(7, 1) });

        var report = await ReadAsync("railway", "neon", "copy");

        Assert.Equal([StatusState.Good, StatusState.Failed, StatusState.Failed], report.Entries.Select(e => e.State));
        Assert.All(report.Entries, e => Assert.Equal((At(7, 0), RunOutcome.RollbackFailed), (e.LastRun, e.LastOutcome)));
        Assert.StartsWith(
            "the sync of 2025-10-18 07:00 UTC could not be undone: ", report.Entries[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_that_failed_is_told_though_another_backup_was_taken()
    {
        RecordSync(At(6, 0));
        RecordBackup(At(0, 0), RunOutcome.Incomplete);
        Record("backups/railway", Backup("by-hand", At(1, 0)));
        AddBackup("backups/railway", At(1, 0), m => m with { Kind = BackupKind.Manual, Job = "by-hand" });

        var railway = (await ReadAsync("railway")).Entries.Single();

        Assert.Equal(StatusState.Failed, railway.State);
        Assert.StartsWith("the plan nightly failed at 2025-10-18 00:00 UTC", railway.Reason, StringComparison.Ordinal);
        Assert.Equal((At(6, 0), RunKind.Sync), (railway.LastRun, railway.LastKind)); // a sync is about its databases, too
    }

    /// <summary>A machine that watches a place that others fill has the backups, and no record of runs.</summary>
    [Fact]
    public async Task A_plan_that_ran_elsewhere_is_known_by_its_backups()
    {
        AddBackup("backups/railway", At(9, 0));

        var railway = (await ReadAsync("railway")).Entries.Single();

        Assert.Equal((StatusState.Good, At(9, 0), "nightly"), (railway.State, railway.LastCopy, railway.CopiedBy));
        _clock.Advance(TimeSpan.FromDays(2));
        Assert.Contains("the plan nightly has not run since 2025-10-18 09:00 UTC", (await ReadAsync("railway")).Entries.Single().Reason,
            StringComparison.Ordinal);
    }

    /// <summary>A clock was wrong once: the backup stays for ever, and must not hide for as long that no other is taken.</summary>
    [Fact]
    public async Task A_backup_from_the_future_is_no_measure_and_is_told()
    {
        var future = At(24 * 365 * 4, 0);
        AddBackup("backups/railway", future);

        var alone = (await ReadAsync("railway")).Entries.Single();
        Assert.Equal((StatusState.Unknown, null, null, null), (alone.State, alone.LastCopy, alone.AgeSeconds, alone.LastBackup));
        Assert.Equal(
            "railway_backup_20291017_000000.dump of 2029-10-17 00:00 UTC is from the future: a clock was or is wrong", alone.Reason);

        AddBackup("backups/railway", At(0, 0));
        _clock.Advance(TimeSpan.FromDays(2));
        var late = (await ReadAsync("railway")).Entries.Single();
        Assert.Equal((StatusState.Late, At(0, 0), 60 * 3600.0, At(0, 0)), (late.State, late.LastCopy, late.AgeSeconds, late.LastBackup));
        Assert.Contains("the plan nightly has not run since 2025-10-18 00:00 UTC", late.Reason, StringComparison.Ordinal);
        Assert.Contains("of 2029-10-17 00:00 UTC is from the future", late.Reason, StringComparison.Ordinal);
        Assert.Contains("the newest copy is", late.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_from_the_future_is_no_measure_and_is_told_until_the_next_one()
    {
        var future = At(24 * 365 * 4, 0);
        RecordSync(future);
        RecordBackup(future);
        AddBackup("backups/railway", At(0, 0));
        _clock.Advance(TimeSpan.FromDays(2));

        var (railway, copy) = ((await ReadAsync("railway")).Entries.Single(), (await ReadAsync("copy")).Entries.Single());

        Assert.Equal((StatusState.Unknown, null, null), (copy.State, copy.LastCopy, copy.AgeSeconds));
        Assert.Equal("the sync by copy of 2029-10-17 00:00 UTC is from the future: a clock was or is wrong", copy.Reason);
        Assert.Equal((StatusState.Late, At(0, 0)), (railway.State, railway.LastCopy));
        Assert.Contains("the plan nightly has not run since 2025-10-18 00:00 UTC", railway.Reason, StringComparison.Ordinal);
        Assert.Contains("is from the future", railway.Reason, StringComparison.Ordinal);
        RecordSync(At(59, 0));
        Assert.Equal((StatusState.Good, At(59, 0)), (await ReadAsync("copy")).Entries.Select(e => (e.State, e.LastCopy)).Single());
    }

    /// <summary>As retention has it: clocks of two machines differ a little.</summary>
    [Fact]
    public async Task A_clock_that_is_a_little_ahead_is_none_of_the_future()
    {
        RecordSync(At(13, 0));
        Assert.Equal((StatusState.Good, 0.0), (await ReadAsync("copy")).Entries.Select(e => (e.State, e.AgeSeconds!.Value)).Single());
        RecordSync(At(13, 1));
        Assert.Equal(StatusState.Unknown, (await ReadAsync("copy")).Entries.Single().State);
    }

    [Fact]
    public async Task The_newest_that_is_from_the_future_is_taken_with_a_warning()
    {
        AddBackup("backups/railway", At(0, 0));
        var query = new BackupQuery { Databases = ["railway"], Clock = _clock };
        await query.FindOneAsync(_config, _warnings.Add, default);
        Assert.Empty(_warnings);
        AddBackup("backups/railway", At(24 * 365 * 4, 0));

        var one = await query.FindOneAsync(_config, _warnings.Add, default);
        var latest = await (query with { Latest = true }).FindAsync(_config, _warnings.Add, default);
        var found = await FoundBackups.FindAsync(query, all: false, _config, _warnings.Add, default);

        Assert.All([one, latest.Single(), found.Backups.Single()], b => Assert.Equal("railway_backup_20291017_000000.dump", b.FileName));
        Assert.Equal(0, found.Suspicious);
        Assert.Equal(3, _warnings.Count);
        Assert.All(_warnings, w => Assert.Contains(
            "railway_backup_20291017_000000.dump counts as the newest, but its moment, 2029-10-17 00:00:00 UTC, is from the future: "
                + "a clock was or is wrong.", w, StringComparison.Ordinal));
        var folder = JobFolder.At(_temp.File("backups/railway"));
        Assert.Single(folder.Backups(query with { Latest = true }, _warnings.Add));
        Assert.Equal(4, _warnings.Count);
    }

    [Fact]
    public async Task A_bad_backup_is_no_copy_and_is_told()
    {
        AddBackup("backups/railway", At(9, 0));
        AddBackup("backups/railway", At(10, 0), m => m with
        {
            Proof = new ProofRecord(BackupProof.Integrity, At(10, 5), 1, null, null, "It ends too early."),
        });

        var railway = (await ReadAsync("railway")).Entries.Single();

        Assert.Equal((StatusState.Failed, At(9, 0), At(9, 0), "BAD"), (railway.State, railway.LastCopy, railway.LastBackup, railway.Proof));
        Assert.Contains("is bad in local: It ends too early.", railway.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_was_restored_since_is_no_copy_any_more()
    {
        RecordSync(At(6, 0));
        Record("backups/neon", RunSamples.Succeeded("2") with
        {
            Kind = RunKind.Restore, Job = "restore-neon", StartTime = At(7, 0), EndTime = At(7, 1),
        });

        var report = await ReadAsync("copy", "neon");

        Assert.Equal(
            ["neon: Unplanned (it was restored at 2025-10-18 07:01 UTC, after the last sync by the job copy)",
                "copy: Late (its target was restored at 2025-10-18 07:01 UTC, after the last sync)"],
            report.Entries.Select(e => e.ToString()));
        RecordSync(At(8, 0));
        Assert.True((await ReadAsync("copy", "neon")).IsGood);
    }

    [Fact]
    public async Task A_place_that_cannot_be_listed_makes_what_needs_it_unknown()
    {
        var bucket = new S3PlaceConfig
        {
            Name = "offsite", Bucket = "b", Endpoint = new Uri("http://127.0.0.1:9"), Region = "eu", AccessKey = "k",
            SecretKey = new Secret("never-shown"), AnswerLimit = TimeSpan.FromSeconds(1),
        };
        _config = _config with
        {
            Places = [.. _config.Places, bucket], BackupPlans = [_config.BackupPlans[0] with { Places = [bucket] }],
        };
        RecordSync(At(6, 0));
        Record("backups/railway", Backup("nightly", At(0, 0)));

        var report = await ReadAsync();

        Assert.Equal(
            [StatusState.Unknown, StatusState.Good, StatusState.Unplanned, StatusState.Good], report.Entries.Select(e => e.State));
        Assert.Contains("the place offsite cannot be read", report.Entries[0].Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("never-shown", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    /// <summary>Whoever reads that there is no copy takes another; it is the passphrase that is wrong.</summary>
    [Fact]
    public async Task With_another_passphrase_how_it_stands_is_unknown_not_never()
    {
        foreach (var hour in new[] { 1, 2, 3 })
            AddBackup("backups/railway", At(hour, 0), signing: "correct horse battery");
        AddBackup("attic/railway", At(3, 0), signing: "correct horse battery");
        RecordBackup(At(3, 0));
        _config = _config with { Encryption = new EncryptionConfig(new Secret("a wrong one of before")), Jobs = [] };

        Assert.Equal(
            "railway: Unknown (3 backups are signed with another passphrase: check it)",
            (await ReadAsync("railway")).Entries.Single().ToString());
        // One that was changed leaves older ones behind, which say nothing.
        AddBackup("backups/railway", At(11, 0), signing: "a wrong one of before");
        Assert.Equal(StatusState.Good, (await ReadAsync("railway")).Entries.Single().State);
    }

    /// <summary>What lies in one place alone is lost with it; who asks for two wants to know.</summary>
    [Fact]
    public async Task A_place_that_lacks_what_another_has_is_told()
    {
        _config = _config with { BackupPlans = [_config.BackupPlans[0] with { Places = [.. _config.Places] }] };
        foreach (var (at, run) in new[] { (At(7, 0), "1"), (At(8, 0), "2"), (At(9, 0), "3") })
            AddBackup("backups/railway", at, m => m with { RunId = run });
        async Task<string?> ReasonAsync() =>
            (await ReadAsync("railway")).Entries.Single() is { State: StatusState.Late, Reason: var reason } ? reason : null;

        Assert.Equal(
            "the place attic has no good backup by the plan nightly, as local has of 2025-10-18 09:00 UTC", await ReasonAsync());
        AddBackup("attic/railway", At(7, 0), m => m with { RunId = "1" });
        Assert.Contains("by the plan nightly since 2025-10-18 07:00 UTC", await ReasonAsync(), StringComparison.Ordinal);
        AddBackup("attic/railway", At(8, 0), m => m with { RunId = "2" }); // the third is on its way
        Assert.Null(await ReasonAsync());
        Assert.Equal(StatusState.Good, (await ReadAsync("railway")).Entries.Single().State);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_makes_its_job_unknown()
    {
        _temp.Write("copies/latest.json", "somebody's own");

        var copy = (await ReadAsync("copy")).Entries.Single();

        Assert.Equal(StatusState.Unknown, copy.State);
        Assert.Contains("latest.json", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Histories_of_before_there_were_latest_runs_are_read()
    {
        RunHistory.Append(_temp.File("copies"), Sync(At(5, 0)));
        RunHistory.Append(_temp.File("copies"), RunSamples.Failed("2") with { Job = "copy", StartTime = At(6, 0), EndTime = At(6, 1) });

        var copy = (await ReadAsync("copy")).Entries.Single();

        Assert.Equal((StatusState.Failed, At(5, 0), At(6, 0)), (copy.State, copy.LastCopy, copy.LastRun));
        RunHistory.Append(_temp.File("backups/railway"), Backup("nightly", At(0, 0)) with { Outcome = RunOutcome.Aborted });
        var railway = (await ReadAsync("railway")).Entries.Single();
        Assert.Equal((StatusState.Failed, RunOutcome.Aborted), (railway.State, railway.LastOutcome));
        Assert.StartsWith("the plan nightly failed at 2025-10-18 00:00 UTC", railway.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_name_is_told_with_the_nearest()
    {
        var unknown = await Assert.ThrowsAsync<BackupSyncException>(() => ReadAsync("coyp"));

        Assert.Equal(ErrorIds.UnknownName, unknown.ErrorId);
        Assert.Contains("Did you mean 'copy'?", unknown.Message, StringComparison.Ordinal);
    }

    Task<StatusReport> ReadAsync(params string[] names) => StatusReport.ReadAsync(_config, names, _clock, _warnings.Add, default);

    static DateTimeOffset At(int hour, int minute) => new DateTimeOffset(2025, 10, 18, 0, minute, 0, TimeSpan.Zero).AddHours(hour);

    static RunResult Sync(DateTimeOffset at) => RunSamples.Succeeded($"{at:HHmm}") with
    {
        Job = "copy", Mode = SyncMode.Full, SnapshotTime = at, StartTime = at, EndTime = at.AddMinutes(1),
    };

    static RunResult Backup(string job, DateTimeOffset at) => RunSamples.Succeeded($"{job} {at:HHmm}") with
    {
        Job = job, Kind = RunKind.Backup, DatabaseName = "railway", Source = "railway", Target = "local", StartTime = at,
        EndTime = at.AddMinutes(1),
    };

    void RecordSync(DateTimeOffset at) => Record("copies", Sync(at));

    void RecordBackup(DateTimeOffset at, RunOutcome outcome = RunOutcome.Succeeded) =>
        Record("backups/railway", Backup("nightly", at) with { Outcome = outcome });

    void AddBackup(string folder, DateTimeOffset at, Func<BackupManifest, BackupManifest>? change = null, string? signing = null)
    {
        Directory.CreateDirectory(_temp.File(folder));
        var path = BackupSamples.Add(
            _temp.File(folder), $"railway_backup_{at:yyyyMMdd_HHmmss}.dump", BackupKind.Plan, at, job: "nightly", change: change);
        if (signing is not null)
            ManifestStore.Write(path, ManifestStore.Read(path), ManifestKey.Of(new Secret(signing)), overwrite: true);
    }

    void Record(string folder, RunResult run) => new HistoryWriter(_temp.File(folder), _warnings.Add).OnEvent(new RunEnded(run));
}
