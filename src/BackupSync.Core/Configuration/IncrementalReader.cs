namespace BackupSync.Configuration;

/// <summary>How a job's incremental runs find and apply changes.</summary>
static class IncrementalReader
{
    public static IncrementalConfig Read(YamlSection incremental)
    {
        const string columnsKey = "updatedAtColumns";
        var defaults = new IncrementalConfig();
        var config = new IncrementalConfig
        {
            TrackBy = ReadTrackBy(incremental),
            UpdatedAtColumns = incremental.Texts(columnsKey, defaults.UpdatedAtColumns),
            Lateness = incremental.Duration("lateness", defaults.Lateness, ScheduleReader.LongestLimit, minimum: TimeSpan.Zero),
            BatchSize = incremental.Integer("batchSize", defaults.BatchSize, 1, 1_000_000),
            Deletes = incremental.Boolean("deletes", defaults.Deletes),
            Conflict = incremental.Choice("conflict", defaults.Conflict),
            OnSchemaChange = incremental.Choice("onSchemaChange", defaults.OnSchemaChange),
        };
        // A list that could not be read is none without columns, and reported already.
        if (config is { Conflict: ConflictRule.LastWriteWins, UpdatedAtColumns.Count: 0 } && incremental.IsEmpty(columnsKey))
            incremental.Report("conflict", $"lastWriteWins compares rows by their {columnsKey}, and this list is empty");
        return config;
    }

    static IReadOnlyList<TrackByRule> ReadTrackBy(YamlSection incremental)
    {
        const string key = "trackBy";
        return incremental.IsSingle(key)
            ? [new TrackByRule("*", incremental.Choice(key, TrackBy.Auto))]
            : incremental.Each(key, (pattern, ways) => new TrackByRule(pattern, ways.Choice(pattern, TrackBy.Auto)));
    }
}
