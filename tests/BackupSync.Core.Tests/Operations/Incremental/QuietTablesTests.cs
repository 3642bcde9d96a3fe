using BackupSync.Configuration;
using BackupSync.Operations.Incremental;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Many small tables, of which nothing has changed but here and there.</summary>
public sealed class QuietTablesTests(Servers servers) : IClassFixture<Servers>
{
    const int Tables = 230;

    const string Unchanged = "SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.query_to_xml('SELECT * FROM public.' || relname "
        + "|| ' ORDER BY 1', false, false, '')::text, '' ORDER BY relname)) "
        + "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";

    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task The_few_that_have_changed_are_found_among_many_and_the_others_are_not_asked_one_by_one(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await CreateAsync(await Scenario.CreateAsync(server, server, PublishMode.Transaction));
        var (begun, scanned) = (await TransactionsAsync(scenario), await ScansOfColumnsAsync(scenario));
        Assert.All(
            (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables,
            t => Assert.Equal((0, t.Table == "public.keyless" ? 1 : 0), (t.Changes!.All, t.Changes.Unchanged)));
        Assert.InRange(await TransactionsAsync(scenario) - begun, 1, Tables - 1);
        Assert.InRange(await ScansOfColumnsAsync(scenario) - scanned, 0, Tables - 1);

        await scenario.OnSourceAsync("""
            INSERT INTO t7 VALUES (100, 'new');
            UPDATE t120 SET name = 'changed', updated_at = clock_timestamp() WHERE id = 2;
            DELETE FROM t121 WHERE id = 3;
            UPDATE t229 SET id = 50, updated_at = clock_timestamp() WHERE id = 1;
            UPDATE content SET name = 'changed' WHERE id = 1;
            INSERT INTO keyless VALUES (2);
            INSERT INTO empty VALUES (1);
            """);
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(SyncMode.Incremental, result.Mode);
        Assert.Equal(
            [("public.content", 0, 1, 0), ("public.empty", 1, 0, 0), ("public.keyless", 1, 0, 0), ("public.t120", 0, 1, 0),
                ("public.t121", 0, 0, 1), ("public.t229", 1, 0, 1), ("public.t7", 1, 0, 0)],
            result.Tables.Where(t => t.Changes!.All > 0)
                .Select(t => (t.Table, (int)t.Changes!.Inserted, (int)t.Changes.Updated, (int)t.Changes.Deleted)));
        Assert.Equal(await Scenario.TextAsync(scenario.SourceAdmin, Unchanged), await Scenario.TextAsync(scenario.TargetAdmin, Unchanged));
        Assert.All(result.Tables.Where(t => t.Changes!.Way == ChangeTracking.UpdatedAt), t => Assert.Equal(t.SourceRows, t.TargetRows));
        await scenario.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Where_deletes_are_not_looked_for_no_key_is_read()
    {
        await using var scenario = await CreateAsync(await Scenario.CreateAsync(servers, PublishMode.Transaction));
        scenario.Set(i => i with { Deletes = false });
        await scenario.OnSourceAsync("DELETE FROM t5 WHERE id = 1; INSERT INTO t6 VALUES (100, 'new')");
        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal((1L, 0L), (result.Changes("public.t6").All, result.Changes("public.t5").All));
        Assert.Null(result.Tables.Single(t => t.Table == "public.t5").SourceRows);
        Assert.Equal(4, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM t5"));
    }

    [SkippableFact]
    public async Task A_run_that_locks_more_tables_than_the_server_promises_room_for_says_so_at_its_beginning()
    {
        await using var server = await Sandbox.SandboxServer.StartAsync(new Sandbox.SandboxOptions
        {
            Name = "few-locks-quiet", Settings = new Dictionary<string, string>
            {
                ["max_locks_per_transaction"] = "10",
                ["max_connections"] = "20",
            },
        }, default);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Transaction);
        for (var first = 1; first <= 450; first += 50)
        {
            var tables =
                $"DO $$ BEGIN FOR t IN {first} .. {first + 49} LOOP EXECUTE format('CREATE TABLE t%s (id int)', t); END LOOP; END $$";
            await scenario.OnSourceAsync(tables);
            await scenario.OnTargetAsync(tables);
        }
        Assert.Contains((await scenario.SyncAsync(mode: SyncMode.Incremental)).Warnings,
            w => w.StartsWith("neon: the run locks its 450 tables at once", StringComparison.Ordinal)
                && w.Contains("Set max_locks_per_transaction = 64 there", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("LOCK TABLE t7 IN ACCESS EXCLUSIVE MODE", false)]
    [InlineData("DROP TABLE t7", true)]
    [InlineData("ALTER TABLE t7 RENAME COLUMN updated_at TO changed_at", true)]
    [InlineData("REVOKE SELECT ON t7 FROM {0}", true)]
    public async Task Where_one_of_them_cannot_be_read_each_is_looked_at_by_itself_and_nobody_waits_for_the_others(
        string statement,
        bool commits)
    {
        await using var scenario = await CreateAsync(await Scenario.CreateAsync(servers, PublishMode.Transaction));
        await scenario.OnSourceAsync(
            $"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {scenario.Source.User}; ALTER ROLE {scenario.Source.User} NOSUPERUSER");
        await using var asking = await Asking.BeginAsync(scenario);
        Assert.Empty(await asking.AskAsync());

        await using var other = await Scenario.OpenAsync(scenario.SourceAdmin);
        await other.ExecuteAsync($"BEGIN; {string.Format(null, statement, scenario.Source.User)}{(commits ? "; COMMIT" : "")}", default);
        Assert.Equal(asking.Tables, await asking.AskAsync());
        Assert.Equal(0, await Scenario.CountAsync(scenario.SourceAdmin,
            $"SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.pid = {asking.ProcessId} AND "
                + "c.relnamespace = 'public'::regnamespace"));

        // What else there is can still be read, as the snapshot shows it.
        Assert.Empty(await asking.AskAsync(t => t.Table.Name is not "public.t7"));
        await scenario.OnSourceAsync("DELETE FROM t8");
        Assert.Empty(await asking.AskAsync(t => t.Table.Name is not "public.t7"));
        await scenario.OnTargetAsync("DELETE FROM t9");
        Assert.Equal("public.t9", Assert.Single(await asking.AskAsync(t => t.Table.Name is not "public.t7")).Table.Name);
    }

    static async Task<Scenario> CreateAsync(Scenario scenario)
    {
        await scenario.OnSourceAsync($"""
            DO $$ BEGIN FOR t IN 1..{Tables} LOOP
                EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, name text, updated_at timestamptz NOT NULL DEFAULT now())', t);
                EXECUTE format('INSERT INTO t%s SELECT n, md5(n::text), now() - interval ''1 day'' FROM generate_series(1, 4) n', t);
            END LOOP; END $$;
            CREATE TABLE content (id int PRIMARY KEY, name text); INSERT INTO content VALUES (1, 'a'), (2, NULL);
            CREATE TABLE keyless (id int); INSERT INTO keyless VALUES (1);
            CREATE TABLE empty (id int PRIMARY KEY);
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        return scenario;
    }

    static Task<long> TransactionsAsync(Scenario scenario) =>
        Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()");

    /// <summary>How often the whole catalog of all columns was read.</summary>
    static Task<long> ScansOfColumnsAsync(Scenario scenario) =>
        Scenario.CountAsync(scenario.TargetAdmin, "SELECT seq_scan FROM pg_stat_sys_tables WHERE relid = 'pg_attribute'::regclass");

    /// <summary>A snapshot of the source, and what tables are asked about by.</summary>
    sealed class Asking(Snapshot snapshot, SourceLane source, ComparingLane lane, IReadOnlyList<TableSync> tables) : IAsyncDisposable
    {
        static readonly FingerprintMethod Method = FingerprintReader.MethodFor(content: true, 15);

        public IReadOnlyList<TableSync> Tables => tables;
        public int ProcessId => source.Session.ProcessId;

        public static async Task<Asking> BeginAsync(Scenario scenario)
        {
            var snapshot = await Snapshot.TakeAsync(
                new PgLogin("source", scenario.Source, "test", ReadOnly: true), 2, TimeSpan.FromSeconds(10), default);
            var source = new SourceLane(snapshot, snapshot.Readers[0]);
            var target = new PgLogin("target", scenario.Target, "test", ReadOnly: true);
            var lane = new ComparingLane(snapshot, source, target, TimeSpan.FromSeconds(10), "SET work_mem = '64MB'");
            var writer = await lane.TargetAsync(default);
            var tables = (await SyncTables.FindAsync(source.Session, CatalogFilter.None, ["t?"], default)).Index()
                .Select(t => new TableSync(
                    t.Item,
                    Tracking.Choose(t.Item, scenario.Job.Incremental, snapshot.Taken, null, null),
                    scenario.Job.Incremental,
                    Method,
                    writer,
                    t.Index));
            await source.ReleaseAsync(default);
            return new Asking(snapshot, source, lane, [.. tables]);
        }

        public Task<IReadOnlyList<TableSync>> AskAsync() => AskAsync(_ => true);

        public async Task<IReadOnlyList<TableSync>> AskAsync(Func<TableSync, bool> which)
        {
            var left = new List<TableSync>();
            foreach (var some in QuietTables.Choose(tables.Where(which)))
                left.AddRange(await new QuietTables(new IncrementalConfig(), Method).AskAsync(lane, some, default));
            return left;
        }

        public async ValueTask DisposeAsync()
        {
            await lane.DisposeAsync();
            await snapshot.DisposeAsync();
        }
    }
}
