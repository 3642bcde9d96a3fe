using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Archiving;
using BackupSync.Operations.Expire;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;
using BackupSync.Tests.Operations.BackUp;

namespace BackupSync.Tests.Operations.Prove;

/// <summary>A drill has what the backup's own server had; where it cannot have it, that is no fault of the backup.</summary>
public sealed class DrillSurroundingsTests
{
    const string Words = """
        CREATE TABLE words(w text, n int) PARTITION BY RANGE (w);
        CREATE TABLE words_am PARTITION OF words FOR VALUES FROM ('a') TO ('n');
        CREATE TABLE words_nz PARTITION OF words FOR VALUES FROM ('n') TO (MAXVALUE);
        CREATE TABLE words_rest PARTITION OF words DEFAULT;
        INSERT INTO words SELECT chr(97 + g % 26) || g, g FROM generate_series(1, 200) g;
        INSERT INTO words SELECT upper(chr(97 + g % 26)) || g, g FROM generate_series(1, 200) g;
        CREATE TABLE größe AS SELECT 'Grüße' || i AS schlüssel FROM generate_series(1, 10) i;
        """;

    const string Orders = """
        CREATE FUNCTION region_rank(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
            WHEN $1 = current_setting('app.region') THEN 1 ELSE 2 END $$;
        CREATE TABLE orders(id int PRIMARY KEY, region text, rank int GENERATED ALWAYS AS (public.region_rank(region)) STORED);
        INSERT INTO orders(id, region) SELECT g, CASE WHEN g % 2 = 0 THEN 'eu' ELSE 'us' END FROM generate_series(1, 40) g;
        """;

    public static TheoryData<int> Majors => [15, 17, 18, 19];

    [SkippableTheory, MemberData(nameof(Majors))]
    public async Task A_drill_has_the_version_encoding_locale_and_settings_of_the_database_and_passes_where_a_restore_does(int major)
    {
        await using var server = await StartAsync(major);
        using var folder = new TempFolder();
        var config = Config(folder);
        (string Name, string Creation)[] databases =
        [
            ("icu", "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'" + (major >= 16 ? " ICU_RULES '&V << w <<< W'" : "")),
            .. major is 15 or 18 ? new[]
            {
                ("latin1", "ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc"),
                ("ascii", "ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc"),
            } : [],
        ];
        foreach (var (name, creation) in databases)
        {
            var address = await CreateAsync(server, name, creation);
            await TestDatabase.ExecuteAsync(address, Words);
            await TestDatabase.ExecuteAsync(address, $"CREATE ROLE visitor_{name}; ALTER ROLE visitor_{name} IN DATABASE {name} SET "
                + $"session_preload_libraries = 'no_such_library'; ALTER DATABASE {name} SET app.region = 'eu'");
            await TestDatabase.ExecuteAsync(address, Orders);
            var database = Scenario.Named(name, address, DatabaseRole.Backup);
            var backup = await BackUpAsync(database, config);

            var drill = Vault.Well(await DrillAsync(backup, database, config));

            Assert.Equal(server.Version.ToString(), drill.Versions!.Target);
            var proof = ManifestStore.Read(backup.Path).Proof!;
            Assert.Equal((ProofVerdict.Good, server.Version.ToString()), (proof.Verdict, proof.RestoredInto));
            Assert.Equal($"restored {server.Version}, just now", proof.Describe(proof.Time));
            Assert.Contains(new DatabaseSetting(null, "app.region", "eu"), ManifestStore.Read(backup.Path).Options!.Settings);
            Assert.Contains(
                drill.Warnings,
                w => w.Contains($"session_preload_libraries of role visitor_{name} in the database is left out", StringComparison.Ordinal));
            await CreateAsync(server, $"{name}_copy", creation);
            var copy = Scenario.Named($"{name}_copy", address.WithDatabase($"{name}_copy"), DatabaseRole.Backup);
            await TestDatabase.ExecuteAsync(copy.Address, $"ALTER DATABASE {name}_copy SET app.region = 'eu'");
            Vault.Well(await RestoreRunner.RestoreAsync(
                BackupHandles.Of(backup, config), [], copy, config with { Databases = [copy] }, new RunOptions(), [], default));
        }
    }

    [SkippableFact]
    public async Task What_could_not_be_proven_here_counts_as_usable_and_what_was_known_before_stays()
    {
        await using var server = await StartAsync(18);
        using var folder = new TempFolder();
        var config = Config(folder);
        var auth = await CreateUsersAsync(server);
        config = config with { Databases = [auth] };
        var older = await BackUpAsync(auth, config);
        var backup = await BackUpAsync(auth, config);
        var manifest = ManifestStore.Read(backup.Path);
        ManifestStore.Write(backup.Path, manifest with { Options = manifest
            .Options! with { Provider = "libc", Collate = "xx_YY.UTF-8", Ctype = "xx_YY.UTF-8", Locale = null } });

        var drill = await DrillAsync(backup, auth, config);

        Faults.AssertFailed(drill, RunOutcome.Aborted, RunStep.Prove, ErrorIds.NotProven);
        Assert.Contains(
            "was not proven here: this machine cannot make a database like the backup's (UTF8, libc xx_YY.UTF-8)",
            drill.Error!.Message,
            StringComparison.Ordinal);
        var proof = ManifestStore.Read(backup.Path).Proof!;
        Assert.Equal(
            (ProofVerdict.NotProven, false, false, "not proven here, just now"),
            (proof.Verdict, proof.Good, proof.Bad, proof.Describe(proof.Time)));
        var warnings = new List<string>();
        var latest = new BackupQuery { Databases = ["auth"] };
        Assert.Equal(backup.Path, (await latest.FindOneAsync(config, warnings.Add, default)).Path);
        Assert.Contains("could not be proven when that was tried", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(backup.Path, Assert.Single(await (latest with { Latest = true }).FindAsync(config, null, default)).Path);
        Assert.Equal(backup.Path, Assert.Single(BackupQuery.LatestOfJobs(await latest.FindAsync(config, null, default))).Path);
        var keep = Retention.Decide(
            BackupFolder.Scan(Path.GetDirectoryName(backup.Path)!), RetentionRules.OfJob(0, null, _ => []), DateTimeOffset.UtcNow);
        Assert.DoesNotContain(keep, d => d.Remove && d.Path == backup.Path);

        // Read well afterwards, and then tried again.
        Vault.Well(
            await BackupRunner.ProveAsync(BackupHandles.Of(backup, config), BackupProof.Integrity, auth, null, config, [], default));
        await DrillAsync(backup, auth, config);
        proof = ManifestStore.Read(backup.Path).Proof!;
        Assert.Equal((ProofVerdict.Good, BackupProof.Integrity, BackupProof.Drill), (proof.Verdict, proof.How, proof.Attempt!.How));
        Assert.Equal("read, just now; not proven here, just now", proof.Describe(proof.Attempt.Time));

        // A release that knew two verdicts only has blamed the files.
        foreach (var file in new[] { older, backup })
        {
            var found = ManifestStore.Read(file.Path);
            var failed = System.Text.Json.JsonSerializer.Deserialize<ProofRecord>(
                """{"how":"Drill","time":"2026-01-01T00:00:00+00:00","duration_seconds":1,"rto_met":null,"rpo_met":null,"""
                    + """ "problem":"the content of its 10 rows differs"}""", JsonFormat.Line);
            ManifestStore.Write(file.Path, found with { Proof = failed });
        }
        Assert.Equal(backup.Path, (await latest.FindOneAsync(config, warnings.Add, default)).Path);
    }

    [SkippableFact]
    public async Task A_backup_of_before_has_its_settings_from_the_script_beside_it_and_roles_from_what_the_restore_lacks()
    {
        await using var server = await StartAsync(18);
        using var folder = new TempFolder();
        var config = Config(folder);
        var address = await CreateAsync(server, "shop", "");
        await TestDatabase.ExecuteAsync(address, "ALTER DATABASE shop SET app.region = 'eu'; ALTER DATABASE shop SET app.note = E'a;\nb'");
        await TestDatabase.ExecuteAsync(address, Orders);
        await TestDatabase.ExecuteAsync(
            address,
            "CREATE ROLE \"Auditor X\"; CREATE ROLE clerk; CREATE POLICY p ON orders FOR SELECT TO \"Auditor X\", clerk;");
        var shop = Scenario.Named("shop", address, DatabaseRole.Backup);
        var backup = await BackUpAsync(shop, config);
        var manifest = ManifestStore.Read(backup.Path);
        ManifestStore.Write(backup.Path, manifest with { Options = null });
        Vault.Well(await DrillAsync(backup, shop, config));

        ManifestStore.Write(backup.Path, manifest with { Companions = [], Proof = null });
        Vault.Well(await DrillAsync(backup, shop, config));
    }

    /// <summary>Policies name them, so they have to be there for the drill.</summary>
    [SkippableFact]
    public async Task A_drill_has_roles_of_whatever_names()
    {
        await using var server = await StartAsync(18);
        using var folder = new TempFolder();
        var config = Config(folder);
        var address = await CreateAsync(server, "shop", "");
        string[] names = ["two\nlines", "a;b", "it's \"one\" \\ -- no comment", "/* $$ E'x'", "Größe"];
        var roles = names.Select(Sql.Identifier).ToList();
        foreach (var role in roles)
            await TestDatabase.ExecuteAsync(address, $"CREATE ROLE {role}; COMMENT ON ROLE {role} IS E'a;\\\\\nCREATE ROLE never;'");
        await TestDatabase.ExecuteAsync(address, "CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 10) g");
        await TestDatabase.ExecuteAsync(address, $"CREATE POLICY p ON orders FOR SELECT TO {string.Join(", ", roles)}");
        var shop = Scenario.Named("shop", address, DatabaseRole.Backup);
        var backup = await BackUpAsync(shop, config);

        Vault.Well(await DrillAsync(backup, shop, config));

        Assert.Equal(ProofVerdict.Good, ManifestStore.Read(backup.Path).Proof!.Verdict);
        var script = File.ReadAllText(BackupNames.GlobalsOf(backup.Path));
        var found = ClusterGlobals.Roles(script).Select(r => r.Role).ToHashSet();
        Assert.Equal(roles.ToHashSet(), found.Where(r => r[0] == '"').ToHashSet());
        Assert.DoesNotContain("never", found);
    }

    [SkippableFact]
    public async Task Rows_other_than_the_manifest_says_are_the_file_s_own_fault()
    {
        await using var server = await StartAsync(18);
        using var folder = new TempFolder();
        var config = Config(folder);
        var auth = await CreateUsersAsync(server);
        config = config with { Databases = [auth] };
        var backup = await BackUpAsync(auth, config);
        var manifest = ManifestStore.Read(backup.Path);
        var users = manifest.Fingerprint.Tables["public.users"];
        ManifestStore.Write(backup.Path, manifest with
        {
            Fingerprint = manifest.Fingerprint with { Tables = new SortedDictionary<string, BackupSync.Verification.TableFingerprint>(
                manifest.Fingerprint.Tables.ToDictionary(),
                StringComparer.Ordinal) { ["public.users"] = users with { Hash = "1" } } },
        });

        Faults.AssertFailed(await DrillAsync(backup, auth, config), RunOutcome.Aborted, RunStep.Prove, ErrorIds.VerificationFailed);

        var proof = ManifestStore.Read(backup.Path).Proof!;
        Assert.Equal((ProofVerdict.Bad, "BAD, just now"), (proof.Verdict, proof.Describe(proof.Time)));
        var refused = await Assert.ThrowsAsync<BackupSyncException>(
            () => new BackupQuery { Databases = ["auth"] }.FindOneAsync(config, null, default));
        Assert.Contains(backup.Path, refused.Advice, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_plan_whose_drill_cannot_be_done_here_stores_the_backup_all_the_same()
    {
        await using var server = await StartAsync(18);
        using var folder = new TempFolder();
        var config = Config(folder);
        // A function that only its own server has: no throw-away server can load the table's rows.
        var address = await CreateAsync(server, "auth", "");
        await TestDatabase.ExecuteAsync(address, """
            CREATE FUNCTION is_here() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN IF current_setting('app.secret',
                true) IS NULL THEN RAISE 'no secret'; END IF; RETURN true; END $$;
            CREATE TABLE users(id int CHECK (is_here()));
            SET app.secret = 'x'; INSERT INTO users VALUES (1);
            """);
        var auth = Scenario.Named("auth", address, DatabaseRole.Backup);
        var offsite = new FolderPlaceConfig { Name = "offsite", Directory = folder.File("offsite") };
        var order = BackupOrders.ByHand(config, [config.Places[0], offsite]) with { Verify = BackupProof.Drill };

        var result = (await BackupRunner.BackUpAsync([auth], order, _ => [], null, default))[0];

        Faults.AssertFailed(result, RunOutcome.Incomplete, RunStep.Prove, ErrorIds.NotProven);
        Assert.Equal(ProofVerdict.NotProven, result.SourceBackup!.Proof!.Verdict);
        Assert.Equal(ProofVerdict.NotProven, Assert.Single(await BackupStore.ListAsync(offsite, null, default)).Proof!.Verdict);
    }

    static async Task<SandboxServer> StartAsync(int major)
    {
        Skip.If(
            await new BackupSync.PgTools.ToolLocator(new ToolsConfig()).FindServerProgramsAsync(major, default) is null,
            $"PostgreSQL {major} is not installed here.");
        return await SandboxServer.StartAsync(new SandboxOptions { Name = "drilled", Major = major }, default);
    }

    static BackupSyncConfig Config(TempFolder folder) => new()
    {
        Path = folder.File("backupsync.yml"), Databases = [], Jobs = [], Places = [new FolderPlaceConfig
        {
            Name = "local",
            Directory = folder.File("local"),
        }],
    };

    static async Task<DatabaseAddress> CreateAsync(SandboxServer server, string name, string creation)
    {
        await TestDatabase.ExecuteAsync(server.Address, $"CREATE DATABASE {name} TEMPLATE template0 {creation}");
        return server.Address.WithDatabase(name);
    }

    static async Task<DatabaseConfig> CreateUsersAsync(SandboxServer server)
    {
        var address = await CreateAsync(server, "auth", "");
        await TestDatabase.ExecuteAsync(address, "CREATE TABLE users AS SELECT g AS id FROM generate_series(1, 10) g");
        return Scenario.Named("auth", address, DatabaseRole.Backup);
    }

    static async Task<BackupFile> BackUpAsync(DatabaseConfig database, BackupSyncConfig config) =>
        Vault.Well((await BackupRunner.BackUpAsync([database], BackupOrders.ByHand(config), _ => [], null, default))[0]).SourceBackup!;

    static Task<RunResult> DrillAsync(BackupFile backup, DatabaseConfig database, BackupSyncConfig config) =>
        BackupRunner.ProveAsync(BackupHandles.Of(backup, config), BackupProof.Drill, database, null, config, [], default);
}
