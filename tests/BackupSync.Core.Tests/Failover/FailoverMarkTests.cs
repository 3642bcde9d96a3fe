using BackupSync.Failover;

namespace BackupSync.Tests.Failover;

/// <summary>What a mark in a database lets pass; and how old a copy may be.</summary>
[Trait("Needs", "nothing")]
public sealed class FailoverMarkTests
{
    static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(4, nameof(FailoverRole.Copy), false)]
    [InlineData(5, nameof(FailoverRole.Copy), false)]
    [InlineData(5, nameof(FailoverRole.Active), true)]
    [InlineData(6, nameof(FailoverRole.Copy), true)]
    public void Older_numbers_are_refused_and_one_number_has_one_role(long number, string role, bool isTaken) =>
        Assert.Equal(isTaken, new FailoverMark(FailoverRole.Active, 5, Now).GivesWayTo(Enum.Parse<FailoverRole>(role), number));

    [Fact]
    public void A_sync_that_began_under_another_number_may_not_publish()
    {
        var copy = new FailoverMark(FailoverRole.Copy, 5, Now);
        Assert.True(copy.MayBeWritten(copy));
        Assert.False((copy with { Number = 7 }).MayBeWritten(copy));
        Assert.False((copy with { Role = FailoverRole.Active }).MayBeWritten(copy));
    }

    [Fact]
    public void A_copy_older_than_may_be_lost_holds_a_failover_back()
    {
        ObserverReport[] reports = [.. new[] { "o1", "o2" }.Select(
            o => new ObserverReport(o, FailoverSide.Primary, ProbeFinding.Down, 3, 0, Now))];
        Assert.Empty(HeldBack(15));
        Assert.Single(HeldBack(16));

        IReadOnlyList<string> HeldBack(int minutes) => FailoverRules.HeldBackBy(
            FailoverRecord.Begin(Now), reports, new FailoverMark(FailoverRole.Copy, 1, Now.AddMinutes(-minutes)), Now, new());
    }
}
