using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;

namespace BackupSync.Tests.Operations.Compare;

/// <summary>Two databases of their own, on two servers, and what a comparison tells of them.</summary>
sealed class ComparedDatabases : IAsyncDisposable
{
    readonly TestDatabase _source;
    readonly TestDatabase _target;

    ComparedDatabases(TestDatabase source, TestDatabase target)
    {
        (_source, _target) = (source, target);
        SourceConfig = Named("primary", source.Address);
        TargetConfig = Named("secondary", target.Address);
    }

    public DatabaseConfig SourceConfig { get; set; }
    public DatabaseConfig TargetConfig { get; set; }
    public TestDatabase Source => _source;
    public TestDatabase Target => _target;

    public static Task<ComparedDatabases> CreateAsync(Servers servers) => CreateAsync(servers.Source, servers.Target);

    public static async Task<ComparedDatabases> CreateAsync(SandboxServer source, SandboxServer target) =>
        new(await TestDatabase.CreateAsync(source, TestRole.Superuser), await TestDatabase.CreateAsync(target, TestRole.Superuser));

    /// <summary>The same on both, and then what differs.</summary>
    public static async Task<ComparedDatabases> CreateAsync(Servers servers, string both, string onSource = "", string onTarget = "")
    {
        var databases = await CreateAsync(servers);
        await databases.OnBothAsync(both);
        if (onSource.Length > 0)
            await databases.Source.ExecuteAsync(onSource);
        if (onTarget.Length > 0)
            await databases.Target.ExecuteAsync(onTarget);
        return databases;
    }

    public static DatabaseConfig Named(string name, DatabaseAddress address) => new(address) { Name = name, Role = DatabaseRole.Backup };

    /// <summary>On the source; then on the target what a run makes of it.</summary>
    public async Task LoadRealisticDataAsync(PgToolset tools)
    {
        await _source.WithRealisticDataAsync(tools);
        using var folder = new TempFolder();
        var job = AdHocJob.From(_source.ConnectionString, _target.ConnectionString, folder.Path);
        Assert.Equal(RunOutcome.Succeeded, (await JobRunner.SyncAsync(job, new RunOptions(), [], default)).Outcome);
    }

    public Task OnBothAsync(string sql) => Task.WhenAll(_source.ExecuteAsync(sql), _target.ExecuteAsync(sql));

    public Task<ComparisonResult> CompareAsync(params string[] tables) => CompareAsync(new ComparisonOptions { Tables = tables });

    public Task<ComparisonResult> CompareAsync(
        ComparisonOptions options,
        Action<RowDifference>? onRow = null,
        CancellationToken cancellationToken = default) =>
        ComparisonRunner.RunAsync(SourceConfig, TargetConfig, options, null, onRow, cancellationToken);

    /// <summary>What is not equal.</summary>
    public async Task<IReadOnlyList<ComparedItem>> DifferencesAsync(params string[] tables) =>
        [.. (await CompareAsync(tables)).Items.Where(i => i.State != ComparedState.Equal)];

    /// <summary>The rows that differ, in the order of their keys.</summary>
    public async Task<IReadOnlyList<RowDifference>> RowsAsync(params string[] tables)
    {
        var rows = new List<RowDifference>();
        await CompareAsync(new ComparisonOptions { Tables = tables, Detail = true }, rows.Add);
        return [.. rows.OrderBy(r => r.Table, StringComparer.Ordinal).ThenBy(r => r.Key, StringComparer.Ordinal)];
    }

    /// <summary>A server may take a moment to notice that a client is gone.</summary>
    public async Task AssertNoSessionIsLeftAsync()
    {
        foreach (var database in new[] { _source, _target })
        {
            await Eventually.IsTrueAsync(async () => await TestDatabase.ScalarAsync<long>(database.AsSuperuser,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE "
                    + "'backupsync:%'") == 0, "no session is left");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _target.DisposeAsync();
    }
}
