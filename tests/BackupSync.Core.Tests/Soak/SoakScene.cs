using System.Globalization;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Sandbox;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Soak;

/// <summary>Two databases that differ, with a line to each that can be broken, and a folder with all that the program writes.</summary>
sealed class SoakScene : IAsyncDisposable
{
    public const string Passphrase = "never-to-be-printed";

    /// <summary>How long others may have to wait, as the configuration says.</summary>
    public static readonly TimeSpan Blocking = TimeSpan.FromSeconds(3);

    readonly SoakCase _case;
    readonly TempFolder _folder = new();
    string? _backup;

    SoakScene(
        SoakCase soak,
        SandboxServer sourceServer,
        SandboxServer targetServer,
        TestDatabase source,
        TestDatabase target,
        SmallDisk? disk)
    {
        (_case, SourceServer, TargetServer, Source, Target, Disk) = (soak, sourceServer, targetServer, source, target, disk);
        Root = disk?.Path ?? _folder.Path;
        SourceLine = new TcpProxy(sourceServer.Port);
        TargetLine = new TcpProxy(targetServer.Port);
        Mode.Set(_folder.Path, Mode.OwnerFolder | Mode.Everybody | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(Temporary);
        Mode.Set(Temporary, Mode.Of(_folder.Path));
    }

    public SandboxServer SourceServer { get; }
    public SandboxServer TargetServer { get; }
    public TestDatabase Source { get; }
    public TestDatabase Target { get; }
    public TcpProxy SourceLine { get; }
    public TcpProxy TargetLine { get; }
    public SmallDisk? Disk { get; }

    public string Root { get; }
    public string Temporary => Path.Join(Root, "tmp");
    public string ConfigFile => Path.Join(_folder.Path, "backupsync.yml");

    /// <summary>Where backups, history and log are.</summary>
    public string Backups => Path.Join(Root, "backups");

    /// <summary>What marks all processes of this run.</summary>
    public string Mark { get; } = "soak-" + Guid.NewGuid().ToString("N");

    /// <summary>The target before the run.</summary>
    public SoakContent Old { get; private set; } = null!;

    /// <summary>What the target may be after it; another one where the source was changed meanwhile.</summary>
    public List<SoakContent> New { get; } = [];

    public SoakContent SourceContent { get; set; } = null!;

    public Dictionary<string, string?> Environment => new()
    {
        ["TMPDIR"] = Temporary, ["BACKUPSYNC_CONFIG"] = null, ["SOAK_MARK"] = Mark, ["BACKUPSYNC_PASSPHRASE"] = null,
    };

    public SandboxServer Server(SoakSide side) => side == SoakSide.Target ? TargetServer : SourceServer;

    public TestDatabase Database(SoakSide side) => side == SoakSide.Target ? Target : Source;

    public TcpProxy Line(SoakSide side) => side == SoakSide.Target ? TargetLine : SourceLine;

    public string[] Arguments => [.. _case.Run switch
    {
        SoakRun.Plan or SoakRun.PlanEncrypted => ["plan", "nightly", "--json"],
        SoakRun.Verify => ["verify", "--path", _backup!, "--json"],
        SoakRun.Drill => ["drill", "--path", _backup!, "--json"],
        SoakRun.Copy => ["copy", "--path", _backup!, "--to", "other", "--json"],
        SoakRun.RestoreBySwap or SoakRun.RestoreByTransaction => ["restore", "--path", _backup!, "--to", "target", "--yes", "--json"],
        SoakRun.RestoreTables => ["restore", "--path", _backup!, "--to", "target", "--table", "items1", "--table", "groups", "--yes",
            "--json"],
        SoakRun.RestoreSafety => ["restore-safety", _backup!, "--job", "soak", "--yes", "--json"],
        SoakRun.Compare => ["compare", "source", "target", "--json"],
        SoakRun.Cleanup => ["cleanup", "--job", "soak", "--keep-days", "0", "--json"],
        _ => (IEnumerable<string>)["sync", "soak", "--yes", "--json"],
    }, "--config", ConfigFile];

    /// <summary>The backup that is read, if one is.</summary>
    public string? Backup => _backup;

    public static async Task<SoakScene> CreateAsync(SoakCase soak, SoakServers servers)
    {
        var (from, to) = (await servers.GetAsync(SoakSide.Source, soak.SourceMajor), await servers.GetAsync(
            SoakSide.Target,
            soak.TargetMajor));
        var disk = soak.Fault == SoakFault.DiskFull ? await SmallDisk.MountAsync(100_000_000) : null;
        var source = await TestDatabase.CreateAsync(from, TestRole.Owner);
        var byTransaction = soak.Run is SoakRun.FullByTransaction or SoakRun.RestoreByTransaction or SoakRun.RestoreTables
            || soak.IsIncremental && soak.Seed % 2 == 0;
        var target = await TestDatabase.CreateAsync(to, byTransaction ? TestRole.Owner : TestRole.Creator);
        var scene = new SoakScene(soak, from, to, source, target, disk);
        try
        {
            await scene.PrepareAsync();
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    async Task PrepareAsync()
    {
        WriteConfig();
        await Source.ExecuteAsync(Tables());
        await Target.ExecuteAsync(Tables());
        var config = ConfigurationFile.Load(ConfigFile);
        if (_case.Run == SoakRun.ByStamps)
            await SyncAsync(config);
        await Source.ExecuteAsync(Work());
        if (_case.KeepsOwn)
            await Target.ExecuteAsync(OwnWork());
        if (_case.Run is SoakRun.RestoreSafety or SoakRun.Cleanup)
        {
            var before = await SoakContent.ReadAsync(Target.AsSuperuser);
            _backup = await SyncAsync(config);
            if (_case.Run == SoakRun.Cleanup)
                await SyncAsync(config);
            New.Add(before);
        }
        else if (!_case.IsSync && !_case.IsPlan && _case.Run != SoakRun.Compare)
        {
            var taken = (await BackupRunner.BackUpAsync([config.Database("source")], BackupOrders
                .ByHand(config), _ => [], null, default))[0];
            _backup = taken.SourceBackup?.Path ?? throw new InvalidOperationException($"No backup: {taken.Error}");
        }
        SourceContent = await SoakContent.ReadAsync(Source.AsSuperuser);
        Old = await SoakContent.ReadAsync(Target.AsSuperuser);
        if (New.Count == 0)
            New.Add(Expected(SourceContent));
    }

    /// <summary>What the target is to hold, where the source holds this.</summary>
    public SoakContent Expected(SoakContent source) =>
        _case.KeepsOwn ? SoakContent.Merged(source, Old, newerStay: _case.Run == SoakRun.LastWriteWins)
        : _case.Run == SoakRun.RestoreTables ? Old.With(source, "items1", "groups", "named") : source;

    public async ValueTask DisposeAsync()
    {
        await SourceLine.DisposeAsync();
        await TargetLine.DisposeAsync();
        foreach (var server in new[] { SourceServer, TargetServer }.Where(s => s.ServerProcessId is null))
            await server.StartAgainAsync(default);
        await Source.DisposeAsync();
        await Target.DisposeAsync();
        if (Disk is not null)
            await Disk.DisposeAsync();
        _folder.Dispose();
    }

    /// <returns>Its safety backup.</returns>
    static async Task<string> SyncAsync(BackupSyncConfig config)
    {
        var result = await JobRunner.SyncAsync(config.Job("soak"), new RunOptions(), [], default);
        return result.Success
            ? result.SafetyBackup?.Path ?? ""
            : throw new InvalidOperationException($"The sync before it fails: {result.Error}");
    }

    void WriteConfig()
    {
        static string Url(TestDatabase database, TcpProxy line) => string.Create(CultureInfo.InvariantCulture,
            $"postgresql://{database.Address.User}:{Uri.EscapeDataString(TestDatabase.Password)}@127.0.0.1:{line.Port}/{database.Name}");
        var incremental = _case.Run switch
        {
            SoakRun.ByStamps => "trackBy: updatedAt",
            SoakRun.LastWriteWins => "conflict: lastWriteWins",
            SoakRun.WithoutDeletes => "deletes: false, trackBy: content",
            _ => "trackBy: content",
        };
        _folder.Write("backupsync.yml", $$"""
            databases:
              source: { url: "{{Url(Source, SourceLine)}}", role: production }
              target: { url: "{{Url(Target, TargetLine)}}" }
            places:
              local: { directory: "{{Backups}}/local" }
              other: { directory: "{{Backups}}/other" }
            {{(IsEncrypted ? $"encryption: {{ passphrase: \"{Passphrase}\" }}" : "")}}
            backupPlans:
              nightly: { databases: [source], places: [local, other], keep: { days: 7 }, verify: integrity, limits: { blocking: 3s } }
            jobs:
              soak:
                source: source
                target: target
                mode: {{(_case.IsIncremental ? "incremental" : "full")}}
                publish: {{(_case.Run == SoakRun.FullByTransaction ? "transaction" : "auto")}}
                incremental: { {{incremental}} }
                guards: { minimumBackupSize: 0B }
                limits: { connect: 20s, blocking: 3s, dump: 2m, safetyBackup: 2m, restore: 2m, total: 5m }
                backups: { directory: "{{Backups}}/soak" }
            """);
    }

    bool IsEncrypted => _case.Run == SoakRun.PlanEncrypted || _case is { IsRestore: true } && _case.Seed % 2 == 0;

    IEnumerable<string> Items => Enumerable.Range(1, _case.Tables).Select(n => $"items{n}");

    string Tables() => $"""
        CREATE TABLE groups (code text PRIMARY KEY, title text, updated_at timestamptz NOT NULL);
        INSERT INTO groups SELECT 'g' || i, md5(i::text), '2026-01-01Z' FROM generate_series(1, 9) i;
        {string.Join('\n', Items.Select(table => $"""
            CREATE TABLE {table} (id int PRIMARY KEY, code text NOT NULL REFERENCES groups, name text, amount numeric(12,3),
              words text[], body jsonb, updated_at timestamptz NOT NULL, CHECK (id > 0));
            INSERT INTO {table} SELECT i, 'g' || (i % 9 + 1), md5(i || '{table}'), i * 1.5, ARRAY[md5(i::text), NULL],
              jsonb_build_object('n', i), '2026-01-01Z'::timestamptz + i * interval '1 s' FROM generate_series(1, {_case.Rows}) i;
            CREATE INDEX ON {table} (name);
            CREATE INDEX ON {table} (updated_at);
            """))}
        CREATE TABLE parts (region text, id int, n int, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
        CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
        CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('b');
        INSERT INTO parts SELECT CASE i % 2 WHEN 0 THEN 'a' ELSE 'b' END, i, i FROM generate_series(1, 50) i;
        CREATE SEQUENCE numbers;
        SELECT setval('numbers', 100);
        CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2';
        {(_case.KeepsOwn ? "" : """
            CREATE VIEW named AS SELECT id, name FROM items1;
            CREATE TABLE log (line text, at int);
            INSERT INTO log SELECT md5((i % 20)::text), i % 7 FROM generate_series(1, 60) i;
            """)}
        SELECT lo_from_bytea(4711, sha256('an object'));
        CREATE TABLE beside (id int PRIMARY KEY, n bigint NOT NULL, updated_at timestamptz NOT NULL);
        INSERT INTO beside SELECT i, 0, '2026-01-01Z' FROM generate_series(1, 20) i;
        """;

    /// <summary>What makes the source differ from the target.</summary>
    string Work()
    {
        var stamp = _case.KeepsOwn ? "now() - interval '2 h'" : "now()";
        return $"""
            UPDATE groups SET title = 'changed', updated_at = {stamp} WHERE code IN ('g2', 'g3');
            INSERT INTO groups VALUES ('g10', 'new', {stamp});
            {string.Join('\n', Items.Select(table => $"""
                DELETE FROM {table} WHERE id % 11 = 5;
                UPDATE {table} SET name = 'changed ' || id, updated_at = {stamp} WHERE id % 7 = 3;
                INSERT INTO {table} SELECT i, 'g10', 'new', i, NULL, '[]', {stamp}
                  FROM generate_series({_case.Rows + 1}, {_case.Rows + 3 + _case.Rows / 20}) i;
                """))}
            {(_case.KeepsOwn ? "" : """
                SELECT setval('numbers', 200);
                UPDATE parts SET n = -n WHERE id % 5 = 0;
                DELETE FROM log WHERE at = 3;
                INSERT INTO log VALUES ('new', 1), ('new', 1);
                SELECT lo_put(4711, 3, 'changed');
                """)}
            """;
    }

    /// <summary>What the target has of its own: rows, and newer ones.</summary>
    string OwnWork() => string.Join('\n', Items.Select(table => $"""
        INSERT INTO {table} SELECT 1000000 + i, 'g1', 'own', i, NULL, '[]', now() - interval '1 h' FROM generate_series(1, 5) i;
        UPDATE {table} SET name = 'newer', updated_at = now() - interval '1 h' WHERE id % 21 = 10;
        """));
}
