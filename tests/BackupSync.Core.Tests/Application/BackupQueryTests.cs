using System.Globalization;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Tests.Backups;
using BackupSync.Tests.Runs;

namespace BackupSync.Tests.Application;

/// <summary>Which backup is meant by a moment.</summary>
[Trait("Needs", "nothing")]
public sealed class BackupQueryTests : IDisposable
{
    static readonly DateTimeOffset Taken = new(2026, 11, 30, 22, 42, 6, 663, TimeSpan.Zero);

    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    /// <summary>A file's name and every message show the second, its manifest the millisecond.</summary>
    [Theory]
    [InlineData("2026-11-30T22:42:06Z", "newer.dump")]
    [InlineData("2026-11-30T23:42:06+01:00", "newer.dump")]
    [InlineData("2026-11-30T22:42:06.663Z", "newer.dump")]
    [InlineData("2026-11-30T22:42:06.662Z", "older.dump")]
    [InlineData("2026-11-30T22:42:05Z", "older.dump")]
    public async Task A_moment_of_whole_seconds_means_all_of_its_second(string before, string expected)
    {
        var config = ConfigurationFile.Load(_temp.Write("backupsync.yml", """
            databases: { railway: { url: "${NOT_SET_ANYWHERE}" } }
            """));
        var folder = Directory.CreateDirectory(_temp.File("backups/railway")).FullName;
        BackupSamples.Add(folder, "newer.dump", BackupKind.Manual, Taken);
        BackupSamples.Add(folder, "older.dump", BackupKind.Manual, Taken.AddSeconds(-30));
        var query = new BackupQuery { Databases = ["railway"], Before = Moments.Read(before) };

        Assert.Equal(expected, (await query.FindOneAsync(config, null, default)).FileName);
    }

    [Fact]
    public void Runs_are_found_by_the_second_that_is_shown_of_them()
    {
        RunHistory.Append(_temp.Path, RunSamples.Succeeded("1") with { StartTime = Taken, EndTime = Taken.AddMinutes(1) });
        var shown = DateTimeOffset.Parse("2026-11-30T22:42:06Z", CultureInfo.InvariantCulture);

        IEnumerable<RunResult> Found(DateTimeOffset before) =>
            new RunQuery { Before = before }.Find([JobFolder.At(_temp.Path)], Assert.Fail);

        Assert.Single(Found(shown));
        Assert.Empty(Found(shown.AddSeconds(-1)));
        Assert.Empty(Found(Taken.AddMilliseconds(-1)));
    }
}
