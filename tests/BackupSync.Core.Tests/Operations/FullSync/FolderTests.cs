using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.FullSync;

/// <summary>Somebody renames the folder of the backups, or takes it away, while a run writes into it.</summary>
public sealed class FolderTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData(PublishMode.Swap, RunStep.SafetyBackup, true)]
    [InlineData(PublishMode.Swap, RunStep.Restore, false)]
    [InlineData(PublishMode.Swap, RunStep.Verify, false)]
    [InlineData(PublishMode.Transaction, RunStep.SafetyBackup, false)]
    [InlineData(PublishMode.Transaction, RunStep.Restore, true)]
    [InlineData(PublishMode.Transaction, RunStep.Verify, true)]
    public async Task A_folder_that_is_renamed_ends_the_run_and_loses_nothing(PublishMode publish, RunStep at, bool madeAnew)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        var before = await scenario.PrepareAsync();
        var away = scenario.Directory + "-away";
        try
        {
            var result = await scenario.SyncAsync(e =>
            {
                if (e is not StepStarted started || started.Step != at || Directory.Exists(away))
                    return;
                // The dump, which begins at the same time, has to have written there.
                if (at == RunStep.SafetyBackup)
                    Assert.True(SpinWait.SpinUntil(
                        () => Directory.GetFiles(scenario.Directory, "*.partial").Length > 0, TimeSpan.FromSeconds(30)));
                Directory.Move(scenario.Directory, away);
                if (madeAnew)
                    Directory.CreateDirectory(scenario.Directory);
            });

            Assert.Equal(at == RunStep.SafetyBackup ? RunOutcome.Aborted : RunOutcome.RolledBack, result.Outcome);
            Assert.Equal(ErrorIds.FileFailed, result.Error!.Id);
            Assert.Contains(scenario.Directory, result.Error.Message, StringComparison.Ordinal);
            Assert.Contains("renamed", result.Error.Message, StringComparison.Ordinal);
            Scenario.AssertSame(before, await scenario.TargetContentAsync());

            // Brought back, the next run goes on as if nothing had been.
            if (Directory.Exists(scenario.Directory))
                Directory.Delete(scenario.Directory, recursive: true);
            Directory.Move(away, scenario.Directory);
            await scenario.SyncWellAsync();
            Assert.Empty(Directory.GetFiles(scenario.Directory, "*.partial"));
        }
        finally
        {
            if (Directory.Exists(away))
                Directory.Delete(away, recursive: true);
        }
    }
}
