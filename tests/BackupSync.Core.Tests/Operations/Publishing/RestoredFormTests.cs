using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Publishing;

/// <summary>What PostgreSQL's own dump and restore changes of a database, and what its text does not carry.</summary>
public sealed class RestoredFormTests
{
    const string Views = """
        CREATE TABLE paid (id int PRIMARY KEY, amount int);
        CREATE TABLE free (id int PRIMARY KEY);
        INSERT INTO paid SELECT g, g FROM generate_series(1, 5) g;
        INSERT INTO free SELECT g FROM generate_series(6, 9) g;
        CREATE VIEW all_of_them AS SELECT id, amount FROM (SELECT id, amount FROM paid UNION ALL SELECT id, NULL FROM free) q;
        CREATE VIEW with_constant AS SELECT * FROM (SELECT id, 'paid' AS kind FROM paid UNION ALL SELECT id, 'free' FROM free) q;
        CREATE VIEW in_exists AS SELECT id FROM paid WHERE EXISTS (SELECT id, 5 FROM free UNION ALL SELECT 1, NULL);
        CREATE VIEW in_in AS SELECT id FROM paid WHERE amount IN (SELECT amount FROM paid UNION SELECT NULL);
        CREATE MATERIALIZED VIEW per_kind AS SELECT kind, count(*) n FROM (SELECT 'a' AS kind FROM paid UNION ALL SELECT 'b' FROM free) q
            GROUP BY kind;
        CREATE RECURSIVE VIEW counted (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 5;
        """;

    const string Catalog = """
        CREATE TYPE ver AS (a int, b int);
        CREATE FUNCTION ver_lt(ver, ver) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a < ($2).a';
        CREATE OPERATOR <<< (leftarg = ver, rightarg = ver, function = ver_lt, commutator = OPERATOR(public.>>>));
        DROP OPERATOR <<< (ver, ver);
        CREATE OPERATOR <<<< (leftarg = ver, rightarg = ver, function = ver_lt, negator = OPERATOR(public.>=>>));
        CREATE TABLE ip (a int);
        CREATE TABLE ic () INHERITS (ip);
        CREATE TABLE ic_own (CHECK (a > -5)) INHERITS (ic);
        INSERT INTO ic VALUES (1);
        ALTER TABLE ip ADD CONSTRAINT posi CHECK (a > 0) NOT VALID;
        ALTER TABLE ic VALIDATE CONSTRAINT posi;
        CREATE TABLE levels (k int, v int) PARTITION BY RANGE (k);
        CREATE TABLE levels_1 PARTITION OF levels FOR VALUES FROM (0) TO (10);
        ALTER TABLE levels ADD CONSTRAINT positive CHECK (v > 0) NOT VALID;
        ALTER TABLE levels_1 VALIDATE CONSTRAINT positive;
        CREATE DOMAIN seven AS int DEFAULT 7;
        CREATE TABLE defaults (a seven DEFAULT 3, b seven);
        CREATE TABLE defaults_child () INHERITS (defaults);
        ALTER TABLE defaults_child ALTER a DROP DEFAULT;
        """;

    /// <summary>Later versions allow none of it.</summary>
    const string Until17 = """
        CREATE TABLE measurements (id int, at date, v int);
        CREATE TABLE measurements_2020 (CHECK (at < '2021-01-01')) INHERITS (measurements);
        CREATE TABLE measurements_grandchild () INHERITS (measurements_2020);
        ALTER TABLE ONLY measurements ADD PRIMARY KEY (id);
        INSERT INTO measurements_2020 VALUES (1, '2020-05-05', 3);
        CREATE UNLOGGED TABLE unlogged_parent (a int, b int) PARTITION BY LIST (b);
        """;

    const string From18 = """
        CREATE TABLE computed (a int PRIMARY KEY, b int GENERATED ALWAYS AS (1 / a) VIRTUAL);
        INSERT INTO computed VALUES (0), (1);
        CREATE TABLE unproven (a int UNIQUE, body text, updated_at timestamptz);
        INSERT INTO unproven VALUES (NULL, 'one', NULL), (NULL, 'two', NULL), (3, 'three', now());
        ALTER TABLE unproven ADD CONSTRAINT a_there NOT NULL a NOT VALID;
        CREATE TABLE unproven_stamp (id int PRIMARY KEY, body text, updated_at timestamptz);
        INSERT INTO unproven_stamp VALUES (1, 'one', NULL), (2, 'two', now());
        ALTER TABLE unproven_stamp ADD CONSTRAINT stamp_there NOT NULL updated_at NOT VALID;
        """;

    const string Values = """
        CREATE DOMAIN real_domain AS float8;
        CREATE TYPE reals AS RANGE (subtype = float8);
        CREATE TYPE pair AS (a float8, b float4);
        CREATE TABLE odd_floats (id int PRIMARY KEY, a float8, b float4, c float8[], d float4[], e pair, f reals, g real_domain,
            h reals[], i pair[], p point);
        INSERT INTO odd_floats SELECT 1, n, n::float4, ARRAY[n, 1], ARRAY[n::float4], ROW(n, n::float4)::pair, reals(1, n), n,
            ARRAY[reals(0, n)], ARRAY[ROW(n, 1)::pair], point(n, 0)
        FROM (SELECT 'inf'::float8 - 'inf'::float8 AS n) q;
        CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
        CREATE INDEX ON odd_floats (twice(id));
        INSERT INTO odd_floats (id, a, b) VALUES (2, 'NaN', 'NaN'), (3, '-0', '-0'), (4, 0, 0), (5, 'inf', '-inf');
        CREATE TABLE odd_values (id int GENERATED ALWAYS AS IDENTITY, a "char", b name, c bpchar(5), d interval, e timetz, f money,
            g bit(3), h varbit, i tsvector, j jsonb, k json, l xml, m box, n path, o circle,
            p int[], q pg_lsn, r pg_lsn[], s numeric, t regclass, u inet, v cidr, w macaddr8, x timestamptz, y date, z bytea);
        INSERT INTO odd_values (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z) VALUES
            (E'\\000', 'n', 'a  ', '1 mon -30 days 24:00:00.000001', '24:00:00+15:59:59', '-0.01', B'101', B'', 'b:1A a:2',
             '{"b": 1.0, "a": 1.00}', '{"b": 1.0,   "a":1}', '<a/>', '((1,2),(0,0))', '[(0,NaN)]', '<(0,0),0>',
             '[0:1]={1,NULL}', 'AB/CD', '{0/0,1/10}', '1.000', 'odd_values', '10.1.2.3/8', '10.0.0.0/8', '08:00:2b:01:02:03:04:05',
             'infinity', '-infinity', '\x00ff'),
            ('', '', '', '-1 years 2 mons', '00:00:00-15:59:59', '92233720368547758.07', NULL, B'1', '', 'null', 'null', 'text', NULL,
             '((0,0),(1,1))', NULL, '{}', '0/0', '{}', 'NaN', 'pg_class', '::1', '::/0', NULL, '0001-01-01 BC', '5874897-12-31', ''),
            (NULL, NULL, NULL, '0', NULL, NULL, NULL, NULL, NULL, '1e400', NULL, NULL, NULL, NULL, NULL, '{{1},{2}}',
             'FFFFFFFF/FFFFFFFF', NULL, '-1e-200', NULL, NULL, NULL, NULL, '294276-12-31 23:59:59+00', NULL, NULL);
        """;

    [SkippableTheory]
    [InlineData(15, PublishMode.Swap, TestRole.Creator)]
    [InlineData(17, PublishMode.Transaction, TestRole.Owner)]
    [InlineData(18, PublishMode.Transaction, TestRole.Superuser)]
    [InlineData(19, PublishMode.Swap, TestRole.Superuser)]
    public async Task What_a_dump_and_restore_itself_changes_stops_no_run(int major, PublishMode publish, TestRole role)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish, role);
        await scenario.OnSourceAsync(Views + Catalog + Values + (major < 18 ? Until17 : From18));

        var full = await scenario.SyncWellAsync();
        Assert.Empty(full.Warnings);
        Assert.Equal("", await DifferencesAsync(scenario));

        if (major >= 18)
            await scenario.OnSourceAsync("INSERT INTO computed VALUES (2); UPDATE unproven_stamp SET body = 'changed' WHERE id = 2");
        await scenario.OnSourceAsync("UPDATE odd_floats SET a = 'inf'::float8 - 'inf'::float8 WHERE id = 5; INSERT INTO ip VALUES (5)");
        var incremental = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(SyncMode.Incremental, incremental.Mode);
        Assert.Equal("", await DifferencesAsync(scenario));

        var restored = await scenario.RestoreAsync(full.SourceBackup!);
        Assert.True(restored.Success, $"{restored.Error?.Message} {restored.Error?.Detail}");
        Assert.Equal(5, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM paid"));

        // A view that means something else is a difference nevertheless, but not between a backup and what is restored of it.
        await scenario.OnTargetAsync(
            "CREATE OR REPLACE VIEW all_of_them AS SELECT id, amount FROM (SELECT id, amount FROM paid UNION ALL SELECT id, 0 FROM "
                + "free) q");
        await scenario.SyncWellAsync();
        await scenario.OnTargetAsync(
            "CREATE OR REPLACE VIEW all_of_them AS SELECT id, amount FROM (SELECT id, amount FROM paid UNION ALL SELECT id, 0 FROM "
                + "free) q");
        Assert.StartsWith("view public.all_of_them: definition: ", await DifferencesAsync(scenario), StringComparison.Ordinal);
        scenario.Job = scenario.Job with { Incremental = scenario.Job.Incremental with { OnSchemaChange = SchemaChangeRule.Stop } };
        var refused = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Assert.Equal(ErrorIds.SchemaChanged, refused.Error?.Id);
        Assert.Contains("all_of_them", refused.Error!.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(15, 18, PublishMode.Transaction)]
    [InlineData(15, 19, PublishMode.Swap)]
    public async Task Generated_columns_that_another_version_computes_otherwise_are_told_and_stop_no_run(
        int source,
        int target,
        PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(
            await VersionedServers.GetAsync(source), await VersionedServers.GetAsync(target), publish);
        await scenario.OnSourceAsync("""
            CREATE TABLE articles (id int PRIMARY KEY, body text NOT NULL,
                search tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED, n int GENERATED ALWAYS AS (id * 2) STORED);
            INSERT INTO articles (id, body) VALUES (1, 'We added a second index.'), (2, 'Nothing new.');
            CREATE INDEX ON articles USING gin (search);
            CREATE TABLE notes (body text, search tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED);
            INSERT INTO notes VALUES ('adding'), ('adding'), (NULL);
            CREATE TABLE plain (id int PRIMARY KEY, body text, n int GENERATED ALWAYS AS (id * 2) STORED);
            INSERT INTO plain VALUES (1, 'added');
            """ + Views + Until17);

        var full = await scenario.SyncWellAsync();
        Assert.Equal(2, full.Warnings.Count(w => w.Contains("generated columns", StringComparison.Ordinal)
            && w.Contains($"PostgreSQL {source} and {target}", StringComparison.Ordinal)));
        Assert.Equal("", await DifferencesAsync(scenario));
        var compared = await ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions(), null, null, default);
        Assert.Equal(
            ["table public.articles", "table public.notes"],
            compared.Notes.Select(n => n[..n.IndexOf(':', StringComparison.Ordinal)]).Order(StringComparer.Ordinal));

        await scenario.OnSourceAsync("UPDATE articles SET body = 'Somebody added more.' WHERE id = 2; INSERT INTO notes VALUES ('added')");
        var incremental = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal(SyncMode.Incremental, incremental.Mode);
        Assert.Equal(1, incremental.Tables.Single(t => t.Table == "public.articles").Changes!.Updated);
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));
        Assert.Equal("", await DifferencesAsync(scenario));

        // The base columns are compared as ever.
        await scenario.OnTargetAsync("UPDATE articles SET body = 'added' WHERE id = 1");
        Assert.StartsWith("public.articles: ", await DifferencesAsync(scenario), StringComparison.Ordinal);

        var drill = await BackupRunner.ProveAsync(
            BackupHandles.Of(full.SourceBackup!, null), BackupProof.Drill, scenario.Job.SourceDatabase, null, null, [],
            default);
        Assert.True(drill.Success, $"{drill.Error?.Message} {drill.Error?.Detail}");
    }

    /// <summary>Version 17 refuses such an index.</summary>
    [SkippableFact]
    public async Task Rows_are_read_although_what_an_index_computes_cannot_be_planned_without_a_search_path()
    {
        var server = await VersionedServers.GetAsync(15);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Swap);
        await scenario.OnSourceAsync("""
            CREATE SCHEMA tools;
            CREATE FUNCTION tools.bare(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT upper($1) $$;
            SET search_path = public, tools;
            CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower(bare($1)) $$;
            CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL);
            INSERT INTO people SELECT g, 'Zoë' || g FROM generate_series(1, 300) g;
            CREATE TABLE by_predicate (id int PRIMARY KEY, name text);
            CREATE INDEX ON by_predicate (id) WHERE plain(name) = 'x';
            CREATE TABLE by_statistics (id int PRIMARY KEY, name text, n int);
            CREATE STATISTICS computed ON (plain(name)), n FROM by_statistics;
            CREATE TABLE by_hash (id int, name text) PARTITION BY HASH (plain(name));
            CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 1, REMAINDER 0);
            INSERT INTO by_hash VALUES (1, 'x');
            CREATE TABLE broken (id int PRIMARY KEY, name text);
            INSERT INTO broken VALUES (1, 'one'), (2, E'two\nlines');
            CREATE FUNCTION gone(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1 $$;
            CREATE FUNCTION uses_gone(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT gone($1) $$;
            CREATE INDEX broken_index ON broken (uses_gone(name));
            DROP FUNCTION gone;
            CREATE INDEX people_plain ON people (plain(name));
            """);
        using var folder = new TempFolder();
        var config = ConfigIn(folder, scenario.Job.SourceDatabase);

        var order = BackupOrders.ByHand(config);
        var backup = (await BackupRunner.BackUpAsync([scenario.Job.SourceDatabase], order, _ => [], null, default))[0];
        Assert.True(backup.Success, $"{backup.Error?.Message} {backup.Error?.Detail}");
        var verified = await BackupRunner.ProveAsync(
            BackupHandles.Of(backup.SourceBackup!, config), BackupProof.Integrity, scenario.Job.SourceDatabase, null, config, [],
            default);
        Assert.True(verified.Success, verified.Error?.Message);
        var content = ManifestStore.Read(backup.SourceBackup!.Path).Fingerprint;
        Assert.Equal((300, true), (content.Tables["public.people"].Rows, content.Tables["public.people"].Hash is not null));
        Assert.Equal((2, true), (content.Tables["public.broken"].Rows, content.Tables["public.broken"].Hash is null));

        var sync = await scenario.SyncAsync();
        Assert.Equal(RunStep.Restore, sync.Error!.Step);
        Assert.Matches("people_plain|broken_index|by_predicate|by_hash|computed", sync.Error!.Message + sync.Error.Detail);
    }

    /// <summary>The same where the target has such an index already: it is read, compared, and written.</summary>
    [SkippableFact]
    public async Task Tables_with_such_an_index_are_brought_up_to_date_compared_and_restored()
    {
        var server = await VersionedServers.GetAsync(15);
        await using var scenario = await Scenario.CreateAsync(server, server);
        const string schema = """
            CREATE FUNCTION bare(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT upper($1) $$;
            CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower(bare($1)) $$;
            CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL);
            CREATE TABLE others (id int PRIMARY KEY REFERENCES people, name text);
            INSERT INTO people SELECT g, 'Zoë' || g FROM generate_series(1, 300) g;
            INSERT INTO others SELECT g, 'x' FROM generate_series(1, 100) g;
            CREATE INDEX people_plain ON people (plain(name)); CREATE INDEX others_plain ON others (plain(name));
            """;
        await scenario.OnSourceAsync(schema);
        await scenario.OnTargetAsync(schema);
        await scenario.OnSourceAsync(
            "UPDATE people SET name = 'new' WHERE id < 10; INSERT INTO people VALUES (1000, 'more'); INSERT INTO others VALUES "
                + "(1000, 'y')");

        await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal("", await DifferencesAsync(scenario));
        await scenario.OnTargetAsync("UPDATE people SET name = 'by hand' WHERE id = 3; UPDATE others SET name = 'by hand' WHERE id = 4");
        var rows = new List<RowDifference>();
        await ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions { Detail = true }, null, rows.Add, default);
        Assert.Equal(
            ["public.others 4 name", "public.people 3 name"],
            rows.Select(r => $"{r.Table} {r.Key} {r.Columns}").Order(StringComparer.Ordinal));

        using var folder = new TempFolder();
        var config = ConfigIn(folder, scenario.Job.SourceDatabase);
        var order = BackupOrders.ByHand(config);
        var backup = (await BackupRunner.BackUpAsync([scenario.Job.SourceDatabase], order, _ => [], null, default))[0];
        var restored = await Scenario.RestoreTablesAsync(
            scenario.Job, BackupHandles.Of(backup.SourceBackup!, config), ["people", "others"]);
        Assert.Null(restored.Error);
        Assert.Equal("", await DifferencesAsync(scenario));
    }

    static BackupSyncConfig ConfigIn(TempFolder folder, DatabaseConfig database) => new()
    {
        Path = folder.File("backupsync.yml"),
        Databases = [database],
        Jobs = [],
        Places = [new FolderPlaceConfig { Name = "local", Directory = folder.File("local") }],
    };

    /// <summary>What differs, one a line.</summary>
    static async Task<string> DifferencesAsync(Scenario scenario)
    {
        var result = await ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions(), null, null, default);
        return string.Join('\n', result.Items.Where(i => i.State != ComparedState.Equal).Select(i => $"{i.Name}: {i.What}"));
    }
}
