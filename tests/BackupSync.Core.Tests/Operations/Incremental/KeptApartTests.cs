using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Rows that constraints of the target keep apart or tie together, in jobs that never become a full sync.</summary>
public sealed class KeptApartTests
{
    public static TheoryData<int, string, string, string> Excluding => new()
    {
        {
            15,
            "during tsrange NOT NULL, EXCLUDE USING gist (during WITH &&)",
            "tsrange(timestamp '2026-01-01' + n * interval '1 h', timestamp '2026-01-01' + (n + 1) * interval '1 h')",
            "" },
        {
            15,
            "during tsrange, EXCLUDE USING gist (during WITH &&) WHERE (id > 0)",
            "tsrange(timestamp '2026-01-01' + n * interval '1 h', timestamp '2026-01-01' + (n + 1) * interval '1 h')",
            "RESTRICT" },
        { 15, "during circle NOT NULL, EXCLUDE USING gist (during WITH &&)", "circle(point(n * 10, 0), 2)", "" },
        { 15, "during circle NOT NULL, EXCLUDE USING gist (during WITH &&)", "circle(point(n * 10, 0), 2)", "NO ACTION" },
        { 18, "during int4range NOT NULL, EXCLUDE USING gist (during WITH &&)", "int4range(n, n + 1)", "CASCADE" },
        { 18, "during int4multirange NOT NULL, EXCLUDE USING gist (during WITH &&)", "int4multirange(int4range(n, n + 1))", "SET NULL" },
        { 19, "during circle NOT NULL, EXCLUDE USING gist (during WITH &&)", "circle(point(n * 10, 0), 2)", "NO ACTION" },
    };

    [SkippableTheory]
    [MemberData(nameof(Excluding))]
    public async Task Rows_that_stay_exchange_what_an_exclusion_constraint_keeps_apart(
        int major,
        string columns,
        string value,
        string referring)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, $"""
            CREATE TABLE booked (id int PRIMARY KEY, {columns}); INSERT INTO booked SELECT n, {value} FROM generate_series(1, 50) n;
            {(referring.Length == 0 ? ""
                : $"CREATE TABLE lines (id int PRIMARY KEY, booked int REFERENCES booked ON DELETE {referring}); "
                    + "INSERT INTO lines SELECT n, 1 + n % 50 FROM generate_series(1, 100) n;")}
            """);
        await scenario.OnSourceAsync($"""
            CREATE TEMPORARY TABLE was AS SELECT * FROM booked WHERE id < 4;
            UPDATE booked SET during = (SELECT {value} FROM (VALUES (900)) v(n)) WHERE id = 1;
            UPDATE booked SET during = (SELECT during FROM was WHERE id = 1) WHERE id = 2;
            UPDATE booked SET during = (SELECT during FROM was WHERE id = 2) WHERE id = 1;
            """);

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(
            (0, 2, 0),
            (result.Changes("public.booked").Inserted, result.Changes("public.booked").Updated, result.Changes("public.booked").Deleted));
    }

    [SkippableTheory]
    [InlineData(15), InlineData(18)]
    public async Task A_partition_s_own_constraint_keeps_its_rows_apart(int major)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, """
            CREATE TABLE stays (id int, house int, at int4range NOT NULL, name text, PRIMARY KEY (id, house)) PARTITION BY LIST (house);
            CREATE TABLE stays_1 PARTITION OF stays FOR VALUES IN (1); CREATE TABLE stays_2 PARTITION OF stays FOR VALUES IN (2);
            ALTER TABLE stays_1 ADD EXCLUDE USING gist (at WITH &&); CREATE UNIQUE INDEX ON stays_2 (name);
            INSERT INTO stays SELECT n, h, int4range(n, n + 1), 'name ' || n FROM generate_series(1, 20) n, generate_series(1, 2) h;
            """);
        await scenario.OnSourceAsync("""
            UPDATE stays SET at = int4range(id + 100, id + 101), name = 'other ' || id WHERE id < 4;
            UPDATE stays SET at = int4range(id % 3 + 1, id % 3 + 2), name = 'name ' || id % 3 + 1 WHERE id < 4;
            """);
        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>No key tells its rows apart, but others refer to those that have a code.</summary>
    [SkippableTheory]
    [InlineData(15, "NO ACTION"),
        InlineData(15, "RESTRICT"),
        InlineData(15, "CASCADE"),
        InlineData(18, "SET NULL"),
        InlineData(17, "RESTRICT"),
        InlineData(19, "NO ACTION")]
    public async Task Rows_without_a_key_change_that_others_refer_to(int major, string action)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, $"""
            CREATE TABLE parents (code text UNIQUE, nick text UNIQUE, note text);
            INSERT INTO parents SELECT 'code ' || n, 'nick ' || n, 'note' FROM generate_series(1, 50) n;
            INSERT INTO parents SELECT NULL, NULL, 'loose ' || n % 3 FROM generate_series(1, 20) n;
            CREATE TABLE kids (id int PRIMARY KEY, code text REFERENCES parents (code) ON DELETE {action});
            INSERT INTO kids SELECT n, 'code ' || 1 + n % 50 FROM generate_series(1, 200) n;
            """);
        await scenario.OnSourceAsync("""
            UPDATE parents SET note = 'changed' WHERE code IN ('code 2', 'code 3');
            UPDATE parents SET note = 'loose 9' WHERE ctid IN (SELECT ctid FROM parents WHERE note = 'loose 1' LIMIT 2);
            DELETE FROM kids WHERE code = 'code 5'; DELETE FROM parents WHERE code = 'code 5';
            INSERT INTO parents VALUES ('code 51', 'nick 5', 'new'); INSERT INTO kids VALUES (501, 'code 51');
            UPDATE kids SET code = 'code 51' WHERE id = 11;
            DELETE FROM parents WHERE ctid IN (SELECT ctid FROM parents WHERE note = 'loose 2' LIMIT 2);
            """);

        var result = await scenario.AssertBroughtUpToDateAsync();

        var (parents, kids) = (result.Changes("public.parents"), result.Changes("public.kids"));
        Assert.Equal((1, 4), (kids.Inserted, kids.Deleted));
        Assert.True(parents is { Inserted: <= 5, Updated: >= 2, Deleted: <= 7 }, $"{parents}");
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));
    }

    [SkippableTheory]
    [InlineData(15), InlineData(18)]
    public async Task Rows_without_a_key_change_where_the_target_s_stay(int major)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner,
            "CREATE TABLE t (code text UNIQUE, note text, updated_at timestamptz); INSERT INTO t SELECT 'code ' || n, 'note', now() - "
                + "interval '1 day' FROM generate_series(1, 20) n; INSERT INTO t VALUES (NULL, 'loose', now());");
        scenario.Set(i => i with { Deletes = false });
        await scenario.OnSourceAsync("UPDATE t SET note = 'changed', updated_at = now() WHERE code = 'code 2'; DELETE FROM t WHERE "
            + "code = 'code 3'; INSERT INTO t VALUES ('code 21', 'new', now())");
        await scenario.OnTargetAsync("INSERT INTO t VALUES ('own', 'own', now())");

        await scenario.SyncWellAsync(SyncMode.Incremental);

        Assert.Equal("code 2 changed, code 21 new, code 3 note, own own", await NotesAsync());

        scenario.Set(i => i with { Deletes = true, Conflict = ConflictRule.LastWriteWins, UpdatedAtColumns = ["updated_at"] });
        await scenario.OnTargetAsync("UPDATE t SET note = 'later', updated_at = now() + interval '1 min' WHERE code = 'code 2'");
        await scenario.OnSourceAsync("UPDATE t SET note = 'earlier', updated_at = now() WHERE code = 'code 2'; UPDATE t SET note = "
            + "'again', updated_at = now() WHERE code = 'code 21'");

        Assert.Equal(1 + 2, (await scenario.SyncWellAsync(SyncMode.Incremental)).Changes("public.t").Kept);

        Assert.Equal("code 2 later, code 21 again, code 3 note, own own", await NotesAsync());

        Task<string?> NotesAsync() => Scenario.TextAsync(
            scenario.TargetAdmin,
            "SELECT string_agg(code || ' ' || note, ', ' ORDER BY code COLLATE \"C\") FROM t WHERE note <> 'note' OR code = 'code 3'");
    }

    const string Spans = """
        CREATE TABLE spans (id int4range, valid daterange, note text, updated_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (id, valid WITHOUT OVERLAPS));
        INSERT INTO spans SELECT int4range(n, n + 1), '[2026-01-01,2026-06-01)', 'note', now() - interval '1 day'
            FROM generate_series(1, 20) n;
        """;

    [SkippableTheory]
    [InlineData(18, TestRole.Owner), InlineData(19, TestRole.Superuser)]
    public async Task Periods_of_a_key_change_that_others_refer_to(int major, TestRole role)
    {
        await using var scenario = await CreateAsync(major, role, Spans + """
            CREATE TABLE uses (id int PRIMARY KEY, span int4range, at daterange, FOREIGN KEY (span, PERIOD at)
                REFERENCES spans (id, PERIOD valid));
            INSERT INTO uses SELECT n, int4range(n, n + 1), '[2026-02-01,2026-05-01)' FROM generate_series(1, 20) n;
            """);
        await scenario.OnSourceAsync("""
            UPDATE spans SET note = 'changed' WHERE id = '[1,2)'; DELETE FROM uses WHERE id = 4; DELETE FROM spans WHERE id = '[4,5)';
            INSERT INTO spans VALUES ('[50,51)', '[2026-01-01,2026-06-01)', 'new');
            BEGIN; UPDATE spans SET valid = '[2026-01-01,2026-03-01)' WHERE id = '[6,7)';
            INSERT INTO spans VALUES ('[6,7)', '[2026-03-01,2026-06-01)', 'second half'); COMMIT;
            """.Replace("BEGIN; UPDATE spans SET valid = '[2026-01-01,2026-03-01)' WHERE id = '[6,7)';",
                "BEGIN; UPDATE uses SET at = '[2026-01-01,2026-02-01)' WHERE id = 6; UPDATE spans SET valid = "
                    + "'[2026-01-01,2026-03-01)' WHERE id = '[6,7)';", StringComparison.Ordinal)
            .Replace("COMMIT;", "UPDATE uses SET at = '[2026-02-01,2026-05-01)' WHERE id = 6; COMMIT;", StringComparison.Ordinal));

        var result = await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(
            (3, 1, 2),
            (result.Changes("public.spans").Inserted, result.Changes("public.spans").Updated, result.Changes("public.spans").Deleted));
        Assert.Equal(1, result.Changes("public.uses").All);
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));
        await DumpText.AssertSameAsync(
            await VersionedServers.ToolsAsync(major), scenario.SourceAdmin, scenario.TargetAdmin, "after an incremental run");
    }

    [SkippableTheory]
    [InlineData(18, false), InlineData(18, true), InlineData(19, true)]
    public async Task Periods_of_a_key_change_where_the_target_s_rows_stay(int major, bool lastWriteWins)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, Spans);
        scenario.Set(i => lastWriteWins
            ? i with { Conflict = ConflictRule.LastWriteWins, UpdatedAtColumns = ["updated_at"] }
            : i with { Deletes = false });
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("""
            UPDATE spans SET note = 'changed', updated_at = clock_timestamp() WHERE id = '[1,2)'; DELETE FROM spans WHERE id = '[3,4)';
            UPDATE spans SET valid = '[2026-01-01,2026-03-01)', note = 'first', updated_at = clock_timestamp()
                WHERE id IN ('[6,7)', '[7,8)');
            INSERT INTO spans VALUES ('[6,7)', '[2026-03-01,2026-06-01)', 'second'), ('[30,31)', '[2026-01-01,2026-03-01)', 'theirs');
            """);
        await scenario.OnTargetAsync("""
            UPDATE spans SET valid = '[2026-02-01,2026-06-01)', note = 'later', updated_at = clock_timestamp() + interval '1 min'
                WHERE id = '[7,8)';
            INSERT INTO spans VALUES ('[30,31)', '[2026-02-01,2026-04-01)', 'own', now() - interval '1 hour'),
                ('[31,32)', '[2026-02-01,2026-04-01)', 'own', now())
            """);

        var result = await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.SyncWellAsync(SyncMode.Incremental);

        // What the source has deleted or changed goes by itself where deletes are carried.
        var replaced = lastWriteWins ? 1 : 3;
        Assert.Equal((replaced, 3), (result.Changes("public.spans").Replaced, result.Changes("public.spans").Deleted));
        Assert.Contains(
            result.Steps,
            s => s.Note?.Contains($"({replaced} of these replaced by rows whose periods they "
                + "overlapped)", StringComparison.Ordinal) == true);
        Assert.Equal("[1,2) [2026-01-01,2026-06-01) changed" + (lastWriteWins ? "" : ", [3,4) [2026-01-01,2026-06-01) note")
            + ", [6,7) [2026-01-01,2026-03-01) first, [6,7) [2026-03-01,2026-06-01) second, [7,8) "
            + (lastWriteWins ? "[2026-02-01,2026-06-01) later" : "[2026-01-01,2026-03-01) first")
            + ", [30,31) [2026-01-01,2026-03-01) theirs, [31,32) [2026-02-01,2026-04-01) own",
            await Scenario.TextAsync(scenario.TargetAdmin, "SELECT string_agg(concat_ws(' ', id, valid, note), ', ' ORDER BY id, "
                + "valid) FROM spans WHERE note <> 'note' OR id = '[3,4)'"));
    }

    [SkippableTheory]
    [InlineData(15), InlineData(17), InlineData(18), InlineData(19)]
    public async Task Rows_of_before_a_rule_of_their_table_change(int major)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, $"""
            CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents SELECT n FROM generate_series(1, 50) n;
            CREATE TABLE rows (id int PRIMARY KEY, parent int, rate int, note text, next int UNIQUE,
                twice int GENERATED ALWAYS AS (rate * 2) STORED);
            INSERT INTO rows SELECT n, n, n, 'note', n FROM generate_series(1, 100) n;
            CREATE TABLE loose (parent int, rate int); INSERT INTO loose SELECT n, n FROM generate_series(1, 100) n;
            CREATE TABLE parts (id int, rate int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
            CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (50); CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
            INSERT INTO parts SELECT n, n FROM generate_series(1, 100) n;
            ALTER TABLE rows ADD CONSTRAINT low CHECK (rate < 50) NOT VALID, ADD CONSTRAINT refers FOREIGN KEY (parent) REFERENCES parents
                ON DELETE RESTRICT NOT VALID, ADD CONSTRAINT twice CHECK (twice < 150) NOT VALID;
            COMMENT ON CONSTRAINT low ON rows IS 'since May'; COMMENT ON CONSTRAINT refers ON rows IS 'since June';
            ALTER TABLE loose ADD FOREIGN KEY (parent) REFERENCES parents NOT VALID, ADD CHECK (rate < 50) NOT VALID;
            ALTER TABLE parts ADD CHECK (rate < 60) NOT VALID; ALTER TABLE parts_2 ADD CONSTRAINT own CHECK (rate < 70) NOT VALID;
            {(major < 18 ? ""
                : "CREATE TABLE filled (id int PRIMARY KEY, v int, w int); INSERT INTO filled VALUES (1), (2); "
                    + "ALTER TABLE filled ADD CONSTRAINT filled_v NOT NULL v NOT VALID; "
                    + "ALTER TABLE filled ADD CHECK (w = 1) NOT ENFORCED;")}
            """);
        var before = await RulesAsync();
        // Rows that a rule forbids can change where it is taken away, as somebody has done who has corrected them only in part.
        await scenario.OnSourceAsync($"""
            BEGIN; ALTER TABLE loose DROP CONSTRAINT loose_parent_fkey, DROP CONSTRAINT loose_rate_check;
            UPDATE loose SET rate = 99 WHERE rate = 98; DELETE FROM loose WHERE rate = 97 OR parent = 30;
            ALTER TABLE rows DROP CONSTRAINT low, DROP CONSTRAINT refers, DROP CONSTRAINT twice; ALTER TABLE parts_2 DROP CONSTRAINT own;
            ALTER TABLE parts DROP CONSTRAINT parts_rate_check;
            UPDATE rows SET note = 'changed' WHERE id IN (10, 60, 90); UPDATE rows SET parent = 1000 WHERE id = 20;
            INSERT INTO rows VALUES (101, 2000, 101, 'new', 101); DELETE FROM rows WHERE id IN (70, 30); DELETE FROM parents WHERE id = 30;
            UPDATE rows SET next = -1 WHERE id = 61; UPDATE rows SET next = 61 WHERE id = 62; UPDATE rows SET next = 62 WHERE id = 61;
            UPDATE parts SET rate = rate + 1 WHERE id IN (5, 80, 99);
            ALTER TABLE rows ADD CONSTRAINT low CHECK (rate < 50) NOT VALID, ADD CONSTRAINT refers FOREIGN KEY (parent) REFERENCES parents
                ON DELETE RESTRICT NOT VALID, ADD CONSTRAINT twice CHECK (twice < 150) NOT VALID;
            COMMENT ON CONSTRAINT low ON rows IS 'since May'; COMMENT ON CONSTRAINT refers ON rows IS 'since June';
            ALTER TABLE parts ADD CHECK (rate < 60) NOT VALID; ALTER TABLE parts_2 ADD CONSTRAINT own CHECK (rate < 70) NOT VALID; COMMIT;
            ALTER TABLE loose ADD FOREIGN KEY (parent) REFERENCES parents NOT VALID, ADD CHECK (rate < 50) NOT VALID;
            {(major < 18 ? ""
                : "ALTER TABLE filled DROP CONSTRAINT filled_v; UPDATE filled SET w = 7 WHERE id = 1; INSERT INTO filled VALUES (3); "
                    + "ALTER TABLE filled ADD CONSTRAINT filled_v NOT NULL v NOT VALID;")}
            """);

        await scenario.AssertBroughtUpToDateAsync();

        Assert.Equal(before, await RulesAsync());
        await DumpText.AssertSameAsync(
            await VersionedServers.ToolsAsync(major), scenario.SourceAdmin, scenario.TargetAdmin, "after an incremental run");
        Assert.Equal(
            "23514",
            (await Assert.ThrowsAsync<PgQueryException>(() => scenario.OnTargetAsync("INSERT INTO rows VALUES (200, 1, 100)"))).SqlState);
        Assert.Equal(
            "23503",
            (await Assert.ThrowsAsync<PgQueryException>(() => scenario.OnTargetAsync("INSERT INTO rows VALUES (200, 900, 1)"))).SqlState);
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));

        Task<string?> RulesAsync() => Scenario.TextAsync(scenario.TargetAdmin,
            "SELECT string_agg(concat_ws(' ', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid), "
                + "obj_description(oid, 'pg_constraint')), E'\n' ORDER BY conrelid::regclass::text, conname) FROM pg_constraint WHERE "
                + "contype IN ('c', 'f', 'n')");
    }

    /// <summary>What the source has deleted is held by the key again when it is to go.</summary>
    [SkippableTheory]
    [InlineData(15), InlineData(18)]
    public async Task A_row_of_the_target_s_own_refers_to_what_goes_though_the_key_was_away(int major)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, """
            CREATE TABLE parents (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO parents SELECT n FROM generate_series(1, 50) n;
            CREATE TABLE kids (id int PRIMARY KEY, parent int, updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO kids SELECT n, n FROM generate_series(1, 100) n;
            ALTER TABLE kids ADD CONSTRAINT refers FOREIGN KEY (parent) REFERENCES parents NOT VALID;
            """);
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins, UpdatedAtColumns = ["updated_at"] });
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnTargetAsync("INSERT INTO kids VALUES (500, 5)");
        await scenario.OnSourceAsync("""
            DELETE FROM kids WHERE id = 5; DELETE FROM parents WHERE id = 5;
            ALTER TABLE kids DROP CONSTRAINT refers; INSERT INTO kids VALUES (101, 1000);
            ALTER TABLE kids ADD CONSTRAINT refers FOREIGN KEY (parent) REFERENCES parents NOT VALID
            """);

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Contains("a row of public.kids refers to one that", result.Error?.Message, StringComparison.Ordinal);
        await scenario.OnTargetAsync("DELETE FROM kids WHERE id = 500");
        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>It takes a value with INSERT alone.</summary>
    [SkippableTheory]
    [InlineData(15), InlineData(17), InlineData(18), InlineData(19)]
    public async Task A_row_gets_another_identity_that_is_always_generated(int major)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, """
            CREATE TABLE codes (id int GENERATED ALWAYS AS IDENTITY UNIQUE, code text PRIMARY KEY, note text);
            INSERT INTO codes (code) SELECT 'code ' || n FROM generate_series(1, 20) n;
            """);
        await scenario.OnSourceAsync("""
            DELETE FROM codes WHERE code IN ('code 2', 'code 3'); INSERT INTO codes (code) VALUES ('code 2');
            INSERT INTO codes OVERRIDING SYSTEM VALUE VALUES (2, 'code 3');
            UPDATE codes SET id = DEFAULT WHERE code = 'code 4'; UPDATE codes SET note = 'changed' WHERE code = 'code 5';
            INSERT INTO codes (code) VALUES ('new')
            """);

        var changes = (await scenario.AssertBroughtUpToDateAsync()).Changes("public.codes");

        Assert.Equal((1, 4, 0), (changes.Inserted, changes.Updated, changes.Deleted));
        Assert.Equal(0, (await scenario.SyncWellAsync(SyncMode.Incremental)).Tables.Sum(t => t.Changes!.All));
    }

    [SkippableTheory]
    [InlineData(18), InlineData(19)]
    public async Task Rows_of_before_a_rule_about_periods_change(int major)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, Spans + """
            CREATE TABLE uses (id int PRIMARY KEY, span int4range, at daterange, note text);
            INSERT INTO uses SELECT n, int4range(n, n + 1), '[2026-02-01,2026-05-01)' FROM generate_series(1, 20) n;
            ALTER TABLE uses ADD CONSTRAINT refers FOREIGN KEY (span, PERIOD at) REFERENCES spans (id, PERIOD valid) NOT VALID;
            """);
        // Covered in part, by several rows together, and not at all.
        await scenario.OnSourceAsync("""
            ALTER TABLE uses DROP CONSTRAINT refers; UPDATE uses SET at = '[2026-05-01,2026-08-01)' WHERE id = 3;
            UPDATE spans SET valid = '[2026-01-01,2026-03-01)' WHERE id = '[4,5)';
            INSERT INTO spans VALUES ('[4,5)', '[2026-03-01,2026-06-01)', 'second');
            UPDATE uses SET at = '[2027-01-01,2027-02-01)' WHERE id = 5; UPDATE uses SET note = 'changed';
            ALTER TABLE uses ADD CONSTRAINT refers FOREIGN KEY (span, PERIOD at) REFERENCES spans (id, PERIOD valid) NOT VALID;
            """);

        await scenario.AssertBroughtUpToDateAsync();

        await DumpText.AssertSameAsync(
            await VersionedServers.ToolsAsync(major), scenario.SourceAdmin, scenario.TargetAdmin, "after an incremental run");
        scenario.Set(i => i with { Deletes = false });
        await scenario.OnTargetAsync("INSERT INTO uses VALUES (500, '[7,8)', '[2026-02-01,2026-05-01)')");
        await scenario.OnSourceAsync("""
            ALTER TABLE uses DROP CONSTRAINT refers; UPDATE uses SET at = '[2026-05-01,2026-09-01)' WHERE id = 6;
            UPDATE uses SET at = '[2026-01-01,2026-02-01)' WHERE id = 7;
            UPDATE spans SET valid = '[2026-01-01,2026-03-01)', updated_at = clock_timestamp() WHERE id = '[7,8)';
            ALTER TABLE uses ADD CONSTRAINT refers FOREIGN KEY (span, PERIOD at) REFERENCES spans (id, PERIOD valid) NOT VALID;
            """);

        Assert.Contains(
            "a row of public.uses refers to one that",
            (await scenario.SyncAsync(mode: SyncMode.Incremental)).Error?.Message,
            StringComparison.Ordinal);
    }

    /// <summary>Nothing held what it referred to while the key was away, and the key comes back for rows to come.</summary>
    [SkippableTheory]
    [InlineData(15, "code", true, "UPDATE parents SET code = -5 WHERE id = 5; UPDATE kids SET parent = -5 WHERE id = 5")]
    [InlineData(18, "code", false, "UPDATE parents SET code = -5 WHERE id = 5; UPDATE kids SET parent = -5 WHERE id = 5")]
    [InlineData(
        17, "code", true, "UPDATE parents SET code = -5 WHERE id = 5; UPDATE kids SET parent = -5 WHERE id = 5", "ON UPDATE CASCADE")]
    // A date is given no other value for a moment: the rows that have it are taken away.
    [InlineData(
        15,
        "id",
        true,
        "DELETE FROM kids WHERE id = 5; DELETE FROM parents WHERE id = 5; UPDATE parents SET born = '2026-01-06' WHERE id = 6")]
    [InlineData(
        18,
        "id",
        true,
        "DELETE FROM kids WHERE id = 5; DELETE FROM parents WHERE id = 5; UPDATE parents SET born = '2026-01-06' WHERE id = 6")]
    [InlineData(
        19,
        "id",
        true,
        "DELETE FROM kids WHERE id = 5; DELETE FROM parents WHERE id = 5; UPDATE parents SET born = '2026-01-06' WHERE id = 6")]
    public async Task A_row_that_stays_is_not_left_without_what_it_refers_to_though_the_key_was_away(
        int major, string referred, bool lastWriteWins, string onSource, string action = "")
    {
        var key = $"ALTER TABLE kids ADD CONSTRAINT refers FOREIGN KEY (parent) REFERENCES parents ({referred}) {action} NOT VALID";
        await using var scenario = await CreateAsync(major, TestRole.Owner, $"""
            CREATE TABLE parents (id int PRIMARY KEY, code int NOT NULL UNIQUE, born date NOT NULL UNIQUE,
                updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO parents SELECT n, n, date '2026-01-01' + n FROM generate_series(1, 50) n;
            CREATE TABLE kids (id int PRIMARY KEY, parent int, updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO kids SELECT n, n FROM generate_series(1, 100) n; {key};
            """);
        scenario.Set(i => lastWriteWins
            ? i with { Conflict = ConflictRule.LastWriteWins, UpdatedAtColumns = ["updated_at"] }
            : i with { Deletes = false });
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnTargetAsync("INSERT INTO kids VALUES (500, 5)");
        await scenario.OnSourceAsync($"ALTER TABLE kids DROP CONSTRAINT refers; {onSource}; INSERT INTO kids VALUES (101, 1000); {key}");
        var before = await scenario.TargetContentAsync();

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Contains("a row of public.kids refers to one that", result.Error?.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.OnTargetAsync("DELETE FROM kids WHERE id = 500");
        await scenario.AssertBroughtUpToDateAsync();
    }

    /// <summary>Another value would break its foreign key, and to put that off shuts readers out.</summary>
    [SkippableTheory]
    [InlineData(15), InlineData(18)]
    public async Task Readers_go_on_where_rows_exchange_what_is_unique_and_refers_to_others(int major)
    {
        await using var scenario = await CreateAsync(major, TestRole.Owner, """
            CREATE TABLE items (id int PRIMARY KEY, name text); INSERT INTO items SELECT n, 'item' FROM generate_series(1, 50) n;
            CREATE TABLE profiles (id int PRIMARY KEY, item int NOT NULL UNIQUE REFERENCES items);
            INSERT INTO profiles SELECT n, n FROM generate_series(1, 40) n;
            """);
        await scenario.OnSourceAsync("UPDATE profiles SET item = 50 WHERE id = 1; UPDATE profiles SET item = 1 WHERE id = 2; UPDATE "
            + "profiles SET item = 2 WHERE id = 1");
        var counted = 0L;
        var result = await scenario.SyncAsync(e =>
        {
            if (e is StepEnded { Result.Step: RunStep.Merge })
                counted = Task.Run(() => Scenario.CountAsync(
                    scenario.TargetAdmin,
                    "SET statement_timeout = '5s'; SELECT count(*) FROM profiles JOIN items ON items.id = item")).GetAwaiter().GetResult();
        }, mode: SyncMode.Incremental);
        Assert.Null(result.Error);
        Assert.Equal(40, counted);
        Assert.Equal(2, result.Changes("public.profiles").Updated);
    }

    /// <summary>Synced in full and once more; from then on only rows are carried.</summary>
    static async Task<Scenario> CreateAsync(int major, TestRole role, string tables)
    {
        var server = await VersionedServers.GetAsync(major);
        var scenario = await Scenario.CreateAsync(server, server, PublishMode.Transaction, role);
        await scenario.OnSourceAsync(tables);
        await scenario.SyncWellAsync(SyncMode.Full);
        scenario.Job = scenario.Job with { Tables = ["*"] };
        await scenario.SyncWellAsync(SyncMode.Incremental);
        return scenario;
    }
}
