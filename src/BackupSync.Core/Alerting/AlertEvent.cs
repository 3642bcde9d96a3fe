using System.Text.Json.Serialization;
using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>Something that somebody may have to know. Raised as often as it is seen: what it comes to is decided by its key.</summary>
public sealed record AlertEvent
{
    public required AlertEventKind Kind { get; init; }

    /// <summary>What it happened to: a job, <c>plan/database</c>, a database, a service.</summary>
    public required string What { get; init; }

    /// <summary>Why, in a word, such as <c>ConnectionFailed</c>; null where the kind says it.</summary>
    public string? Cause { get; init; }

    /// <summary>What happened to what, in a sentence. Without secrets and without what rows hold.</summary>
    public required string Headline { get; init; }

    /// <summary>What to do, in a sentence.</summary>
    public string? Advice { get; init; }

    /// <summary>Further facts, by their names.</summary>
    public IReadOnlyDictionary<string, string> Details { get; init; } = new Dictionary<string, string>();

    /// <summary>What makes one alert of many failures: what, kind and cause.</summary>
    [JsonIgnore]
    public string Key => KeyOf(What, Kind, Cause);

    public static string KeyOf(string what, AlertEventKind kind, string? cause = null) =>
        $"{what}/{kind.Word()}{(cause is null ? "" : $"/{cause}")}";
}

/// <summary>Where events go: to whoever decides who is told, and when.</summary>
public interface IAlertSink
{
    /// <summary>
    /// Takes in that it is so, now. When it returns, what is to be sent is on the disk, or, where that does not take it, known to this process.
    /// </summary>
    void Raise(AlertEvent alertEvent);

    /// <summary>Takes in that it is no longer so. Nothing happens where nobody knew of it.</summary>
    /// <param name="key"><see cref="AlertEvent.Key"/>.</param>
    /// <param name="note">What it has cost, in a sentence, such as how old the copy became.</param>
    void Resolve(string key, string? note = null);
}
