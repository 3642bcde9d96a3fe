using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Tests.Backups;

namespace BackupSync.Tests.Application;

/// <summary>What a clean-up of several jobs and places decides where they reach the same files.</summary>
[Trait("Needs", "nothing")]
public sealed class CleanUpTargetTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task What_one_job_keeps_as_anothers_that_one_removes_and_is_told_once()
    {
        foreach (var (job, day) in new[] { ("a", 1), ("a", 2), ("b", 1), ("b", 2) })
            BackupSamples.Add(_temp.Path, $"{job}{day}.dump", BackupKind.Source, BackupSamples.Morning.AddDays(day), job: job);
        var told = new HashSet<string>();

        var ofA = await Target("a").PlanAsync(told, default);
        var ofB = await Target("b").PlanAsync(told, default);

        Assert.Equal(["a1.dump"], Removed(ofA));
        Assert.Equal(["b1.dump"], Removed(ofB));
        Assert.Empty(ofA.Where(d => !d.Remove).Select(d => d.Path).Intersect(ofB.Where(d => !d.Remove).Select(d => d.Path)));
    }

    static IEnumerable<string?> Removed(IEnumerable<BackupSync.Operations.Expire.RetentionDecision> plan) =>
        plan.Where(d => d.Remove).Select(d => Path.GetFileName(d.Path));

    CleanUpTarget Target(string job) => CleanUpTarget.Of(
        JobFolder.Of(AdHocJob.From("postgresql://u@127.0.0.1/a", "postgresql://u@127.0.0.1/b", _temp.Path, null) with
        {
            Name = job, Backups = new BackupsConfig { Directory = _temp.Path },
        }),
        keepDays: 1);
}
