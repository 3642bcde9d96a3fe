namespace BackupSync.Tests.Runs;

[Trait("Needs", "nothing")]
public sealed class RunSummaryTests
{
    /// <summary>A table that only the target had is compared with nothing; what was brought is verified for all that.</summary>
    [Fact]
    public void A_table_that_was_dropped_is_told_and_the_rest_is_verified()
    {
        var run = RunSamples.Succeeded() with
        {
            Tables = [new("public.users", 13, 13, null, 8192, true), new("public.old", null, null, 7, null, null) { Dropped = true }],
        };

        Assert.Contains("14 rows, verified, 1 table dropped, 42.1s", run.Summary, StringComparison.Ordinal);
        Assert.Equal("public.old: dropped", run.Tables[1].ToString());
    }
}
