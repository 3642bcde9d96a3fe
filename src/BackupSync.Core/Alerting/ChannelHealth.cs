using System.Text.Json;
using BackupSync.Files;

namespace BackupSync.Alerting;

/// <summary>How a channel does: kept, so that the next process does not try again at once what the last one found dead.</summary>
/// <param name="Failures">How many attempts in a row have failed.</param>
/// <param name="FailingSince">When they began to; null where the last one succeeded.</param>
/// <param name="Next">Before this moment nothing is tried.</param>
/// <param name="LastError">What the last failure was.</param>
/// <param name="LastSuccess">When something was accepted last.</param>
sealed record ChannelHealth(
    int Failures, DateTimeOffset? FailingSince, DateTimeOffset? Next, string? LastError, DateTimeOffset? LastSuccess)
{
    static readonly ChannelHealth Unknown = new(0, null, null, null, null);

    /// <summary>What an alert about a channel is about.</summary>
    public static string WhatOf(string channel) => $"channel/{channel}";

    public static string LockOf(string channel) => $".channel-{channel}.lock";

    /// <summary>What cannot be read is not known: it costs an attempt.</summary>
    public static ChannelHealth Read(string folder, string channel)
    {
        try
        {
            var path = PathOf(folder, channel);
            return File.Exists(path) ? JsonSerializer.Deserialize<ChannelHealth>(File.ReadAllBytes(path), JsonFormat.Indented)! : Unknown;
        }
        catch (Exception e) when (e is JsonException || FileFailure.Is(e))
        {
            return Unknown;
        }
    }

    /// <summary>By the holder of the channel's lock. What the disk does not take costs an attempt.</summary>
    public void Write(string folder, string channel)
    {
        try
        {
            PrivateFile.WriteAllDurably(
                PathOf(folder, channel), [.. JsonSerializer.SerializeToUtf8Bytes(this, JsonFormat.Indented), (byte)'\n']);
        }
        catch (BackupSyncException)
        {
            // Each message has times of its own, too.
        }
    }

    static string PathOf(string folder, string channel) => Path.Combine(folder, $"channel-{channel}.json");
}
