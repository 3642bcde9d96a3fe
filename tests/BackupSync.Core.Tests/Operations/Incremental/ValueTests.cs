using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Values that PostgreSQL takes for equal, or whose own hash is the same, and that a client can tell apart all the same.</summary>
public sealed class ValueTests
{
    /// <summary>A column, its value, and another one.</summary>
    static readonly (string Column, string Type, string Value, string Other)[] Values =
    [
        ("blanks", "bpchar", "ab", "ab   "), ("blanks_loose", "bpchar COLLATE loose", "ab", "ab "),
        ("blanks_domain", "padded", "ab", "ab "), ("blanks_array", "bpchar[]", "{ab}", "{\"ab \"}"),
        ("blanks_pair", "pair", "(1,ab)", "(1,\"ab \")"), ("big", "bigint", "0", "4294967297"),
        ("flags", "bigint NOT NULL", "1", "4294967296"),
        ("moment", "timestamp", "2000-01-01", "2000-01-01 01:11:34.967297"),
        ("instant", "timestamptz", "2000-01-01 00:00+00", "2000-01-01 01:11:34.967297+00"),
        ("clock", "time", "00:00", "01:11:34.967297"), ("scale", "numeric", "1.0", "1.00"), ("sign", "float8", "0", "-0"),
        ("cased", "citext", "A", "a"), ("loose", "text COLLATE loose", "A", "a"),
        ("span", "interval", "1 mon", "30 days"), ("tree", "jsonb", "1", "1.0"), ("place", "point", "(0,0)", "(-0,0)"),
        ("bounds", "int[]", "{1}", "[0:0]={1}"), ("page", "xml", "<a/>", "<a></a>"),
    ];

    /// <summary>The type of a key, its value, and another one that its index takes for the same.</summary>
    static readonly (string Table, string Type, string Key, string Other)[] Keys =
    [
        ("of_blanks", "bpchar", "ab", "ab  "), ("of_scale", "numeric", "1.0", "1.00"), ("of_sign", "float8", "0", "-0"),
        ("of_cased", "citext", "A", "a"),
        ("of_loose", "text COLLATE loose", "A", "a"), ("of_span", "interval", "1 mon", "30 days"), ("of_tree", "jsonb", "1", "1.0"),
        ("of_domain", "padded", "ab", "ab "),
    ];

    [SkippableTheory]
    [InlineData(15, 15), InlineData(15, 18), InlineData(18, 18), InlineData(19, 19)]
    public async Task What_only_a_client_can_see_is_told_carried_and_part_of_backups(int from, int to)
    {
        await using var scenario = await Scenario.CreateAsync(await VersionedServers.GetAsync(from), await VersionedServers.GetAsync(to));
        await scenario.OnSourceAsync($"""
            CREATE EXTENSION citext; CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE DOMAIN padded AS bpchar; CREATE TYPE pair AS (a int, b bpchar);
            CREATE TABLE items (id int PRIMARY KEY, {string.Join(", ", Values.Select(v => $"{v.Column} {v.Type}"))});
            INSERT INTO items SELECT n, {string.Join(", ", Values.Select(v => $"'{v.Value}'"))}
                FROM generate_series(0, {Values.Length + 10}) n;
            {string.Join(' ', Keys.Select(k => $"CREATE TABLE {k.Table} (k {k.Type}, n int, note text, PRIMARY KEY (k, n)); "
                + $"INSERT INTO {k.Table} SELECT '{k.Key}', n, 'note' FROM generate_series(1, 9) n;"))}
            CREATE TABLE kinds (k bpchar PRIMARY KEY); CREATE TABLE of_kind (id int PRIMARY KEY, k bpchar REFERENCES kinds);
            INSERT INTO kinds VALUES ('ab'); INSERT INTO of_kind VALUES (1, 'ab'), (2, 'ab ');
            """);
        var full = await scenario.SyncWellAsync(SyncMode.Full);
        Assert.Equal(FingerprintMethod.ValueHash, ManifestStore.Read(full.SourceBackup!.Path).Fingerprint.Method);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Empty(await DifferencesAsync(scenario));

        await scenario.OnSourceAsync(string.Join(' ', Values.Select((v, n) => $"UPDATE items SET {v.Column} = '{v.Other}' WHERE id = {n};")
            .Concat(Keys.Select(k => $"UPDATE {k.Table} SET k = '{k.Other}' WHERE n = 5;")).Append("UPDATE kinds SET k = 'ab ';")));

        var told = await DifferencesAsync(scenario);
        Assert.Equal(
            Values.Select((v, n) => $"{n} {v.Column}").Order(StringComparer.Ordinal),
            told.Where(r => r.Table == "public.items").Select(r => $"{r.Key} {r.Columns}").Order(StringComparer.Ordinal));
        Assert.Equal(
            Keys.Select(k => $"public.{k.Table}").Append("public.kinds").Order(StringComparer.Ordinal),
            told.Select(r => r.Table).Where(t => t != "public.items").Distinct().Order(StringComparer.Ordinal));
        var kept = ManifestStore.Read(full.SourceBackup.Path).Fingerprint;
        var differing = FingerprintComparison.Compare(kept, await scenario.SourceContentAsync(), new ComparisonTolerance())
            .Select(d => d.Subject);
        Assert.Equal(
            Keys.Select(k => $"table public.{k.Table}").Concat(["table public.items", "table public.kinds"]).Order(StringComparer.Ordinal),
            differing.Order(StringComparer.Ordinal));

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.True(result.Mode == SyncMode.Incremental, string.Join('\n', result.Warnings));
        await DumpText.AssertSameAsync(
            await VersionedServers.ToolsAsync(Math.Max(from, to)), scenario.SourceAdmin, scenario.TargetAdmin, "after an incremental run");
        Assert.Empty(await DifferencesAsync(scenario));
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));
    }

    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task Xml_that_names_its_encoding_is_copied_as_a_dump_carries_it(int major)
    {
        await using var scenario = await Scenario.CreateAsync(
            await VersionedServers.GetAsync(major),
            await VersionedServers.GetAsync(major));
        await scenario.OnSourceAsync("""
            CREATE TABLE pages (id int PRIMARY KEY, page xml);
            INSERT INTO pages VALUES (1, '<?xml version="1.0" encoding="UTF-8"?><a/>')
            """);

        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.OnSourceAsync("""INSERT INTO pages VALUES (2, '<?xml version="1.0"?><b/>')""");
        await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));
    }

    [SkippableTheory]
    [InlineData("-74185143558547886", 15)] // as a release of before has written it
    [InlineData("-74185143558547886", 18)]
    [InlineData("-74185143558547887", 15)]
    public async Task A_backup_of_before_is_verified_by_the_method_of_its_day(string sum, int major)
    {
        await using var scenario = await Scenario.CreateAsync(await VersionedServers.GetAsync(15), await VersionedServers.GetAsync(major));
        await scenario.OnSourceAsync("""
            CREATE TABLE kept (id int PRIMARY KEY, blanks bpchar, big bigint, at timestamptz, day date, price numeric);
            INSERT INTO kept VALUES (1, 'ab', 4294967297, '2024-02-29 12:00Z', '2024-02-29', 1.50), (2, 'ab  ', 0, NULL, NULL, 'NaN');
            """);
        var backup = (await scenario.SyncWellAsync(SyncMode.Full)).SourceBackup!;
        var manifest = ManifestStore.Read(backup.Path);
        ManifestStore.Write(backup.Path, manifest with
        {
            Fingerprint = manifest.Fingerprint with
            {
                Method = FingerprintMethod.ChainedHash,
                Tables = new Dictionary<string, TableFingerprint>
                {
                    ["public.kept"] = manifest.Fingerprint.Tables["public.kept"] with { Hash = sum },
                },
            },
        });

        var result = await scenario.RestoreAsync(backup);

        Assert.Equal(sum.EndsWith('6') ? null : ErrorIds.VerificationFailed, result.Error?.Id);
    }

    static async Task<IReadOnlyList<RowDifference>> DifferencesAsync(Scenario scenario)
    {
        List<RowDifference> rows = [];
        var result = await ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions { Detail = true }, null, rows.Add, default);
        Assert.Equal(rows.Count == 0, result.IsEqual);
        return rows;
    }
}
