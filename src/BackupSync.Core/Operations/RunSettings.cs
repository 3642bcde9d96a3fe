using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Operations;

/// <summary>How a run works, whatever it does.</summary>
sealed record RunSettings
{
    /// <summary>Of operations that no configuration limits. A backup may take hours; what hangs must not hang for ever.</summary>
    public static LimitsConfig LongLimits { get; } = new()
    {
        Dump = TimeSpan.FromHours(12),
        SafetyBackup = TimeSpan.FromHours(12),
        Restore = TimeSpan.FromHours(12),
        Total = TimeSpan.FromHours(24),
    };

    /// <summary>What stands as the job in logs, records and manifests: a job's name, a plan's, or what a restore is called.</summary>
    public required string Job { get; init; }

    /// <summary>Where its backups are written, and its log and history are kept. An absolute path.</summary>
    public required string Folder { get; init; }

    public LimitsConfig Limits { get; init; } = new();

    /// <summary>The key of the configuration that <see cref="Limits"/> come from; null where nobody can change them.</summary>
    public string? LimitsKey { get; init; }

    public ToolsConfig Tools { get; init; } = new();

    /// <summary>How many tables are read, hashed or restored at once.</summary>
    public int Parallel { get; init; } = 2;

    public BackupCompression Compression { get; init; } = BackupCompression.Auto;

    /// <summary>In bytes. A smaller backup file counts as failed, unless the database it is of is empty.</summary>
    public long MinimumBackupSize { get; init; }

    /// <summary>How the backups that it takes are encrypted; null where they are not.</summary>
    public EncryptionConfig? Encryption { get; init; }

    /// <summary>What their manifests are signed with, encrypted or not; null where the configuration has no passphrase.</summary>
    public EncryptionConfig? Signing { get; init; }

    /// <summary>Whether they are signed: the passphrase may be named, and not be here.</summary>
    public bool IsSigned => Signing is { Problem: null };

    /// <param name="times">How many connections are waited for.</param>
    public StepLimit ConnectLimit(int times) => Limit(Limits.Connect * times, "connect");

    public StepLimit DumpLimit => Limit(Limits.Dump, "dump");
    public StepLimit SafetyBackupLimit => Limit(Limits.SafetyBackup, "safetyBackup");
    public StepLimit RestoreLimit => Limit(Limits.Restore, "restore");
    public StepLimit TotalLimit => Limit(Limits.Total, "total");

    StepLimit Limit(TimeSpan time, string key) => new(time, LimitsKey is null ? null : $"{LimitsKey}.{key}");
}
