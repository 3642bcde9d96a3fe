using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Runs;
using Npgsql;

namespace BackupSync.Tests.Operations.Publishing;

public sealed class PoolerTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableTheory]
    [InlineData("transaction", "")]
    [InlineData("transaction", "server_round_robin = 1\nmin_pool_size = 2")]
    [InlineData("statement", "")]
    public async Task A_pooler_that_shares_sessions_is_refused_and_what_it_shares_stays_as_it_was(string mode, string more)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        await scenario.OnTargetAsync("CREATE TABLE users (id int)");
        await using var source = await PgBouncer.StartAsync(scenario.Source, mode, more);
        await using var target = await PgBouncer.StartAsync(scenario.Target, mode, more);
        // A session that the application has used, and will get again.
        await using var application = await TestDatabase.OpenAsync(source.Of(scenario.Source));
        await using var writer = await TestDatabase.OpenAsync(target.Of(scenario.Target));
        await AssertUntouchedAsync(application);
        await AssertUntouchedAsync(writer);
        var direct = scenario.Job;

        scenario.ReadFrom(source.Of(scenario.Source));
        foreach (var run in new[] { SyncMode.Full, SyncMode.Incremental })
            AssertRefused((await scenario.SyncAsync(mode: run)).Error);
        var local = new FolderPlaceConfig { Name = "local", Directory = Path.Combine(scenario.Directory, "vault") };
        var config = new BackupSyncConfig
        {
            Path = Path.Combine(scenario.Directory, "x.yml"),
            Databases = [scenario.Job.SourceDatabase],
            Jobs = [],
            Places = [local],
        };
        AssertRefused((await BackupRunner.BackUpAsync(
            [scenario.Job.SourceDatabase], BackupOrders.ByHand(config, null), _ => [], null, default))[0].Error);
        var compared = await Assert.ThrowsAsync<BackupSyncException>(() =>
            ComparisonRunner.RunAsync(
                scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions(), null, null, default));
        Assert.Equal(ErrorIds.NotSupported, compared.ErrorId);

        scenario.Job = direct;
        scenario.WriteTo(target.Of(scenario.Target));
        foreach (var run in new[] { SyncMode.Full, SyncMode.Incremental })
            AssertRefused((await scenario.SyncAsync(mode: run)).Error);

        await AssertUntouchedAsync(application);
        await AssertUntouchedAsync(writer);
    }

    [SkippableFact]
    public async Task A_connection_is_tested_through_a_pooler_without_setting_anything()
    {
        await using var database = await servers.CreateSourceAsync();
        await using var pooler = await PgBouncer.StartAsync(database.Address);
        await using var application = await TestDatabase.OpenAsync(pooler.Of(database.Address));
        await AssertUntouchedAsync(application);

        var result = await ConnectionTest.RunAsync(
            Scenario.Named("app", pooler.Of(database.Address), DatabaseRole.Production), TimeSpan.FromSeconds(10), default);

        Assert.Equal(ConnectionState.Connected, result.State);
        Assert.Contains("direct address", Assert.Single(result.Warnings), StringComparison.Ordinal);
        await AssertUntouchedAsync(application);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_of_the_targets_pooler_wait_while_it_is_renamed(bool isRolledBack)
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync();
        await scenario.OnTargetAsync("CREATE TABLE users (id int)");
        await using var pooler = await PgBouncer.StartAsync(scenario.Target);
        scenario.Job = scenario.Job with { TargetDatabase = scenario.Job.TargetDatabase with { Pooler = pooler.Console } };
        using var stop = new CancellationTokenSource();
        long answers = 0;
        var reading = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            await using var client = await TestDatabase.OpenAsync(pooler.Of(scenario.Target));
            while (!stop.IsCancellationRequested)
            {
                await using var command = new NpgsqlCommand("SELECT count(*) FROM pg_catalog.pg_class", client);
                await command.ExecuteScalarAsync();
                Interlocked.Increment(ref answers);
                await Task.Delay(5);
            }
        })).ToList();

        // Whoever writes between publishing and check has the run undone.
        var result = await scenario.SyncAsync(e =>
        {
            if (isRolledBack && e is StepStarted { Step: RunStep.CheckPublished })
                Scenario.ExecuteAsync(scenario.TargetAdmin, "INSERT INTO public.users (name) VALUES ('intruder')").GetAwaiter().GetResult();
        });

        Assert.Equal(isRolledBack ? ErrorIds.VerificationFailed : null, result.Error?.Id);
        var before = Interlocked.Read(ref answers);
        await Eventually.IsTrueAsync(() => Interlocked.Read(ref answers) > before + 20, "clients go on");
        await stop.CancelAsync();
        await Task.WhenAll(reading); // none of them was refused
    }

    [SkippableFact]
    public async Task A_console_that_cannot_be_used_is_found_before_anything_is_begun()
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Swap);
        await scenario.FillAsync();
        await using var pooler = await PgBouncer.StartAsync(scenario.Target);
        scenario.Job = scenario.Job with { TargetDatabase = scenario.Job.TargetDatabase with { Pooler = pooler.Of(scenario.Target) } };

        var result = await scenario.SyncAsync();

        Assert.Equal((ErrorIds.ConnectionFailed, RunStep.Check), (result.Error?.Id, result.Error?.Step));
        Assert.Contains("admin console of its pooler", result.Error!.Message, StringComparison.Ordinal);
    }

    static void AssertRefused(RunError? error)
    {
        Assert.Equal(ErrorIds.NotSupported, error?.Id);
        Assert.Contains("direct address", error!.Advice, StringComparison.Ordinal);
    }

    /// <summary>What the database's own settings say, whichever of the pooler's sessions it is.</summary>
    static async Task AssertUntouchedAsync(NpgsqlConnection application)
    {
        for (var i = 0; i < 5; i++)
        {
            await using var command = new NpgsqlCommand(
                "SELECT string_agg(name || ' = ' || setting, ', ') FROM pg_settings WHERE source = 'session' AND name NOT IN "
                    + "('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings')", application);
            Assert.Equal(DBNull.Value, await command.ExecuteScalarAsync());
        }
    }
}
