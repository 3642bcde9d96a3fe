using BackupSync.Postgres;

namespace BackupSync.Tests.Postgres;

/// <summary>What kind of server a database is on, and what operations may expect of it.</summary>
[Trait("Needs", "nothing")]
public sealed class DatabaseEngineTests
{
    [Theory]
    [InlineData("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc")]
    [InlineData("PostgreSQL 19rc1 on aarch64-apple-darwin")]
    public void PostgreSQL_can_all_that_there_is(string banner)
    {
        var engine = DatabaseEngines.Of(DatabaseEngines.IsCockroachDb(banner), "Neon");

        Assert.Equal("PostgreSQL", engine.Name);
        foreach (var capability in Enum.GetValues<EngineCapabilities>())
            engine.EnsureHas(capability, "Neon");
    }

    [Fact]
    public void CockroachDB_is_known_by_what_it_calls_itself_and_refused()
    {
        const string Banner = "CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu, built 2024/05/15, go1.22.2)";
        var refused = Assert.Throws<BackupSyncException>(() => DatabaseEngines.Of(DatabaseEngines.IsCockroachDb(Banner), "Standby"));

        Assert.Equal(ErrorIds.NotSupported, refused.ErrorId);
        Assert.StartsWith("Standby is a CockroachDB", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_engine_lacks_is_named()
    {
        IDatabaseEngine plain = new PlainEngine();
        plain.EnsureHas(EngineCapabilities.ExportedSnapshot, "Standby");

        foreach (var (lacking, words) in new[]
        {
            (EngineCapabilities.SessionLock, "locks that a session holds"), (EngineCapabilities.Archives, "pg_dump"),
            (EngineCapabilities.SwapByRename, "renames of databases in a transaction"),
            (EngineCapabilities.TransactionStatus, "a way to ask what became of a commit"),
        })
        {
            var refused = Assert.Throws<BackupSyncException>(() => plain.EnsureHas(lacking, "Standby"));
            Assert.Equal((ErrorIds.NotSupported, $"Standby is a PlainDB, which has no {words}."), (refused.ErrorId, refused.Message));
        }
    }

    sealed class PlainEngine : IDatabaseEngine
    {
        public string Name => "PlainDB";
        public EngineCapabilities Capabilities => EngineCapabilities.ExportedSnapshot;
    }
}
