using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Tests.PgTools;

[Trait("Needs", "nothing")]
public sealed class AdviceTests
{
    [Theory]
    [InlineData(ErrorIds.RestoreFailed, "ERROR:  role \"clerk\" does not exist", "Create that role")]
    [InlineData(ErrorIds.RestoreFailed, "ERROR:  extension \"postgis\" is not available", "Install the extension")]
    [InlineData(ErrorIds.RestoreFailed, "ERROR:  could not create unique index \"a_pkey\"", "mend the rows or the rule")]
    [InlineData(ErrorIds.RestoreFailed, "error: could not read from input file: end of file", "use another backup")]
    [InlineData(ErrorIds.RestoreFailed, "error: unsupported version (1.17) in file header", "newer client programs")]
    [InlineData(ErrorIds.DumpFailed, "ERROR:  invalid page in block 0 of relation base/5/16400", "damaged")]
    [InlineData(ErrorIds.DumpFailed, "ERROR:  out of memory", "ran out of memory")]
    [InlineData(ErrorIds.DumpFailed, "ERROR:  something that nobody has foreseen", null)]
    [InlineData(ErrorIds.RestoreFailed, "ERROR:  something that nobody has foreseen", null)]
    public void Advice_is_given_where_there_is_any(string id, string words, string? part)
    {
        var login = new PgLogin("neon", DatabaseAddress.Parse("postgresql://u@localhost/d"), "test", ReadOnly: false);
        var advice = PgProgram.Failure(1, $"pg_restore: {words}", "pg_restore", login, id, "It failed").Advice;
        if (part is null)
            Assert.Null(advice);
        else
            Assert.Contains(part, advice, StringComparison.Ordinal);
    }
}
