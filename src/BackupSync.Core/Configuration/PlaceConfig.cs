namespace BackupSync.Configuration;

/// <summary>Where backups are kept.</summary>
public abstract record PlaceConfig
{
    /// <summary>The name of the place that is there where none is configured: the folder <c>backups</c> beside the configuration.</summary>
    public const string Default = "local";

    public required string Name { get; init; }

    /// <summary>As a person knows it: the folder, or the bucket's address.</summary>
    public abstract string Where { get; }

    /// <summary>Its name, or where it is if it has none.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Title => Name.Length > 0 ? Name : Where;
}

/// <summary>A folder, with one below it for each database.</summary>
public sealed record FolderPlaceConfig : PlaceConfig
{
    /// <summary>
    /// A folder; in the file it may be relative to that. Where no place is named, there is one: <c>local</c>, the folder <c>backups</c>.
    /// </summary>
    public required string Directory { get; init; }

    public override string Where => Directory;

    /// <summary>A folder that is no place of a configuration: a job's own, or that of a backup's file.</summary>
    public static FolderPlaceConfig At(string directory) => new() { Name = "", Directory = directory };
}

/// <summary>A bucket of S3 or of storage that speaks its language.</summary>
public sealed record S3PlaceConfig : PlaceConfig
{
    /// <summary>The bucket's name.</summary>
    public required string Bucket { get; init; }

    /// <summary>What every key in the bucket begins with, such as <c>pg/</c>.</summary>
    public string Prefix { get; init; } = "";

    public override string Where => $"s3://{Bucket}/{Prefix}{(Endpoint is null ? "" : $" at {Endpoint}")}";

    /// <summary>For storage other than Amazon's, which is addressed by path (<c>https://endpoint/bucket/key</c>).</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The bucket's region, such as <c>eu-west-3</c>.</summary>
    public string? Region { get; init; }

    /// <summary>
    /// Stands with <see cref="SecretKey"/>; both are left out for the SDK's own ways: <c>AWS_ACCESS_KEY_ID</c>, profiles, the machine's
    /// own role.
    /// </summary>
    /// <exception cref="ConfigurationException">It cannot be had here: told when the place is needed.</exception>
    public string? AccessKey
    {
        get => _accessKey?.Value.Reveal();
        init => _accessKey = value is null ? null : new(new Secret(value));
    }

    /// <summary>Stands with <see cref="AccessKey"/>.</summary>
    /// <exception cref="ConfigurationException">It cannot be had here: told when the place is needed.</exception>
    public Secret? SecretKey
    {
        get => _secretKey?.Value;
        init => _secretKey = value is null ? null : new(value);
    }

    readonly LateValue<Secret>? _accessKey;
    readonly LateValue<Secret>? _secretKey;

    /// <summary>The access key as it is read.</summary>
    internal LateValue<Secret>? Access
    {
        init => _accessKey = value;
    }

    /// <summary>The secret key as it is read.</summary>
    internal LateValue<Secret>? Secret
    {
        init => _secretKey = value;
    }

    /// <summary>What would start a command is not looked at.</summary>
    public override string ToString() => $"{Name} ({Where})";

    /// <summary>
    /// How long a bucket may take to answer, all tries together; over so long, what is read has to come with 1 kB a second. An upload whose
    /// bytes are on their way has a minute of its own.
    /// </summary>
    public TimeSpan AnswerLimit { get; init; } = new LimitsConfig().Connect;
}
