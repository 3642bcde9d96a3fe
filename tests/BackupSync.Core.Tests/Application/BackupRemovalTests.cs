using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Operations.Expire;
using BackupSync.Runs;
using BackupSync.Tests.Backups;
using BackupSync.Tests.Runs;

namespace BackupSync.Tests.Application;

/// <summary>What is removed by name, and what only by force.</summary>
[Trait("Needs", "nothing")]
public sealed class BackupRemovalTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task What_has_served_its_time_goes_with_all_its_files_and_is_recorded()
    {
        var old = Add("old.dump", days: -30);
        Add("new.dump", days: 0);

        var decision = await DecideAsync(old);
        Assert.Null(BackupRemoval.Refusal(decision));
        var run = await BackupRunner.RemoveAsync(BackupHandles.Of(old, null), decision, [], default);

        Assert.True(run is { Success: true, Kind: RunKind.Remove, Verdict: "removed", Source: "old.dump" }, $"{run.Error}");
        Assert.Equal(["new.dump", "new.dump.json"], Directory.GetFiles(_temp.Path, "*.dump*").Select(Path.GetFileName).Order());
        Assert.Equal(RunKind.Remove, Assert.Single(RunHistory.Read(_temp.Path)).Kind);
        var gone = await Assert.ThrowsAsync<BackupSyncException>(() => DecideAsync(old));
        Assert.Equal(ErrorIds.BackupNotFound, gone.ErrorId);
    }

    [Theory]
    [InlineData("new.dump", "the newest source backup of railway-to-neon")]
    [InlineData("young.dump", "not yet 7 days older than the newest")]
    [InlineData("pinned.dump", "pinned")]
    public async Task What_a_rule_keeps_goes_only_by_force(string name, string reason)
    {
        Add("new.dump", days: 0);
        Add("young.dump", days: -1);
        Add("pinned.dump", days: -30, m => m with { Pinned = true });
        var backup = Open(name);

        var decision = await DecideAsync(backup);
        var refusal = BackupRemoval.Refusal(decision)!;
        Assert.Equal(ErrorIds.BackupProtected, refusal.ErrorId);
        Assert.Contains($"{backup.Path} is kept: {reason}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("-Force (--force)", refusal.Advice, StringComparison.Ordinal);
        // A decision that it stays removes nothing, whoever asks.
        await BackupRunner.RemoveAsync(BackupHandles.Of(backup, null), decision, [], default);
        Assert.True(File.Exists(backup.Path));

        var forced = await DecideAsync(backup, force: true);
        Assert.Contains(reason, forced.Reason, StringComparison.Ordinal);
        Assert.True((await BackupRunner.RemoveAsync(BackupHandles.Of(backup, null), forced, [], default)).Success);
        Assert.False(File.Exists(backup.Path) || File.Exists(ManifestStore.PathOf(backup.Path)));
    }

    [Fact]
    public async Task The_safety_backup_that_undoes_the_last_run_is_kept_however_old_it_is()
    {
        var undoing = Add("undoing.dump", days: -30, kind: BackupKind.Safety, runId: "good");
        Add("newer.dump", days: 0, kind: BackupKind.Safety, runId: "failed");
        Record("good", RunOutcome.Succeeded, -30);
        Record("failed", RunOutcome.RolledBack, 0);
        var job = AdHocJob.From("postgresql://u@127.0.0.1/a", "postgresql://u@127.0.0.1/b", _temp.Path, null) with
        {
            Name = "railway-to-neon", Backups = new BackupsConfig { Directory = _temp.Path },
        };

        var decision = await DecideAsync(undoing, config: Config([job]));

        Assert.Equal((false, "the safety backup that undoes the last run of railway-to-neon"), (decision.Remove, decision.Reason));
    }

    [Theory]
    [InlineData("link/railway")] // to the place
    [InlineData("folder")] // to the database's folder
    [InlineData("places/railway")]
    public async Task A_backup_of_a_place_is_kept_by_its_rules_however_its_path_is_written(string folder)
    {
        AddOfPlan("places/railway", "new.dump", days: 0);
        AddOfPlan("places/railway", "old.dump", days: -15);
        Directory.CreateSymbolicLink(_temp.File("link"), "places");
        Directory.CreateSymbolicLink(_temp.File("folder"), Path.Join("places", "railway"));
        var config = PlanConfig("places");
        var old = BackupCatalog.Open(Path.Combine(_temp.Path, folder, "old.dump"));

        Assert.Equal("local", BackupHandles.Of(old, config).Place.Name);
        var decision = await DecideAsync(old, config: config);

        Assert.Equal((false, "not yet 30 days older than the newest"), (decision.Remove, decision.Reason));
        var linked = await DecideAsync(
            BackupCatalog.Open(Path.Combine(_temp.Path, "places", "railway", "old.dump")), config: PlanConfig("link"));
        Assert.Equal((false, "not yet 30 days older than the newest"), (linked.Remove, linked.Reason));
    }

    [Fact]
    public async Task The_safety_backup_that_undoes_the_last_run_is_found_through_a_link()
    {
        Directory.CreateDirectory(_temp.File("job"));
        Directory.CreateSymbolicLink(_temp.File("link"), "job");
        foreach (var (name, days, run) in new[] { ("undoing.dump", -30, "good"), ("newer.dump", 0, "failed") })
            BackupSamples.Add(_temp.File("job"), name, BackupKind.Safety, BackupSamples.Morning.AddDays(days), run);
        Record("good", RunOutcome.Succeeded, -30, "job");
        Record("failed", RunOutcome.RolledBack, 0, "job");
        var job = AdHocJob.From("postgresql://u@127.0.0.1/a", "postgresql://u@127.0.0.1/b", _temp.Path, null) with
        {
            Name = "railway-to-neon", Backups = new BackupsConfig { Directory = _temp.File("job") },
        };

        var decision = await DecideAsync(BackupCatalog.Open(_temp.File("link/undoing.dump")), config: Config([job]));

        Assert.Equal((false, "the safety backup that undoes the last run of railway-to-neon"), (decision.Remove, decision.Reason));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_plan_that_nobody_knows_here_has_taken_goes_only_by_force(bool configured)
    {
        AddOfPlan("elsewhere", "new.dump", days: 0);
        var old = AddOfPlan("elsewhere", "old.dump", days: -300);
        var config = configured ? PlanConfig("places") with { BackupPlans = [] } : null;

        var decision = await DecideAsync(old, config: config);

        Assert.Equal((false, "of the plan nightly, which is not in the configuration"), (decision.Remove, decision.Reason));
        Assert.True((await DecideAsync(old, force: true, config)).Remove);
        // A folder is cleaned up by the days that are said for it, and without any not of what a plan has taken.
        var folder = JobFolder.At(_temp.File("elsewhere"));
        Assert.DoesNotContain(folder.PlanCleanUp(null, BackupSamples.Morning), d => d.Remove);
        Assert.Equal("old.dump", Assert.Single(folder.PlanCleanUp(100, BackupSamples.Morning), d => d.Remove).FileName);
    }

    /// <summary>A copy that was put elsewhere, so that no place has it.</summary>
    [Fact]
    public async Task What_a_known_plan_has_taken_is_kept_by_its_rules_wherever_it_is()
    {
        AddOfPlan("elsewhere", "new.dump", days: 0);
        var young = AddOfPlan("elsewhere", "young.dump", days: -15);
        var old = AddOfPlan("elsewhere", "old.dump", days: -31);

        Assert.False((await DecideAsync(young, config: PlanConfig("places"))).Remove);
        Assert.True((await DecideAsync(old, config: PlanConfig("places"))).Remove);
    }

    [Fact]
    public async Task Another_backup_that_has_its_name_meanwhile_stays()
    {
        Add("new.dump", days: 0);
        var chosen = Add("old.dump", days: -30);
        Add("old.dump", days: -30, runId: "other");

        var failure = await Assert.ThrowsAsync<BackupSyncException>(() => DecideAsync(chosen, force: true));

        Assert.Equal(ErrorIds.BackupNotFound, failure.ErrorId);
    }

    [Fact]
    public async Task Labels_change_and_the_archive_and_its_signature_stay()
    {
        var encryption = Encryption("of these tests");
        var backup = Add("a.dump", days: 0);
        ManifestStore.Write(backup.Path, ManifestStore.Read(backup.Path), ManifestKey.Of(encryption.Passphrase), overwrite: true);
        var content = await File.ReadAllBytesAsync(backup.Path);
        var handle = new BackupHandle(backup, FolderPlaceConfig.At(_temp.Path), encryption);

        var run = await BackupRunner.LabelAsync(handle, new LabelChange { Tag = "release-7", KeepDays = 90 }, [], default);
        Assert.True(run is { Success: true, Kind: RunKind.Label, Verdict: "tag release-7, kept for 90 days" }, $"{run.Error}");
        await LabelWellAsync(handle, new LabelChange { Pin = true, NoTag = true });

        Assert.Equal(content, await File.ReadAllBytesAsync(backup.Path));
        var listed = Assert.Single(BackupCatalog.List(_temp.Path, encryption: encryption));
        Assert.True(listed is { NotAuthenticated: null, Tag: null, Pinned: true, KeepDays: 90 });
        var refused = await BackupRunner.LabelAsync(handle, new LabelChange { KeepDays = 5 }, [], default);
        Assert.Contains("is pinned", refused.Error!.Message, StringComparison.Ordinal);
        await LabelWellAsync(handle, new LabelChange { KeepDays = 5, Unpin = true });
        Assert.True(BackupCatalog.Open(backup.Path) is { Pinned: false, KeepDays: 5 });
    }

    /// <summary>To sign it would vouch for what nobody has looked at.</summary>
    [Fact]
    public async Task What_is_not_known_to_be_ours_is_changed_only_where_that_is_said_and_stays_unsigned()
    {
        var backup = Add("a.dump", days: 0);
        var handle = new BackupHandle(backup, FolderPlaceConfig.At(_temp.Path), Encryption("of these tests"));

        var refused = await BackupRunner.LabelAsync(handle, new LabelChange { Pin = true }, [], default);
        Assert.Equal(ErrorIds.NotAuthenticated, refused.Error!.Id);
        await LabelWellAsync(handle with { Unauthenticated = true }, new LabelChange { Pin = true });

        Assert.True(ManifestStore.Read(backup.Path) is { Pinned: true, Signature: null });
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another one")]
    public async Task A_signature_that_cannot_be_renewed_is_not_lost(string? passphrase)
    {
        var backup = Add("a.dump", days: 0);
        var key = ManifestKey.Of(Encryption("of these tests").Passphrase);
        ManifestStore.Write(backup.Path, ManifestStore.Read(backup.Path), key, overwrite: true);
        var manifest = await File.ReadAllBytesAsync(ManifestStore.PathOf(backup.Path));
        var handle = new BackupHandle(
            backup, FolderPlaceConfig.At(_temp.Path), passphrase is null ? null : Encryption(passphrase)) { Unauthenticated = true };

        var run = await BackupRunner.LabelAsync(handle, new LabelChange { Pin = true }, [], default);

        Assert.Equal(ErrorIds.NotAuthenticated, run.Error!.Id);
        Assert.Equal(manifest, await File.ReadAllBytesAsync(ManifestStore.PathOf(backup.Path)));
    }

    [Fact]
    public async Task Two_changes_at_once_are_both_made()
    {
        var handle = BackupHandles.Of(Add("a.dump", days: 0), null);
        for (var round = 0; round < 20; round++)
        {
            var tag = $"round-{round}";
            var pin = round % 2 == 0 ? new LabelChange { Pin = true } : new LabelChange { Unpin = true };
            await Task.WhenAll(
                Task.Run(() => LabelWellAsync(handle, pin)), Task.Run(() => LabelWellAsync(handle, new LabelChange { Tag = tag })));

            var manifest = ManifestStore.Read(handle.File.Path);
            Assert.Equal((pin.Pin, tag), (manifest.Pinned, manifest.Tag));
        }
        Assert.All(BackupCatalog.List(_temp.Path), b => Assert.Equal("a.dump", b.FileName));
    }

    /// <summary>What a proof does in its end, hours after it was begun.</summary>
    [Fact]
    public async Task A_change_waits_for_another_and_keeps_what_that_has_written()
    {
        var handle = BackupHandles.Of(Add("a.dump", days: 0), null);
        var proof = new ProofRecord(BackupProof.Integrity, BackupSamples.Morning, 1, null, null, null);
        Task pinning;
        await using (var held = await HeldManifest.TakeAsync(handle, default))
        {
            pinning = Task.Run(() => LabelWellAsync(handle, new LabelChange { Pin = true }));
            await held.WriteAsync(ManifestStore.Renew(held.Manifest with { Proof = proof }, null), default);
        }
        await pinning;

        var manifest = ManifestStore.Read(handle.File.Path);
        Assert.True(manifest is { Pinned: true, Proof: not null });
    }

    [Theory]
    [InlineData(false, "pinned")]
    [InlineData(true, "pinned")] // force was for another reason
    public async Task What_was_pinned_while_the_question_stood_stays(bool force, string reason)
    {
        Add("new.dump", days: 0);
        var backup = Add("old.dump", days: force ? -1 : -30);
        var decision = await DecideAsync(backup, force);
        Assert.True(decision.Remove);
        await LabelWellAsync(BackupHandles.Of(backup, null), new LabelChange { Pin = true });

        var run = await BackupRunner.RemoveAsync(BackupHandles.Of(backup, null), decision, [], default);

        Assert.Equal(ErrorIds.BackupProtected, run.Error!.Id);
        Assert.Contains($"{backup.Path} is kept: {reason}", run.Error.Message, StringComparison.Ordinal);
        Assert.True(BackupCatalog.Open(backup.Path).Pinned);
    }

    [Fact]
    public async Task What_was_changed_in_a_way_that_keeps_nothing_goes_and_another_of_its_name_stays()
    {
        Add("new.dump", days: 0);
        var (tagged, replaced) = (Add("tagged.dump", days: -30), Add("replaced.dump", days: -30));
        var (first, second) = (await DecideAsync(tagged), await DecideAsync(replaced));
        await LabelWellAsync(BackupHandles.Of(tagged, null), new LabelChange { Tag = "release-7" });
        Add("replaced.dump", days: -30, runId: "other");

        Assert.True((await BackupRunner.RemoveAsync(BackupHandles.Of(tagged, null), first, [], default)).Success);
        var refused = await BackupRunner.RemoveAsync(BackupHandles.Of(replaced, null), second, [], default);

        Assert.Equal(ErrorIds.BackupNotFound, refused.Error!.Id);
        Assert.True(File.Exists(replaced.Path));
        Assert.False(File.Exists(tagged.Path));
    }

    [Fact]
    public async Task A_clean_up_leaves_what_was_pinned_since_it_was_planned()
    {
        Add("new.dump", days: 0);
        var (pinned, old) = (Add("pinned.dump", days: -30), Add("old.dump", days: -30));
        var target = CleanUpTarget.Of(JobFolder.At(_temp.Path), keepDays: null);
        var plan = await target.PlanAsync(new HashSet<string>(), default);
        await LabelWellAsync(BackupHandles.Of(pinned, null), new LabelChange { Pin = true });
        var warnings = new List<string>();

        var removed = await target.ApplyAsync(plan, warnings.Add, default);

        Assert.Equal(old.Path, Assert.Single(removed).Path);
        Assert.Contains(
            "pinned.dump is kept: its tag, pin or days were changed meanwhile", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.True(File.Exists(pinned.Path));
    }

    [Fact]
    public async Task A_removal_beside_a_change_leaves_the_backup_whole_or_nothing_of_it()
    {
        for (var round = 0; round < 20; round++)
        {
            var backup = Add("a.dump", days: 0);
            var decision = await DecideAsync(backup, force: true);
            var handle = BackupHandles.Of(backup, null);
            await Task.WhenAll(
                Task.Run(() => BackupRunner.LabelAsync(handle, new LabelChange { Tag = "x" }, [], default)),
                Task.Run(() => BackupRunner.RemoveAsync(handle, decision, [], default)));

            Assert.Equal(File.Exists(backup.Path), File.Exists(ManifestStore.PathOf(backup.Path)));
        }
    }

    static EncryptionConfig Encryption(string passphrase) => new(new Secret(passphrase));

    BackupSyncConfig Config(IReadOnlyList<JobConfig> jobs) =>
        new() { Path = _temp.File("backupsync.yml"), Databases = [], Jobs = jobs, Places = [] };

    static async Task LabelWellAsync(BackupHandle handle, LabelChange change)
    {
        var run = await BackupRunner.LabelAsync(handle, change, [], default);
        Assert.True(run.Success, $"{run.Error}");
    }

    static Task<RetentionDecision> DecideAsync(BackupFile backup, bool force = false, BackupSyncConfig? config = null) =>
        new BackupRemoval(config, force).DecideAsync(BackupHandles.Of(backup, config), default);

    BackupFile Add(
        string name, int days, Func<BackupManifest, BackupManifest>? change = null, BackupKind kind = BackupKind.Source,
        string runId = "a1b2c3d4")
    {
        BackupSamples.Add(_temp.Path, name, kind, BackupSamples.Morning.AddDays(days), runId, change: change);
        return Open(name);
    }

    BackupFile AddOfPlan(string folder, string name, int days)
    {
        Directory.CreateDirectory(_temp.File(folder));
        return BackupCatalog.Open(BackupSamples.Add(
            _temp.File(folder), name, BackupKind.Plan, BackupSamples.Morning.AddDays(days), job: "nightly"));
    }

    /// <summary>A plan that keeps what it has taken for thirty days.</summary>
    BackupSyncConfig PlanConfig(string directory) => ConfigurationFile.Load(_temp.Write("backupsync.yml", $$"""
        databases: { railway: { url: "${NOT_SET_ANYWHERE}" } }
        places: { local: { directory: {{directory}} } }
        backupPlans: { nightly: { databases: [railway], places: [local], keep: { days: 30 } } }
        """));

    BackupFile Open(string name) => BackupCatalog.Open(Path.Combine(_temp.Path, name));

    void Record(string runId, RunOutcome outcome, int days, string folder = "") => RunHistory.Append(
        _temp.File(folder), RunSamples.Succeeded(runId) with { Outcome = outcome, EndTime = BackupSamples.Morning.AddDays(days) });
}
