using System.Text.Json;
using BackupSync.Configuration;

namespace BackupSync.Runs;

/// <summary>
/// What the record of a run begins with: enough to tell whether a run is looked for, without reading the many tables of one that is not.
/// </summary>
/// <param name="Mode">Null for runs that are no syncs.</param>
/// <param name="SnapshotTime">When the source was as the target is since; null where the run did not succeed.</param>
sealed record RunHead(
    string RunId, string Job, RunKind Kind, RunOutcome Outcome, SyncMode? Mode, DateTimeOffset? SnapshotTime,
    DateTimeOffset StartTime, DateTimeOffset EndTime)
{
    public static RunHead Of(RunResult result) => new(
        result.RunId, result.Job, result.Kind, result.Outcome, result.Mode, result.SnapshotTime, result.StartTime, result.EndTime);

    /// <summary>
    /// Reads no further than it has to. Null where there is no whole head; whether the rest of the record is good is not known.
    /// </summary>
    internal static RunHead? Parse(ReadOnlySpan<byte> record)
    {
        try
        {
            var reader = new Utf8JsonReader(record);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? Parse(ref reader) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // What is wrong is told by whoever reads it as a whole.
            return null;
        }
    }

    static RunHead? Parse(ref Utf8JsonReader reader)
    {
        string? runId = null, job = null;
        RunKind? kind = null;
        RunOutcome? outcome = null;
        SyncMode? mode = null;
        DateTimeOffset? snapshot = null, start = null, end = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "run_id":
                    runId = reader.GetString();
                    break;
                case "job":
                    job = reader.GetString();
                    break;
                case "kind":
                    kind = Word<RunKind>(reader.GetString());
                    break;
                case "outcome":
                    outcome = Word<RunOutcome>(reader.GetString());
                    break;
                case "mode":
                    mode = Word<SyncMode>(reader.GetString());
                    break;
                case "snapshot_time":
                    snapshot = reader.TokenType == JsonTokenType.Null ? null : reader.GetDateTimeOffset();
                    break;
                case "start_time":
                    start = reader.GetDateTimeOffset();
                    break;
                case "end_time":
                    end = reader.GetDateTimeOffset();
                    break;
                default:
                    reader.Skip();
                    break;
            }
            if (runId is not null && job is not null && kind is { } k && outcome is { } o && start is { } from && end is { } to)
                return new RunHead(runId, job, k, o, mode, snapshot, from, to);
        }
        return null;
    }

    static T? Word<T>(string? word) where T : struct, Enum => Enum.TryParse<T>(word, out var value) ? value : null;
}
