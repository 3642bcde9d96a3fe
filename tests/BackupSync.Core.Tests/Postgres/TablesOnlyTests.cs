using BackupSync.Operations.Sides;
using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Tests.Postgres;

/// <summary>Who owns a table may make it a view; its functions do not run as the role that reads.</summary>
public sealed class TablesOnlyTests(Servers servers) : IClassFixture<Servers>
{
    const string Trap = """
        CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
        CREATE VIEW v AS SELECT public.trap() AS x
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_session_that_only_reads_reads_no_view(bool readOnly)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync(Trap);
        await using var session = await PgSession.OpenAsync(new PgLogin("source", scenario.Source, "test", readOnly), default);

        var e = await Assert.ThrowsAnyAsync<BackupSyncException>(() => session.RowsAsync("SELECT x FROM public.v", default));
        var words = e.Message + e.Detail;
        Assert.Contains(readOnly ? "access to non-system view \"v\" is restricted" : "ran as", words, StringComparison.Ordinal);
        Assert.NotEmpty(await session.RowsAsync("SELECT table_name FROM information_schema.tables", default));
    }

    /// <summary>pg_dump of before the setting was there does not ask for it: what we give it by its environment does.</summary>
    [Fact]
    public async Task A_dump_reads_no_view_whatever_its_version()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.OnSourceAsync(Trap);
        var login = new PgLogin("source", scenario.Source, "test", ReadOnly: true);
        await using var session = await PgSession.OpenAsync(login, default);
        var facts = await DatabaseFacts.ReadAsync(session, null, default);
        Assert.True(facts.MayRestrictKinds);
        var tools = await new ToolLocator(new BackupSync.Configuration.ToolsConfig()).FindAsync(facts.Major, default);

        var result = await ChildProcess.RunAsync(
            new ChildCommand(tools.Psql, "--no-psqlrc", "-c", "SELECT * FROM public.v").ConnectedTo(
                login,
                PinnedSettings.ForDump(facts)), default);
        Assert.Contains("access to non-system view \"v\" is restricted", result.ErrorTail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("13.21", false)]
    [InlineData("14.19", true)]
    [InlineData("15.13", false)]
    [InlineData("15.14", true)]
    [InlineData("16.10", true)]
    [InlineData("17.5", false)]
    [InlineData("17.6", true)]
    [InlineData("18.0", true)]
    [InlineData("19rc1", true)]
    public void Programs_that_run_what_a_name_says_are_refused(string version, bool allowed)
    {
        var tools = new PgToolset(PgVersion.TryParse(version)!, "/opt/pg/bin", "", "", "");
        if (allowed)
            ToolChoice.EnsureMayRunScripts(tools);
        else
            Assert.Equal(ErrorIds.ToolTooOld, Assert.Throws<BackupSyncException>(() => ToolChoice.EnsureMayRunScripts(tools)).ErrorId);
    }
}
