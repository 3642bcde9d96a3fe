using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Tests.Application;

[Trait("Needs", "nothing")]
public sealed class SelectionTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void A_part_of_a_plan_tells_no_watcher_of_the_whole()
    {
        var plan = Plan();

        var part = Selection.Part(plan, ["two"]);

        Assert.Equal(["two"], part.Databases.Select(d => d.Name));
        Assert.Null(part.Ping);
        Assert.NotNull(Selection.Part(plan, ["two", "one"]).Ping);
        Assert.Same(plan, Selection.Part(plan, []));
    }

    [Fact]
    public void A_database_that_a_plan_does_not_have_is_told_with_those_it_has()
    {
        var refusal = Assert.Throws<BackupSyncException>(() => Selection.Part(Plan(), ["one", "three"]));

        Assert.Equal(ErrorIds.UnknownName, refusal.ErrorId);
        Assert.Contains("nightly has no database 'three'. It has: one, two.", refusal.Message, StringComparison.Ordinal);
    }

    BackupPlanConfig Plan() => ConfigurationFile.Load(_temp.Write("backupsync.yml", """
        databases:
          one: { url: "postgresql://app@one.example.com/app" }
          two: { url: "postgresql://app@two.example.com/app" }
          three: { url: "postgresql://app@three.example.com/app" }
        backupPlans:
          nightly: { databases: [one, two], ping: "https://hc.example.com/1" }
        """)).BackupPlan("nightly");
}
