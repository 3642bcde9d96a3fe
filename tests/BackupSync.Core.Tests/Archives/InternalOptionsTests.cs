using System.Text;
using BackupSync.Archives;

namespace BackupSync.Tests.Archives;

/// <summary>Options that a server keeps for itself leave an archive, and nothing else does.</summary>
[Trait("Needs", "nothing")]
public sealed class InternalOptionsTests
{
    [Theory]
    [InlineData(
        "CREATE TABLE public.t (\n    id integer\n);\nALTER TABLE ONLY public.t ALTER COLUMN id SET (pg_attver=5);\n",
        "CREATE TABLE public.t (\n    id integer\n);\n\n")]
    [InlineData(
        "ALTER TABLE ONLY public.t ALTER COLUMN \"b \"\"q; SET (\" SET (pg_attver=5, n_distinct=5);\n",
        "ALTER TABLE ONLY public.t ALTER COLUMN \"b \"\"q; SET (\" SET ( n_distinct=5);\n")]
    [InlineData(
        "ALTER TABLE ONLY public.t ALTER COLUMN c SET (n_distinct=-0.5, pg_attver=5, n_distinct_inherited=1);\n",
        "ALTER TABLE ONLY public.t ALTER COLUMN c SET (n_distinct=-0.5, n_distinct_inherited=1);\n")]
    [InlineData(
        "ALTER TABLE ONLY public.t ALTER COLUMN c SET (n_distinct=1, pg_attver='5', pg_other=6);\n",
        "ALTER TABLE ONLY public.t ALTER COLUMN c SET (n_distinct=1 );\n")]
    [InlineData("ALTER FOREIGN TABLE ONLY \"S\".\"T\" ALTER COLUMN \"SET\" SET (pg_attver=5);\nALTER FOREIGN TABLE ONLY \"S\".\"T\" "
        + "ALTER COLUMN c OPTIONS (pg_x 'a');", "\nALTER FOREIGN TABLE ONLY \"S\".\"T\" ALTER COLUMN c OPTIONS (pg_x 'a');")]
    [InlineData(
        "CREATE TABLE s.t (a text DEFAULT E'\\';'); ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1);",
        "CREATE TABLE s.t (a text DEFAULT E'\\';');")]
    [InlineData(
        "CREATE UNLOGGED TABLE s.t (\n    a int DEFAULT (1 + 2)\n)\nPARTITION BY LIST (a);",
        "CREATE TABLE s.t (\n    a int DEFAULT (1 + 2)\n)\nPARTITION BY LIST (a);")]
    public void They_are_blanked(string definition, string expected) =>
        Assert.Equal(OneBlank(expected), OneBlank(Blanked(definition, true, found: true)));

    [Theory]
    [InlineData("CREATE TABLE s.t (a text DEFAULT '; ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1);');")]
    [InlineData("CREATE TABLE s.t (a text DEFAULT $x$; ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1);$x$);")]
    [InlineData("CREATE TABLE s.t (\"; ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1);\" text);")]
    [InlineData("CREATE TABLE s.t (a text DEFAULT E'\\'; ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1);');")]
    [InlineData("/* ; ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1); /* */ ; ALTER TABLE ONLY s.t ALTER COLUMN a SET "
        + "(pg_attver=1); */ CREATE TABLE s.t (a text);")]
    [InlineData("-- ; ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1);\nCREATE TABLE s.t (a text);")]
    [InlineData("ALTER TABLE ONLY s.t ALTER COLUMN a SET (n_distinct=1);")]
    [InlineData("ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1")]
    [InlineData("ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1) and more;")]
    [InlineData("CREATE TABLE s.t (a text) WITH (pg_attver=1);")]
    [InlineData("CREATE UNLOGGED TABLE s.t (a text DEFAULT ' PARTITION BY ', \"PARTITION BY\" int);")]
    public void What_only_looks_like_them_stays(string definition) => Assert.Equal(definition, Blanked(definition, true, found: false));

    [Fact]
    public void Where_backslashes_escape_in_plain_literals_they_do() =>
        Assert.Equal("CREATE TABLE s.t (a text DEFAULT '\\'; ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1);');",
            Blanked(
                "CREATE TABLE s.t (a text DEFAULT '\\'; ALTER TABLE ONLY s.t ALTER COLUMN a SET (pg_attver=1);');",
                standardStrings: false,
                found: false));

    [Fact]
    public void A_definition_cut_off_anywhere_is_no_trouble()
    {
        const string Whole = "CREATE TABLE s.t (a text DEFAULT E'\\'$a$', \"b\" int /* c */);\nALTER TABLE ONLY s.t ALTER COLUMN a SET "
            + "(n_distinct=1, pg_attver=1);";
        for (var length = 0; length < Whole.Length; length++)
            Assert.Equal(Whole[..length], Blanked(Whole[..length], true, found: false));
    }

    static string Blanked(string definition, bool standardStrings, bool found)
    {
        var bytes = Encoding.UTF8.GetBytes(definition);
        Assert.Equal(found, InternalOptions.Blank(bytes, standardStrings));
        return Encoding.UTF8.GetString(bytes);
    }

    static string OneBlank(string text) =>
        string.Join(' ', text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)).Replace(" )", ")",
        StringComparison.Ordinal).Replace("( ", "(", StringComparison.Ordinal);
}
