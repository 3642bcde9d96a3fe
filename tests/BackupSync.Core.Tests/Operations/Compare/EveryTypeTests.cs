using BackupSync.Postgres;
using BackupSync.Sandbox;
using BackupSync.Verification;
using Npgsql;

namespace BackupSync.Tests.Operations.Compare;

/// <summary>
/// Values of every type there is: what a client can tell apart has another hash, and what it cannot has the same, on every server. So
/// it is for arrays, domains, composites, ranges and multiranges of each type.
/// </summary>
public sealed class EveryTypeTests
{
    /// <param name="Name">In pg_type; null for what is no type of PostgreSQL's own.</param>
    /// <param name="Column">As a column is declared.</param>
    /// <param name="Values">Each line is another value; what stands on one line, by bars, is one and the same.</param>
    /// <param name="Since">The first version that has it.</param>
    sealed record Samples(string? Name, string Column, string Values, int Since = 15);

    static readonly Samples[] All =
    [
        new("aclitem", "aclitem", "=r/pg_monitor\n=w/pg_monitor\npg_monitor=r/pg_monitor\npg_monitor=r*/pg_monitor"),
        new("bit", "bit(3)", "000\n001\n100"),
        new("bool", "boolean", "true|t\nfalse"),
        new("box", "box", "(1,1),(0,0)|(0,0),(1,1)\n(1,1),(-0,0)\n(NaN,1),(0,0)\n(1,1),(0,0.1)"),
        new("bpchar", "bpchar", "\n \na\na \na  \nA\n a"),
        new("bpchar", "char(5)", "\na|a  \nA\n a"),
        new(null, "bpchar COLLATE loose", "a\na \nA\nA "),
        new("bytea", "bytea", "\\x\n\\x00\n\\x0000\n\\x61|a\n\\x6120"),
        new("char", "\"char\"", "\na\nA\n "),
        new("cid", "cid", "0\n1\n4294967295"),
        new("cidr", "cidr", "0.0.0.0/0\n10.0.0.0/8|10/8\n10.0.0.0/16\n10.0.0.0/32|10.0.0.0\n::/0\n::/128"),
        new("circle", "circle", "<(0,0),1>\n<(-0,0),1>\n<(0,0),NaN>\n<(0,0),1.5>"),
        new("date", "date", "2000-01-01\n2000-01-02\n1999-12-31\n0001-01-01 BC\ninfinity\n-infinity"),
        new(
            "datemultirange",
            "datemultirange",
            "{}\n{[2000-01-01,2000-01-02)}|{[2000-01-01,2000-01-01]}\n{(,)}\n{[2000-01-01,)}\n{[2000-01-01,infinity)}"),
        new("daterange", "daterange", "empty\n[2000-01-01,2000-01-02)|[2000-01-01,2000-01-01]\n(,)\n[2000-01-01,)\n[2000-01-01,infinity)"),
        new("float4", "real", "0\n-0\n1\n1.0000001\nNaN|-NaN\nInfinity\n-Infinity\n1e-45"),
        new("float8", "float8", "0\n-0\n1\n1.0000000000000002\nNaN|-NaN\nInfinity\n-Infinity\n5e-324"),
        new("inet", "inet", "10.0.0.1|10.0.0.1/32\n10.0.0.1/24\n10.0.0.1/8\n::1\n::1/64\n::ffff:10.0.0.1\n0.0.0.0"),
        new("int2", "smallint", "0\n1\n-1\n256"),
        new("int2vector", "int2vector", "\n1\n1 2\n2 1\n0"),
        new("int4", "integer", "0\n1\n-1\n65536\n2147483647"),
        new("int4multirange", "int4multirange", "{}\n{[1,3)}|{[1,2),[2,3)}\n{[1,2),[3,4)}\n{(,)}\n{[1,)}"),
        new("int4range", "int4range", "empty|[1,1)\n[1,3)|(0,2]\n(,)\n[1,)\n(,1)"),
        new("int8", "bigint", "0\n1\n-1\n2147483647\n2147483648\n-2147483648\n-2147483649\n4294967295\n4294967296\n4294967297\n"
            + "-4294967296\n-4294967297\n8589934594\n9223372036854775807\n-9223372036854775808"),
        new("int8multirange", "int8multirange", "{}\n{[1,3)}\n{[1,4294967297)}\n{[0,3)}"),
        new("int8range", "int8range", "empty\n[1,3)\n[1,4294967297)\n[0,3)"),
        new("interval", "interval", "0\n1 mon\n30 days\n1 day\n24:00\n-1 mon\n1 year|12 mons\n360 days\n00:00:00.000001\n01:11:34.967297"),
        new(null, "interval hour", "1 day\n24:00|24:30\n1 mon"),
        new("json", "json", "1\n1.0\n1 \n{\"a\":1}\n{\"a\": 1}\n{\"a\":1,\"a\":1}\n\"1\"\nnull"),
        new(
            "jsonb",
            "jsonb",
            "0\n1\n1.0|  1.0\n1.00\n\"1\"\nnull\n{}\n[]\n{\"a\":1,\"b\":2}|{\"b\":2,\"a\":1}\n{\"a\":1.0,\"b\":2}\n[1]\n[[1]]"),
        new("jsonpath", "jsonpath", "$.a|$.\"a\"\n$.A\nstrict $.a\n$[0]"),
        new("line", "line", "{1,2,0}\n{1,2,-0}\n{1,2,3}\n{1,2,NaN}"),
        new("lseg", "lseg", "[(0,0),(1,1)]\n[(1,1),(0,0)]\n[(-0,0),(1,1)]"),
        new("macaddr", "macaddr", "00:00:00:00:00:00\n00:00:00:00:00:01\n01:00:00:00:00:00"),
        new("macaddr8", "macaddr8", "00:00:00:00:00:00:00:00\n00:00:00:00:00:00:00:01\n01:00:00:00:00:00:00:00"),
        new("money", "money", "0\n0.01\n-0.01\n42949672.97\n1"),
        new("name", "name", "\na\nA\na "),
        new("numeric", "numeric", "0|-0\n0.0\n1\n1.0\n1.00\n-1\n1e20\nNaN\nInfinity\n-Infinity\n0.10\n0.1"),
        new(null, "numeric(5,2)", "1|1.0|1.001\n1.01\nNaN"),
        new("nummultirange", "nummultirange", "{}\n{[1,2)}\n{[1.0,2)}\n{[1,2]}\n{(1,2)}"),
        new("numrange", "numrange", "empty\n[1,2)\n[1.0,2)\n[1,2]\n(1,2)\n[1,)\n(,2)"),
        new("oid", "oid", "0\n1\n4294967295"),
        new("oid8", "oid8", "0\n1\n4294967296\n4294967297", Since: 19),
        new("oidvector", "oidvector", "\n1\n1 2\n2 1\n0"),
        new("path", "path", "[(0,0),(1,1)]\n((0,0),(1,1))\n[(-0,0),(1,1)]\n[(0,0)]"),
        new("pg_dependencies", "pg_dependencies",
            "[{\"attributes\":[1],\"dependency\":2,\"degree\":1}]\n[{\"attributes\":[1],\"dependency\":3,\"degree\":1}]\n"
                + "[{\"attributes\":[1],\"dependency\":2,\"degree\":0.5}]", Since: 19),
        new("pg_lsn", "pg_lsn", "0/0\n0/1\n1/0\n1/10\n10/1\n1/100\n1/0000010A"),
        new(
            "pg_ndistinct",
            "pg_ndistinct",
            "[{\"attributes\":[1,2],\"ndistinct\":4}]\n[{\"attributes\":[1,3],\"ndistinct\":4}]\n[{\"attributes\":[1,2],\"ndistinct\":5}]",
            Since: 19),
        new("pg_snapshot", "pg_snapshot", "10:20:10,14\n10:20:10,15\n10:20:"),
        new("point", "point", "(0,0)\n(-0,0)\n(NaN,0)\n(0,0.1)\n(Infinity,0)"),
        new("polygon", "polygon", "((0,0),(1,1))\n((1,1),(0,0))\n((-0,0),(1,1))"),
        new("refcursor", "refcursor", "a\nA\na "),
        new("regclass", "regclass", "pg_catalog.pg_class\npg_catalog.pg_type\ninformation_schema.tables"),
        new("regcollation", "regcollation", "pg_catalog.\"C\"\npg_catalog.\"POSIX\""),
        new("regconfig", "regconfig", "pg_catalog.simple\npg_catalog.english"),
        new("regdatabase", "regdatabase", "postgres\ntemplate1", Since: 19),
        new("regdictionary", "regdictionary", "pg_catalog.simple\npg_catalog.english_stem"),
        new("regnamespace", "regnamespace", "pg_catalog\ninformation_schema"),
        new("regoper", "regoper", "pg_catalog.|/\npg_catalog.||/".Replace("|", "\u0001", StringComparison.Ordinal)),
        new("regoperator", "regoperator", "pg_catalog.+(integer,integer)\npg_catalog.-(integer,integer)"),
        new("regproc", "regproc", "pg_catalog.now\npg_catalog.version"),
        new("regprocedure", "regprocedure", "pg_catalog.abs(integer)\npg_catalog.abs(bigint)"),
        new("regrole", "regrole", "pg_monitor\npg_read_all_data"),
        new("regtype", "regtype", "integer|int4\nbigint\ninteger[]"),
        new("text", "text", "\n \na\nA\na \n\u00e4\na\u0308\n\\x61"),
        new(null, "text COLLATE loose", "a\nA\na \n\u00e4\na\u0308"),
        new(null, "text COLLATE \"C\"", "a\nA\na "),
        new("tid", "tid", "(0,1)\n(1,0)\n(0,2)"),
        new("time", "time", "00:00\n24:00\n00:00:00.000001\n01:11:34.967297"),
        new("timestamp", "timestamp", "2000-01-01\n2000-01-01 01:11:34.967297\n2000-01-01 01:11:34.967295\n1999-12-31 "
            + "23:59:59.999999\n1999-12-31\n0001-01-01 BC\n4714-11-24 BC\n294276-12-31 23:59:59.999999\ninfinity\n-infinity"),
        new("timestamptz", "timestamptz", "2000-01-01 00:00+00|2000-01-01 01:00+01\n2000-01-01 01:11:34.967297+00\n2000-01-01 "
            + "01:11:34.967295+00\n1999-12-31 23:59:59.999999+00\n1999-12-31 00:00+00\n4714-11-24 00:00+00 BC\n294276-12-31 "
            + "23:59:59.999999+00\ninfinity\n-infinity"),
        new("timetz", "timetz", "00:00+00\n01:00+01\n00:00+01\n24:00+00\n01:11:34.967297+00"),
        new(
            "tsmultirange",
            "tsmultirange",
            "{}\n{[2000-01-01,2001-01-01)}\n{[2000-01-01 01:11:34.967297,2001-01-01)}\n{[2000-01-01,2001-01-01]}"),
        new("tsquery", "tsquery", "a & b\nb & a\na | b".Replace("|", "\u0001", StringComparison.Ordinal) + "\na:A\na:*"),
        new("tsrange", "tsrange", "empty\n[2000-01-01,2001-01-01)\n[2000-01-01 01:11:34.967297,2001-01-01)\n[2000-01-01,2001-01-01]"),
        new(
            "tstzmultirange",
            "tstzmultirange",
            "{}\n{[2000-01-01 00:00+00,)}|{[2000-01-01 01:00+01,)}\n{[2000-01-01 01:11:34.967297+00,)}"),
        new("tstzrange", "tstzrange", "empty\n[2000-01-01 00:00+00,)|[2000-01-01 01:00+01,)\n[2000-01-01 01:11:34.967297+00,)"),
        new("tsvector", "tsvector", "\na b|b a\na:1\na:2\na:1A\nA"),
        new("txid_snapshot", "txid_snapshot", "10:20:10,14\n10:20:10,15\n10:20:"),
        new(
            "uuid",
            "uuid",
            "00000000-0000-0000-0000-000000000000\n00000000-0000-0000-0000-000000000001\n00000001-0000-0000-0000-000000000000"),
        new("varbit", "varbit", "\n0\n00\n1\n10"),
        new("varchar", "varchar", "\n \na\na \nA"),
        new(null, "varchar COLLATE loose", "a\nA\na "),
        new("xid", "xid", "0\n1\n4294967295"),
        new("xid8", "xid8", "0\n1\n4294967296\n4294967297"),
        new(
            "xml",
            "xml",
            "<a/>|<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>\n<a></a>\n<a> </a>\n<A/>\n<?xml version=\"1.0\" standalone=\"yes\"?><a/>"),
        new(null, "mood", "a\nb\nA"),
        new(null, "pair", "(,)\n(1,)\n(,\"\")\n(,a)\n(,\"a \")\n(,A)"),
        new(null, "nested", "(,)\n(\"(,)\",)\n(,{})\n(\"(1,a)\",{NULL})\n(\"(1,a)\",\"{\"\"(1,)\"\"}\")"),
        new(null, "integer[]", "{}\n{1}\n[0:0]={1}\n{{1}}\n{NULL}\n{1,NULL}"),
        new(null, "text[]", "{NULL}\n{\"NULL\"}\n{a}\n{\"a \"}\n{\"a,b\"}\n{a,b}\n{}"),
        new(null, "bpchar[]", "{a}\n{\"a \"}"),
        new(null, "text[] COLLATE loose", "{a}\n{A}"),
        new(null, "extensions.citext", "a\nA\na "),
        new(null, "extensions.citext COLLATE loose", "a\nA\na "),
        new(null, "extensions.hstore", "\na=>1,b=>2|b=>2,a=>1\na=>NULL\na=>\"NULL\"\nA=>1,b=>2"),
        new(null, "extensions.ltree", "a\nA\na.b"),
        new(null, "extensions.cube", "0\n-0\n(0,0)\n(0),(1)"),
    ];

    /// <summary>What a column can be made of a type, and of its value.</summary>
    static readonly (string Column, string Type, string Value)[] Forms =
    [
        ("v", "{0}", "{1}"),
        ("a", "{0}[] {2}", "ARRAY[{1}, NULL]"),
        ("d", "d{3}", "{1}"),
        ("da", "d{3}[]", "ARRAY[{1}::d{3}]"),
        ("c", "c{3}", "ROW(1, {1})::c{3}"),
        ("cc", "cc{3}", "ROW(ROW(1, {1})::c{3}, ARRAY[ROW(2, {1})::c{3}])::cc{3}"),
        ("dc", "dc{3}", "ROW(1, {1})::c{3}"),
        ("r", "r{3}", "r{3}({1}, NULL)"),
        ("m", "m{3}", "m{3}(r{3}({1}, NULL))"),
        ("dr", "dr{3}", "r{3}({1}, NULL)"),
    ];

    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task Values_differ_in_their_hash_where_a_client_can_tell_them_apart_and_only_there(int major)
    {
        await using var database = await CreateAsync(await VersionedServers.GetAsync(major), major, "");
        foreach (var method in new[] { FingerprintMethod.ValueHash, FingerprintMethod.ValueText, FingerprintMethod.RunHash })
        {
            List<string> wrong = [];
            foreach (var (what, hashes) in await HashesAsync(database, method))
            {
                // That the values really are what the list says is the server's word.
                wrong.AddRange(Wrong($"{what}, as shown", hashes, h => h.Shown));
                wrong.AddRange(Wrong($"{what}, {method}", hashes, h => h.Hash));
            }
            Assert.Empty(wrong);
        }

        static IEnumerable<string> Wrong(string what, List<Hashed> hashes, Func<Hashed, string> of) =>
            from one in hashes
            from other in hashes
            where one.Row < other.Row && of(one) == of(other) != (one.Value == other.Value)
            select $"{what}: rows {one.Row} and {other.Row} are {(one.Value == other.Value ? "one value" : "two values")}: "
                + $"{one.Shown}, {other.Shown}";
    }

    /// <summary>Whoever adds a version finds the types that it has brought along.</summary>
    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task No_type_is_left_out(int major)
    {
        await using var database = await TestDatabase.CreateAsync(await VersionedServers.GetAsync(major), TestRole.Superuser);
        // All but pseudo-types, which no column has, arrays, and the rows of system tables.
        await using var connection = await database.OpenAsync();
        var types = await TextsAsync(connection, """
            SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'p' AND typisdefined AND typrelid = 0
                AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = pg_type.oid) ORDER BY 1
            """);
        List<string> leftOut = [];
        foreach (var type in types.Except(All.Where(s => s.Since <= major).Select(s => s.Name ?? "")))
        {
            // Of some PostgreSQL takes no value from anybody, so no dump of one can be restored.
            var failure = await Record.ExceptionAsync(() => TextsAsync(connection, $"SELECT ''::pg_catalog.\"{type}\"::text"));
            if (failure is not PostgresException { SqlState: PostgresErrorCodes.FeatureNotSupported })
                leftOut.Add(type);
        }
        Assert.Empty(leftOut);
    }

    [SkippableFact]
    public async Task A_value_has_the_same_hash_on_every_version_and_in_every_locale()
    {
        Skip.If(VersionedServers.Majors.Count < 2, "Only one version is installed here.");
        var expected = new Dictionary<string, string>();
        List<string> others = [];
        foreach (var (major, options) in VersionedServers.Majors.Select(m => (m, ""))
            .Append((VersionedServers.Majors[0], "LOCALE_PROVIDER icu ICU_LOCALE 'de'")))
        {
            await using var database = await CreateAsync(await VersionedServers.GetAsync(major), major, options);
            await database.ExecuteAsync($"""
                ALTER DATABASE "{database.Name}" SET DateStyle = 'German';
                ALTER DATABASE "{database.Name}" SET IntervalStyle = 'iso_8601';
                ALTER DATABASE "{database.Name}" SET TimeZone = 'Asia/Kolkata';
                ALTER DATABASE "{database.Name}" SET extra_float_digits = -10;
                ALTER DATABASE "{database.Name}" SET bytea_output = 'escape'; ALTER DATABASE "{database.Name}" SET xmloption = 'document';
                """);
            foreach (var (what, hashes) in (await HashesAsync(database, FingerprintMethod.ValueHash))
                .Concat((await HashesAsync(database, FingerprintMethod.RunHash)).Select(
                    h => KeyValuePair.Create($"{h.Key} in one run", h.Value))))
            {
                // From version 19 on pg_lsn has another text, which only a column of its own, and an array, is known by.
                if (major >= 19 && what.StartsWith("pg_lsn ", StringComparison.Ordinal)
                    && what is not ("pg_lsn v" or "pg_lsn a" or "pg_lsn v in one run" or "pg_lsn a in one run"))
                    continue;
                var all = string.Join(' ', hashes.OrderBy(h => h.Row).Select(h => h.Hash));
                if (!expected.TryAdd(what, all) && expected[what] != all)
                    others.Add($"{what}, on {major} {options}");
            }
        }
        Assert.Empty(others);
    }

    sealed record Hashed(int Row, int Value, string Hash, string Shown);

    /// <summary>A table for each of the samples, with a row for each value, and a column for each form that its type can take.</summary>
    static async Task<TestDatabase> CreateAsync(SandboxServer server, int major, string options)
    {
        var database = await TestDatabase.CreateAsync(server, TestRole.Superuser);
        if (options.Length > 0)
        {
            var admin = server.AddressFor("postgres", server.Address.User, server.Address.Password!);
            await TestDatabase.ExecuteAsync(admin, $"DROP DATABASE \"{database.Name}\"");
            await TestDatabase.ExecuteAsync(
                admin,
                $"CREATE DATABASE \"{database.Name}\" OWNER {database.Address.User} TEMPLATE template0 {options}");
        }
        // The enum has another order in each database, and other oids.
        await database.ExecuteAsync($"""
            CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; CREATE EXTENSION hstore SCHEMA extensions;
            CREATE EXTENSION ltree SCHEMA extensions; CREATE EXTENSION cube SCHEMA extensions;
            CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
            CREATE TYPE mood AS ENUM ({(options.Length > 0 || major > 15 ? "'b', 'A', 'a'" : "'a', 'b', 'A'")});
            CREATE TYPE pair AS (a integer, b bpchar); CREATE TYPE nested AS (p pair, q pair[]);
            """);
        for (var n = 0; n < All.Length; n++)
        {
            if (All[n].Since > major)
                continue;
            var parts = All[n].Column.Split(" COLLATE ");
            var (type, collate) = (parts[0], parts.Length > 1 ? $"COLLATE {parts[1]}" : "");
            await database.ExecuteAsync($"""
                CREATE DOMAIN d{n} AS {type} {collate}; CREATE TYPE c{n} AS (n integer, v {type} {collate});
                CREATE TYPE cc{n} AS (c c{n}, cs c{n}[]); CREATE DOMAIN dc{n} AS c{n};
                DO $$ BEGIN
                    CREATE TYPE r{n} AS RANGE (SUBTYPE = {type},
                        MULTIRANGE_TYPE_NAME = m{n} {(parts.Length > 1 ? $", COLLATION = {parts[1]}" : "")});
                    CREATE DOMAIN dr{n} AS r{n};
                EXCEPTION WHEN undefined_object OR datatype_mismatch THEN NULL; -- nothing to sort it by
                END $$;
                """);
            var hasRange = await database.ScalarAsync<bool>($"SELECT to_regtype('r{n}') IS NOT NULL");
            var hasArray = await database.ScalarAsync<bool>($"SELECT typarray <> 0 FROM pg_type WHERE oid = {Sql.Literal(type)}::regtype");
            var forms = Forms.Where(f => f.Column switch { "r" or "m" or "dr" => hasRange, "a" => hasArray, _ => true }).ToList();
            var lines = All[n].Values.Split('\n')
                .SelectMany((line, value) => line.Split('|').Select(text => (value, text: text.Replace('\u0001', '|'))))
                .ToList();
            var rows = lines.Select(
                (l, row) => $"({row}, {l.value}, {string.Join(", ", forms.Select(f => Fill(f.Value, Literal(type, l.text))))})");
            await database.ExecuteAsync($"""
                CREATE TABLE t{n} (id integer PRIMARY KEY, value integer,
                    {string.Join(", ", forms.Select(f => $"{f.Column} {(f.Column == "v" ? All[n].Column : Fill(f.Type, ""))}"))});
                INSERT INTO t{n} VALUES {string.Join(",\n", rows)};
                """);

            string Fill(string form, string value) => string.Format(null, form, type, value, collate, n);
        }
        return database;

        // No text is a NaN of other bits.
        static string Literal(string type, string text) => text == "-NaN" ? $"(- 'NaN'::{type})" : $"{Sql.Literal(text)}::{type}";
    }

    /// <summary>By the type's name and the form's: the hash of each row's value, and what a client is shown.</summary>
    static async Task<Dictionary<string, List<Hashed>>> HashesAsync(TestDatabase database, FingerprintMethod method)
    {
        await using var session = await PgSession.OpenAsync(new PgLogin("test", database.Address, "test", ReadOnly: true), default);
        var found = new Dictionary<string, List<Hashed>>();
        foreach (var table in await TableColumns.ReadAsync(session, CatalogFilter.None, default))
        {
            var forms = table.Columns.Where(c => c.Name is not ("id" or "value")).ToList();
            var rows = await session.RowsAsync("SELECT id, value, "
                + $"{string.Join(", ", forms.Select(c => $"{RowHash.Of([c], method, seed: 0)}, ROW({c.Name})::text"))} FROM "
                + $"{table.Rows}", default);
            var samples = All[int.Parse(table.Name.Name[1..], null)];
            for (var i = 0; i < forms.Count; i++)
                found.Add(
                    $"{samples.Column} {forms[i].Name}",
                    [.. rows.Select(r => new Hashed(r.Int(0), r.Int(1), r.Text(2 + 2 * i), r.Text(3 + 2 * i)))]);
        }
        return found;
    }

    static async Task<List<string>> TextsAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<string> texts = [];
        while (await reader.ReadAsync())
            texts.Add(reader.GetString(0));
        return texts;
    }
}
