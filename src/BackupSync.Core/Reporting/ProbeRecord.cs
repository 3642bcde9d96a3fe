using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSync.Files;

namespace BackupSync.Reporting;

/// <summary>What is probed.</summary>
public enum ProbeKind
{
    Database,
    Service,
}

/// <summary>How what is probed stands by its probes.</summary>
public enum ProbeState
{
    Up,

    /// <summary>The last probe failed, and it is not down yet.</summary>
    Failing,

    /// <summary>More of the last probes failed than may.</summary>
    Degraded,

    /// <summary>All probes have failed for as long as makes it down.</summary>
    Down,
}

/// <summary>What one probe found out.</summary>
/// <param name="LatencyMs">How long a good answer took, in milliseconds.</param>
/// <param name="Problem">Why it is no good answer, in a sentence; null where it is one.</param>
sealed record ProbeAnswer(double? LatencyMs, string? Problem)
{
    public int? ConnectionsUsed { get; init; }
    public int? ConnectionsLimit { get; init; }
}

/// <summary>Probes of a part of the time that is looked at.</summary>
sealed record ProbeSlot(DateTimeOffset Start, int Probes, int Failed);

/// <summary>
/// What is known of a database or a service by its probes: the last one, since when it is so, and how many of the last ones failed. Kept in
/// a file of its own of the state folder, which grows no further.
/// </summary>
sealed record ProbeRecord
{
    public required string Name { get; init; }
    public required ProbeKind Kind { get; init; }
    public required ProbeState State { get; init; }

    /// <summary>When the last probe was answered, or was not; in UTC.</summary>
    public required DateTimeOffset Time { get; init; }
    public double? LatencyMs { get; init; }

    /// <summary>Why the last probe failed; null where it did not.</summary>
    public string? Problem { get; init; }

    /// <summary>Since when it is in this state.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When the first of the failed probes was, of which the last is one; null where that was good.</summary>
    public DateTimeOffset? FailingSince { get; init; }
    public DateTimeOffset? LastGood { get; init; }
    public int? ConnectionsUsed { get; init; }
    public int? ConnectionsLimit { get; init; }

    /// <summary>All probes since the record began.</summary>
    public long Probes { get; init; }
    public long Failed { get; init; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<ProbeSlot> Slots { get; init; } = [];

    /// <summary>The share of failed ones among the last; null where there are none.</summary>
    [JsonIgnore]
    public double? FailedShare => Slots.Sum(s => s.Probes) is > 0 and var all ? (double)Slots.Sum(s => s.Failed) / all : null;

    const string Folder = "probes";

    public static string FolderOf(string state) => Path.Combine(state, Folder);

    static string PathOf(string state, ProbeKind kind, string name) =>
        Path.Combine(FolderOf(state), $"{kind.ToString().ToLowerInvariant()}-{name}.json");

    /// <summary>Null where it was never probed.</summary>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: it cannot be read, or is something else.</exception>
    public static ProbeRecord? Read(string state, ProbeKind kind, string name)
    {
        var path = PathOf(state, kind, name);
        try
        {
            if (!File.Exists(path))
                return null;
            using var stream = PlatformFiles.OpenToRead(path, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize<ProbeRecord>(stream, JsonFormat.Indented);
        }
        catch (JsonException e)
        {
            throw new BackupSyncException(
                ErrorIds.FileFailed, $"{path} does not tell of probes: it is torn, or something else.",
                "Remove it; the next probe writes it anew.", e);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, path, "read");
        }
    }

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.DiskFull"/> or <see cref="ErrorIds.FileFailed"/>.</exception>
    public void Write(string state) => PrivateFile.WriteAllDurably(
        PathOf(state, Kind, Name), [.. JsonSerializer.SerializeToUtf8Bytes(this, JsonFormat.Indented), (byte)'\n']);
}
