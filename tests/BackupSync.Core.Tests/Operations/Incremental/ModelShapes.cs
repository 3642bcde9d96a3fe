namespace BackupSync.Tests.Operations.Incremental;

/// <summary>A table of an odd form, of which only the source's rows change.</summary>
/// <param name="Change">{0} stands for a new number, {1} for one from 1 to 20.</param>
/// <param name="Since">The oldest version that knows it.</param>
sealed record ModelShape(ModelWork Work, string Name, string Create, string Change, int Since = 15)
{
    const string Rows = "FROM generate_series(1, 20) i";

    public static readonly ModelShape[] All =
    [
        new(ModelWork.Span, "span", $"""
            CREATE TABLE span (id int4range, valid daterange, note text, PRIMARY KEY (id, valid WITHOUT OVERLAPS));
            INSERT INTO span SELECT int4range(i, i + 1), '[2026-01-01,2026-06-01)', 'n' {Rows}
            """, """
            UPDATE span SET note = 'changed {0}' WHERE lower(id) = {1};
            UPDATE span SET valid = daterange('2026-01-01', date '2026-06-01' + {0} % 90) WHERE lower(id) IN ({1}, {0} % 20)
            """, 18),
        new(ModelWork.Span, "coded", $"""
            CREATE TABLE coded (code text UNIQUE, note text); INSERT INTO coded SELECT 'c' || i, 'n' {Rows};
            CREATE TABLE uses (id int PRIMARY KEY, code text REFERENCES coded (code)); INSERT INTO uses SELECT i, 'c' || i {Rows}
            """, "UPDATE coded SET note = 'changed {0}' WHERE code = 'c' || {1}"),
        new(ModelWork.Span, "booked", $"""
            CREATE TABLE booked (id int PRIMARY KEY, during int4range NOT NULL, EXCLUDE USING gist (during WITH &&));
            INSERT INTO booked SELECT i, int4range(i % 20, i % 20 + 1) {Rows}
            """, """
            UPDATE booked SET during = int4range(-id, 1 - id);
            UPDATE booked SET during = int4range((id + {0}) % 20, (id + {0}) % 20 + 1)
            """),
        new(ModelWork.Names, "names", $"""
            CREATE TABLE names (u1 int PRIMARY KEY, c1 int UNIQUE, t int, s int, r int);
            INSERT INTO names SELECT i, i, i, i, i {Rows}
            """, """
            UPDATE names SET c1 = -c1; UPDATE names SET c1 = 21 + c1, r = {0} WHERE u1 <> {1};
            UPDATE names SET c1 = 21 + c1 WHERE u1 = {1}
            """),
        new(ModelWork.Names, "more_names", $"""
            CREATE TABLE more_names (
                backupsync_n int PRIMARY KEY, backupsync_hash text, u1 int, backupsync_low int, backupsync_u1 int UNIQUE);
            INSERT INTO more_names SELECT i, 'h', i, i, i {Rows}
            """, """
            UPDATE more_names SET backupsync_u1 = -backupsync_u1;
            UPDATE more_names SET backupsync_u1 = 21 + backupsync_u1, backupsync_hash = '{0}'
            """),
        new(ModelWork.Domain, "loans", $"""
            CREATE DOMAIN small AS int; CREATE TABLE loans (id int PRIMARY KEY, rate small, note text);
            INSERT INTO loans SELECT i, i * 100, 'n' {Rows};
            ALTER DOMAIN small ADD CONSTRAINT limited CHECK (VALUE < 1000) NOT VALID
            """, "UPDATE loans SET note = 'changed {0}' WHERE id = {1}"),
        new(ModelWork.Wide, "wide", $"""
            CREATE TABLE wide (id int PRIMARY KEY, {string.Join(", ", Enumerable.Range(0, 1599).Select(c => $"c{c} boolean"))});
            INSERT INTO wide SELECT i {Rows}
            """, "UPDATE wide SET c1598 = NOT coalesce(c1598, {0} % 2 = 0) WHERE id = {1}"),
        new(ModelWork.Circle, "circle_a", $"""
            CREATE TABLE circle_a (id int PRIMARY KEY, b int); INSERT INTO circle_a SELECT i, i {Rows}
            """, ""),
        new(ModelWork.Circle, "circle_b", $"""
            CREATE TABLE circle_b (id int PRIMARY KEY, a int REFERENCES circle_a); INSERT INTO circle_b SELECT i, i {Rows};
            ALTER TABLE circle_a ADD FOREIGN KEY (b) REFERENCES circle_b
            """, """
            INSERT INTO circle_a VALUES ({0}); INSERT INTO circle_b VALUES ({0}, {0});
            UPDATE circle_a SET b = {0} WHERE id IN ({0}, {1})
            """),
    ];

    /// <summary>As text, each row.</summary>
    public string Read => $"SELECT t::text FROM {Name} t";
}
