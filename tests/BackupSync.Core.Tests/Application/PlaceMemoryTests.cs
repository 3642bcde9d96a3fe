using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Tests.Backups;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Application;

/// <summary>A place that was emptied, or whose disk is not mounted, has lost its records as well: others remember what it had.</summary>
[Trait("Needs", "nothing")]
public sealed class PlaceMemoryTests : IDisposable
{
    static readonly DateTimeOffset Start = BackupSamples.Morning;

    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(Start);
    readonly BackupSyncConfig _config;

    public PlaceMemoryTests() => _config = ConfigurationFile.Load(_temp.Write("backupsync.yml", """
        databases: { railway: { url: "${NOT_SET_ANYWHERE}", role: production } }
        places: { local: { directory: backups } }
        backupPlans: { nightly: { databases: [railway], places: [local] } }
        """));

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_place_that_was_emptied_is_told_until_days_after_it_has_got_backups_again()
    {
        await TakeAsync(1);
        Assert.Empty(await TakeAsync(2));
        Assert.Equal(StatusState.Good, (await StatusAsync()).State);

        Directory.Delete(_temp.File("backups"), recursive: true);
        Assert.Contains(
            "the place local has lost railway_backup_2025", (await StatusAsync()).Reason, StringComparison.Ordinal);

        // The folder is made anew by the next backup, which warns of it.
        var warning = Assert.Single(await TakeAsync(3));
        Assert.EndsWith($"see whether the disk of {_temp.File("backups")} is mounted.", warning, StringComparison.Ordinal);
        Assert.Empty(await TakeAsync(4));
        var after = await StatusAsync();
        Assert.Equal(StatusState.Late, after.State);
        Assert.StartsWith("the place local had lost its backups by the plan nightly, of 2025-10-20", after.Reason);

        _clock.Advance(TimeSpan.FromDays(7));
        Assert.Equal(StatusState.Good, (await StatusAsync()).State);
    }

    [Fact]
    public async Task What_comes_back_is_lost_no_more_and_what_lies_beneath_the_mounted_disk_is()
    {
        await TakeAsync(1);
        Directory.Move(_temp.File("backups"), _temp.File("unmounted"));
        Assert.Single(await TakeAsync(2));
        Directory.Move(_temp.File("backups"), _temp.File("beneath"));
        Directory.Move(_temp.File("unmounted"), _temp.File("backups"));
        Assert.Contains("20251020", (await StatusAsync()).Reason, StringComparison.Ordinal);

        foreach (var file in Directory.GetFiles(_temp.File("beneath/railway")))
            File.Copy(file, Path.Combine(_temp.File("backups/railway"), Path.GetFileName(file)));
        Assert.Equal(StatusState.Good, (await StatusAsync()).State);
    }

    [Fact]
    public async Task What_a_clean_up_of_another_machine_has_removed_is_not_lost()
    {
        await TakeAsync(1);
        Directory.Delete(_temp.File("backups"), recursive: true);
        Add(2); // which took a newer one, and brought it to the same place

        Assert.Equal(StatusState.Good, (await StatusAsync()).State);
        Assert.Empty(await TakeAsync(3));
    }

    [Fact]
    public async Task A_state_folder_that_cannot_be_written_takes_no_backup_away()
    {
        _temp.Write("state", "a file");

        Assert.Empty(await TakeAsync(1));
        Assert.Empty(await TakeAsync(2));
        Assert.Equal(StatusState.Good, (await StatusAsync()).State);
    }

    /// <returns>What the run warns of.</returns>
    async Task<IReadOnlyList<string>> TakeAsync(int day)
    {
        var order = BackupOrders.Of(_config.BackupPlans[0], _config) with { Clock = _clock };
        var memory = new PlaceMemory(_config.Service.State);
        var losses = await memory.LookAsync(order, "railway", default);
        memory.Remember(order, BackupCatalog.Open(Add(day)));
        return losses;
    }

    string Add(int day)
    {
        var at = Start.AddDays(day);
        _clock.Advance(at > _clock.GetUtcNow() ? at - _clock.GetUtcNow() : TimeSpan.Zero);
        Directory.CreateDirectory(_temp.File("backups/railway"));
        return BackupSamples.Add(
            _temp.File("backups/railway"), $"railway_backup_{at:yyyyMMdd_HHmmss}.dump", BackupKind.Plan, at, job: "nightly",
            change: m => m with { Database = "railway", RunId = $"{day}" });
    }

    async Task<StatusEntry> StatusAsync() =>
        (await StatusReport.ReadAsync(_config, ["railway"], _clock, _ => { }, default)).Entries.Single();
}
