using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using Npgsql;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Triggers, rules, foreign keys and unique values on the target, and who may read it meanwhile.</summary>
public sealed class WritingTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData(TestRole.Superuser)]
    [InlineData(TestRole.Owner)]
    public async Task No_trigger_or_rule_acts_and_each_is_as_before(TestRole role)
    {
        await using var scenario = await Scenario.CreateAsync(servers, PublishMode.Transaction, role);
        await scenario.OnSourceAsync("""
            CREATE TABLE seen (what text);
            CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (TG_NAME);
            IF TG_LEVEL = 'ROW' AND TG_WHEN = 'BEFORE' AND TG_OP <> 'DELETE' THEN NEW.name := 'spoiled'; RETURN NEW; END IF; RETURN OLD;
            END $$;
            CREATE TABLE items (id int PRIMARY KEY, name text);
            CREATE TABLE parts (id int, at int, name text, PRIMARY KEY (id, at)) PARTITION BY LIST (at);
            CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1) PARTITION BY HASH (id);
            CREATE TABLE parts_1_0 PARTITION OF parts_1 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
            CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
            CREATE TABLE ruled (id int PRIMARY KEY, name text);
            INSERT INTO items SELECT n, 'item' FROM generate_series(1, 20) n;
            INSERT INTO parts SELECT n, n % 3, 'part' FROM generate_series(1, 20) n;
            INSERT INTO ruled SELECT n, 'r' FROM generate_series(1, 20) n;
            CREATE TRIGGER plain BEFORE INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION spoil();
            CREATE TRIGGER always AFTER INSERT OR UPDATE OR DELETE ON items FOR EACH ROW EXECUTE FUNCTION spoil();
            ALTER TABLE items ENABLE ALWAYS TRIGGER always;
            CREATE TRIGGER replica BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION spoil();
            ALTER TABLE items ENABLE REPLICA TRIGGER replica;
            CREATE TRIGGER off BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION spoil(); ALTER TABLE items DISABLE TRIGGER off;
            CREATE TRIGGER statement AFTER UPDATE ON items FOR EACH STATEMENT EXECUTE FUNCTION spoil();
            CREATE TRIGGER parts_plain BEFORE INSERT OR UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION spoil();
            CREATE RULE on_update AS ON UPDATE TO ruled DO ALSO INSERT INTO seen VALUES ('rule');
            CREATE RULE on_insert AS ON INSERT TO ruled DO INSTEAD NOTHING;
            CREATE RULE on_delete AS ON DELETE TO ruled DO INSTEAD NOTHING; ALTER TABLE ruled ENABLE ALWAYS RULE on_delete;
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        var before = await StatesAsync(scenario);
        await scenario.OnSourceAsync("""
            SET session_replication_role = replica; ALTER TABLE items DISABLE TRIGGER ALL; ALTER TABLE ruled DISABLE RULE on_update;
            ALTER TABLE ruled DISABLE RULE on_insert; ALTER TABLE ruled DISABLE RULE on_delete;
            UPDATE items SET name = 'changed' WHERE id < 5; DELETE FROM items WHERE id = 7; INSERT INTO items VALUES (21, 'new');
            UPDATE parts SET name = 'changed' WHERE id < 9; DELETE FROM parts WHERE id = 10; UPDATE parts SET at = 1 WHERE id = 11;
            UPDATE ruled SET name = 'changed' WHERE id < 5; DELETE FROM ruled WHERE id = 7; INSERT INTO ruled VALUES (21, 'new');
            ALTER TABLE items ENABLE TRIGGER plain; ALTER TABLE items ENABLE ALWAYS TRIGGER always;
            ALTER TABLE items ENABLE REPLICA TRIGGER replica; ALTER TABLE items ENABLE TRIGGER statement;
            ALTER TABLE ruled ENABLE RULE on_update; ALTER TABLE ruled ENABLE RULE on_insert;
            ALTER TABLE ruled ENABLE ALWAYS RULE on_delete;
            """);

        await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(before, await StatesAsync(scenario));
        Assert.Equal(0, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM seen"));
    }

    [Theory]
    [InlineData(TestRole.Superuser)]
    [InlineData(TestRole.Owner)]
    public async Task Foreign_keys_are_kept_and_as_they_were(TestRole role)
    {
        await using var scenario = await Items.CreateAsync(servers, role, """
            CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
            ALTER TABLE a ADD CONSTRAINT same_name FOREIGN KEY (b) REFERENCES b;
            CREATE TABLE c (id int PRIMARY KEY, a int, CONSTRAINT same_name FOREIGN KEY (a) REFERENCES a DEFERRABLE);
            INSERT INTO a VALUES (1, NULL); INSERT INTO b VALUES (1, 1); UPDATE a SET b = 1; INSERT INTO c VALUES (1, 1);
            """);
        await scenario.OnSourceAsync("INSERT INTO a VALUES (2, 1); INSERT INTO b VALUES (2, 2); UPDATE a SET b = 2; UPDATE b SET a = "
            + "2; UPDATE c SET a = 2; DELETE FROM a WHERE id = 1");
        var before = await KeysAsync(scenario);

        await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(before, await KeysAsync(scenario));
        await Assert.ThrowsAsync<PgQueryException>(() => scenario.OnTargetAsync("INSERT INTO b VALUES (9, 9)"));
        await Assert.ThrowsAsync<PgQueryException>(() => scenario.OnTargetAsync("DELETE FROM b WHERE id = 2"));
    }

    public static TheoryData<string, string> Unique => new()
    {
        { "email text NOT NULL, gone timestamptz", "CREATE UNIQUE INDEX ON t (email) INCLUDE (gone) WHERE gone IS NULL" },
        { "email varchar(20) NOT NULL", "CREATE UNIQUE INDEX ON t (lower(email))" },
        { "email text", "CREATE UNIQUE INDEX ON t (email) NULLS NOT DISTINCT" },
        { "email text", "CREATE UNIQUE INDEX ON t (coalesce(email, 'none'))" },
        { "email text NOT NULL", "ALTER TABLE t ADD UNIQUE (email) DEFERRABLE INITIALLY DEFERRED" },
    };

    [Theory]
    [MemberData(nameof(Unique))]
    public async Task Rows_exchange_unique_values(string columns, string index)
    {
        await using var scenario = await Items.CreateAsync(servers, more: $"CREATE TABLE t (id int PRIMARY KEY, {columns}); INSERT "
            + $"INTO t SELECT n, 'mail' || n FROM generate_series(1, 50) n; {index};");
        await scenario.OnSourceAsync("""
            UPDATE t SET email = 'aside' WHERE id = 1; UPDATE t SET email = 'mail1' WHERE id = 2; UPDATE t SET email = 'mail2' WHERE id = 1;
            DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (103, 'mail3'); UPDATE t SET email = 'aside' WHERE id = 4;
            UPDATE t SET email = 'mail4' WHERE id = 5; UPDATE t SET email = 'mail 5' WHERE id = 4;
            """);
        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>Of which none can be given another value for a moment.</summary>
    [Theory]
    [InlineData("v date NOT NULL UNIQUE", "date '2026-01-01' + n")]
    [InlineData("v inet NOT NULL UNIQUE", "inet '10.0.0.0' + n")]
    [InlineData("v bytea NOT NULL UNIQUE", "decode(md5(n::text), 'hex')")]
    [InlineData("v text NOT NULL UNIQUE CHECK (v ~ '@')", "n || '@x'")]
    [InlineData("v int NOT NULL UNIQUE CHECK (v > 0)", "n")]
    [InlineData("v text NOT NULL CHECK (v ~ '@'), k text GENERATED ALWAYS AS (lower(v)) STORED UNIQUE", "n || '@x'")]
    public async Task Unique_values_pass_to_other_rows(string columns, string value)
    {
        var of = (int n) => "(SELECT " + value.Replace("n::", $"{n}::", StringComparison.Ordinal)
            .Replace("+ n", $"+ {n}", StringComparison.Ordinal).Replace("n ||", $"{n} ||", StringComparison.Ordinal) + ")";
        if (value == "n")
            of = n => $"{n}";
        await using var scenario = await Items.CreateAsync(
            servers,
            more: $"CREATE TABLE t (id int PRIMARY KEY, {columns}); INSERT INTO t (id, v) SELECT n, {value} FROM "
                + "generate_series(1, 50) n;");
        scenario.Job = scenario.Job with { Tables = ["*"] }; // never becomes a full one

        await scenario.OnSourceAsync($"DELETE FROM t WHERE id = 3; INSERT INTO t (id, v) VALUES (103, {of(3)})");
        await scenario.AssertBroughtUpToDateAsync();
        await scenario.OnSourceAsync(
            $"UPDATE t SET v = {of(900)} WHERE id = 1; UPDATE t SET v = {of(1)} WHERE id = 2; UPDATE t SET v = {of(2)} WHERE id = 1");
        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(
            (0, 2, 0),
            (result.Changes("public.t").Inserted, result.Changes("public.t").Updated, result.Changes("public.t").Deleted));
    }

    [Theory]
    [InlineData("NO ACTION")]
    [InlineData("RESTRICT")]
    [InlineData("CASCADE")]
    public async Task A_unique_value_passes_to_another_row_with_what_refers_to_both(string action)
    {
        await using var scenario = await Items.CreateAsync(servers, more: $"""
            CREATE TABLE reports (id int PRIMARY KEY, day date NOT NULL UNIQUE);
            INSERT INTO reports SELECT n, date '2026-01-01' + n FROM generate_series(1, 50) n;
            CREATE TABLE lines (id int PRIMARY KEY, report int NOT NULL REFERENCES reports ON DELETE {action});
            INSERT INTO lines SELECT n, 1 + n % 50 FROM generate_series(1, 200) n;
            """);
        scenario.Job = scenario.Job with { Tables = ["*"] };
        await scenario.OnSourceAsync("DELETE FROM lines WHERE report = 3; DELETE FROM reports WHERE id = 3; INSERT INTO reports VALUES "
            + "(103, date '2026-01-04'); INSERT INTO lines VALUES (1001, 103), (1002, 103)");

        await scenario.AssertBroughtUpToDateAsync();
    }

    [Fact]
    public async Task What_a_deleted_row_excluded_comes_in_its_place()
    {
        await using var scenario = await Items.CreateAsync(servers, more: """
            CREATE TABLE booked (id int PRIMARY KEY, during tsrange NOT NULL, EXCLUDE USING gist (during WITH &&));
            INSERT INTO booked SELECT n, tsrange(timestamp '2026-01-01' + n * interval '1 h',
                timestamp '2026-01-01' + (n + 1) * interval '1 h') FROM generate_series(1, 50) n;
            """);
        scenario.Job = scenario.Job with { Tables = ["*"] };
        await scenario.OnSourceAsync(
            "DELETE FROM booked WHERE id IN (7, 8); INSERT INTO booked VALUES (107, tsrange('2026-01-01 07:30', '2026-01-01 08:30'))");

        await scenario.AssertBroughtUpToDateAsync();
    }

    [Fact]
    public async Task A_unique_foreign_key_goes_from_a_row_that_is_deleted_to_a_new_one()
    {
        await using var scenario = await Items.CreateAsync(servers, TestRole.Owner, "CREATE TABLE profiles (id uuid PRIMARY KEY, item "
            + "int NOT NULL UNIQUE REFERENCES items); INSERT INTO profiles SELECT md5(n::text)::uuid, n FROM generate_series(1, 50) n;");
        await scenario.OnSourceAsync(
            "DELETE FROM profiles WHERE item < 5; INSERT INTO profiles SELECT md5('new' || n)::uuid, n FROM generate_series(1, 4) n");
        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>The parent gets another key and keeps its code; on the way its child, which is the same on both sides, would go.</summary>
    [Theory]
    [InlineData("ON DELETE CASCADE ON UPDATE CASCADE")]
    [InlineData("ON DELETE SET NULL ON UPDATE CASCADE")]
    public async Task Rows_that_foreign_keys_take_along_are_brought_back(string actions)
    {
        await using var scenario = await Items.CreateAsync(servers, TestRole.Owner, $"""
            CREATE TABLE parents (id int PRIMARY KEY, code text NOT NULL UNIQUE);
            INSERT INTO parents SELECT n, 'code ' || n FROM generate_series(1, 20) n;
            CREATE TABLE kids (id int PRIMARY KEY, code text REFERENCES parents (code) {actions});
            INSERT INTO kids SELECT n, 'code ' || 1 + n % 20 FROM generate_series(1, 100) n;
            CREATE TABLE keyless (code text REFERENCES parents (code) {actions});
            INSERT INTO keyless SELECT 'code ' || 1 + n % 20 FROM generate_series(1, 40) n;
            """);
        await scenario.OnSourceAsync("UPDATE parents SET id = id + 1000 WHERE id < 5");
        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>With one column more than these a staging table could not be made.</summary>
    [SkippableTheory]
    [InlineData(15), InlineData(18)]
    public async Task A_table_may_have_as_many_columns_as_PostgreSQL_allows(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Transaction);
        var columns = string.Join(", ", Enumerable.Range(0, 1598).Select(i => $"c{i} boolean"));
        await scenario.OnSourceAsync($"""
            CREATE TABLE items (id int PRIMARY KEY, {columns}, updated_at timestamptz NOT NULL DEFAULT now());
            CREATE TABLE compared (a text, b numeric, PRIMARY KEY (a, b), {columns});
            CREATE TABLE keyless (a int, b int, {columns});
            INSERT INTO items (id, c0, updated_at) SELECT n, true, now() - interval '1 day' FROM generate_series(1, 300) n;
            INSERT INTO compared (a, b) SELECT 'row ' || n, 1.0 FROM generate_series(1, 300) n;
            INSERT INTO keyless SELECT n % 20, 1 FROM generate_series(1, 100) n;
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);

        await scenario.OnSourceAsync("""
            UPDATE items SET c1597 = false, updated_at = clock_timestamp() WHERE id % 50 = 0; DELETE FROM items WHERE id = 7;
            INSERT INTO items (id) VALUES (301);
            UPDATE compared SET c1597 = true WHERE a LIKE '%5'; UPDATE compared SET b = 1.00 WHERE a LIKE '%6';
            DELETE FROM compared WHERE a LIKE '%7'; UPDATE keyless SET c9 = true WHERE a = 3;
            """);
        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(
            (ChangeTracking.UpdatedAt, ChangeTracking.Content, ChangeTracking.Whole),
            (result.Changes().Way, result.Changes("public.compared").Way, result.Changes("public.keyless").Way));
        Assert.Equal((1, 6, 1), (result.Changes().Inserted, result.Changes().Updated, result.Changes().Deleted));
        Assert.Equal((0, 60, 30), (result.Changes("public.compared").Inserted, result.Changes("public.compared").Updated, result.Changes(
            "public.compared").Deleted));
        await DumpText.AssertSameAsync(
            await VersionedServers.ToolsAsync(major), scenario.SourceAdmin, scenario.TargetAdmin, "after an incremental run");

        scenario.Set(i => i with { Deletes = false });
        await scenario.OnSourceAsync("UPDATE keyless SET c9 = false WHERE a = 4");
        Assert.Equal(5, (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes("public.keyless").Inserted);
    }

    [SkippableTheory]
    [InlineData(15, TestRole.Owner), InlineData(18, TestRole.Owner), InlineData(19, TestRole.Superuser)]
    public async Task Rows_of_before_a_rule_of_their_domain_change(int major, TestRole role)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server, PublishMode.Transaction, role);
        await scenario.OnSourceAsync("""
            CREATE DOMAIN small AS int CONSTRAINT valid CHECK (VALUE < 1000); CREATE DOMAIN smaller AS small;
            CREATE TYPE pair AS (a int, b small);
            CREATE TABLE loans (id int PRIMARY KEY, rate small, rates small[], pair pair, pairs pair[], least smaller, note text);
            INSERT INTO loans SELECT n, n, ARRAY[n]::small[], ROW(1, n)::pair, ARRAY[ROW(1, n)::pair], n, 'note'
                FROM generate_series(1, 300) n;
            CREATE TABLE keyed (rate small PRIMARY KEY, note text); INSERT INTO keyed SELECT rate, 'note' FROM loans;
            ALTER DOMAIN small ADD CONSTRAINT lim CHECK (VALUE < 100) NOT VALID; COMMENT ON CONSTRAINT lim ON DOMAIN small IS 'since May';
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("UPDATE loans SET note = 'changed' WHERE id > 200; UPDATE keyed SET note = 'changed' WHERE rate > "
            + "200; DELETE FROM keyed WHERE rate = 250; INSERT INTO loans (id, rate) VALUES (301, 1)");

        await scenario.AssertBroughtUpToDateAsync();

        await DumpText.AssertSameAsync(
            await VersionedServers.ToolsAsync(major), scenario.SourceAdmin, scenario.TargetAdmin, "after an incremental run");
        Assert.Equal("lim f since May, valid t", await Scenario.TextAsync(scenario.TargetAdmin,
            "SELECT string_agg(concat_ws(' ', conname, convalidated, obj_description(oid, 'pg_constraint')), ', ' ORDER BY conname) "
                + "FROM pg_constraint WHERE contypid = 'small'::regtype AND contype = 'c'"));
        Assert.Equal(PostgresErrorCodes.CheckViolation, (await Assert.ThrowsAsync<PgQueryException>(
            () => scenario.OnTargetAsync("INSERT INTO loans (id, rate) VALUES (302, 100)"))).SqlState);
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));
    }

    [Fact]
    public async Task Readers_see_the_old_rows_until_the_commit_and_do_not_wait()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await scenario.ChangeAsync();
        var counts = new List<long>();
        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepEnded { Result.Step: RunStep.Merge or RunStep.Verify })
                counts.Add(Task.Run(() => Scenario.CountAsync(
                    scenario.TargetAdmin,
                    "SET statement_timeout = '5s'; SELECT count(*) FROM items WHERE name LIKE 'item %'")).GetAwaiter().GetResult());
        }, mode: SyncMode.Incremental);
        Assert.Null(result.Error);
        Assert.Equal([1000, 1000], counts);
        Assert.Equal(995, await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM items WHERE name LIKE 'item %'"));
    }

    [Fact]
    public async Task What_becomes_something_else_on_its_way_is_rolled_back()
    {
        await using var scenario = await Items.CreateAsync(servers);
        await using var proxy = new TcpProxy(servers.Source.Port);
        scenario.ReadFrom(proxy.Through(scenario.Source));
        proxy.Garble("one of a kind", "two of a kind");
        scenario.Set(i => i with { OnSchemaChange = SchemaChangeRule.Stop });
        await scenario.OnSourceAsync("INSERT INTO items VALUES (2001, 'one of a kind')");
        var before = await scenario.TargetContentAsync();
        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Verify, ErrorIds.VerificationFailed);
        Assert.Contains("server confirms", result.Error!.Rollback, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    static Task<string?> StatesAsync(Scenario scenario) => TestDatabase.ScalarAsync<string>(scenario.TargetAdmin,
        "SELECT string_agg(x, ',' ORDER BY x) FROM (SELECT tgrelid::regclass || ' ' || tgname || tgenabled::text FROM pg_trigger WHERE "
            + "NOT tgisinternal UNION ALL SELECT ev_class::regclass || ' ' || rulename || ev_enabled::text FROM pg_rewrite WHERE "
            + "ev_type <> '1') y(x)");

    static Task<string?> KeysAsync(Scenario scenario) => TestDatabase.ScalarAsync<string>(scenario.TargetAdmin,
        "SELECT string_agg(conrelid::regclass || conname || condeferrable || condeferred || convalidated, ',' ORDER BY "
            + "conrelid::regclass::text, conname) FROM pg_constraint WHERE contype = 'f'");
}
