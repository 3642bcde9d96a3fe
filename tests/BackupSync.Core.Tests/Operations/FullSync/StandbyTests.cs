using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Sandbox;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>A primary of its own with a hot standby, and a promoted copy of both.</summary>
public sealed class StandbyServers : IAsyncLifetime
{
    StandbyServer? _standby;
    StandbyServer? _clone;

    public SandboxServer Primary { get; private set; } = null!;
    internal StandbyServer Standby => _standby!;

    /// <summary>It has all databases that the primary had when it was first asked for.</summary>
    internal async Task<StandbyServer> CloneAsync()
    {
        await (_clone?.DisposeAsync() ?? ValueTask.CompletedTask);
        _clone = await StandbyServer.StartAsync(Primary);
        await _clone.PromoteAsync();
        return _clone;
    }

    public async Task InitializeAsync()
    {
        Primary = await SandboxServer.StartAsync(new SandboxOptions
        {
            Name = "primary",
            Settings = new Dictionary<string, string> { ["max_prepared_transactions"] = "5", ["wal_level"] = "logical" },
        }, default);
        _standby = await StandbyServer.StartAsync(Primary);
    }

    public async Task DisposeAsync()
    {
        foreach (var server in new[] { _clone, _standby }.OfType<StandbyServer>())
            await server.DisposeAsync();
        await Primary.DisposeAsync();
    }
}

[Collection("standby")]
public sealed class StandbyTests(StandbyServers servers) : IClassFixture<StandbyServers>
{
    [Theory]
    [InlineData(SyncMode.Full, false)]
    [InlineData(SyncMode.Full, true)]
    [InlineData(SyncMode.Incremental, false)]
    [InlineData(SyncMode.Incremental, true)]
    public async Task A_standby_is_not_synced_onto_its_own_primary(SyncMode mode, bool isPaused)
    {
        await using var scenario = await Scenario.CreateAsync(servers.Primary, servers.Primary);
        await scenario.OnTargetAsync("CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);");
        await servers.Standby.CatchUpAsync(servers.Primary);
        scenario.ReadFrom(servers.Standby.Of(scenario.Target));
        if (isPaused)
            await servers.Standby.PauseReplayAsync();
        try
        {
            await scenario.OnTargetAsync("INSERT INTO users VALUES (2)");

            var result = await scenario.SyncAsync(mode: mode);

            Assert.Equal(ErrorIds.SameDatabase, result.Error?.Id);
            Assert.Contains(
                isPaused ? "shares the system identifier of neon" : "is a standby of neon",
                result.Error!.Message,
                StringComparison.Ordinal);
            Assert.Equal(2, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM users"));
        }
        finally
        {
            await servers.Standby.ResumeReplayAsync();
        }
    }

    /// <summary>What was committed on the primary since is not in the copy, however long the clock has gone on.</summary>
    [Theory]
    [InlineData(SyncMode.Full)]
    [InlineData(SyncMode.Incremental)]
    public async Task The_age_of_a_copy_is_that_of_what_the_standby_had_replayed(SyncMode mode)
    {
        await using var scenario = await Scenario.CreateAsync(
            servers.Primary,
            await VersionedServers.GetAsync(servers.Primary.Version.Major));
        await scenario.FillAsync();
        await servers.Standby.CatchUpAsync(servers.Primary);
        var primary = scenario.Source;
        scenario.ReadFrom(servers.Standby.Of(primary));
        await scenario.SyncWellAsync(SyncMode.Full);
        await servers.Standby.PauseReplayAsync();
        try
        {
            var paused = DateTimeOffset.UtcNow;
            await Task.Delay(TimeSpan.FromSeconds(2));
            await Scenario.ExecuteAsync(scenario.SourceAdmin, "DELETE FROM users WHERE id = 1");

            var result = await scenario.SyncWellAsync(mode);

            Assert.True(result.SnapshotTime < paused, $"{result.SnapshotTime:O}, and replay was paused at {paused:O}");
            Assert.True(result.RpoSeconds >= 2, $"{result.RpoSeconds}");
        }
        finally
        {
            await servers.Standby.ResumeReplayAsync();
        }
    }

    [Fact]
    public async Task A_standby_that_still_has_the_database_of_before_a_swap_is_not_synced_onto_it()
    {
        await using var scenario = await Scenario.CreateAsync(servers.Primary, servers.Primary);
        await scenario.FillAsync();
        await servers.Standby.CatchUpAsync(servers.Primary);
        await servers.Standby.PauseReplayAsync();
        try
        {
            await scenario.SyncWellAsync();
            scenario.ReadFrom(servers.Standby.Of(scenario.Target));
            Assert.Equal(ErrorIds.SameDatabase, (await scenario.SyncAsync(force: true)).Error?.Id);
        }
        finally
        {
            await servers.Standby.ResumeReplayAsync();
        }
    }

    [Fact]
    public async Task Another_database_of_the_primary_is_synced_from_the_standby()
    {
        await using var scenario = await Scenario.CreateAsync(servers.Primary, servers.Primary);
        await scenario.FillAsync();
        await servers.Standby.CatchUpAsync(servers.Primary);
        scenario.ReadFrom(servers.Standby.Of(scenario.Source));

        await scenario.SyncWellAsync();
        await servers.Standby.CatchUpAsync(servers.Primary);
        await scenario.SyncWellAsync(SyncMode.Incremental);

        // Not the sequence: a standby knows only the number up to which values are spoken for.
        var (there, here) = (await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        Assert.Equal(there.Tables.Values.Select(t => (t.Rows, t.Hash)), here.Tables.Values.Select(t => (t.Rows, t.Hash)));
    }

    [Fact]
    public async Task A_promoted_copy_of_the_same_data_folder_is_another_database()
    {
        await using var scenario = await Scenario.CreateAsync(servers.Primary, servers.Primary);
        await scenario.FillAsync();
        var clone = await servers.CloneAsync();
        scenario.WriteTo(clone.Of(scenario.Source));

        await scenario.SyncWellAsync();

        // The standby has replayed what the copy has never had.
        await scenario.OnSourceAsync("INSERT INTO users (name) SELECT 'more' FROM generate_series(1, 5000)");
        for (var i = 0; i < 200; i++)
            await scenario.OnSourceAsync("DELETE FROM users WHERE id = (SELECT min(id) FROM users)");
        await servers.Standby.CatchUpAsync(servers.Primary);
        scenario.ReadFrom(servers.Standby.Of(scenario.Source));
        var result = await scenario.SyncWellAsync();
        Assert.Equal(5800, result.Tables.Single().TargetRows);
    }

    [Fact]
    public async Task What_is_unlogged_is_copied_without_its_rows_from_a_standby()
    {
        await using var scenario = await Scenario.CreateAsync(servers.Primary, servers.Primary);
        await scenario.FillAsync();
        await scenario.OnSourceAsync(
            """
            CREATE UNLOGGED TABLE cache (id serial PRIMARY KEY, what text); INSERT INTO cache (what) VALUES ('x');
            CREATE UNLOGGED SEQUENCE tickets START 7; SELECT nextval('tickets');
            CREATE TABLE hashed (id int PRIMARY KEY) PARTITION BY HASH (id);
            CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE UNLOGGED TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            INSERT INTO hashed SELECT generate_series(1, 50);
            """);
        await servers.Standby.CatchUpAsync(servers.Primary);
        scenario.ReadFrom(servers.Standby.Of(scenario.Source));

        await scenario.SyncWellAsync();
        await servers.Standby.CatchUpAsync(servers.Primary);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        var backup = (await BackupRunner.BackUpAsync([scenario.Job.SourceDatabase],
            BackupOrders.ByHand(new BackupSyncConfig
            {
                Path = Path.Combine(scenario.Directory, "x.yml"),
                Databases = [scenario.Job.SourceDatabase],
                Jobs = [],
                Places = [new FolderPlaceConfig { Name = "local", Directory = Path.Combine(scenario.Directory, "vault") }],
            }, null),
            _ => [], null, default))[0];

        Assert.Null(backup.Error);
        foreach (var warnings in new[] { string.Join('\n', scenario.LogLines), string.Join('\n', backup.Warnings) })
            Assert.Contains("public.cache, public.cache_id_seq, public.hashed, public.hashed_0, public.hashed_1, public.tickets is "
                + "copied without its rows", warnings, StringComparison.Ordinal);
        Assert.Equal(1000, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM users"));
        Assert.Equal(
            0,
            await Scenario.CountAsync(scenario.TargetAdmin, "SELECT (SELECT count(*) FROM cache) + (SELECT count(*) FROM hashed)"));
        Assert.Equal(7, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT nextval('tickets')"));
    }

    [SkippableTheory]
    [MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task A_standby_of_any_version_is_a_source_but_not_of_its_own_primary(int major)
    {
        var primary = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(primary, primary);
        await scenario.FillAsync();
        await scenario.OnSourceAsync("CREATE UNLOGGED TABLE cache (id serial); INSERT INTO cache DEFAULT VALUES;");
        await using var standby = await StandbyServer.StartAsync(primary);
        await standby.CatchUpAsync(primary);
        scenario.ReadFrom(standby.Of(scenario.Source));
        await scenario.SyncWellAsync();
        Assert.Equal(
            1000,
            await Scenario.CountAsync(scenario.TargetAdmin, "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM cache)"));

        await standby.CatchUpAsync(primary);
        scenario.ReadFrom(standby.Of(scenario.Target));
        Assert.Contains("is a standby of neon", (await scenario.SyncAsync()).Error?.Message ?? "", StringComparison.Ordinal);
        await standby.PauseReplayAsync();
        Assert.Equal(ErrorIds.SameDatabase, (await scenario.SyncAsync()).Error?.Id);
    }

    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_prepared_transaction_on_the_target_is_found_before_anything_is_begun(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers.Primary, servers.Primary, publish);
        await scenario.FillAsync();
        await scenario.OnTargetAsync("CREATE TABLE users (id int)");
        await scenario.OnTargetAsync("BEGIN; INSERT INTO public.users VALUES (1); PREPARE TRANSACTION 'pay/4''2'");
        try
        {
            var result = await scenario.SyncAsync();
            Assert.Equal((ErrorIds.NotSupported, RunStep.Check), (result.Error?.Id, result.Error?.Step));
            Assert.Contains("COMMIT PREPARED 'pay/4''2'", result.Error!.Advice, StringComparison.Ordinal);
        }
        finally
        {
            await scenario.OnTargetAsync("ROLLBACK PREPARED 'pay/4''2'");
        }
        await scenario.SyncWellAsync();
    }

    [Fact]
    public async Task Logical_replication_of_the_target_is_not_left_with_the_database_that_is_replaced()
    {
        await using var scenario = await Scenario.CreateAsync(servers.Primary, servers.Primary, PublishMode.Swap);
        await scenario.FillAsync();
        var slot = $"s_{Guid.NewGuid():N}";
        await scenario.OnTargetAsync($"SELECT pg_create_logical_replication_slot('{slot}', 'test_decoding')");

        var refused = await scenario.SyncAsync();
        scenario.Job = scenario.Job with { Publish = PublishMode.Auto };
        var result = await scenario.SyncWellAsync();

        Assert.Equal((ErrorIds.NotSupported, RunStep.Check), (refused.Error?.Id, refused.Error?.Step));
        Assert.Contains(slot, refused.Error!.Message, StringComparison.Ordinal);
        Assert.Equal("Transaction", result.Publish);
        await scenario.OnTargetAsync($"SELECT pg_drop_replication_slot('{slot}')");

        await scenario.OnTargetAsync($"CREATE SUBSCRIPTION {slot} CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)");
        Assert.Equal("Transaction", (await scenario.SyncWellAsync()).Publish);
        await scenario.OnTargetAsync($"ALTER SUBSCRIPTION {slot} SET (slot_name = NONE); DROP SUBSCRIPTION {slot};");
    }

    [Fact]
    public async Task A_target_that_is_a_template_stays_one()
    {
        await using var scenario = await Scenario.CreateAsync(servers.Primary, servers.Primary, PublishMode.Swap, TestRole.Creator);
        await scenario.FillAsync();
        await scenario.OnTargetAsync($"ALTER DATABASE {scenario.Target.Database} IS_TEMPLATE true");
        try
        {
            await scenario.SyncWellAsync();
            await scenario.SyncWellAsync();

            Assert.Equal(1, await Scenario.CountAsync(
                scenario.TargetAdmin,
                "SELECT count(*) FROM pg_database WHERE datname = current_database() AND datistemplate"));
            await scenario.AssertNothingIsLeftAsync();
        }
        finally
        {
            await scenario.OnTargetAsync($"ALTER DATABASE {scenario.Target.Database} IS_TEMPLATE false");
        }
    }
}
