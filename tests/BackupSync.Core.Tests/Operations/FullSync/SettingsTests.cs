using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>
/// What roles and databases are set to is for applications: it changes nothing that is dumped, restored or compared, and is there while
/// rows are loaded.
/// </summary>
public sealed class SettingsTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>Each would change a text, how one is read, or how long something may take.</summary>
    static readonly (string Name, string Value)[] Hostile =
    [
        ("array_nulls", "off"), ("backslash_quote", "on"), ("bytea_output", "escape"), ("client_encoding", "LATIN1"),
        ("client_min_messages", "debug1"), ("DateStyle", "SQL, DMY"),
        ("default_text_search_config", "german"), ("default_toast_compression", "pglz"), ("default_transaction_deferrable", "on"),
        ("default_transaction_isolation", "serializable"),
        ("default_transaction_read_only", "on"), ("enable_hashjoin", "off"), ("enable_seqscan", "off"), ("extra_float_digits", "-15"),
        ("gin_fuzzy_search_limit", "1"),
        ("idle_in_transaction_session_timeout", "2s"), ("idle_session_timeout", "2s"), ("IntervalStyle", "sql_standard"), ("jit", "on"),
        ("jit_above_cost", "0"), ("lc_monetary", "C.UTF-8"), ("lc_numeric", "C.UTF-8"), ("lock_timeout", "2s"),
        ("quote_all_identifiers", "on"), ("restrict_nonsystem_relation_kind", "view"),
        ("row_security", "off"), ("search_path", "nowhere"), ("session_replication_role", "replica"),
        ("standard_conforming_strings", "off"),
        ("statement_timeout", "2s"), ("synchronize_seqscans", "off"), ("TimeZone", "Asia/Kathmandu"), ("transaction_timeout", "2s"),
        ("transform_null_equals", "on"), ("work_mem", "64kB"),
        ("xmlbinary", "hex"), ("xmloption", "document"),
    ];

    [SkippableTheory]
    [InlineData(PublishMode.Swap, 15)]
    [InlineData(PublishMode.Transaction, 15)]
    [InlineData(PublishMode.Transaction, 17)]
    [InlineData(PublishMode.Swap, 18)]
    [InlineData(PublishMode.Transaction, 18)]
    [InlineData(PublishMode.Transaction, 19)]
    public async Task Settings_of_roles_and_databases_change_nothing_of_what_is_copied(PublishMode publish, int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        await scenario.OnSourceAsync("""
            CREATE TABLE "größe €" (id int PRIMARY KEY, a int[], t text[], at timestamptz, d date, i interval, f float8, r real, b bytea,
                x xml, n numeric, m money, s text, "Mixed" text DEFAULT E'\\'';');
            INSERT INTO "größe €" VALUES (1, '{1,NULL,3}', '{NULL,"NULL","a\\b",""}', '2026-03-29 01:30:00+00', '2026-02-01',
                '-1 mon +2 days -03:04:05', 0.1::float8 + 0.2, 1e-7, '\x00ff27', 'just <i>content</i>', 1.10, 1234.5, E'€ \\ '' \n 日本'),
                (2, '{}', NULL, 'infinity', '0044-03-15 BC', '1 year -1 hour', 'NaN', '-Infinity', '', '<a/>', 'NaN', NULL, '');
            CREATE VIEW "Sicht" AS SELECT id, s = NULL AS nothing FROM "größe €" WHERE d > '2026-01-02' AND i > '-1 day';
            CREATE MATERIALIZED VIEW "Gesehen" AS SELECT id, nothing FROM "Sicht";
            CREATE FUNCTION "Über"(a text DEFAULT 'é\n') RETURNS text LANGUAGE sql AS $$ SELECT 'é' || a $$;
            CREATE TABLE refers (id int REFERENCES "größe €", at timestamptz DEFAULT '2026-03-29 01:30:00+00') PARTITION BY RANGE (at);
            CREATE TABLE refers_1 PARTITION OF refers FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
            INSERT INTO refers VALUES (1), (2);
            """);
        var expected = await scenario.SourceContentAsync();
        await SetAsync(scenario.SourceAdmin, scenario.Source);
        await SetAsync(scenario.TargetAdmin, scenario.Target);

        var first = await scenario.SyncWellAsync();
        Scenario.AssertSame(expected, await scenario.TargetContentAsync());
        var settings = await SettingsAsync(scenario.TargetAdmin);
        Assert.True(settings.Count > 60, string.Join(", ", settings));

        await scenario.OnSourceAsync("UPDATE \"größe €\" SET s = s || 'x'");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        var compared = await ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions { Detail = true }, null, null, default);
        Assert.All(compared.Items, i => Assert.Equal(ComparedState.Equal, i.State));
        var drill = await BackupRunner.ProveAsync(
            BackupHandles.Of(first.SourceBackup!, null), BackupProof.Drill, scenario.Job.SourceDatabase, null, null, [],
            default);
        Assert.True(drill.Success, $"{drill.Error?.Message} {drill.Error?.Detail}");
        var restored = await scenario.RestoreAsync(first.SourceBackup!);

        Assert.Null(restored.Error);
        Scenario.AssertSame(expected, await scenario.TargetContentAsync());
        Assert.Equal(settings, await SettingsAsync(scenario.TargetAdmin));
        await scenario.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(PublishMode.Swap, "DATABASE")]
    [InlineData(PublishMode.Transaction, "DATABASE")]
    [InlineData(PublishMode.Swap, "ROLE IN DATABASE")]
    public async Task A_generated_column_may_read_a_setting(PublishMode publish, string of)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        foreach (var (admin, address) in new[] { (scenario.SourceAdmin, scenario.Source), (scenario.TargetAdmin, scenario.Target) })
        {
            await Scenario.ExecuteAsync(admin, of == "DATABASE" ? $"ALTER DATABASE {address.Database} SET app.region = 'eu'"
                : $"ALTER ROLE {address.User} IN DATABASE {address.Database} SET app.region = 'eu'");
        }
        await Scenario.ExecuteAsync(scenario.Source, """
            CREATE FUNCTION region_rank(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
                WHEN $1 = current_setting('app.region') THEN 1 ELSE 2 END $$;
            CREATE TABLE orders (id int PRIMARY KEY, region text, rank int GENERATED ALWAYS AS (public.region_rank(region)) STORED);
            INSERT INTO orders (id, region) SELECT g, CASE WHEN g % 2 = 0 THEN 'eu' ELSE 'us' END FROM generate_series(1, 40) g;
            """);

        await scenario.SyncWellAsync();

        Assert.Equal(20, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM orders WHERE rank = 1"));
    }

    [Fact]
    public async Task A_name_that_is_not_UTF_8_is_refused_and_rows_that_are_not_are_copied()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        var (source, target) = ($"ascii_{Guid.NewGuid():N}", $"ascii_{Guid.NewGuid():N}");
        await Scenario.ExecuteAsync(
            scenario.SourceAdmin,
            $"CREATE DATABASE {source} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0 OWNER {scenario.Source.User}");
        await Scenario.ExecuteAsync(
            scenario.TargetAdmin,
            $"CREATE DATABASE {target} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0 OWNER {scenario.Target.User}");
        var admin = scenario.SourceAdmin.WithDatabase(source);
        scenario.ReadFrom(scenario.Source.WithDatabase(source));
        scenario.WriteTo(scenario.Target.WithDatabase(target));
        await Scenario.ExecuteAsync(
            admin,
            "CREATE TABLE \"größe\" (id int PRIMARY KEY, t text); INSERT INTO \"größe\" VALUES (1, E'\\344')");

        await scenario.SyncWellAsync();

        Assert.Equal(1, await Scenario.CountAsync(
            scenario.TargetAdmin.WithDatabase(target),
            "SELECT count(*) FROM \"größe\" WHERE convert_to(t, 'SQL_ASCII') = '\\xe4'"));

        await Scenario.ExecuteAsync(
            admin,
            "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)', convert_from('\\x6ee46d65', 'SQL_ASCII')); END $$");
        var refused = await scenario.SyncAsync();

        Faults.AssertFailed(refused, RunOutcome.Aborted, RunStep.Check, ErrorIds.NotSupported);
        Assert.Contains("the name of the relation n\\xe4me in it is not UTF-8", refused.Error!.Message, StringComparison.Ordinal);
    }

    /// <summary>On the database, on the role, and on the role in the database; those that this version has.</summary>
    static async Task SetAsync(DatabaseAddress admin, DatabaseAddress address)
    {
        await using var session = await Scenario.OpenAsync(admin);
        foreach (var (name, value) in Hostile)
        {
            foreach (var subject in new[]
            {
                $"DATABASE {address.Database}",
                $"ROLE {address.User}",
                $"ROLE {address.User} IN DATABASE {address.Database}",
            })
            {
                // Version 19 knows only one way of reading strings, and older ones lack a limit of time.
                await session.ExecuteAsync($"DO $$ BEGIN ALTER {subject} SET {name} = "
                    + $"{(name is "DateStyle" or "search_path" ? value : Sql.Literal(value))}; EXCEPTION WHEN undefined_object OR "
                    + "feature_not_supported OR invalid_parameter_value THEN NULL; END $$", default);
            }
        }
    }

    static async Task<IReadOnlyList<string>> SettingsAsync(DatabaseAddress admin)
    {
        await using var session = await Scenario.OpenAsync(admin);
        return [.. (await session.RowsAsync("SELECT s FROM pg_db_role_setting g JOIN pg_database d ON d.oid = g.setdatabase, "
            + "unnest(g.setconfig) s WHERE d.datname = current_database() ORDER BY g.setrole, s", default)).Select(r => r.Text(0))];
    }
}
