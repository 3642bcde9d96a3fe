namespace BackupSync.Configuration;

/// <summary>Where backups are kept.</summary>
public abstract record PlaceConfig
{
    /// <summary>The name of the place that is there where none is configured: the folder <c>backups</c> beside the configuration.</summary>
    public const string Default = "local";

    public required string Name { get; init; }
}

/// <summary>A folder, with one below it for each database.</summary>
public sealed record FolderPlaceConfig : PlaceConfig
{
    /// <summary>An absolute path.</summary>
    public required string Directory { get; init; }

    /// <summary>A folder that is no place of a configuration: a job's own, or that of a backup's file.</summary>
    public static FolderPlaceConfig At(string directory) => new() { Name = "", Directory = directory };
}

/// <summary>A bucket of S3 or of storage that speaks its language.</summary>
public sealed record S3PlaceConfig : PlaceConfig
{
    public required string Bucket { get; init; }

    /// <summary>What every key begins with, such as <c>pg/</c>; empty for the bucket's root.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Null for Amazon's own; another one is addressed by path (<c>https://endpoint/bucket/key</c>).</summary>
    public Uri? Endpoint { get; init; }

    public string? Region { get; init; }

    /// <summary>Null for the SDK's own ways: <c>AWS_ACCESS_KEY_ID</c>, profiles, the instance's role.</summary>
    public string? AccessKey { get; init; }

    public Secret? SecretKey { get; init; }

    /// <summary>How long it may take to answer. An upload whose bytes are on their way has a minute of its own.</summary>
    public TimeSpan AnswerLimit { get; init; } = new LimitsConfig().Connect;
}
