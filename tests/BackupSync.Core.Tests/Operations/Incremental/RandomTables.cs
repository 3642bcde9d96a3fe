namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Tables of every kind that the realistic schema has not, and that copying row by row has stumbled over.</summary>
static class RandomTables
{
    public const string Schema = """
        CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
        CREATE TYPE colour AS ENUM ('red', 'green', 'blue', 'it''s "odd"');

        CREATE TABLE stamped (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, code varchar(20) UNIQUE,
            slot int NOT NULL UNIQUE, note text, parent bigint REFERENCES stamped ON DELETE SET NULL,
            updated_at timestamptz NOT NULL DEFAULT now());
        CREATE TRIGGER stamp BEFORE UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();

        CREATE TABLE stamped_here (id int PRIMARY KEY, body text, updated_at timestamp NOT NULL DEFAULT now());
        CREATE TRIGGER stamp BEFORE UPDATE ON stamped_here FOR EACH ROW EXECUTE FUNCTION stamp();

        CREATE TABLE stamped_sometimes (id uuid PRIMARY KEY, body text, modified_at timestamptz);
        CREATE TABLE stamped_by_program (id numeric PRIMARY KEY, body text, updated_at timestamptz NOT NULL);

        CREATE TABLE by_text (key text PRIMARY KEY, body text);
        CREATE TABLE by_several (a int, b text, c date, body jsonb, PRIMARY KEY (b, a));
        CREATE TABLE by_citext (key citext PRIMARY KEY, n int);
        CREATE TABLE by_enum (key colour, n smallint, body text, PRIMARY KEY (key, n));
        CREATE TABLE sparse (id bigint PRIMARY KEY, body text);
        CREATE TABLE "Quoted Table" ("Id €" int PRIMARY KEY, "Va""l.ue" text, "select" text UNIQUE);

        -- A circle whose keys cannot be put off.
        CREATE TABLE circle_a (id int PRIMARY KEY, b int, body text);
        CREATE TABLE circle_b (id int PRIMARY KEY, a int NOT NULL REFERENCES circle_a, body text);
        ALTER TABLE circle_a ADD FOREIGN KEY (b) REFERENCES circle_b;

        CREATE TABLE parents (id int PRIMARY KEY, code text NOT NULL UNIQUE, updated_at timestamptz NOT NULL DEFAULT now());
        CREATE TRIGGER stamp BEFORE UPDATE ON parents FOR EACH ROW EXECUTE FUNCTION stamp();
        CREATE TABLE kids_cascade (id int PRIMARY KEY, parent int NOT NULL REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE,
            body text, updated_at timestamptz NOT NULL DEFAULT now());
        CREATE TRIGGER stamp BEFORE UPDATE ON kids_cascade FOR EACH ROW EXECUTE FUNCTION stamp();
        CREATE TABLE kids_null (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE SET NULL ON UPDATE CASCADE, body text);
        CREATE TABLE kids_restrict (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE RESTRICT, body text);
        CREATE TABLE kids_by_code (id int PRIMARY KEY, code text REFERENCES parents (code) ON UPDATE CASCADE ON DELETE CASCADE,
            updated_at timestamptz NOT NULL DEFAULT now());
        CREATE TRIGGER stamp BEFORE UPDATE ON kids_by_code FOR EACH ROW EXECUTE FUNCTION stamp();
        CREATE TABLE one_to_one (id uuid PRIMARY KEY, parent int NOT NULL UNIQUE REFERENCES parents ON DELETE CASCADE, body text);

        CREATE TABLE softly_deleted (id int PRIMARY KEY, email text NOT NULL, nick text NOT NULL, tag text,
            rank int NOT NULL UNIQUE DEFERRABLE, deleted_at timestamptz, note text);
        CREATE UNIQUE INDEX ON softly_deleted (email) INCLUDE (note) WHERE deleted_at IS NULL;
        CREATE UNIQUE INDEX ON softly_deleted (lower(nick));
        CREATE UNIQUE INDEX ON softly_deleted (tag) NULLS NOT DISTINCT;

        CREATE TABLE meetings (id int PRIMARY KEY, room int NOT NULL, during int4range NOT NULL,
            EXCLUDE USING gist (room WITH =, during WITH &&));
        CREATE TABLE numbered (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (id * 2) STORED,
            body text);
        CREATE TABLE moving (id int, region text, body text, updated_at timestamptz NOT NULL DEFAULT now(), parent int REFERENCES parents
            ON DELETE SET NULL ON UPDATE CASCADE, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
        CREATE TABLE moving_north PARTITION OF moving FOR VALUES IN ('north');
        CREATE TABLE moving_south PARTITION OF moving FOR VALUES IN ('south') PARTITION BY HASH (id);
        CREATE TABLE moving_south_0 PARTITION OF moving_south FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE moving_south_1 PARTITION OF moving_south FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE moving_rest PARTITION OF moving DEFAULT;
        CREATE TRIGGER stamp BEFORE UPDATE ON moving FOR EACH ROW EXECUTE FUNCTION stamp();
        CREATE TABLE twins (a int, b text);
        CREATE TABLE guarded (id int PRIMARY KEY, body text);
        ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
        CREATE POLICY nobody_sees ON guarded USING (false);
        CREATE TABLE odd_floats (id int PRIMARY KEY, a float8, b float4, c float8[]);
        CREATE VIEW all_kids AS SELECT id, body FROM (SELECT id, body FROM kids_null UNION ALL SELECT id, NULL FROM kids_by_code) q;
        CREATE FUNCTION colour_before(colour, colour) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1::text < $2::text';
        CREATE OPERATOR <<< (leftarg = colour, rightarg = colour, function = colour_before, negator = OPERATOR(public.>=>));
        CREATE TABLE heirs () INHERITS (odd_floats);
        ALTER TABLE odd_floats ADD CONSTRAINT a_few CHECK (id < 1000) NOT VALID;
        ALTER TABLE heirs VALIDATE CONSTRAINT a_few;
        CREATE SEQUENCE odd_numbers START 1 INCREMENT 2;

        INSERT INTO stamped (name, code, slot, note) SELECT 'name ' || n, CASE WHEN n % 3 > 0 THEN 'code ' || n END, n, 'note'
            FROM generate_series(1, 200) n;
        INSERT INTO stamped_here SELECT n, 'body ' || n FROM generate_series(1, 100) n;
        INSERT INTO stamped_sometimes SELECT md5(n::text)::uuid, 'body', CASE WHEN n % 2 = 0 THEN now() END FROM generate_series(1, 100) n;
        INSERT INTO stamped_by_program SELECT n + 0.5, 'body', now() FROM generate_series(-50, 50) n;
        INSERT INTO by_text SELECT 'key ' || n, 'body' FROM generate_series(1, 100) n;
        INSERT INTO by_text VALUES ('', NULL), ('\N', '\N'), ('\.', '\.'), (E'tab\there', E'line\nfeed\r'), (E'\\', E'\\t'),
            ('ünï 😀', ''), ('{"a,b"}', 'NULL'), ('NULL', 'null');
        INSERT INTO by_several SELECT n, 'b' || n % 7, '2024-01-01'::date + n, jsonb_build_object('n', n) FROM generate_series(1, 150) n;
        INSERT INTO by_citext SELECT 'Key' || n, n FROM generate_series(1, 60) n;
        INSERT INTO by_enum SELECT (enum_range(NULL::colour))[1 + n % 4], n, 'body' FROM generate_series(1, 60) n;
        INSERT INTO sparse SELECT (n - 50) * 92233720368547758, 'body' FROM generate_series(1, 100) n;
        INSERT INTO sparse VALUES (-9223372036854775808, 'least'), (9223372036854775807, 'largest');
        INSERT INTO "Quoted Table" SELECT n, 'value ' || n, 'select ' || n FROM generate_series(1, 60) n;
        INSERT INTO circle_a SELECT n, NULL, 'a' FROM generate_series(1, 40) n;
        INSERT INTO circle_b SELECT n, n, 'b' FROM generate_series(1, 40) n;
        UPDATE circle_a SET b = 41 - id;
        INSERT INTO parents SELECT n, 'code ' || n FROM generate_series(1, 60) n;
        INSERT INTO kids_cascade SELECT n, 1 + n % 50, 'kid' FROM generate_series(1, 120) n;
        INSERT INTO kids_null SELECT n, 1 + n % 50, 'kid' FROM generate_series(1, 120) n;
        INSERT INTO kids_restrict SELECT n, 1 + n % 10, 'kid' FROM generate_series(1, 30) n;
        INSERT INTO kids_by_code SELECT n, 'code ' || 1 + n % 50 FROM generate_series(1, 80) n;
        INSERT INTO one_to_one SELECT md5(n::text)::uuid, n, 'one' FROM generate_series(1, 30) n;
        INSERT INTO softly_deleted SELECT n, 'mail' || n % 40, 'nick ' || n, 'tag ' || n, n, CASE WHEN n > 40 THEN now() END, 'note'
            FROM generate_series(1, 80) n;
        INSERT INTO meetings SELECT n, n % 5, int4range(n * 10, n * 10 + 5) FROM generate_series(1, 60) n;
        INSERT INTO numbered (id, body) SELECT n, 'body' FROM generate_series(1, 50) n;
        INSERT INTO moving SELECT n, (ARRAY['north', 'south', 'east'])[1 + n % 3], 'body' FROM generate_series(1, 120) n;
        INSERT INTO twins SELECT n % 5, 'twin' FROM generate_series(1, 30) n;
        INSERT INTO odd_floats SELECT i, n, n::float4, ARRAY[n, i] FROM (SELECT 'inf'::float8 - 'inf'::float8 AS n) q,
            generate_series(1, 10) i;
        INSERT INTO heirs SELECT * FROM odd_floats WHERE id < 4;
        INSERT INTO guarded SELECT n, 'secret' FROM generate_series(1, 30) n;
        """;
}
