using BackupSync.Reporting;

namespace BackupSync.Tests.Reporting;

/// <summary>What follows from a row of probes.</summary>
[Trait("Needs", "nothing")]
public sealed class ProbeRuleTests
{
    static readonly DateTimeOffset Start = new(2026, 12, 1, 6, 0, 0, TimeSpan.Zero);
    static readonly ProbeRule Service = new(TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(5), 0.1);

    [Fact]
    public void It_is_down_when_its_probes_have_failed_for_as_long_as_that_takes()
    {
        var records = Probe(Service, "++xxxxxxxx+");

        Assert.Equal(
            [
                ProbeState.Up, ProbeState.Up, ProbeState.Failing, ProbeState.Failing, ProbeState.Failing, ProbeState.Failing,
                ProbeState.Failing, ProbeState.Failing, ProbeState.Down, ProbeState.Down, ProbeState.Degraded,
            ],
            records.Select(r => r.State));
        var down = records[9];
        Assert.Equal(
            (Start.AddMinutes(1), Start.AddMinutes(4), Start.AddSeconds(30), "no answer"),
            (down.FailingSince, down.Since, down.LastGood, down.Problem));
        Assert.Equal((11, 8), (records[^1].Probes, records[^1].Failed));
        Assert.Null(records[^1].FailingSince);
    }

    [Theory]
    [InlineData("++++++++++", ProbeState.Up)]
    [InlineData("x", ProbeState.Failing)]
    [InlineData("x+", ProbeState.Up)] // too few to judge by
    [InlineData("x++++++++++", ProbeState.Up)] // one of eleven
    [InlineData("x++x++++", ProbeState.Degraded)]
    [InlineData("xx++++++++++", ProbeState.Up)] // both are past
    public void Too_many_failures_within_the_time_degrade_it(string probes, ProbeState state) =>
        Assert.Equal(state, Probe(Service, probes)[^1].State);

    [Fact]
    public void A_record_grows_no_further_however_often_and_long_it_is_probed()
    {
        var rule = new ProbeRule(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(3), TimeSpan.FromHours(1), 0.1);

        var record = Probe(rule, string.Concat(Enumerable.Repeat("+++++++++x", 1000)))[^1];

        Assert.InRange(record.Slots.Count, 1, 61);
        Assert.InRange(record.FailedShare!.Value, 0.09, 0.11);
        Assert.InRange(record.Slots.Sum(s => s.Probes), 3500, 3660);
        Assert.Equal(10_000, record.Probes);
    }

    [Fact]
    public void A_database_has_no_share_that_is_too_much()
    {
        var rule = Service with { Above = null };

        Assert.Equal(ProbeState.Up, Probe(rule, "xxx++xxx+")[^1].State);
    }

    /// <summary>The machine slept, or its clock was set back.</summary>
    [Theory]
    [InlineData(24)]
    [InlineData(-24)]
    public void What_was_before_a_gap_or_a_clock_that_was_set_says_nothing_of_now(int hours)
    {
        var before = Probe(Service, "xxxxxxxxxx")[^1];

        var after = Service.After(before, ProbeKind.Service, "gateway", new ProbeAnswer(1, null), Start.AddHours(hours));

        Assert.Equal((ProbeState.Up, 1, 0.0), (after.State, after.Slots.Count, after.FailedShare));
    }

    static List<ProbeRecord> Probe(ProbeRule rule, string probes)
    {
        var records = new List<ProbeRecord>();
        for (var i = 0; i < probes.Length; i++)
            records.Add(rule.After(
                records.LastOrDefault(), ProbeKind.Service, "gateway",
                probes[i] == '+' ? new ProbeAnswer(12, null) : new ProbeAnswer(null, "no answer"), Start + i * rule.Every));
        return records;
    }
}
