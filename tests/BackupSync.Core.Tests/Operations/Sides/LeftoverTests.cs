using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Tests.Operations.Sides;

/// <summary>What dead runs left, and what stands in a swap's way.</summary>
public sealed class LeftoverTests(OwnServers servers) : IClassFixture<OwnServers>
{
    [Theory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task The_next_run_clears_what_dead_ones_left(PublishMode publish)
    {
        await using var scenario = await CreateAsync(publish);
        await scenario.PrepareAsync();
        var dead = new RunTag(scenario.Target, RunTag.NewRunId());
        await scenario.OnTargetAsync($"CREATE DATABASE {dead.NewDatabase}");
        await scenario.OnTargetAsync($"CREATE DATABASE {dead.OldDatabase}");
        var partial = Path.Combine(scenario.Directory, "source_db_backup_20250101_060000.dump.partial");
        await File.WriteAllTextAsync(partial, "PGDMP");
        await using var onNew = await OpenAsync(scenario.TargetAdmin.WithDatabase(dead.NewDatabase), dead);
        await using var onTarget = await OpenAsync(scenario.Target, dead);
        await onTarget.ExecuteAsync("BEGIN; LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE", default);
        await using var onSource = await OpenAsync(scenario.Source, dead);
        // Another target's run goes on: it is not ours to end.
        var other = new RunTag(scenario.Target.WithDatabase("another"), RunTag.NewRunId());
        await using var others = await OpenAsync(scenario.TargetAdmin, other);
        await scenario.OnTargetAsync($"CREATE DATABASE {other.NewDatabase}");

        var result = await scenario.SyncWellAsync();

        Assert.Empty(result.Warnings);
        Assert.Contains($"neon: dropped {dead.NewDatabase}, which a run that died had left.", scenario.LogText, StringComparison.Ordinal);
        Assert.Contains("neon: ended 2 session(s) that a run that died had left.", scenario.LogText, StringComparison.Ordinal);
        Assert.Contains("railway: ended 1 session(s) that a run that died had left.", scenario.LogText, StringComparison.Ordinal);
        Assert.False(File.Exists(partial));
        foreach (var ended in new[] { onNew, onTarget, onSource })
            await Assert.ThrowsAnyAsync<BackupSyncException>(() => ended.ExecuteAsync("SELECT 1", default));
        Assert.Equal(1, await Scenario.CountAsync(
            scenario.TargetAdmin,
            $"SELECT count(*) FROM pg_database WHERE datname = {Sql.Literal(other.NewDatabase)}"));
        await scenario.OnTargetAsync($"DROP DATABASE {other.NewDatabase}");
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_target_that_is_missing_takes_its_previous_databases_name_back()
    {
        await using var scenario = await CreateAsync(PublishMode.Swap);
        var before = await scenario.PrepareAsync();
        var dead = new RunTag(scenario.Target, RunTag.NewRunId());
        await Scenario.ExecuteAsync(
            scenario.TargetAdmin.WithDatabase("postgres"),
            $"ALTER DATABASE {Sql.Identifier(scenario.Target.Database)} RENAME TO {dead.OldDatabase}");

        var result = await scenario.SyncAsync();

        Assert.Null(result.Error);
        Assert.Equal(
            $"neon: '{scenario.Target.Database}' was missing; the previous database {dead.OldDatabase} took its name back.",
            Assert.Single(result.Warnings));
        Assert.Equal(before.TotalRows(), result.PreviousStats!.Values.Sum());
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    Task<Scenario> CreateAsync(PublishMode publish) => Scenario.CreateAsync(servers.Source, servers.Target, publish);

    static Task<PgSession> OpenAsync(DatabaseAddress address, RunTag dead) =>
        PgSession.OpenAsync(new PgLogin("dead", address, dead.ApplicationName, ReadOnly: false), default);
}
