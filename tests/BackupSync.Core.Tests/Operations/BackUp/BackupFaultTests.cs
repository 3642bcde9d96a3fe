using System.Collections.Concurrent;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations;
using BackupSync.Operations.Expire;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.BackUp;

/// <summary>Whatever goes wrong while a backup is taken: nothing half is listed, and the next one goes well.</summary>
public sealed class BackupFaultTests(Servers servers) : IClassFixture<Servers>
{
    public static TheoryData<RunStep> Steps =>
        [RunStep.Lock, RunStep.Check, RunStep.Statistics, RunStep.Dump, RunStep.Prove, RunStep.Store, RunStep.CleanUp];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Stopped_at_any_step_it_leaves_nothing_half_and_the_next_one_goes_well(RunStep step)
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted: true);
        using var cancel = new CancellationTokenSource();
        var order = Nightly(vault);

        var stopped = (await BackupRunner.BackUpAsync(
            [vault.Database],
            order,
            _ => [new RunListener(Faults.AtStep(step, cancel.Cancel))],
            null,
            cancel.Token))[0];

        Assert.True(stopped is { Outcome: RunOutcome.Cancelled, Error.Id: ErrorIds.Cancelled }, $"{stopped.Outcome} {stopped.Error}");
        AssertNothingHalf(vault);
        var kept = await ListAsync(vault.Local);
        Assert.Equal(step >= RunStep.CleanUp ? 1 : 0, kept.Count);
        Vault.Well(await vault.BackUpAsync(order));
        Assert.Equal(kept.Count + 1, (await ListAsync(vault.Local)).Count);
        foreach (var backup in await ListAsync(vault.Offsite))
            Vault.Well(await vault.ProveAsync(backup));
        await AssertNoSessionsAsync(vault);
    }

    [Fact]
    public async Task A_place_s_failure_that_has_no_advice_does_not_begin_with_then()
    {
        await using var vault = await Vault.CreateAsync(servers);
        vault.Folder.Write("offsite/auth", "no folder");

        var result = await vault.BackUpAsync(vault.ByHand(vault.Local, vault.Offsite));

        Faults.AssertFailed(result, RunOutcome.Incomplete, RunStep.Store, ErrorIds.FileFailed);
        Assert.Equal("When that is mended, copy it: backupsync copy auth --latest --to offsite",
            Spelling.InCommands(result.Error!.Advice!));
        Assert.Equal("When that is mended, copy it: Copy-DbBackup auth -Latest -To offsite", Spelling.InCmdlets(result.Error.Advice!));
        Assert.Equal("local", result.Target);
    }

    [Fact]
    public async Task Stopped_in_the_middle_of_the_dump_it_ends_the_work_in_the_server()
    {
        await using var vault = await Vault.CreateAsync(servers);
        await FillAsync(vault, 20);
        using var cancel = new CancellationTokenSource();
        var dumping = Faults.WhenAsync(
            vault.Server.AsSuperuser, $"query LIKE 'COPY public.noise%' AND datname = '{vault.Server.Name}'", cancel.CancelAsync);

        var stopped = await vault.BackUpAsync(cancellationToken: cancel.Token);

        await dumping;
        Assert.Equal(RunOutcome.Cancelled, stopped.Outcome);
        AssertNothingHalf(vault);
        Assert.Empty(await ListAsync(vault.Local));
        await AssertNoSessionsAsync(vault);
    }

    [Fact]
    public async Task What_a_killed_process_left_is_cleared_and_no_backup()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var folder = Directory.CreateDirectory(Path.Combine(vault.Local.Directory, "auth")).FullName;
        string[] dead = ["auth_manual_backup_20250101_000000.dump.partial", "auth_manual_backup_20250101_000000.dump.json.partial",
            "x.dump.globals.sql.partial"];
        foreach (var file in dead.Append("auth_manual_backup_20250101_000000.dump"))
            await File.WriteAllTextAsync(Path.Combine(folder, file), "PGDMP");
        await File.WriteAllTextAsync(Path.Combine(folder, "other.dump.storing-abcdefgh.partial"), "being stored by another process");
        var warnings = new List<string>();

        Vault.Well(await vault.BackUpAsync());

        Assert.Single(await BackupStore.ListAsync(vault.Local, warnings.Add, default));
        Assert.Contains("no manifest", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal("other.dump.storing-abcdefgh.partial", Path.GetFileName(Assert.Single(Directory.GetFiles(folder, "*.partial"))));
    }

    [Fact]
    public async Task What_storing_left_goes_when_it_is_old()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var folder = Directory.CreateDirectory(Path.Combine(vault.Offsite.Directory, "auth")).FullName;
        foreach (var file in new[] { "old.dump.storing-abcdefgh.partial", "new.dump.storing-abcdefgh.partial" })
            await File.WriteAllTextAsync(Path.Combine(folder, file), "half");
        File.SetLastWriteTimeUtc(Path.Combine(folder, "old.dump.storing-abcdefgh.partial"), DateTime.UtcNow.AddDays(-2));

        Vault.Well(await vault.BackUpAsync(vault.ByHand(vault.Local, vault.Offsite)));

        Assert.Equal("new.dump.storing-abcdefgh.partial", Path.GetFileName(Assert.Single(Directory.GetFiles(folder, "*.partial"))));
    }

    [Fact]
    public async Task Of_two_backups_of_one_database_at_once_one_is_skipped()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var order = vault.ByHand();
        Task<RunResult>? second = null;

        var results = await BackupRunner.BackUpAsync(
            [vault.Database],
            order,
            _ => [new RunListener(Faults.AtStep(RunStep.Statistics, () => second = vault.BackUpAsync(order)))],
            null,
            default);

        Vault.Well(results[0]);
        var skipped = await second!;
        Assert.Equal((RunOutcome.Skipped, ErrorIds.RunInProgress), (skipped.Outcome, skipped.Error!.Id));
        Assert.Single(await ListAsync(vault.Local));
    }

    [Fact]
    public async Task One_database_that_fails_does_not_stop_the_others()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var missing = Scenario.Named("missing", vault.Database.Address.WithDatabase("no_such_database"), DatabaseRole.Backup);
        DatabaseConfig[] databases = [vault.Database, missing, vault.Database with { Name = "again" }];
        var told = new ConcurrentQueue<string>();

        var results = await BackupRunner.BackUpAsync(databases, vault.ByHand(), _ => [], r => told.Enqueue(r.Source), default);

        Assert.Equal(["auth", "missing", "again"], results.Select(r => r.Source));
        Assert.Equal([RunOutcome.Succeeded, RunOutcome.Aborted, RunOutcome.Succeeded], results.Select(r => r.Outcome));
        Assert.Equal(ErrorIds.DatabaseMissing, results[1].Error!.Id);
        Assert.Equal(["again", "auth", "missing"], told.Order());
        Assert.Equal(2, (await ListAsync(vault.Local)).Count);
    }

    [Fact]
    public async Task Databases_of_one_server_keep_to_its_connections_together()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var databases = Enumerable.Range(0, 5).Select(i => vault.Database with { Name = $"auth{i}" }).ToList();
        var order = vault.ByHand() with { Parallel = 5 };
        order = order with { Settings = order.Settings with { Parallel = 5, Limits = new LimitsConfig { Connections = 4 } } };
        await using var session = await Scenario.OpenAsync(vault.Server.AsSuperuser.WithDatabase("postgres"));
        // A session that was closed is listed until its server's process has ended: what counts is seen twice.
        long most = 0, last = 0;
        var running = BackupRunner.BackUpAsync(databases, order, _ => [], null, default);
        while (!running.IsCompleted)
        {
            var now = await session.ScalarAsync<long>(
                $"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backupsync%' AND datname = '{vault.Server.Name}' "
                    + "AND backend_type = 'client backend'", default);
            (most, last) = (Math.Max(most, Math.Min(now, last)), now);
            await Task.Delay(20);
        }

        Assert.All(await running, r => Vault.Well(r));
        Assert.InRange(most, 1, 4);
    }

    [SkippableFact]
    public async Task A_folder_that_cannot_be_written_to_is_told()
    {
        await using var disk = await SmallDisk.MountAsync(1_000_000);
        await using var vault = await Vault.CreateAsync(servers);
        await disk.MakeReadOnlyAsync();

        var result = await vault.BackUpAsync(vault.ByHand(new FolderPlaceConfig { Name = "small", Directory = disk.Path }));

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Lock, ErrorIds.FileFailed);
        Assert.Contains(disk.Path, result.Error!.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_backup_in_a_read_only_place_can_still_be_proven()
    {
        await using var disk = await SmallDisk.MountAsync(10_000_000);
        await using var vault = await Vault.CreateAsync(servers);
        var place = new FolderPlaceConfig { Name = "small", Directory = disk.Path };
        vault.Config = vault.Config with { Places = [place] };
        var backup = await vault.BackUpWellAsync();
        await disk.MakeReadOnlyAsync();

        var result = Vault.Well(await vault.ProveAsync(backup));

        Assert.Contains(result.Warnings, w => w.Contains("could not be written into its manifest", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_disk_that_the_archive_fills_is_told_and_given_back()
    {
        await using var disk = await SmallDisk.MountAsync(15_000_000);
        await using var vault = await Vault.CreateAsync(servers);
        await FillAsync(vault, 20);

        var result = await vault.BackUpAsync(vault.ByHand(new FolderPlaceConfig { Name = "small", Directory = disk.Path }));

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Dump, ErrorIds.DiskFull);
        Assert.Empty(Files(disk.Path));
    }

    [SkippableFact]
    public async Task A_disk_that_others_fill_meanwhile_is_given_back_too()
    {
        await using var disk = await SmallDisk.MountAsync(20_000_000);
        await using var vault = await Vault.CreateAsync(servers);
        var order = vault.ByHand(new FolderPlaceConfig { Name = "small", Directory = disk.Path });
        // After its free space was looked at, and before the archive is written.
        var other = new RunListener(e =>
        {
            if (e is StepStarted { Step: RunStep.Dump })
                disk.Fill();
        });

        var result = (await BackupRunner.BackUpAsync([vault.Database], order, _ => [other], null, default))[0];

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Dump, ErrorIds.DiskFull);
        Assert.Empty(Files(disk.Path));
    }

    [Fact]
    public async Task An_archive_whose_manifest_cannot_be_written_is_taken_back()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var file = vault.Folder.File("export.dump");
        Directory.CreateDirectory(Path.Combine(file + ".json", "in the way"));

        var result = await vault.BackUpAsync(BackupOrders.Export(vault.Config, file));

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Dump, ErrorIds.FileFailed);
        Assert.Empty(Directory.GetFiles(vault.Folder.Path, "export.dump*"));
    }

    [SkippableFact]
    public async Task A_second_place_that_is_full_leaves_the_first_good_and_says_so()
    {
        await using var disk = await SmallDisk.MountAsync(1_000_000);
        await using var vault = await Vault.CreateAsync(servers);
        await FillAsync(vault, 4);
        var full = new FolderPlaceConfig { Name = "full", Directory = disk.Path };

        var result = await vault.BackUpAsync(vault.ByHand(vault.Local, full, vault.Offsite));

        Faults.AssertFailed(result, RunOutcome.Incomplete, RunStep.Store, ErrorIds.DiskFull);
        var local = Assert.Single(await ListAsync(vault.Local));
        Assert.Contains($"good and stays in {local.Path}", result.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("full", result.Error.Advice, StringComparison.Ordinal);
        Assert.Empty(Files(disk.Path));
        Vault.Well(await vault.ProveAsync(local));
        // The third has it nevertheless.
        Assert.Equal("local, offsite", result.Target);
        Assert.Equal(local.Sha256, Assert.Single(await ListAsync(vault.Offsite)).Sha256);
    }

    [Fact]
    public async Task Cleanups_at_once_over_a_place_remove_what_has_expired_and_keep_the_newest()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var newest = await vault.BackUpWellAsync();
        for (var i = 1; i <= 30; i++)
            Vault.PutAgain(
                newest,
                $"auth_manual_backup_2025010{i % 9}_0000{i:00}.dump",
                m => m with { Created = m.Created.AddDays(-i), KeepDays = 1 });

        var removed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            await Retention.ApplyAsync(
                vault.Local, await JobBackups.PlanCleanUpAsync(vault.Local, vault.Config, DateTimeOffset.UtcNow, default), null,
                default))));

        Assert.Equal(30, removed.SelectMany(r => r).Select(r => r.Path).Distinct().Count());
        Assert.Equal(newest.Path, Assert.Single(await ListAsync(vault.Local)).Path);
        Assert.Equal(3, Files(vault.Local.Directory).Count());
    }

    [Fact]
    public async Task Staging_folders_of_many_at_once_do_not_disturb_each_other()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 300), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, ct) =>
        {
            using var folder = StagingFolder.Create(1);
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "x"), $"{i}", ct);
            await Task.Yield();
            Assert.Equal($"{i}", await File.ReadAllTextAsync(Path.Combine(folder.Path, "x"), ct));
        });
    }

    [Fact]
    public async Task A_staging_folder_that_a_dead_process_left_goes_with_the_next()
    {
        var dead = Directory.CreateTempSubdirectory("backupsync-staging-").FullName;
        await File.WriteAllTextAsync(Path.Combine(dead, "archive.dump"), "decrypted");
        Directory.SetLastWriteTimeUtc(dead, DateTime.UtcNow.AddMinutes(-5));

        using (StagingFolder.Create(1))
            Assert.False(Directory.Exists(dead));
    }

    [Fact]
    public async Task What_a_dead_restore_had_decrypted_goes_with_the_next_backup()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var dead = Directory.CreateTempSubdirectory("backupsync-staging-").FullName;
        await File.WriteAllTextAsync(Path.Combine(dead, "archive.dump"), "decrypted");
        Directory.SetLastWriteTimeUtc(dead, DateTime.UtcNow.AddMinutes(-5));

        await vault.BackUpWellAsync();

        Assert.False(Directory.Exists(dead));
    }

    static BackupOrder Nightly(Vault vault) => BackupOrders.Of(
        new BackupPlanConfig
        {
            Name = "nightly",
            Databases = [vault.Database],
            Places = [vault.Local, vault.Offsite],
            Keep = new KeepConfig { Days = 1 },
        }, vault.Config);

    static Task<IReadOnlyList<BackupFile>> ListAsync(PlaceConfig place) => BackupStore.ListAsync(place, s => Assert.Fail(s), default);

    static Task FillAsync(Vault vault, int megabytes) => vault.Server.ExecuteAsync(
        "CREATE TABLE noise AS SELECT i AS id, (SELECT string_agg(sha512((i * 100 + j)::text::bytea), '') FROM generate_series(1, 16) "
            + $"j) AS bytes FROM generate_series(1, {megabytes * 1000}) i");

    /// <summary>Log, history and lock stay.</summary>
    static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(f => Path.GetFileName(f) is var name && name != ".lock" && name != "filler" && !RecordNames.Has(name));

    static void AssertNothingHalf(Vault vault)
    {
        foreach (var place in new[] { vault.Local, vault.Offsite }.Where(p => Directory.Exists(p.Directory)))
        {
            var files = Files(place.Directory).ToList();
            Assert.DoesNotContain(files, f => f.EndsWith(".partial", StringComparison.Ordinal));
        }
    }

    static Task AssertNoSessionsAsync(Vault vault) => Eventually.IsTrueAsync(async () => await Scenario.CountAsync(vault.Server.AsSuperuser,
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backupsync%' AND datname = "
            + $"'{vault.Server.Name}'") == 0, "sessions of backupsync are left");
}
