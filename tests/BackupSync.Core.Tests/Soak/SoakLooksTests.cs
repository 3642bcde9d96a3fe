namespace BackupSync.Tests.Soak;

/// <summary>What looks at the end of each fault, looked at: whatever must not be is put there on purpose.</summary>
public sealed class SoakLooksTests(SoakServers servers) : IClassFixture<SoakServers>
{
    const string Left = "backupsync_left";

    [SkippableFact]
    public async Task What_must_not_be_is_noticed()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Processes are stopped, and told from others, as on Linux.");
        var pair = SoakServers.Pairs[0];
        var soak = SoakCase.Draw(1, [pair], SoakRun.FullBySwap, SoakFault.None) with { Tables = 1, Rows = 20 };

        var good = await new SoakRunner(servers).RunAsync(soak);
        var bad = await new SoakAttempt(soak, servers, SpoilAsync).RunAsync();

        Assert.True(good.Problems.Count == 0, $"{good}\n{good.Printed}");
        var told = string.Join('\n', bad.Problems);
        string[] expected =
        [
            "the target is neither old (", "nor new (items1: rows: 0 it should not have, 1 it lacks", "the target has a torn copy "
                + "of beside", "the source has changed: groups: rows: 1",
            "the history does not say Succeeded", "reader of the source stood still for", "database "
                + Left, "temporary files are left: spoilt", "unfinished files are left: x.partial",
            "spoilt.log: a secret is shown",
        ];
        Assert.All(expected, e => Assert.Contains(e, told, StringComparison.Ordinal));
    }

    static async Task SpoilAsync(SoakScene scene)
    {
        await TestDatabase.ExecuteAsync(scene.Target.AsSuperuser, "DELETE FROM items1 WHERE id = 1; UPDATE beside SET n = -1 WHERE id = 1");
        await TestDatabase.ExecuteAsync(scene.Source.AsSuperuser, "INSERT INTO groups VALUES ('spoilt', 'spoilt', now())");
        await TestDatabase.ExecuteAsync(scene.Source.AsSuperuser, "BEGIN; LOCK TABLE items1; SELECT pg_sleep(10); ROLLBACK");
        await TestDatabase.ExecuteAsync(scene.Target.AsSuperuser.WithDatabase("postgres"), $"CREATE DATABASE {Left}");
        string[] left = [Path.Join(scene.Root, "tmp/spoilt"), Path.Join(scene.Root, "x.partial")];
        foreach (var file in Directory.GetFiles(Path.Join(scene.Root, "backups/soak"), "history-*.jsonl").Concat(left))
            await File.WriteAllTextAsync(file, "");
        await File.WriteAllTextAsync(Path.Join(scene.Root, "spoilt.log"), TestDatabase.Password);
    }
}
