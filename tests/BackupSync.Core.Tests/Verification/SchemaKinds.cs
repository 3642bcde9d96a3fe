namespace BackupSync.Tests.Verification;

/// <summary>
/// Facts of a schema that decide how queries answer: how a database comes to have one, a change of nothing but that, and what is told
/// of the change.
/// </summary>
/// <param name="Since">The oldest version that knows it.</param>
/// <param name="Told">The object, and what is said of it.</param>
sealed record SchemaKind(string Setup, string Change, string Told, int Since = 15)
{
    /// <summary>
    /// No reason to copy all: it decides how fast an answer comes, and not what it is; or it is of rows that an incremental run does not
    /// carry.
    /// </summary>
    public bool IsOnlyTold { get; init; }

    const string T = "CREATE TABLE t (id int PRIMARY KEY, a text, b text, n int);";
    const string Functions = """
        CREATE FUNCTION f1() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
        CREATE FUNCTION f2() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
        CREATE FUNCTION e1() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';
        CREATE FUNCTION e2() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';
        """;
    const string Events = "CREATE TABLE ev (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at); CREATE TABLE ev_1 PARTITION OF "
        + "ev FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');";

    public static IReadOnlyDictionary<string, SchemaKind> All { get; } = new Dictionary<string, SchemaKind>
    {
        // Tables among others.
        ["ATTACH PARTITION"] = new(
            Events + "CREATE TABLE ev_2 (id int NOT NULL, at date NOT NULL);",
            "ALTER TABLE ev ATTACH PARTITION ev_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
            "table public.ev_2: partition of: 'public.ev' on the source, none on the target"),
        ["DETACH PARTITION"] = new(
            Events,
            "ALTER TABLE ev DETACH PARTITION ev_1",
            "table public.ev_1: partition of: none on the source, 'public.ev' on the target"),
        ["bounds"] = new(
            Events, "ALTER TABLE ev DETACH PARTITION ev_1; ALTER TABLE ev ATTACH PARTITION ev_1 FOR VALUES FROM "
                + "('2026-01-01') TO ('2026-03-01')",
            "table public.ev_1: bounds: 'FOR VALUES FROM ('2026-01-01') TO ('2026-03-01')' on the source, 'FOR VALUES FROM "
                + "('2026-01-01') TO ('2026-02-01')' on the target"),
        ["partition key"] = new(
            "CREATE TABLE ev (a int, b int) PARTITION BY RANGE (a)",
            "DROP TABLE ev; CREATE TABLE ev (a int, b int) PARTITION BY RANGE (b)",
            "partitioned table public.ev: partitioned by: 'range (b)' on the source, 'range (a)' on the target"),
        ["partition key's expression"] = new(
            "CREATE TABLE ev (a text) PARTITION BY RANGE (lower(a))",
            "DROP TABLE ev; CREATE TABLE ev (a text) PARTITION BY RANGE (upper(a))",
            "partitioned table public.ev: partition key: 'upper(a)' on the source, 'lower(a)' on the target"),
        ["NO INHERIT"] = new(
            "CREATE TABLE par (id int); CREATE TABLE chi () INHERITS (par);",
            "ALTER TABLE chi NO INHERIT par",
            "table public.chi: inherits: none on the source, 'public.par' on the target"),
        ["order of parents"] = new(
            "CREATE TABLE p1 (id int); CREATE TABLE p2 (id int); CREATE TABLE chi () INHERITS (p1, p2);",
            "ALTER TABLE chi NO INHERIT p1; ALTER TABLE chi INHERIT p1",
            "table public.chi: inherits: 'public.p2, public.p1' on the source, 'public.p1, public.p2' on the target"),
        ["OF type"] = new(
            "CREATE TYPE ty AS (id int, a text); CREATE TABLE tt (id int, a text);",
            "ALTER TABLE tt OF ty",
            "table public.tt: of type: 'public.ty' on the source, none on the target"),
        ["a trigger of a partition"] = new(
            Events + Functions + "CREATE TRIGGER x BEFORE INSERT ON ev FOR EACH ROW EXECUTE FUNCTION f1();",
            "ALTER TABLE ev_1 DISABLE TRIGGER x",
            "table public.ev_1: triggers not as on its parent: 'x D' on the source, none on the target"),

        // Columns.
        ["order of the columns of a row type in use"] = new(
            "CREATE TABLE addr (street text, city text); CREATE TABLE person (id int PRIMARY KEY, a addr[]);",
            "ALTER TABLE addr RENAME street TO x; ALTER TABLE addr RENAME city TO street; ALTER TABLE addr RENAME x TO city",
            "table public.addr: columns in order: 'city, street' on the source, 'street, city' on the target"),
        ["collation of a column"] = new(
            T,
            "ALTER TABLE t ALTER a TYPE text COLLATE \"C\"",
            "table public.t: collation of a: 'pg_catalog.C' on the source, none on the target"),
        ["default"] = new(
            "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 1)",
            "ALTER TABLE t ALTER n SET DEFAULT 2",
            "table public.t: default of n: '2' on the source, '1' on the target"),
        ["generated expression"] = new(
            "CREATE TABLE t (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id * 2) STORED)",
            "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id * 3) STORED)",
            "table public.t: expression of n: '(id * 3)' on the source, '(id * 2)' on the target"),
        ["virtual expression"] = new(
            "CREATE TABLE t (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id * 2) VIRTUAL)",
            "ALTER TABLE t ALTER n SET EXPRESSION AS (id * 3)",
            "table public.t: expression of n: '(id * 3)' on the source, '(id * 2)' on the target",
            18),
        ["identity's sequence"] = new(
            "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
            "ALTER TABLE t ALTER id SET INCREMENT 5",
            "sequence public.t_id_seq: increment: '5' on the source, '1' on the target"),
        ["name of not null"] = new(
            "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)",
            "ALTER TABLE t RENAME CONSTRAINT t_n_not_null TO n_is_there",
            "table public.t: names of not null: 'n_is_there of n' on the source, none on the target",
            18) { IsOnlyTold = true },
        ["not null without children"] = new(
            "CREATE TABLE t (id int PRIMARY KEY, n int CONSTRAINT nn NOT NULL)",
            "ALTER TABLE t DROP CONSTRAINT nn; ALTER TABLE t ADD CONSTRAINT nn NOT NULL n NO INHERIT",
            "table public.t: not null without children: 'n' on the source, none on the target",
            18),

        // Views.
        ["security_invoker"] = new(
            T + "CREATE VIEW v AS SELECT id FROM t;",
            "ALTER VIEW v SET (security_invoker = true)",
            "view public.v: options: 'security_invoker=true' on the source, none on the target"),
        ["security_barrier"] = new(
            T + "CREATE VIEW v AS SELECT id FROM t;",
            "ALTER VIEW v SET (security_barrier)",
            "view public.v: options: 'security_barrier=true' on the source, none on the target"),
        ["check option"] = new(
            T + "CREATE VIEW v AS SELECT id FROM t WHERE id > 1;",
            "CREATE OR REPLACE VIEW v AS SELECT id FROM t WHERE id > 1 WITH LOCAL CHECK OPTION",
            "view public.v: options: 'check_option=local' on the source, none on the target"),
        ["view"] = new(
            "CREATE VIEW v AS SELECT 1 AS x",
            "CREATE OR REPLACE VIEW v AS SELECT 2 AS x",
            "view public.v: definition: 'SELECT 2 AS x;' on the source, 'SELECT 1 AS x;' on the target"),
        ["materialized view"] = new(
            T + "CREATE MATERIALIZED VIEW v AS SELECT id FROM t",
            "REFRESH MATERIALIZED VIEW v WITH NO DATA",
            "materialized view public.v: filled: 'no' on the source, 'yes' on the target") { IsOnlyTold = true },

        // Row security.
        ["USING"] = new(
            T + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (true);",
            "ALTER POLICY p ON t USING (n = 1)",
            "policy public.p on t: USING: '(n = 1)' on the source, 'true' on the target"),
        ["USING of another table"] = new(
            T + "CREATE TABLE o (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON "
                + "t USING (EXISTS (SELECT FROM o WHERE o.id = t.n));",
            "ALTER POLICY p ON t USING (EXISTS (SELECT FROM o WHERE o.id = t.id))",
            "policy public.p on t: USING: '(EXISTS ( SELECT "
                + "FROM public.o WHERE (o.id = t.id)))' on the source, '(EXISTS ( SELECT FROM public.o WHERE (o.id = t.n)))' on "
                + "the target"),
        ["WITH CHECK"] = new(
            T + "CREATE POLICY p ON t USING (true);",
            "ALTER POLICY p ON t WITH CHECK (n > 1)",
            "policy public.p on t: WITH CHECK: '(n > 1)' on the source, none on the target"),
        ["roles of a policy"] = new(
            T + "CREATE POLICY p ON t USING (true);",
            "ALTER POLICY p ON t TO pg_monitor",
            "policy public.p on t: roles: 'pg_monitor' on the source, 'public' on the target"),

        // Routines.
        ["SQL-standard body"] = new(
            "CREATE FUNCTION fee(a int) RETURNS int LANGUAGE sql IMMUTABLE RETURN a * 2",
            "CREATE OR REPLACE FUNCTION fee(a int) RETURNS int LANGUAGE sql IMMUTABLE RETURN a * 3",
            "function public.fee(a integer): body: 'RETURN (a * 3)' on the source, 'RETURN (a * 2)' on the target"),
        ["SQL-standard body of a procedure"] = new(
            T + "DO $$ BEGIN EXECUTE 'CREATE PROCEDURE pr(v int) BEGIN ATOMIC DELETE FROM t "
                + "WHERE t.n = v; END'; END $$",
            "DO $$ BEGIN EXECUTE 'CREATE OR REPLACE PROCEDURE pr(v int) BEGIN ATOMIC DELETE FROM "
                + "t WHERE t.id = v; END'; END $$",
            "procedure public.pr(IN v integer): body: 'BEGIN ATOMIC DELETE FROM public.t WHERE (t.id = pr.v); END' on the source, "
                + "'BEGIN ATOMIC DELETE FROM public.t WHERE (t.n = pr.v); END' on the target"),
        ["settings of a function"] = new(
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "ALTER FUNCTION f SET search_path = pg_catalog",
            "function public.f(a integer): settings: 'search_path=pg_catalog' on the source, none on the target"),
        ["result of a function"] = new(
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "DROP FUNCTION f; CREATE FUNCTION f(a int) RETURNS SETOF int LANGUAGE sql ROWS 1 COST 100 AS 'SELECT $1'",
            "function public.f(a integer): result: 'SETOF integer' on the source, 'integer' on the target"),
        ["strictness"] = new(
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "ALTER FUNCTION f STRICT",
            "function public.f(a integer): strict: 'yes' on the source, none on the target"),
        ["leakproof"] = new(
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "ALTER FUNCTION f LEAKPROOF",
            "function public.f(a integer): leakproof: 'yes' on the source, none on the target"),
        ["parallel"] = new(
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "ALTER FUNCTION f PARALLEL SAFE",
            "function public.f(a integer): parallel: 'safe' on the source, none on the target"),
        ["default of an argument"] = new(
            "CREATE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "CREATE OR REPLACE FUNCTION f(a int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "function public.f(a integer): defaults: '2' on the source, '1' on the target"),
        ["cost"] = new(
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "ALTER FUNCTION f COST 7",
            "function public.f(a integer): cost: '7' on the source, '100' on the target") { IsOnlyTold = true },
        ["an aggregate's function"] = new(
            "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, "
                + "INITCOND = '0')",
            "CREATE OR REPLACE AGGREGATE total (int) (SFUNC = int4mul, STYPE = int, INITCOND = '0')",
            "aggregate public.total(integer): state function: 'pg_catalog.int4mul(integer, integer)' on the source, "
                + "'pg_catalog.int4pl(integer, integer)' on the target"),
        ["an aggregate's state"] = new(
            "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
            "CREATE OR REPLACE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '5')",
            "aggregate public.total(integer): state: '5' on the source, '0' on the target"),

        // Triggers and rules.
        ["a trigger's function"] = new(
            T + Functions + "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f1();",
            "CREATE OR REPLACE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f2()",
            "trigger public.x on t: function: 'public.f2()' on the source, 'public.f1()' on the target"),
        ["a trigger's arguments"] = new(
            T + Functions + "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f1('a');",
            "CREATE OR REPLACE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f1('b')",
            "trigger public.x on t: arguments: 'b\\000' on the source, 'a\\000' on the target"),
        ["a trigger's columns"] = new(
            T + Functions + "CREATE TRIGGER x BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f1();",
            "CREATE OR REPLACE TRIGGER x BEFORE UPDATE OF b ON t FOR EACH ROW EXECUTE FUNCTION f1()",
            "trigger public.x on t: columns: 'b' on the source, 'a' on the target"),
        ["a trigger's condition"] = new(
            T + Functions + "CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (old.n <> new.n) EXECUTE FUNCTION f1();",
            "CREATE OR REPLACE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION f1()",
            "trigger public.x on t: WHEN: '(old.* IS DISTINCT FROM new.*)' on the source, '(old.n <> new.n)' on the target"),
        ["an event trigger's function"] = new(
            Functions + "CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION e1();",
            "DROP EVENT TRIGGER x; CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION e2()",
            "event trigger x: function: 'public.e2()' on the source, 'public.e1()' on the target"),
        ["a rule's action"] = new(
            T + "CREATE TABLE log (id int); CREATE RULE r AS ON DELETE TO t DO ALSO INSERT INTO log VALUES "
                + "(old.id);",
            "CREATE OR REPLACE RULE r AS ON DELETE TO t DO ALSO INSERT INTO log VALUES (old.n)",
            "rule public.r on t: definition: 'DO INSERT INTO public.log (id) VALUES (old.n);' on the source, 'DO INSERT INTO "
                + "public.log (id) VALUES (old.id);' on the target"),
        ["a rule's state"] = new(
            T + "CREATE RULE r AS ON DELETE TO t WHERE old.id = 1 DO INSTEAD NOTHING;",
            "ALTER TABLE t DISABLE RULE r",
            "rule public.r on t: enabled: 'D' on the source, none on the target"),

        // Constraints and indexes.
        ["foreign key to another table"] = new(
            "CREATE TABLE p1 (id int PRIMARY KEY); CREATE TABLE p2 (id int PRIMARY KEY); CREATE "
                + "TABLE ch (id int PRIMARY KEY, p int CONSTRAINT k REFERENCES p1);",
            "ALTER TABLE ch DROP CONSTRAINT k; ALTER TABLE ch ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES p2",
            "constraint public.k on "
                + "ch: references: 'public.p2 (id)' on the source, 'public.p1 (id)' on the target"),
        ["foreign key of another column"] = new(
            "CREATE TABLE p1 (id int PRIMARY KEY); CREATE TABLE ch (id int PRIMARY KEY, p int CONSTRAINT k REFERENCES p1, q int);",
            "ALTER TABLE ch DROP CONSTRAINT k; ALTER TABLE ch ADD CONSTRAINT k FOREIGN KEY (q) REFERENCES p1",
            "constraint public.k on ch: columns: 'q' on the source, 'p' on the target"),
        ["MATCH FULL"] = new(
            "CREATE TABLE p1 (id int PRIMARY KEY); CREATE TABLE ch (id int PRIMARY KEY, p int CONSTRAINT k REFERENCES p1);",
            "ALTER TABLE ch DROP CONSTRAINT k; ALTER TABLE ch ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES p1 MATCH FULL",
            "constraint public.k on ch: match: 'full' on the source, none on the target"),
        ["columns set to null"] = new(
            "CREATE TABLE p1 (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE ch (a int, b int, "
                + "CONSTRAINT k FOREIGN KEY (a, b) REFERENCES p1 ON DELETE SET NULL);",
            "ALTER TABLE ch DROP CONSTRAINT k; ALTER TABLE ch ADD CONSTRAINT k FOREIGN KEY (a, b) REFERENCES p1 ON DELETE SET "
                + "NULL (b)",
            "constraint public.k on ch: columns set: 'b' on the source, none on the target"),
        ["check"] = new(
            "CREATE TABLE t (id int PRIMARY KEY, n int CONSTRAINT k CHECK (n > 1))",
            "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (n > 2)",
            "constraint public.k on t: condition: '(n > 2)' on the source, '(n > 1)' on the target"),
        ["check without children"] = new(
            "CREATE TABLE t (id int PRIMARY KEY, n int CONSTRAINT k CHECK (n > 1))",
            "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (n > 1) NO INHERIT",
            "constraint public.k on t: for children: 'no' on the source, none on the target"),
        ["NOT ENFORCED"] = new(
            "CREATE TABLE t (id int PRIMARY KEY, n int); ALTER TABLE t ADD CONSTRAINT k CHECK (n > 1) NOT VALID",
            "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (n > 1) NOT ENFORCED",
            "constraint public.k on t: enforced: 'no' on the source, none on the target",
            18),
        ["exclusion"] = new(
            "CREATE TABLE t (id int, r int4range, CONSTRAINT k EXCLUDE USING gist (r "
                + "WITH &&))",
            "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k EXCLUDE USING gist (r WITH -|-)",
            "constraint public.k on t: operators: 'pg_catalog.-|-(anyrange,anyrange)' on the source, "
                + "'pg_catalog.&&(anyrange,anyrange)' on the target"),
        ["unique index of another column"] = new(
            T + "CREATE UNIQUE INDEX x ON t (a);",
            "DROP INDEX x; CREATE UNIQUE INDEX x ON t (b)",
            "index public.x on t: columns: 'b' on the source, 'a' on the target"),
        ["order of an index"] = new(
            T + "CREATE INDEX x ON t (a);",
            "DROP INDEX x; CREATE INDEX x ON t (a DESC)",
            "index public.x on t: columns: 'a desc' on the source, 'a' on the target"),
        ["collation of an index"] = new(
            T + "CREATE UNIQUE INDEX x ON t (a);",
            "DROP INDEX x; CREATE UNIQUE INDEX x ON t (a COLLATE \"C\")",
            "index public.x on t: columns: 'a collate pg_catalog.C' on the source, 'a' on the target"),
        ["operator class of an index"] = new(
            T + "CREATE INDEX x ON t (a);",
            "DROP INDEX x; CREATE INDEX x ON t (a text_pattern_ops)",
            "index public.x on t: columns: 'a pg_catalog.text_pattern_ops' on the source, 'a' on the target"),
        ["INCLUDE"] = new(
            T + "CREATE UNIQUE INDEX x ON t (id) INCLUDE (a);",
            "DROP INDEX x; CREATE UNIQUE INDEX x ON t (id) INCLUDE (b)",
            "index public.x on t: included columns: 'b' on the source, 'a' on the target"),
        ["NULLS NOT DISTINCT"] = new(
            T + "CREATE UNIQUE INDEX x ON t (a);",
            "DROP INDEX x; CREATE UNIQUE INDEX x ON t (a) NULLS NOT DISTINCT",
            "index public.x on t: nulls: 'not distinct' on the source, none on the target"),
        ["expression of an index"] = new(
            T + "CREATE UNIQUE INDEX x ON t (lower(a));",
            "DROP INDEX x; CREATE UNIQUE INDEX x ON t (upper(a))",
            "index public.x on t: expressions: 'upper(a)' on the source, 'lower(a)' on the target"),
        ["condition of an index"] = new(
            T + "CREATE UNIQUE INDEX x ON t (a) WHERE n > 1;",
            "DROP INDEX x; CREATE UNIQUE INDEX x ON t (a) WHERE n > 2",
            "index public.x on t: condition: '(n > 2)' on the source, '(n > 1)' on the target"),

        // Types and their like.
        ["a domain's check"] = new(
            "CREATE DOMAIN d AS int CONSTRAINT k CHECK (VALUE > 1)",
            "ALTER DOMAIN d DROP CONSTRAINT k; ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 2)",
            "domain public.d: check k: '(VALUE > 2)' on the source, '(VALUE > 1)' on the target"),
        ["a domain's further check"] = new(
            "CREATE DOMAIN d AS int CONSTRAINT k CHECK (VALUE > 1)",
            "ALTER DOMAIN d ADD CONSTRAINT more CHECK (VALUE < 9)",
            "domain public.d: check more: '(VALUE < 9)' on the source, none on the target"),
        ["a domain's default"] = new(
            "CREATE DOMAIN d AS int DEFAULT 1",
            "ALTER DOMAIN d SET DEFAULT 2",
            "domain public.d: default: '2' on the source, '1' on the target"),
        ["a domain's check that is not valid"] = new(
            "CREATE DOMAIN d AS int CONSTRAINT k CHECK (VALUE > 1)",
            "ALTER DOMAIN d DROP CONSTRAINT k; ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 1) NOT VALID",
            "domain public.d: checks not valid: 'k' on the source, none on the target"),
        ["collation"] = new(
            "CREATE COLLATION co (provider = icu, locale = 'en')",
            "DROP COLLATION co; CREATE COLLATION co (provider = icu, locale = 'sv')",
            "collation public.co: locale: 'sv' on the source, 'en' on the target"),
        ["deterministic"] = new(
            "CREATE COLLATION co (provider = icu, locale = 'en')",
            "DROP COLLATION co; CREATE COLLATION co (provider = icu, locale = 'en', deterministic = false)",
            "collation public.co: deterministic: 'no' on the source, none on the target"),
        ["range"] = new(
            "CREATE TYPE r AS RANGE (subtype = float8)",
            "DROP TYPE r; CREATE TYPE r AS RANGE (subtype = float8, "
                + "subtype_diff = float8mi)",
            "range type public.r: range: 'of double precision; operator class float8_ops; difference pg_catalog.float8mi(double "
                + "precision, double precision); multirange r_multirange' on the source, 'of double precision; operator class "
                + "float8_ops; multirange r_multirange' on the target"),
        ["sequence"] = new(
            "CREATE SEQUENCE s",
            "ALTER SEQUENCE s MAXVALUE 99",
            "sequence public.s: maximum: '99' on the source, '9223372036854775807' on the target"),
        ["cycle"] = new("CREATE SEQUENCE s", "ALTER SEQUENCE s CYCLE", "sequence public.s: cycle: 'yes' on the source, none on the target"),
        ["owner of a sequence"] = new(
            T + "CREATE SEQUENCE s",
            "ALTER SEQUENCE s OWNED BY t.n",
            "sequence public.s: owned by: 'public.t.n' on the source, none on the target"),
        ["operator"] = new(
            "CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)",
            "DROP OPERATOR === (int, int); "
                + "CREATE OPERATOR === (FUNCTION = int4ne, LEFTARG = int, RIGHTARG = int)",
            "operator public.\"===\"(integer,integer): function: 'pg_catalog.int4ne(integer, integer)' on the source, "
                + "'pg_catalog.int4eq(integer, integer)' on the target"),
        ["cast"] = new(
            "CREATE TYPE c1 AS (a int); CREATE CAST (c1 AS text) WITH INOUT",
            "DROP CAST (c1 AS text); CREATE CAST (c1 AS text) WITH INOUT AS IMPLICIT",
            "cast \"public.c1 as text\": context: 'implicit' on the source, none on the target"),
        ["text search configuration"] = new(
            "CREATE TEXT SEARCH CONFIGURATION c (PARSER = default); ALTER TEXT SEARCH CONFIGURATION "
                + "c ADD MAPPING FOR asciiword WITH simple",
            "ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR asciiword WITH english_stem",
            "text search configuration public.c: "
                + "dictionaries: '1 pg_catalog.english_stem' on the source, '1 pg_catalog.simple' on the target"),
        ["text search dictionary"] = new(
            "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, accept = false)",
            "ALTER TEXT SEARCH DICTIONARY d (accept = true)",
            "text search dictionary public.d: options: 'accept = 'true'' on the source, 'accept = 'false'' on the target"),
        ["conversion"] = new(
            "", "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", "conversion public.c: the target lacks it"),
        ["statistics"] = new(
            T + "CREATE STATISTICS s ON a, b FROM t",
            "DROP STATISTICS s; CREATE STATISTICS s (mcv) ON a, b FROM t",
            "statistics public.s: kinds: 'm' on the source, 'd f m' on the target"),
        ["expressions of statistics"] = new(
            T + "CREATE STATISTICS s ON lower(a) FROM t",
            "DROP STATISTICS s; CREATE STATISTICS s ON upper(a) FROM t",
            "statistics public.s: expressions: 'upper(a)' on the source, 'lower(a)' on the target"),

        ["storage parameters"] = new(
            T,
            "ALTER TABLE t SET (fillfactor = 50, toast.autovacuum_enabled = false)",
            "table public.t: storage parameters: 'fillfactor=50, toast: autovacuum_enabled=false' on the source, none on "
                + "the target") { IsOnlyTold = true },
        ["storage"] = new(
            T,
            "ALTER TABLE t ALTER a SET STORAGE EXTERNAL",
            "table public.t: storage of a: 'e' on the source, none on the target") { IsOnlyTold = true },
        ["statistics target"] = new(
            T,
            "ALTER TABLE t ALTER a SET STATISTICS 500",
            "table public.t: statistics target of a: '500' on the source, none on the target") { IsOnlyTold = true },
        ["replica identity"] = new(
            T,
            "ALTER TABLE t REPLICA IDENTITY FULL",
            "table public.t: replica identity: 'full' on the source, none on the target") { IsOnlyTold = true },
        ["foreign keys switched off"] = new(
            "CREATE TABLE p1 (id int PRIMARY KEY); CREATE TABLE ch (id int PRIMARY KEY, p int CONSTRAINT k REFERENCES p1);",
            "ALTER TABLE ch DISABLE TRIGGER ALL",
            "table public.ch: switched off inside: 'k' on the source, none on the target") { IsOnlyTold = true },
    };
}
