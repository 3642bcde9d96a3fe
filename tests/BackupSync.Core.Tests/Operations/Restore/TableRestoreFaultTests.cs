using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Tests.Operations.BackUp;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.Restore;

/// <summary>Stopped or killed at any moment, a restore of tables leaves them as they were; nobody ever sees them half done.</summary>
public sealed class TableRestoreFaultTests(Servers servers) : IClassFixture<Servers>
{
    // The rows of the restored table load slowly enough to be caught in the middle.
    const string Slow = """
        CREATE FUNCTION slowly() RETURNS boolean LANGUAGE sql AS 'SELECT true';
        ALTER TABLE users ADD CONSTRAINT slow CHECK (slowly());
        CREATE OR REPLACE FUNCTION slowly() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN true; END $$;
        """;

    const string OfTheRestore = "datname = current_database() AND application_name LIKE 'backupsync:%' AND pid <> pg_backend_pid()";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stopped_or_cut_off_in_the_middle_of_the_rows_it_leaves_the_old_ones(bool stopped)
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await PrepareAsync(vault, Slow);
        var before = await ContentAsync(vault);
        using var stop = new CancellationTokenSource();
        var acting = Task.CompletedTask;

        var result = await RestoreAsync(vault, backup, Faults.AtStep(RunStep.Restore, () => acting = Task.Run(async () =>
        {
            await Eventually.IsTrueAsync(async () => await vault.Server
                .ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE {OfTheRestore} AND query LIKE 'COPY public.users%'") > 0,
                "rows are loaded", 60, pause: 5);
            if (stopped)
                await stop.CancelAsync();
            else
                await EndSessionAsync(vault);
        })), stop.Token);
        await acting;

        Assert.True(result.Outcome == (stopped ? RunOutcome.Cancelled : RunOutcome.RolledBack), $"{result.Outcome} {result.Error}");
        Assert.Equal(stopped ? ErrorIds.Cancelled : ErrorIds.ConnectionFailed, result.Error!.Id);
        Assert.Contains("nothing of it was committed", result.Error.Rollback, StringComparison.Ordinal);
        await AssertUntouchedAsync(vault, before);
    }

    [Theory]
    [InlineData(RunStep.Verify)]
    [InlineData(RunStep.Publish)]
    public async Task Cut_off_later_it_leaves_rows_sequences_keys_and_triggers_as_they_were(RunStep step)
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await PrepareAsync(vault);
        var before = await ContentAsync(vault);

        var result = await RestoreAsync(vault, backup, Faults.AtStep(step, () => EndSessionAsync(vault).Wait()));

        Faults.AssertFailed(result, RunOutcome.RolledBack, step, ErrorIds.ConnectionFailed);
        await AssertUntouchedAsync(vault, before);
        Vault.Well(await RestoreAsync(vault, backup));
    }

    [Fact]
    public async Task Readers_see_all_old_rows_or_all_new_ones()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await PrepareAsync(vault, Slow);
        // What it sees is from before, though it looks at the table only after.
        await using var older = await Scenario.OpenAsync(vault.Server.Address);
        await older.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()", default);
        using var done = new CancellationTokenSource();
        var seen = new HashSet<(long, long)>();
        var reading = Task.CompletedTask;
        Task<long>? waiting = null;

        var result = await RestoreAsync(vault, backup, e =>
        {
            if (e is StepStarted { Step: RunStep.Restore })
                reading = Task.Run(() => ReadAsync(vault, seen, done.Token));
            // Asked while the new rows are there and not yet published: answered after.
            if (e is StepStarted { Step: RunStep.Verify })
                waiting = vault.Server.ScalarAsync<long>("SELECT count(*) FROM users");
        });
        var count = await waiting!;
        await Eventually.IsTrueAsync(() => { lock (seen) return seen.Contains((500, 500)); }, "the new rows are seen");
        await done.CancelAsync();
        await reading;

        Vault.Well(result);
        Assert.Equal(500, count);
        Assert.Equal(501, await older.ScalarAsync<long>("SELECT count(*) FROM users WHERE full_name = 'changed'", default));
        Assert.True(seen.IsSubsetOf([(501, 0), (500, 500)]), string.Join(", ", seen));
    }

    [Fact]
    public async Task Tables_in_use_are_waited_for()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await PrepareAsync(vault);
        await using var user = await vault.Server.OpenAsync();
        await using var begin = new Npgsql.NpgsqlCommand("BEGIN; SELECT count(*) FROM users", user);
        await begin.ExecuteScalarAsync();
        var ending = Task.CompletedTask;

        var result = await RestoreAsync(vault, backup, Faults.AtStep(RunStep.Restore, () => ending = Task.Run(async () =>
        {
            await Eventually.IsTrueAsync(async () => await vault.Server
                .ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE {OfTheRestore} AND wait_event_type = 'Lock'") > 0,
                "the restore waits", 60, pause: 5);
            await user.CloseAsync();
        })));
        await ending;

        Vault.Well(result);
    }

    /// <summary>A backup, and a database that has changed since: names, one more user, sequences that went on.</summary>
    static async Task<BackupFile> PrepareAsync(Vault vault, string more = "")
    {
        var backup = await vault.BackUpWellAsync();
        await vault.Server.ExecuteAsync(
            "UPDATE users SET full_name = 'changed'; INSERT INTO users (email, full_name) VALUES ('one@example.org', 'changed')");
        if (more.Length > 0)
            await vault.Server.ExecuteAsync(more);
        return backup;
    }

    static async Task ReadAsync(Vault vault, HashSet<(long, long)> seen, CancellationToken stop)
    {
        await using var session = await Scenario.OpenAsync(vault.Server.Address);
        while (!stop.IsCancellationRequested)
        {
            var row = (await session.RowsAsync(
                "SELECT count(*), count(*) FILTER (WHERE full_name <> 'changed') FROM users",
                CancellationToken.None))[0];
            lock (seen)
                seen.Add((row.Long(0), row.Long(1)));
        }
    }

    static Task<long> EndSessionAsync(Vault vault) =>
        vault.Server.ScalarAsync<long>($"SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE {OfTheRestore}");

    static async Task AssertUntouchedAsync(Vault vault, DatabaseFingerprint before)
    {
        Scenario.AssertSame(before, await ContentAsync(vault));
        Assert.Equal(0, await vault.Server.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE {OfTheRestore}"));
    }

    static async Task<RunResult> RestoreAsync(
        Vault vault,
        BackupFile backup,
        Action<RunEvent>? onEvent = null,
        CancellationToken cancellationToken = default) =>
        await RestoreRunner.RestoreAsync(
            BackupHandles.Of(backup, vault.Config), ["users"], vault.Database, vault.Config, new RunOptions { OthersWait = true },
            [new RunListener(onEvent)], cancellationToken);

    static async Task<DatabaseFingerprint> ContentAsync(Vault vault)
    {
        await using var session = await PgSession.OpenAsync(new PgLogin("test", vault.Server.AsSuperuser, "test", ReadOnly: true), default);
        return await FingerprintReader.ReadAsync([session], FingerprintMethod.ChainedHash, CatalogFilter.None, null, default);
    }
}
