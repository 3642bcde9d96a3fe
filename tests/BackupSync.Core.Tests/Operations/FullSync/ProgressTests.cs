using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>What somebody sees who watches a run.</summary>
public sealed class ProgressTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>Rows that take a millisecond each to load, and again to index.</summary>
    const string Slow = """
        CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.001); RETURN n; END';
        CREATE TABLE first_one AS SELECT n FROM generate_series(1, 5000) n;
        CREATE TABLE "Slow One" (n int, computed int GENERATED ALWAYS AS (public.slow(n)) STORED);
        INSERT INTO "Slow One" SELECT n FROM generate_series(1, 1500) n;
        CREATE INDEX "a slow index" ON "Slow One" (public.slow(n));
        """;

    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task Names_the_table_with_its_own_rows_and_then_what_is_built_of_it(PublishMode publish)
    {
        Skip.If(servers.Target.Version.Major < 14, "What COPY has done is told from PostgreSQL 14 on.");
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.OnSourceAsync(Slow);

        await scenario.SyncWellAsync();

        var told = scenario.Events.OfType<StepProgress>().ToList();
        var loaded = told.Where(p => p is { Step: RunStep.Restore, Item: "public.\"Slow One\"", Rows: not null }).ToList();
        Assert.NotEmpty(loaded);
        Assert.All(loaded, p => Assert.InRange(p.Rows!.Value, 0, 1500));
        Assert.All(loaded, p => Assert.Equal(1500, p.OfRows));
        Assert.Contains(told, p => p.Step == RunStep.Restore && p.Item?.Contains("index", StringComparison.Ordinal) == true
            && p.Item.Contains("a slow index", StringComparison.Ordinal));
        Assert.All(told, p => Assert.True(p.Rows is null || p.OfRows is null || p.Rows <= p.OfRows, $"{p}"));
    }

    [Fact]
    public async Task A_dump_tells_a_tables_own_rows_of_all_that_it_has()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        scenario.Job = scenario.Job with
        {
            Backups = scenario.Job.Backups with { Compression = BackupCompression.Gzip },
        };
        await scenario.FillAsync(2000, "aaa");
        await scenario.FillAsync(3000, "bbb");

        await scenario.SyncWellAsync();

        var dumped = scenario.Events.OfType<StepProgress>().Where(p => p is { Step: RunStep.Dump, Item: "public.aaa" or "public.bbb" });
        Assert.All(dumped, p => Assert.Equal(p.Item == "public.aaa" ? 2000 : 3000, p.OfRows));
        Assert.NotEmpty(dumped);
    }
}
