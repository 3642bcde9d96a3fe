using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Restore;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;
using BackupSync.Verification;

namespace BackupSync.Tests;

/// <summary>A source and a target database of their own, a job between them, and what to ask them afterwards.</summary>
sealed class Scenario : IAsyncDisposable
{
    readonly List<RunEvent> _events = [];
    readonly TestDatabase _source;
    readonly TestDatabase _target;

    Scenario(TestDatabase source, TestDatabase target, JobConfig job)
    {
        (_source, _target, Job) = (source, target, job);
    }

    public DatabaseAddress Source => _source.Address;

    /// <summary>As the job's role.</summary>
    public DatabaseAddress Target => _target.Address;

    public DatabaseAddress SourceAdmin => _source.AsSuperuser;

    /// <summary>The target database, as the server's superuser.</summary>
    public DatabaseAddress TargetAdmin => _target.AsSuperuser;

    public JobConfig Job { get; set; }
    public string Directory => Job.Backups.Directory;
    public IReadOnlyList<RunEvent> Events => _events;
    public IEnumerable<string> LogLines => _events.OfType<RunLog>().Select(l => l.Message);
    public string LogText => File.ReadAllText(Path.Combine(Directory, LogFile.FileName));

    /// <param name="role">Whom the job is on the target.</param>
    public static Task<Scenario> CreateAsync(Servers servers, PublishMode publish = PublishMode.Auto, TestRole role = TestRole.Superuser) =>
        CreateAsync(servers.Source, servers.Target, publish, role);

    public static async Task<Scenario> CreateAsync(
        SandboxServer sourceServer, SandboxServer targetServer, PublishMode publish = PublishMode.Auto, TestRole role = TestRole.Superuser)
    {
        var source = await TestDatabase.CreateAsync(sourceServer, TestRole.Superuser, null);
        var target = await TestDatabase.CreateAsync(targetServer, role, null);
        return new Scenario(source, target, new JobConfig
        {
            Name = "railway-to-neon",
            SourceDatabase = Named("railway", source.Address, DatabaseRole.Production),
            TargetDatabase = Named("neon", target.Address, DatabaseRole.Backup),
            Publish = publish,
            Limits = new LimitsConfig { Connect = TimeSpan.FromSeconds(10), Total = TimeSpan.FromMinutes(3) },
            Guards = new GuardsConfig { MinimumBackupSize = 0 },
            Backups = new BackupsConfig { Directory = Path.Combine(Path.GetTempPath(), "backupsync-tests", Guid.NewGuid().ToString("N")) },
        });
    }

    public static DatabaseConfig Named(string name, DatabaseAddress address, DatabaseRole role) =>
        new(address) { Name = name, Role = role };

    /// <summary>Reads from another address than the source's own.</summary>
    public void ReadFrom(DatabaseAddress address) => Job = Job with { SourceDatabase = Named("railway", address, DatabaseRole.Production) };

    /// <summary>Writes to another address than the target's own.</summary>
    public void WriteTo(DatabaseAddress address) => Job = Job with { TargetDatabase = Named("neon", address, DatabaseRole.Backup) };

    public async Task<RunResult> SyncAsync(
        Action<RunEvent>? onEvent = null,
        CancellationToken cancellationToken = default,
        bool force = false,
        SyncMode? mode = null,
        bool fullVerify = false) =>
        await JobRunner.SyncAsync(
            Job,
            new RunOptions { Force = force, Mode = mode, FullVerify = fullVerify },
            [new Recorder(_events, onEvent)],
            cancellationToken);

    /// <summary>A sync that has to go well; if not, the test fails with its error.</summary>
    public async Task<RunResult> SyncWellAsync(SyncMode? mode = null, bool fullVerify = false)
    {
        var result = await SyncAsync(mode: mode, fullVerify: fullVerify);
        Assert.Null(result.Error);
        Assert.Equal(RunOutcome.Succeeded, result.Outcome);
        return result;
    }

    public async Task<RunResult> RestoreAsync(BackupFile backup, Action<RunEvent>? onEvent = null, RunOptions? options = null) =>
        await RestoreRunner.UndoAsync(
            SafetyRestore.Of(Job, backup, null), options ?? new RunOptions(), [new Recorder(_events, onEvent)], default);

    /// <summary>Some tables of a backup, into the target of a job and by its settings.</summary>
    internal static Task<RunResult> RestoreTablesAsync(
        JobConfig job, BackupHandle backup, IReadOnlyList<string> tables, params IReadOnlyList<IRunObserver> observers) =>
        RecordedRun.RunAsync(
            new RunDescription(RunKind.Restore, job.Name, backup.File.FileName, job.Target, "Restore of tables", job.Target,
                job.Backups.Directory, new StepLimit(job.Limits.Total, null)),
            observers, run => new TableRestoreOperation(run, Requests.Restore(job, backup, tables, new RunOptions())), default);

    public Task OnSourceAsync(string sql) => ExecuteAsync(SourceAdmin, sql);

    public Task OnTargetAsync(string sql) => ExecuteAsync(TargetAdmin, sql);

    /// <summary>A table with rows enough for a dump and a restore that can be interrupted.</summary>
    public Task FillAsync(int rows = 1000, string table = "users") => OnSourceAsync(
        $"CREATE TABLE {table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now()); "
        + $"INSERT INTO {table} (name) SELECT 'name ' || i FROM generate_series(1, {rows}) i; CREATE INDEX ON {table} (name);");

    /// <summary>Rows of 960 random bytes, which no compression makes smaller: a dump and a restore that take a while.</summary>
    public Task FillWithNoiseAsync(int megabytes, string table = "noise") => OnSourceAsync(
        $"CREATE TABLE {table} AS SELECT i AS id, (SELECT string_agg(uuid_send(gen_random_uuid()), '') FROM generate_series(1, 60) "
            + "WHERE i > 0) AS bytes "
        + $"FROM generate_series(1, {megabytes * 1000}) i;");

    /// <summary>A configuration file with this job, for the program.</summary>
    /// <param name="settings">A line of its own in the job.</param>
    /// <returns>Its path.</returns>
    public string WriteConfig(string settings = "")
    {
        static string Url(DatabaseAddress address) =>
            $"postgresql://{address.User}:{Uri.EscapeDataString(TestDatabase.Password)}@127.0.0.1:{address.Port}/{address.Database}";
        System.IO.Directory.CreateDirectory(Directory);
        var path = Path.Combine(Directory, "backupsync.yml");
        File.WriteAllText(path, $$"""
            databases:
              railway: { url: "{{Url(Source)}}", role: production }
              neon: { url: "{{Url(Target)}}", role: backup }
            jobs:
              railway-to-neon:
                source: railway
                target: neon
                publish: {{Job.Publish.ToString().ToLowerInvariant()}}
                backups: { directory: "{{Directory}}" }
                {{settings}}
            """);
        return path;
    }

    /// <summary>Everything that real schemas have.</summary>
    public Task LoadRealisticDataAsync(PgToolset tools) => new RealisticData(tools).LoadAsync(Source);

    public Task DoADaysWorkAsync(PgToolset tools) => new RealisticData(tools).ChangeAsync(Source);

    public Task<DatabaseFingerprint> SourceContentAsync() => ContentAsync(SourceAdmin);

    public Task<DatabaseFingerprint> TargetContentAsync() => ContentAsync(TargetAdmin);

    /// <summary>Rows, content, sequences and objects: equal means that nobody could tell the two apart.</summary>
    public static void AssertSame(DatabaseFingerprint expected, DatabaseFingerprint actual) =>
        Assert.Empty(FingerprintComparison.Compare(expected, actual, new ComparisonTolerance()));

    /// <summary>Nothing of any run is left: no session on either server, no database beside the target, no unfinished file.</summary>
    public async Task AssertNothingIsLeftAsync()
    {
        // A session whose client is gone may take a moment to notice.
        await Eventually.IsTrueAsync(
            async () => await CountAsync(SourceAdmin, Sessions) == 0 && await CountAsync(TargetAdmin, Sessions) == 0,
            "sessions of backupsync are left", SessionsAsync);
        var tag = new RunTag(Target, "test");
        Assert.Equal(0, await CountAsync(TargetAdmin,
            $"SELECT count(*) FROM pg_database WHERE starts_with(datname, {Sql.Literal(tag.NewPrefix)}) OR starts_with(datname, "
                + $"{Sql.Literal(tag.OldPrefix)})"));
        if (System.IO.Directory.Exists(Directory))
            Assert.Empty(System.IO.Directory.GetFiles(Directory, "*.partial"));
    }

    async Task<string> SessionsAsync()
    {
        const string Told = "SELECT coalesce(string_agg(concat_ws(' ', application_name, state, wait_event, state_change, query), '; '), "
            + "'') FROM pg_stat_activity WHERE application_name LIKE 'backupsync%' AND pid <> pg_backend_pid()";
        await using var source = await OpenAsync(SourceAdmin);
        await using var target = await OpenAsync(TargetAdmin);
        return $"{await source.ScalarAsync<string>(Told, default)} | {await target.ScalarAsync<string>(Told, default)}";
    }

    public async ValueTask DisposeAsync()
    {
        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
        await _source.DisposeAsync();
        await _target.DisposeAsync();
    }

    public static async Task ExecuteAsync(DatabaseAddress address, string sql)
    {
        await using var session = await OpenAsync(address);
        await session.ExecuteAsync(sql, default);
    }

    public static async Task<long> CountAsync(DatabaseAddress address, string sql)
    {
        await using var session = await OpenAsync(address);
        return await session.ScalarAsync<long>(sql, default);
    }

    public static async Task<string?> TextAsync(DatabaseAddress address, string sql)
    {
        await using var session = await OpenAsync(address);
        return await session.ScalarAsync<string>(sql, default);
    }

    /// <summary>Not named as the product's sessions are, so that they are not counted among them; with the usual search path.</summary>
    public static async Task<PgSession> OpenAsync(DatabaseAddress address)
    {
        var session = await PgSession.OpenAsync(new PgLogin("test", address, "test", ReadOnly: false), default);
        await session.ExecuteAsync("SET search_path = public; SET lock_timeout = 0", default);
        return session;
    }

    public static async Task<DatabaseFingerprint> ContentAsync(DatabaseAddress address)
    {
        await using var session = await OpenAsync(address);
        await session.ExecuteAsync("SET search_path = ''", default);
        return await FingerprintReader.ReadAsync([session], FingerprintMethod.ValueHash, CatalogFilter.None, null, default);
    }

    // Sessions of this scenario's target: other tests run at the same time.
    string Sessions => "SELECT count(*) FROM pg_stat_activity WHERE starts_with(application_name, "
        + $"{Sql.Literal(new RunTag(Job.TargetDatabase.Address, "test").SessionPrefix)})";

    sealed class Recorder(List<RunEvent> events, Action<RunEvent>? onEvent) : IInlineObserver
    {
        public void OnEvent(RunEvent runEvent)
        {
            lock (events)
                events.Add(runEvent);
            onEvent?.Invoke(runEvent);
        }
    }
}
