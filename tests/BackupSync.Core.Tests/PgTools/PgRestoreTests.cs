using BackupSync.PgTools;

namespace BackupSync.Tests.PgTools;

[Trait("Needs", "nothing")]
public sealed class PgRestoreTests
{
    const string Unknown = """
        pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
        Command was: SET transaction_timeout = 0;
        """;

    const string Entry = """
        pg_restore: from TOC entry 12; 1259 16386 TABLE t postgres
        """;

    [Theory]
    [InlineData(Unknown)]
    [InlineData($"{Unknown}\n\npg_restore: creating TABLE \"public.error: none\"\n{Unknown}")]
    // Two workers at once.
    [InlineData("""
        pg_restore: error: pg_restore: while PROCESSING TOC:
        pg_restore: from TOC entry 5678; 2604 20698 DEFAULT t7_9 id postgres
        could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
        Command was: SET transaction_timeout = 0;
        """)]
    [InlineData("""
        pg_restore: pg_restore: error: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
        Command was: SET transaction_timeout = 0;
        could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
        Command was: SET transaction_timeout = 0;
        """)]
    public void Errors_of_a_setting_that_the_server_does_not_know_do_not_count(string output) => Assert.Null(First(output));

    [Theory]
    [InlineData($"{Unknown}\n{Entry}\npg_restore: error: could not execute query: ERROR:  type \"x\" does not exist\nCommand was: "
        + "CREATE TABLE t (x x);")]
    [InlineData("""
        pg_restore: error: pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
        Command was: SET transaction_timeout = 0;
        could not execute query: ERROR:  type "x" does not exist
        Command was: CREATE TABLE t (x x);
        """)]
    [InlineData("""
        pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
        Command was: ALTER DATABASE a SET transaction_timeout = 0;
        """)]
    public void All_others_do(string output) => Assert.NotNull(First(output));

    static string? First(string output)
    {
        var first = new PgRestore.FirstError(["transaction_timeout"]);
        foreach (var line in output.Split('\n'))
            first.Note(line);
        return first.Text;
    }
}
