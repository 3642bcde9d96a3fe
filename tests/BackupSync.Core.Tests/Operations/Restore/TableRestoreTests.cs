using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Tests.Operations.BackUp;
using BackupSync.Verification;

namespace BackupSync.Tests.Operations.Restore;

/// <summary>Some tables of a backup come back; everything else stays, and nothing is ever half done.</summary>
public sealed class TableRestoreTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>Tied to each other by foreign keys, in circles; partitioned; with triggers, identities, odd names.</summary>
    static readonly string[] Many =
        ["users", "wallets", "public.escrows", "transact*", "events", "regions", "documents", "Mixed Case.*", "long_texts", "all_types",
            "no_columns", "bookings", "cache"];

    [Theory]
    [InlineData(false, TestRole.Superuser)]
    [InlineData(true, TestRole.Owner)]
    public async Task The_tables_are_as_they_were_and_all_else_stays(bool encrypted, TestRole role)
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted, role);
        await vault.Server.ExecuteAsync(
            "COMMENT ON CONSTRAINT wallets_user_id_fkey ON wallets IS 'it''s \\kept'; ALTER TABLE users ENABLE ALWAYS TRIGGER users_touch");
        var old = await ContentAsync(vault);
        var backup = await vault.BackUpWellAsync();
        await ChangeAsync(vault);
        // None of these may fire, or be left switched off.
        await vault.Server.ExecuteAsync("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fired'; END $$;
            CREATE TRIGGER no_row BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse();
            CREATE TRIGGER no_statement BEFORE INSERT OR DELETE OR TRUNCATE ON users FOR EACH STATEMENT EXECUTE FUNCTION refuse();
            CREATE TRIGGER no_event AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse();
            CREATE RULE no_deletion AS ON DELETE TO cache DO INSTEAD NOTHING;
            ALTER TABLE events_2024 DISABLE TRIGGER no_event;
            ALTER TABLE events_2025_odd ENABLE REPLICA TRIGGER no_event;
            """);
        var (changed, definitions) = (await ContentAsync(vault), await DefinitionsAsync(vault));

        var result = Vault.Well(await RestoreAsync(vault, backup, Many));

        var restored = result.Tables.Select(t => t.Table).ToHashSet();
        Assert.Contains("public.events_2025", restored);
        Assert.Contains("\"Mixed Case\".\"Order \"\"Items\"\"\"", restored);
        Assert.DoesNotContain("public.invoices", restored); // a child of documents, by inheritance
        Assert.All(
            result.Tables,
            t => Assert.True(t.Verified == true && t.TargetRows == t.SourceRows && t.PreviousRows is not null, $"{t}"));
        string[] sequences = ["public.users_id_seq", "public.escrows_id_seq", "public.transactions_id_seq",
            "\"Mixed Case\".\"таблица_имя_ровно_63_байта_д_ключ_seq\""];
        Scenario.AssertSame(changed with
        {
            Tables = changed.Tables.ToDictionary(t => t.Key, t => restored.Contains(t.Key) ? old.Tables[t.Key] : t.Value),
            Sequences = changed.Sequences.ToDictionary(s => s.Key, s => sequences.Contains(s.Key) ? old.Sequences[s.Key] : s.Value),
        }, await ContentAsync(vault));
        Assert.Equal(definitions, await DefinitionsAsync(vault));
        Assert.Equal((RunKind.Restore, "Transaction", backup.FileName), (result.Kind, result.Publish, result.Source));
        Assert.NotNull(result.SafetyBackup);
        Assert.True(result.Recovery is { RtoMet: true });
        Assert.Equal(old.Tables.Count, changed.Tables.Count);

        // And the next row gets a number that no other has.
        await vault.Server.ExecuteAsync("DROP TRIGGER no_row ON users; DROP TRIGGER no_statement ON users; INSERT INTO users (email, "
            + "full_name) VALUES ('next@example.org', 'Next')");
    }

    /// <summary>
    /// In archives that only pg_restore can decompress, rows come in another order than tables: those of partitions behind all others.
    /// </summary>
    [SkippableFact]
    public async Task Their_order_in_the_archive_is_no_matter()
    {
        var server = await VersionedServers.GetAsync(18);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync("""
            CREATE TABLE z_parts (id int, at int) PARTITION BY RANGE (at);
            CREATE TABLE a_part PARTITION OF z_parts FOR VALUES FROM (0) TO (10);
            CREATE TABLE y_part PARTITION OF z_parts FOR VALUES FROM (10) TO (20);
            CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE heavy (id int PRIMARY KEY, b int REFERENCES b); CREATE TABLE m (LIKE b);
            CREATE TABLE a_child (more int) INHERITS (m);
            INSERT INTO z_parts SELECT i, i % 20 FROM generate_series(1, 100) i; INSERT INTO b SELECT generate_series(1, 50);
            INSERT INTO heavy SELECT i, i FROM generate_series(1, 50) i; INSERT INTO m VALUES (1); INSERT INTO a_child VALUES (2, 3);
            """);
        var backup = (await scenario.SyncWellAsync()).SourceBackup!;
        await scenario.OnTargetAsync("DELETE FROM heavy; DELETE FROM b WHERE id > 3; DELETE FROM z_parts; DELETE FROM m");

        var result = await Scenario.RestoreTablesAsync(
            scenario.Job, BackupHandles.Of(backup, null), ["z_parts", "m", "heavy", "b", "a_child"]);

        Assert.Null(result.Error);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }

    [Fact]
    public async Task They_come_back_in_another_database_that_has_them()
    {
        await using var vault = await Vault.CreateAsync(servers);
        await using var copy = await (await servers.CreateTargetAsync(TestRole.Owner)).WithRealisticDataAsync(servers.Tools);
        await new RealisticData(servers.Tools).ChangeAsync(vault.Server.Address);
        var (here, backup) = (await ContentAsync(vault), await vault.BackUpWellAsync());
        await copy.ExecuteAsync("ALTER TABLE pictures ADD note text DEFAULT 'new here'");

        var result = Vault.Well(await RestoreRunner.RestoreAsync(
            BackupHandles.Of(backup, vault.Config), ["pictures", "no_key*", "events_2024"],
            Scenario.Named("auth_copy", copy.Address, DatabaseRole.Development), vault.Config, new RunOptions(), [], default));

        Assert.Equal(["public.events_2024", "public.no_key_duplicates", "public.pictures"], result.Tables.Select(t => t.Table));
        var there = await ContentAsync(copy.AsSuperuser);
        Assert.Equal(here.Tables["public.no_key_duplicates"].Hash, there.Tables["public.no_key_duplicates"].Hash);
        Assert.NotEqual(here.Tables["public.users"].Rows, there.Tables["public.users"].Rows);
        Assert.Equal(3L, await copy.ScalarAsync<long>("SELECT count(*) FROM pictures WHERE note = 'new here'"));
        Assert.Contains(result.Warnings, w => w.Contains("public.pictures.content names large objects", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("users", "public.wallets")]
    [InlineData("wallets", "public.users")]
    public async Task A_foreign_key_that_would_not_hold_changes_nothing_and_tells_what_to_restore_with_it(string table, string other)
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await vault.Server.ExecuteAsync(table == "users"
            ? "INSERT INTO users (id, email, full_name) VALUES (9000, 'n@example.org', 'New'); INSERT INTO wallets (id, user_id) "
                + "VALUES (gen_random_uuid(), 9000)"
            : "DELETE FROM transactions WHERE wallet_id = (SELECT id FROM wallets WHERE user_id = 500) AND escrow_id IS NULL; DELETE "
                + "FROM wallets WHERE user_id = 500; DELETE FROM users WHERE id = 500");
        var before = await ContentAsync(vault);

        var result = await RestoreAsync(vault, backup, table);

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Restore, ErrorIds.RestoreFailed);
        Assert.Contains("wallets_user_id_fkey", result.Error!.Message, StringComparison.Ordinal);
        Assert.Contains($"Restore {other} with it", result.Error.Advice, StringComparison.Ordinal);
        Scenario.AssertSame(before, await ContentAsync(vault));
    }

    [Fact]
    public async Task What_cannot_be_restored_by_itself_is_refused_before_anything_is_touched()
    {
        await using var vault = await Vault.CreateAsync(servers, role: TestRole.Owner);
        var backup = await vault.BackUpWellAsync();
        await vault.Server.ExecuteAsync("""
            DROP TABLE no_key_duplicates; ALTER TABLE users RENAME status TO state; ALTER TABLE regions DETACH PARTITION regions_eu;
            ALTER TABLE cache RENAME TO cash; CREATE VIEW cache AS SELECT 1 AS key;
            ALTER TABLE bookings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            """);
        await vault.Server.ExecuteAsSuperuserAsync(
            "ALTER TABLE long_texts OWNER TO CURRENT_USER; CREATE TABLE theirs (document integer REFERENCES documents)");
        var before = await ContentAsync(vault);

        await AssertRefusedAsync("usesr", ErrorIds.UnknownName, "no table 'usesr'", "Did you mean 'users'?");
        await AssertRefusedAsync("nowhere.*", ErrorIds.UnknownName, "no table 'nowhere.*'", "It has \"Mixed Case\".");
        await AssertRefusedAsync("events_2025_even", ErrorIds.NotSupported, "partition by hash", "Restore all of public.events_2025.");
        await AssertRefusedAsync(
            "no_key_duplicates", ErrorIds.NotSupported, "has no table public.no_key_duplicates", "One that was dropped is created first");
        await AssertRefusedAsync("users", ErrorIds.NotSupported, "public.users has no column status", "Add the column");
        await AssertRefusedAsync("regions", ErrorIds.NotSupported, "public.regions_eu is no partition of public.regions", "Attach it");
        await AssertRefusedAsync("cache", ErrorIds.NotSupported, "public.cache is no ordinary table", "another database");
        await AssertRefusedAsync("bookings", ErrorIds.PrivilegeMissing, "row-level security is forced on public.bookings", "BYPASSRLS");
        await AssertRefusedAsync("long_texts", ErrorIds.PrivilegeMissing, "does not own public.long_texts", "OWNER TO");
        await AssertRefusedAsync("documents", ErrorIds.PrivilegeMissing, "does not own public.theirs", "OWNER TO");
        Scenario.AssertSame(before, await ContentAsync(vault));

        async Task AssertRefusedAsync(string table, string id, string message, string advice)
        {
            var result = await RestoreAsync(vault, backup, "transactions", table);
            Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Check, id);
            Assert.Contains(message, result.Error!.Message, StringComparison.Ordinal);
            Assert.Contains(advice, result.Error.Advice, StringComparison.Ordinal);
            Assert.Null(result.SafetyBackup);
        }
    }

    [Fact]
    public async Task A_partitioned_table_holds_what_it_held_and_no_more()
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await vault.Server.ExecuteAsync("CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO "
            + "('2027-01-01'); INSERT INTO events VALUES (1, '2026-05-05', 'new')");

        var result = Vault.Well(await RestoreAsync(vault, backup, "events"));

        Assert.Equal(1001L, await vault.Server.ScalarAsync<long>("SELECT count(*) FROM events"));
        Assert.Contains(result.Warnings, w => w.Contains("public.events_2026", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("events")]
    [InlineData("events_2024")]
    public async Task Foreign_keys_of_partitioned_tables_hold_after(string table)
    {
        await using var vault = await Vault.CreateAsync(servers, role: TestRole.Owner);
        await vault.Server.ExecuteAsync("""
            ALTER TABLE events ADD user_id integer CONSTRAINT events_user REFERENCES users DEFERRABLE;
            CREATE TABLE notes (id bigint, at timestamptz, FOREIGN KEY (id, at) REFERENCES events ON DELETE CASCADE);
            """);
        await vault.Server.ExecuteAsync("UPDATE events SET user_id = 1; INSERT INTO notes SELECT id, at FROM events WHERE id % 3 = 0");
        var (before, definitions) = (await ContentAsync(vault), await DefinitionsAsync(vault));
        var backup = await vault.BackUpWellAsync();
        await vault.Server.ExecuteAsync("UPDATE events SET kind = 'changed', user_id = 2 WHERE at < '2025-01-01'");

        Vault.Well(await RestoreAsync(vault, backup, table));

        Scenario.AssertSame(before, await ContentAsync(vault));
        Assert.Equal(definitions, await DefinitionsAsync(vault));
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => vault.Server.ExecuteAsync("INSERT INTO notes VALUES (-1, now())"));
    }

    [Theory]
    [InlineData("ALTER \"Größe €\" TYPE numeric(9, 1)", RunStep.Verify, ErrorIds.VerificationFailed)]
    [InlineData("ADD CHECK (\"Id\" > 5)", RunStep.Restore, ErrorIds.RestoreFailed)]
    public async Task What_the_target_makes_of_the_rows_is_compared_before_it_is_seen(string alteration, RunStep step, string errorId)
    {
        await using var vault = await Vault.CreateAsync(servers);
        var backup = await vault.BackUpWellAsync();
        await vault.Server.ExecuteAsync("DELETE FROM \"Mixed Case\".\"Order \"\"Items\"\"\" WHERE \"Id\" <= 5; ALTER TABLE \"Mixed "
            + $"Case\".\"Order \"\"Items\"\"\" {alteration}");
        var before = await ContentAsync(vault);

        var result = await RestoreAsync(vault, backup, "Mixed Case.Order*");

        Faults.AssertFailed(result, RunOutcome.RolledBack, step, errorId);
        Scenario.AssertSame(before, await ContentAsync(vault));
    }

    [Fact]
    public async Task Production_needs_a_word_and_a_damaged_backup_names_the_one_before()
    {
        await using var vault = await Vault.CreateAsync(servers);
        await vault.BackUpWellAsync();
        await vault.BackUpWellAsync();
        var (backup, older) = await BackupStore.ListAsync(vault.Local, null, default) is [var newest, var next]
            ? (newest, next)
            : throw new InvalidOperationException();
        var production = vault.Database with { Role = DatabaseRole.Production };
        var handle = BackupHandles.Of(backup, vault.Config);

        var refused = await RestoreRunner.RestoreAsync(handle, ["users"], production, vault.Config, new RunOptions(), [], default);
        Assert.Equal((RunOutcome.Aborted, ErrorIds.TargetIsProduction), (refused.Outcome, refused.Error!.Id));
        Assert.Throws<BackupSyncException>(() => RestoreRunner.Plan(backup, ["users"], production, vault.Config, new RunOptions()));
        var plan = RestoreRunner.Plan(backup, ["users", "orders*"], production, vault.Config, new RunOptions { AllowProduction = true });
        Assert.Equal([RunStep.Lock, RunStep.Check, RunStep.Statistics, RunStep.SafetyBackup, RunStep.Restore, RunStep.Verify,
            RunStep.Publish, RunStep.CleanUp], plan.Select(s => s.Step));
        Vault.Well(await RestoreRunner.RestoreAsync(
            handle, ["users"], production, vault.Config, new RunOptions { AllowProduction = true }, [], default));

        await using (var file = File.Open(backup.Path, FileMode.Open))
        {
            file.Position = file.Length / 2;
            var was = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(was ^ 1));
        }
        var damaged = await RestoreAsync(vault, backup, "users");
        Faults.AssertFailed(damaged, RunOutcome.Aborted, RunStep.Check, ErrorIds.BackupInvalid);
        Assert.Contains(older.Path, damaged.Error!.Advice, StringComparison.Ordinal);
    }

    async Task ChangeAsync(Vault vault)
    {
        await new RealisticData(servers.Tools).ChangeAsync(vault.Server.Address);
        await vault.Server.ExecuteAsync(""""
            UPDATE regions SET name = 'changed'; DELETE FROM documents; INSERT INTO no_columns DEFAULT VALUES;
            DELETE FROM bookings WHERE room = 1;
            UPDATE long_texts SET body = 'short'; DELETE FROM all_types; UPDATE "Mixed Case"."Order ""Items""" SET "select" = 'other';
            INSERT INTO "Mixed Case"."таблица_имя_ровно_63_байта_длинное__" (значение) VALUES ('четыре');
            UPDATE invoices SET title = 'changed'; DELETE FROM cache;
            DELETE FROM events WHERE id % 7 = 0; SELECT nextval('escrows_id_seq'), nextval('never_called');
            """");
    }

    static Task<RunResult> RestoreAsync(Vault vault, BackupFile backup, params string[] tables) =>
        RestoreRunner.RestoreAsync(
            BackupHandles.Of(backup, vault.Config),
            tables,
            vault.Database,
            vault.Config,
            new RunOptions(),
            [],
            default);

    static Task<DatabaseFingerprint> ContentAsync(Vault vault) => ContentAsync(vault.Server.AsSuperuser);

    static async Task<DatabaseFingerprint> ContentAsync(DatabaseAddress database)
    {
        await using var session = await PgSession.OpenAsync(new PgLogin("test", database, "test", ReadOnly: true), default);
        return await FingerprintReader.ReadAsync([session], FingerprintMethod.ChainedHash, CatalogFilter.None, null, default);
    }

    /// <summary>Constraints and triggers to the letter.</summary>
    static Task<string?> DefinitionsAsync(Vault vault) => vault.Server.ScalarAsync<string>("""
        SELECT string_agg(d, E'\n' ORDER BY d) FROM (
            SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated, condeferred,
                obj_description(oid, 'pg_constraint'))
            FROM pg_constraint WHERE conrelid <> 0 AND conparentid = 0 -- a partition's own are named by the server
            UNION ALL
            SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL
            SELECT concat_ws(' ', ev_class::regclass, ev_enabled, pg_get_ruledef(oid)) FROM pg_rewrite) x(d)
        """);
}
