using BackupSync.Backups;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.BackUp;

/// <summary>The real program is killed at every step of a plan and of a restore.</summary>
public sealed class BackupKillTests(Servers servers, S3Server s3) : IClassFixture<Servers>, IClassFixture<S3Server>
{
    [Fact]
    public async Task Killed_at_any_step_of_a_plan_nothing_half_counts_and_the_next_run_goes_well()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var config = WriteConfig(vault);
        foreach (var step in new[] { RunStep.Statistics, RunStep.Dump, RunStep.Prove, RunStep.Store, RunStep.CleanUp })
            await UntilInTimeAsync(step, () => KillAndGoOnAsync(step));
        foreach (var backup in await AllAsync(vault))
            Vault.Well(await vault.ProveAsync(backup));
        // One that is killed as its step is told, may not have noted it yet.
        Assert.Contains(RunHistory.Read(Path.Combine(vault.Local.Directory, "auth")), r => r.Outcome == RunOutcome.DidNotEnd);

        async Task<bool> KillAndGoOnAsync(RunStep step)
        {
            var inTime = await KillAtAsync(vault, step, "plan", "nightly", "--config", config);
            var killed = await AllAsync(vault);

            var again = await Cli.RunAsync(["plan", "nightly", "--config", config], Environment(vault));

            Assert.True(again.ExitCode == 0, $"after {step}: {again.All}");
            Assert.Equal(killed.Count + 2, (await AllAsync(vault)).Count);
            Assert.Empty(Directory.GetFiles(Path.Combine(vault.Local.Directory, "auth"), "*.partial"));
            Assert.Empty(Directory.GetFiles(vault.Local.Directory, ".run-*", SearchOption.AllDirectories));
            return inTime;
        }
    }

    [SkippableFact]
    public async Task Killed_in_the_middle_of_an_upload_it_leaves_no_backup_in_the_bucket_and_the_next_run_stores_one()
    {
        await using var proxy = new TcpProxy(s3.Port);
        var bucket = s3.CreateBucket(proxy.Port);
        await using var vault = await Vault.CreateAsync(servers);
        vault.Config = vault.Config with { Places = [vault.Local, bucket] };
        var config = WriteConfig(vault, offsite:
            $"s3: {{ bucket: {bucket.Bucket}, prefix: {bucket.Prefix}, endpoint: \"{bucket.Endpoint}\", accessKey: {bucket.AccessKey}, "
                + $"secretKey: {bucket.SecretKey!.Reveal()} }}");
        string[] plan = ["plan", "nightly", "--config", config];

        await using (var cli = Cli.Start(plan, Environment(vault), onLine: (cli, line) =>
        {
            if (!line.EndsWith($" {RunStep.Store} started", StringComparison.Ordinal))
                return;
            // The line ends within the archive's content, as that of a machine that dies.
            proxy.CutAfter(50_000);
            SpinWait.SpinUntil(() => proxy.IsCut, TimeSpan.FromSeconds(30));
            cli.Kill();
        }))
        {
            var killed = await cli.EndAsync();
            Assert.True(killed.ExitCode == 137, killed.All);
        }
        // What had come before the archive may stay; without a manifest it is no backup.
        Assert.DoesNotContain(
            s3.Kept(bucket),
            k => k == "upload" || k.EndsWith(".dump", StringComparison.Ordinal) || k.EndsWith(".json", StringComparison.Ordinal));
        proxy.Restore();

        var again = await Cli.RunAsync(plan, Environment(vault));

        Assert.True(again.ExitCode == 0, again.All);
        Vault.Well(await vault.ProveAsync(Assert.Single(await BackupStore.ListAsync(bucket, null, default))));
    }

    [Fact]
    public async Task Killed_at_any_step_of_a_restore_the_target_is_old_or_new_and_the_next_one_goes_well()
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted: true);
        await using var target = await servers.CreateTargetAsync();
        var config = WriteConfig(vault, target);
        await vault.BackUpWellAsync();
        var content = await Scenario.ContentAsync(vault.Server.AsSuperuser);
        string[] restore = ["restore", "auth", "--latest", "--to", "copy", "--yes", "--config", config];
        foreach (var step in new[] { RunStep.Check, RunStep.Restore, RunStep.Publish })
            await UntilInTimeAsync(step, () => KillAndGoOnAsync(step));
        // What a killed process had decrypted goes with the next one, once it cannot be anybody's.
        foreach (var folder in Directory.GetDirectories(Temporary(vault), "backupsync-staging-*"))
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddMinutes(-5));
        Assert.Equal(0, (await Cli.RunAsync(restore, Environment(vault))).ExitCode);
        Assert.Empty(Directory.GetDirectories(Temporary(vault), "backupsync-staging-*"));

        async Task<bool> KillAndGoOnAsync(RunStep step)
        {
            await target.ExecuteAsync($"CREATE TABLE IF NOT EXISTS public.older AS SELECT '{step}' AS step");
            var before = await Scenario.ContentAsync(target.AsSuperuser);

            var inTime = await KillAtAsync(vault, step, restore);

            var after = await Scenario.ContentAsync(target.AsSuperuser);
            Assert.True(
                new[] { before, content }.Any(c => FingerprintComparison.Compare(c, after, new ComparisonTolerance()).Count == 0),
                $"{step}: neither the old content nor the new");
            CliResult again;
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            do
            {
                again = await Cli.RunAsync(restore, Environment(vault));
            }
            while (again.ExitCode == 5 && !limit.IsCancellationRequested); // until the server has noticed that the lock's owner is dead
            Assert.True(again.ExitCode == 0, $"after {step}: {again.All}");
            Scenario.AssertSame(content, await Scenario.ContentAsync(target.AsSuperuser));
            return inTime;
        }
    }

    [Fact]
    public async Task Killed_at_any_step_of_a_restore_to_a_database_that_is_not_there_it_is_whole_or_not_there_and_the_next_one_creates_it()
    {
        await using var vault = await Vault.CreateAsync(servers);
        await using var target = await servers.CreateTargetAsync();
        await vault.BackUpWellAsync();
        var content = await Scenario.ContentAsync(vault.Server.AsSuperuser);
        var created = target.AsSuperuser.WithDatabase($"{target.Name}_new");
        string[] restore = ["restore", "auth", "--latest", "--yes", "--config", WriteConfig(vault, target), "--target-url",
            target.Server.ConnectionStringFor(created.Database, target.Address.User, TestDatabase.Password)];
        foreach (var step in new[] { RunStep.Statistics, RunStep.Restore, RunStep.Verify, RunStep.CheckPublished, RunStep.CleanUp })
            await UntilInTimeAsync(step, () => KillAndGoOnAsync(step));

        async Task<bool> KillAndGoOnAsync(RunStep step)
        {
            var inTime = await KillAtAsync(vault, step, restore);

            if (await IsThereAsync())
            {
                Scenario.AssertSame(content, await Scenario.ContentAsync(created));
                await target.ExecuteAsSuperuserAsync($"DROP DATABASE \"{created.Database}\" WITH (FORCE)");
            }
            CliResult again;
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            do
            {
                again = await Cli.RunAsync(restore, Environment(vault));
            }
            while (again.ExitCode == 5 && !limit.IsCancellationRequested);
            Assert.True(again.ExitCode == 0, $"after {step}: {again.All}");
            Scenario.AssertSame(content, await Scenario.ContentAsync(created));
            Assert.Equal(0, await target.ScalarAsync<long>(
                "SELECT count(*) FROM pg_database WHERE datname LIKE 'backupsync%' "
                    + $"AND pg_get_userbyid(datdba) = '{target.Address.User}'"));
            await target.ExecuteAsSuperuserAsync($"DROP DATABASE \"{created.Database}\" WITH (FORCE)");
            return inTime;
        }

        Task<bool> IsThereAsync() =>
            target.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{created.Database}')");
    }

    /// <returns>Whether the signal came before the end of the run.</returns>
    static async Task<bool> KillAtAsync(Vault vault, RunStep step, params string[] arguments)
    {
        var seen = 0;
        await using var cli = Cli.Start(arguments, Environment(vault), onLine: (cli, line) =>
        {
            if (line.EndsWith($" {step} started", StringComparison.Ordinal) && Interlocked.Exchange(ref seen, 1) == 0)
                cli.Kill();
        });
        var killed = await cli.EndAsync();
        Assert.True(seen == 1 && killed.ExitCode is 137 or 0, $"{step}: {killed.All}");
        return killed.ExitCode == 137;
    }

    /// <summary>
    /// On a busy machine a step can be over before the signal comes, and the last one can on any: what has to hold after it holds then
    /// too.
    /// </summary>
    static async Task UntilInTimeAsync(RunStep step, Func<Task<bool>> killAndCheck)
    {
        var isLast = step is RunStep.Publish or RunStep.CleanUp;
        var inTime = false;
        for (var attempt = 0; !inTime && attempt < (isLast ? 1 : 5); attempt++)
            inTime = await killAndCheck();
        Assert.True(inTime || isLast, $"{step} was over each time before the signal came.");
    }

    static async Task<IReadOnlyList<BackupFile>> AllAsync(Vault vault) =>
        [.. await BackupStore.ListAsync(vault.Local, null, default), .. await BackupStore.ListAsync(vault.Offsite, null, default)];

    static string Temporary(Vault vault) => Directory.CreateDirectory(vault.Folder.File("temporary")).FullName;

    /// <summary>Staging folders of its own, so that what it leaves there can be looked at.</summary>
    static Dictionary<string, string?> Environment(Vault vault) =>
        new() { ["TMPDIR"] = Temporary(vault), ["TEMP"] = Temporary(vault), ["TMP"] = Temporary(vault) };

    static string WriteConfig(
        Vault vault,
        TestDatabase? target = null,
        string offsite = "directory: offsite") => vault.Folder.Write("backupsync.yml",
        $$"""
        databases:
          auth: { url: "{{vault.Server.ConnectionString}}", role: production }
          copy: { url: "{{(target ?? vault.Server).ConnectionString}}", role: development }
        places:
          local: { directory: local }
          offsite: { {{offsite}} }
        {{(vault.Config.Encryption is null ? "" : $"encryption: {{ passphrase: \"{Vault.Passphrase.Reveal()}\" }}")}}
        backupPlans:
          nightly: { databases: [auth], places: [local, offsite], keep: { days: 7 }, verify: integrity }
        """);
}
