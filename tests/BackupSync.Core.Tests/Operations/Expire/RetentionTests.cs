using System.Globalization;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Files;
using BackupSync.Operations.Expire;
using BackupSync.Runs;
using BackupSync.Tests.Backups;
using BackupSync.Tests.Runs;

namespace BackupSync.Tests.Operations.Expire;

[Trait("Needs", "nothing")]
public sealed class RetentionTests : IDisposable
{
    static readonly DateTimeOffset Now = BackupSamples.Morning.AddMinutes(1);

    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void No_directory_means_no_decisions() => Assert.Empty(Retention.Plan(_temp.File("missing"), 7, Now));

    /// <summary>Encryption may be turned on when there are files already: the way out is told as it can be typed.</summary>
    [Theory]
    [InlineData("railway-to-neon", "backupsync backups sign --job railway-to-neon")]
    [InlineData(null, "backupsync backups sign --path {0}")]
    public void What_was_taken_before_there_was_a_passphrase_is_told_with_what_signs_it(string? job, string command)
    {
        Source("a.dump", days: 1);
        var warnings = new List<string>();

        Retention.WarnOfUnauthenticated(
            Retention.Plan(_temp.Path, 7, Now, job, new EncryptionConfig(new Secret("correct horse"))), warnings.Add, job);

        var warning = Spelling.InCommands(Assert.Single(warnings));
        Assert.Contains("it was taken before there was a passphrase", warning, StringComparison.Ordinal);
        Assert.EndsWith(string.Format(CultureInfo.InvariantCulture, command, _temp.File("a.dump")), warning, StringComparison.Ordinal);
    }

    /// <summary>To sign what another passphrase has signed would make two mistakes of one.</summary>
    [Fact]
    public void With_another_passphrase_it_is_the_passphrase_that_is_to_be_checked()
    {
        var path = Source("a.dump", days: 1);
        ManifestStore.Write(path, ManifestStore.Read(path), ManifestKey.Of(new Secret("correct horse")), overwrite: true);
        var warnings = new List<string>();

        Retention.WarnOfUnauthenticated(Retention.Plan(
            _temp.Path, 7, Now, encryption: new EncryptionConfig(new Secret("battery staple"))), warnings.Add, "railway-to-neon");

        Assert.Contains("Check the passphrase", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.DoesNotContain("Set-DbBackupSignature", warnings[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Two_runs_a_day_for_a_month_leave_a_week()
    {
        for (var half = 0; half < 60; half++)
        {
            var start = BackupSamples.Morning.AddHours(12 * half).AddSeconds(half % 7);
            Run($"run{half}", start);
            Apply(Retention.Plan(_temp.Path, 7, start.AddMinutes(1)));
        }

        var left = BackupCatalog.List(_temp.Path);
        Assert.InRange(left.Count, 2 * 14, 2 * 14 + 2);
        Assert.Equal("run59", left[0].RunId);
        // Two months of history.
        Assert.Equal(left.Count * 2 + 2, Names().Length);
    }

    [Fact]
    public void What_has_expired_goes_with_its_manifest_and_nothing_else()
    {
        Source("old.dump", days: 8);
        Source("young.dump", days: 6);
        Source("new.dump", days: 0);

        var removed = Apply(7);

        Assert.Equal(["old.dump"], removed);
        Assert.Equal(["new.dump", "new.dump.json", "young.dump", "young.dump.json"], Names());
    }

    [Fact]
    public void Planning_removes_nothing_and_gives_reasons()
    {
        Source("old.dump", days: 8);
        Source("new.dump", days: 0);

        var plan = Retention.Plan(_temp.Path, 7, Now);

        Assert.Equal(4, Names().Length);
        Assert.Equal([("new.dump", false, "the newest source backup of railway-to-neon"), ("old.dump", true, "older than 7 days")],
            plan.Select(d => (Path.GetFileName(d.Path), d.Remove, d.Reason)));
        Assert.All(plan, d => Assert.Equal(d.Backup!.Size, d.Size));
    }

    [Fact]
    public void The_newest_of_each_job_and_kind_stays_whatever_its_age()
    {
        Source("a.dump", days: 400);
        Source("b.dump", days: 300, job: "other");
        Safety("c.dump", days: 200, RunOutcome.Succeeded);

        Assert.Empty(Apply(0));
    }

    [Fact]
    public void Zero_days_keep_only_the_newest()
    {
        Source("a.dump", days: 0);
        Source("b.dump", days: 0);
        Source("c.dump", days: 1);

        Assert.Equal(["a.dump", "c.dump"], Apply(0).Order());
    }

    [Fact]
    public void Backups_taken_by_hand_stay()
    {
        BackupSamples.Add(_temp.Path, "old.dump", BackupKind.Manual, Now.AddDays(-100));
        BackupSamples.Add(_temp.Path, "new.dump", BackupKind.Manual, Now);

        Assert.Empty(Apply(0));
    }

    [Theory]
    [InlineData(RunOutcome.Succeeded, true)]
    [InlineData(RunOutcome.Aborted, false)]
    [InlineData(RunOutcome.RolledBack, false)]
    [InlineData(RunOutcome.RollbackFailed, false)]
    [InlineData(RunOutcome.Cancelled, false)]
    [InlineData(null, false)]
    public void A_safety_backup_goes_only_if_its_run_ended_well(RunOutcome? outcome, bool goes)
    {
        Safety("old.dump", days: 8, outcome);
        Safety("new.dump", days: 0, RunOutcome.Succeeded);

        Assert.Equal(goes ? ["old.dump"] : [], Apply(7));
    }

    [Fact]
    public void A_history_that_is_gone_or_torn_costs_no_safety_backup()
    {
        Safety("old.dump", days: 8, RunOutcome.Succeeded);
        Safety("new.dump", days: 0, RunOutcome.Succeeded);
        var path = RunHistory.PathOf(_temp.Path, BackupSamples.Morning.AddDays(-8));
        var text = File.ReadAllText(path);

        File.WriteAllText(path, text[..(text.IndexOf('\n') - 10)]);
        Assert.Empty(Apply(7));

        File.WriteAllText(path, text[..100]);
        Assert.Empty(Apply(7));

        File.Delete(path);
        Assert.Empty(Apply(7));
    }

    [Fact]
    public void What_is_no_backup_stays_and_is_told()
    {
        Source("new.dump", days: 0);
        _temp.Write("unfinished.dump", "PGDMP");
        _temp.Write("left.dump.partial", "PGDMP");
        _temp.Write("notes.txt", "");
        _temp.Write("damaged.dump", "PGDMP");
        _temp.Write("damaged.dump.json", "{");
        new HistoryWriter(_temp.Path, Assert.Fail).OnEvent(new RunEnded(RunSamples.Succeeded()));
        _temp.Write("history.jsonl", "");
        _temp.Write("backupsync.log", "");

        var plan = Retention.Plan(_temp.Path, 0, Now.AddDays(100)).ToDictionary(d => Path.GetFileName(d.Path));

        Assert.Equal(
            ["damaged.dump", "left.dump.partial", "new.dump", "notes.txt", "unfinished.dump"],
            plan.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(plan.Values, d => d.Remove);
        Assert.Equal("no manifest", plan["unfinished.dump"].Reason);
        Assert.Equal("no manifest", plan["notes.txt"].Reason);
        Assert.StartsWith("unfinished", plan["left.dump.partial"].Reason, StringComparison.Ordinal);
        Assert.Contains("is damaged", plan["damaged.dump"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_backup_does_not_count_as_the_newest()
    {
        Source("good.dump", days: 20);
        File.WriteAllText(Source("short.dump", days: 0), "PGDMP");

        var plan = Retention.Plan(_temp.Path, 0, Now);

        Assert.DoesNotContain(plan, d => d.Remove && d.Path.EndsWith("good.dump", StringComparison.Ordinal));
        Assert.Contains("is truncated", plan[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_that_stopped_loses_nothing()
    {
        for (var day = 0; day < 7; day++)
            Source($"{day}.dump", day);

        Assert.Empty(Apply(7, Now.AddDays(90)));
    }

    [Fact]
    public void A_clock_that_jumped_ahead_makes_no_more_old_than_before()
    {
        for (var day = 0; day < 10; day++)
            Source($"{day}.dump", day);

        Assert.Equal(["7.dump", "8.dump", "9.dump"], Apply(7, Now.AddYears(50)).Order());
    }

    [Fact]
    public void A_clock_that_jumped_back_makes_nothing_old()
    {
        for (var day = 0; day < 10; day++)
            Source($"{day}.dump", day);

        Assert.Empty(Apply(7, Now.AddYears(-50)));
    }

    [Fact]
    public void A_backup_from_the_future_is_no_measure_for_the_others()
    {
        BackupSamples.Add(_temp.Path, "future.dump", BackupKind.Source, Now.AddYears(50));
        Source("new.dump", days: 0);
        Source("young.dump", days: 6);
        Source("old.dump", days: 8);

        var plan = Retention.Plan(_temp.Path, 7, Now);

        Assert.Equal("old.dump", Path.GetFileName(Assert.Single(plan, d => d.Remove).Path));
        Assert.StartsWith("from the future", plan[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_jobs_that_share_a_directory_only_the_one_named_is_cleaned()
    {
        Source("mine.dump", days: 8);
        Source("mine-new.dump", days: 0);
        Source("other.dump", days: 8, job: "other");
        Source("other-new.dump", days: 0, job: "other");

        var plan = Retention.Plan(_temp.Path, 7, Now, "railway-to-neon");

        Assert.Equal("mine.dump", Path.GetFileName(Assert.Single(plan, d => d.Remove).Path));
        Assert.Equal(2, plan.Count(d => d.Reason == "of another job, other"));
    }

    [Fact]
    public void Folders_below_are_not_looked_into()
    {
        Source("new.dump", days: 0);
        Directory.CreateDirectory(_temp.File("below"));
        BackupSamples.Add(_temp.File("below"), "old.dump", BackupKind.Source, Now.AddDays(-100));

        Assert.Empty(Apply(7));
    }

    [Fact]
    public async Task Two_cleanups_at_once_are_fine()
    {
        Source("new.dump", days: 0);
        for (var i = 0; i < 50; i++)
            Source($"old{i}.dump", days: 10 + i);

        var removed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Apply(7))));

        Assert.Equal(["new.dump", "new.dump.json"], Names());
        Assert.Equal(50, removed.SelectMany(r => r).Distinct().Count());
    }

    [Fact]
    public async Task Cleanups_at_once_leave_what_the_rules_keep_and_no_companion_without_its_archive()
    {
        for (var day = 0; day < 60; day++)
            WithCompanion($"{day}.dump.enc", day);
        var rules = RetentionRules.OfPlans([NightlyPlan()]);
        var kept = Retention.Decide(BackupFolder.Scan(_temp.Path), rules, Now).Where(d => !d.Remove).Select(d => Path.GetFileName(d.Path))
            .ToList();
        using var start = new Barrier(4);

        var removed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait();
            return Apply(Retention.Decide(BackupFolder.Scan(_temp.Path), rules, Now));
        }, TaskCreationOptions.LongRunning)));

        Assert.Equal(60 - kept.Count, removed.SelectMany(r => r).Select(d => d.Path).Distinct().Count());
        Assert.Equal(kept.SelectMany(k => new[] { k, k + ".globals.sql.enc", k + ".json" }).Order(StringComparer.Ordinal), Names());
    }

    [Fact]
    public void Companions_are_no_files_of_their_own_and_go_with_their_archive()
    {
        WithCompanion("new.dump.enc", 0);
        WithCompanion("old.dump.enc", 80);
        _temp.Write("lost.dump.enc.globals.sql.enc", "");

        var plan = Retention.Decide(
            BackupFolder.Scan(_temp.Path), RetentionRules.OfPlans([NightlyPlan() with { Keep = new KeepConfig { Days = 7 } }]), Now);
        Apply(plan);

        Assert.Equal(["new.dump.enc", "old.dump.enc", "lost.dump.enc.globals.sql.enc"], plan.Select(d => Path.GetFileName(d.Path)));
        Assert.Equal("no manifest", plan[2].Reason);
        Assert.Equal(["lost.dump.enc.globals.sql.enc", "new.dump.enc", "new.dump.enc.globals.sql.enc", "new.dump.enc.json"], Names());
    }

    [Fact]
    public void Pins_and_own_times_are_kept_in_a_job_s_directory_too()
    {
        Source("new.dump", days: 0);
        BackupSamples.Add(_temp.Path, "pinned.dump", created: Now.AddDays(-50), change: m => m with { Pinned = true });
        BackupSamples.Add(_temp.Path, "longer.dump", created: Now.AddDays(-50), change: m => m with { KeepDays = 60 });
        BackupSamples.Add(_temp.Path, "shorter.dump", created: Now.AddDays(-5), change: m => m with { KeepDays = 2 });

        Assert.Equal(["shorter.dump"], Apply(7));
    }

    [Fact]
    public void A_plan_applied_late_passes_over_what_has_gone()
    {
        Source("new.dump", days: 0);
        Source("old.dump", days: 8);
        Source("older.dump", days: 9);
        var plan = Retention.Plan(_temp.Path, 7, Now);
        File.Delete(_temp.File("old.dump"));
        File.Delete(_temp.File("old.dump.json"));

        Assert.Equal("older.dump", Assert.Single(Apply(plan)).Backup!.FileName);
    }

    [Fact]
    public void What_no_manifest_calls_ours_is_not_removed_even_if_a_plan_says_so()
    {
        var path = _temp.Write("precious.txt", "");

        Assert.Empty(Apply([new RetentionDecision(path, 0, true, "", null)]));
        Assert.True(File.Exists(path));
    }

    [SkippableFact]
    public void A_file_that_cannot_be_removed_does_not_keep_the_others()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Takes a file that not even root can remove: one in /proc.");
        Source("new.dump", days: 0);
        Source("old.dump", days: 8);
        Source("older.dump", days: 9);
        var plan = Retention.Plan(_temp.Path, 7, Now);
        Directory.CreateSymbolicLink(_temp.File("proc"), "/proc");
        RetentionDecision[] stuckFirst = [plan[1] with { Backup = plan[1].Backup! with { Key = "proc/version" } }, plan[2]];
        List<string> warnings = [];

        var removed = Apply(stuckFirst, warnings.Add);

        Assert.Equal("older.dump", Assert.Single(removed).Backup!.FileName);
        Assert.Contains(_temp.File("proc/"), Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(ErrorIds.FileFailed, Assert.Throws<BackupSyncException>(() => Apply(stuckFirst)).ErrorId);
    }

    [Fact]
    public void Fewer_than_no_days_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => Retention.Plan(_temp.Path, -1, Now));

    void WithCompanion(string name, int days)
    {
        var companion = _temp.Write(name + ".globals.sql.enc", "CREATE ROLE app;");
        BackupSamples.Add(_temp.Path, name, BackupKind.Plan, Now.AddDays(-days), job: "nightly", change: m => m with
        {
            Companions = [new CompanionFile(Path.GetFileName(companion), 16, new string('0', 64), null)],
        });
    }

    static PlanRule NightlyPlan() => new("nightly", ["railway"], new KeepConfig { Daily = 3, Weekly = 2, Monthly = 2 });

    void Run(string runId, DateTimeOffset created)
    {
        BackupSamples.Add(
            _temp.Path,
            Path.GetFileName(BackupNames.Next(_temp.Path, BackupKind.Source, "railway", created)),
            BackupKind.Source,
            created,
            runId);
        BackupSamples.Add(
            _temp.Path,
            Path.GetFileName(BackupNames.Next(_temp.Path, BackupKind.Safety, "neon", created)),
            BackupKind.Safety,
            created,
            runId);
        RunHistory.Append(_temp.Path, RunSamples.Succeeded(runId) with { EndTime = created.AddMinutes(5) });
    }

    string Source(string name, double days, string job = "railway-to-neon") =>
        BackupSamples.Add(_temp.Path, name, BackupKind.Source, BackupSamples.Morning.AddDays(-days), job: job);

    void Safety(string name, double days, RunOutcome? outcome)
    {
        BackupSamples.Add(_temp.Path, name, BackupKind.Safety, BackupSamples.Morning.AddDays(-days), "run-of-" + name);
        if (outcome is { } known)
            RunHistory.Append(_temp.Path, RunSamples.Succeeded("run-of-" + name) with { Outcome = known, EndTime = BackupSamples.Morning
                .AddDays(-days)
                .AddMinutes(5) });
    }

    string[] Apply(int keepDays, DateTimeOffset? now = null) =>
        [.. Apply(Retention.Plan(_temp.Path, keepDays, now ?? Now)).Select(d => d.Backup!.FileName)];

    IReadOnlyList<RetentionDecision> Apply(IEnumerable<RetentionDecision> plan, Action<string>? warn = null) =>
        Retention.ApplyAsync(FolderPlaceConfig.At(_temp.Path), plan, warn, default).GetAwaiter().GetResult();

    /// <summary>Besides the lock of those who change backups.</summary>
    string[] Names() =>
    [
        .. Directory.GetFiles(_temp.Path).Select(f => Path.GetFileName(f)).Where(f => f != RecordNames.BackupsLock)
            .Order(StringComparer.Ordinal),
    ];
}
