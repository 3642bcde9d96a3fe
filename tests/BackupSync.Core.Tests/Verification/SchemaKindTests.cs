using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Verification;

namespace BackupSync.Tests.Verification;

/// <summary>What decides how queries answer is told where it differs, and no incremental run passes over it.</summary>
public sealed class SchemaKindTests
{
    /// <summary>All at once, each in a schema of its own: the facts of one object are told of no other.</summary>
    [SkippableTheory]
    [InlineData(15, true), InlineData(15, false)]
    [InlineData(18, true), InlineData(18, false)]
    public async Task Each_difference_is_told_by_compare_and_no_incremental_run_passes_over_it(int major, bool thatMatter)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        scenario.Job = scenario.Job with { Incremental = scenario.Job.Incremental with { OnSchemaChange = SchemaChangeRule.Stop } };
        var kinds = SchemaKind.All.Where(k => k.Value.Since <= major
            && thatMatter != (k.Value.IsOnlyTold || k.Value.Told.StartsWith("event trigger ", StringComparison.Ordinal)))
            .Select((k, i) => (k.Value.Setup, k.Value.Change, k.Value.Told, Number: i + 1)).ToList();
        foreach (var kind in kinds)
        {
            var setup = Own("CREATE SCHEMA s; SET search_path = public; CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other "
                + $"VALUES (1); {kind.Setup}", kind.Number);
            await scenario.OnSourceAsync(setup);
            await scenario.OnTargetAsync(setup);
        }
        Assert.Empty(await DifferencesAsync(scenario));
        foreach (var kind in kinds)
            await scenario.OnSourceAsync(Own($"SET search_path = public; {kind.Change}", kind.Number));

        // Some facts bring others along.
        var told = kinds.Select(k => Own(k.Told, k.Number)).ToList();
        Assert.NotEmpty(told);
        Assert.Empty(told.Except(await DifferencesAsync(scenario)));
        var run = await scenario.SyncAsync(mode: SyncMode.Incremental);
        if (thatMatter)
        {
            Assert.Equal(ErrorIds.SchemaChanged, run.Error?.Id);
            Assert.Empty(told.Except(run.Error!.Detail!.Split('\n')));
        }
        else
        {
            Assert.True(run.Success, $"{run.Error?.Message}");
            Assert.All(told, t => Assert.Contains(scenario.LogLines, l => l.Contains(t, StringComparison.Ordinal)));
        }
    }

    /// <summary>In the schema of this number; what has none has a name of its own.</summary>
    static string Own(
        string text,
        int number) => Regex.Replace(text, @"(?<=SCHEMA )s\b|\bpublic(?=\.)|(?<=search_path = )public\b", $"s{number}")
        .Replace("EVENT TRIGGER x", $"EVENT TRIGGER x{number}", StringComparison.Ordinal).Replace(
            "event trigger x", $"event trigger x{number}", StringComparison.Ordinal);

    /// <summary>A dump has them where they are not what a server chooses; before version 18 there are none.</summary>
    [SkippableTheory]
    [InlineData(18, 18), InlineData(19, 19), InlineData(17, 18), InlineData(18, 19)]
    public async Task Names_of_not_null_are_copied(int from, int to)
    {
        var (source, target) = (await VersionedServers.GetAsync(from), await VersionedServers.GetAsync(to));
        await using var scenario = await Scenario.CreateAsync(source, target, PublishMode.Transaction);
        await scenario.OnSourceAsync("""
            CREATE TABLE t (id int PRIMARY KEY, n int CONSTRAINT named NOT NULL); CREATE TABLE was (id int NOT NULL, b int NOT NULL);
            ALTER TABLE was RENAME TO is_now; ALTER TABLE is_now RENAME b TO c;
            CREATE TABLE par (id int CONSTRAINT par_is_there NOT NULL); CREATE TABLE chi (more int NOT NULL) INHERITS (par);
            CREATE TABLE chi_2 (id int CONSTRAINT own NOT NULL) INHERITS (par);
            CREATE TABLE ev (id int CONSTRAINT ev_is_there NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
            CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
            CREATE TABLE ev_2 (id int CONSTRAINT other NOT NULL, at date NOT NULL); ALTER TABLE ev ATTACH PARTITION ev_2 DEFAULT;
            CREATE TABLE a_name_that_takes_all_of_the_sixty_three_bytes_that_a_name_may (
                a_column_of_some_length_that_does_not_fit_in int NOT NULL);
            CREATE TABLE serials (id serial, big bigint GENERATED ALWAYS AS IDENTITY);
            """);
        var result = await scenario.SyncWellAsync(SyncMode.Full);
        Assert.DoesNotContain(result.Warnings, w => w.Contains("not null", StringComparison.Ordinal));
        Assert.Empty(await DifferencesAsync(scenario));
    }

    /// <summary>Each alone, where nothing else has its catalog asked about.</summary>
    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task What_is_not_asked_about_is_not_there(int major)
    {
        await using var database = await TestDatabase.CreateAsync(await VersionedServers.GetAsync(major), TestRole.Superuser);
        await using var session = await Scenario.OpenAsync(database.AsSuperuser);
        string[] more = ["SELECT", "CREATE DOMAIN d AS int[]", "CREATE DOMAIN d AS text", "CREATE TYPE c AS "
            + "(a int)", "CREATE TYPE e AS ENUM ('a')", "CREATE TYPE shell", "CREATE VIEW v AS SELECT 1 AS x"];
        foreach (var text in SchemaKind.All.Values.Where(k => k.Since <= major)
            .SelectMany(k => new[] { k.Setup, $"{k.Setup};\n{k.Change}" })
            .Concat(more))
        {
            await session.ExecuteAsync($"BEGIN READ WRITE; SET LOCAL search_path = public; {text}; SET LOCAL search_path = ''", default);
            Assert.Equal(await DescriptionAsync(CatalogKinds.All), await DescriptionAsync(await CatalogKinds.ReadAsync(session, default)));
            await session.ExecuteAsync("ROLLBACK", default);
        }

        async Task<string> DescriptionAsync(CatalogKinds kinds)
        {
            var lines = new List<string>();
            foreach (var query in new[]
            {
                CatalogQueries.Objects(CatalogFilter.None, kinds, hasMultirange: true), SchemaDetails.Query(
                    CatalogFilter.None, kinds, major), SchemaTexts.Query(CatalogFilter.None, kinds, hasStandardBodies: true),
            })
                lines.AddRange(
                    (await session.RowsAsync(query, default)).Select(r => string.Join('|', r.Fields)).Order(StringComparer.Ordinal));
            return string.Join('\n', lines);
        }
    }

    /// <summary>
    /// It is kept in manifests and compared with those of other versions of this program: however it is asked for, it stays the same.
    /// </summary>
    [SkippableTheory]
    [InlineData(15, "919329ED8BF208AB")]
    [InlineData(18, "4E03DFBF74F7F3FB")]
    public async Task The_description_of_a_rich_schema_stays_the_same(int major, string digest)
    {
        await using var database = await TestDatabase.CreateAsync(await VersionedServers.GetAsync(major), TestRole.Superuser);
        await using var session = await Scenario.OpenAsync(database.AsSuperuser);
        var number = 0;
        foreach (var (_, kind) in SchemaKind.All.Where(k => k.Value.Since <= major))
        {
            var schema = $"s{++number}";
            var text = $"{kind.Setup};\n{kind.Change}".Replace("EVENT TRIGGER x", $"EVENT TRIGGER x{number}", StringComparison.Ordinal);
            await session.ExecuteAsync($"CREATE SCHEMA {schema}; SET search_path = {schema}; {text}; SET search_path = ''", default);
        }

        var details = await SchemaDetails.ReadAsync(
            session, major, CatalogFilter.None, await CatalogKinds.ReadAsync(session, default), default);

        var lines = details.SelectMany(d => d.Value.Select(f => $"{d.Key}: {f.Key}: {f.Value}").Append(d.Key))
            .Order(StringComparer.Ordinal);
        Assert.Equal(digest, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))))[..16]);
    }

    /// <summary>All of them at once, as a full sync brings them over: it is equal then, and the next runs carry rows again.</summary>
    [SkippableTheory]
    [InlineData(15, 15)]
    [InlineData(17, 17)]
    [InlineData(18, 18)]
    [InlineData(19, 19)]
    [InlineData(15, 18)]
    [InlineData(18, 19)]
    public async Task What_a_full_sync_has_copied_is_equal_and_stays_incremental(int source, int target)
    {
        await using var scenario = await Scenario.CreateAsync(
            await VersionedServers.GetAsync(source),
            await VersionedServers.GetAsync(target));
        var number = 0;
        foreach (var (name, kind) in SchemaKind.All.Where(k => k.Value.Since <= source && k.Key != "foreign keys switched off"))
        {
            // Each in a schema of its own; what has none has a name of its own.
            var schema = $"s{++number}";
            var text = $"{kind.Setup};\n{kind.Change}".Replace("EVENT TRIGGER x", $"EVENT TRIGGER x{number}", StringComparison.Ordinal);
            await scenario.OnSourceAsync($"CREATE SCHEMA {schema}; SET search_path = {schema}; {text}; CREATE TABLE IF NOT EXISTS rows "
                + "(id int PRIMARY KEY, at timestamptz DEFAULT now()); INSERT INTO rows VALUES (1)");
        }

        var full = await scenario.SyncWellAsync(SyncMode.Full);

        Assert.DoesNotContain(full.Warnings, w => w.Contains("is not as it was", StringComparison.Ordinal));
        Assert.Empty(await DifferencesAsync(scenario));
        await scenario.OnSourceAsync("INSERT INTO s1.rows VALUES (2)");
        var run = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal((SyncMode.Incremental, 1), (run.Mode, run.Tables.Sum(t => t.Changes!.Inserted)));
        Assert.DoesNotContain(scenario.LogLines, l => l.Contains("could not be asked", StringComparison.Ordinal));
    }

    static async Task<IReadOnlyList<string>> DifferencesAsync(Scenario scenario) =>
        [.. (await ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase,
            scenario.Job.TargetDatabase,
            new ComparisonOptions(),
            null,
            null,
            default)).BesideRows];
}
