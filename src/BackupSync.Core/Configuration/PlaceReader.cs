using System.Diagnostics.CodeAnalysis;
using BackupSync.Files;

namespace BackupSync.Configuration;

/// <summary>Reads the places of one file. Retention counts by folder, so none is given to two users.</summary>
sealed class PlaceReader(IReadOnlyList<DatabaseConfig> databases)
{
    /// <summary>Places by where they are.</summary>
    readonly Dictionary<string, string> _places = new(RealPath.Comparer);

    /// <summary>Places by where the folders of their databases are: the same ones, and the one that nobody named.</summary>
    readonly Dictionary<string, string> _roots = new(RealPath.Comparer);

    /// <summary>Places whose last part is the name of a database, and that name, by what is above them.</summary>
    readonly Dictionary<string, (string Place, string Database)> _belowAnother = new(RealPath.Comparer);

    readonly Dictionary<string, string> _databases = databases
        .DistinctBy(d => d.Name, RealPath.Comparer).ToDictionary(d => d.Name, d => d.Name, RealPath.Comparer);

    /// <summary>At least one.</summary>
    public IReadOnlyList<PlaceConfig> ReadAll(YamlSection root)
    {
        var places = root.Named("places", Read);
        if (places.Count > 0)
            return places;

        var place = new FolderPlaceConfig { Name = PlaceConfig.Default, Directory = root.FullPath("backups") };
        // Nobody asked for this one, so it claims no more than it fills: a job may keep its own backups beside the databases' folders.
        _roots.Add(Location(place.Directory), place.Name);
        return new PlaceConfig[] { place }; // an array, which scripts can index
    }

    /// <summary>What a folder is for already, as a phrase; null where it is free.</summary>
    public string? UserOf(string folder) => UserOfLocation(Location(folder));

    PlaceConfig Read(string name, YamlSection place)
    {
        place.Alternatives(["directory", "s3"], "a place is either of the two");
        if (place.Has("s3"))
        {
            var limit = place.Section(
                "limits",
                limits => limits.Duration("connect", new LimitsConfig().Connect, ScheduleReader.LongestLimit));
            return place.Section("s3", s3 => ReadS3(name, s3)) with { AnswerLimit = limit };
        }

        var text = place.RequiredText("directory", "a place has a directory, or s3: { bucket: … }");
        var directory = text is null ? "" : place.FullPath(text);
        if (directory.Length > 0)
            Claim(name, Location(directory), message => place.Report("directory", message));
        return new FolderPlaceConfig { Name = name, Directory = directory };
    }

    S3PlaceConfig ReadS3(string name, YamlSection s3)
    {
        if (!s3.Has("bucket"))
            s3.Missing("bucket", "the name of the bucket that the backups go to");
        var bucket = s3.Value(
            "bucket", "",
            (string text, out string value) => (value = text).Length > 0 && !text.Any(c => char.IsWhiteSpace(c) || c is '/' or '\\'),
            "the name of a bucket; what comes below it is the prefix");
        // A prefix of "pg" would list what belongs to "pg-other".
        var prefix = s3.OptionalText("prefix")?.Trim('/') is { Length: > 0 } text ? text + "/" : "";
        var endpoint = s3.OptionalText("endpoint") is null
            ? null
            : s3.Value<Uri?>("endpoint", null, TryParseEndpoint, "an address such as https://s3.example.com, without a user");
        var region = s3.OptionalText("region");
        var (accessKey, secretKey) = (
            SecretReader.Read(s3, "accessKey", SecretKinds.Key), SecretReader.Read(s3, "secretKey", SecretKinds.Key));
        var place = new S3PlaceConfig
        {
            Name = name,
            Bucket = bucket,
            Prefix = prefix,
            Endpoint = endpoint,
            Region = region,
            Access = accessKey,
            Secret = secretKey,
        };
        if (accessKey is null != secretKey is null)
        {
            var (there, missing) = accessKey is null ? ("secretKey", "accessKey") : ("accessKey", "secretKey");
            s3.Report(
                SecretReader.KeyOf(s3, there)!,
                $"has no {missing} beside it; leave both out for AWS_ACCESS_KEY_ID, a profile or the machine's own role");
        }
        if (bucket.Length > 0)
            Claim(
                name,
                $"s3:{endpoint?.AbsoluteUri.TrimEnd('/')}/{bucket}/{prefix}".TrimEnd('/'),
                message => s3.Report(prefix.Length > 0 ? "prefix" : "bucket", message));
        return place;
    }

    static bool TryParseEndpoint(string text, [NotNullWhen(true)] out Uri? endpoint) =>
        Uri.TryCreate(text, UriKind.Absolute, out endpoint) && endpoint.Scheme is "http" or "https"
        && endpoint is { UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 };

    string? UserOfLocation(string location)
    {
        if (_places.TryGetValue(location, out var place))
            return $"the place '{place}'";
        var (above, name) = Split(location);
        return _roots.TryGetValue(above, out var root) && _databases.TryGetValue(name, out var database)
            ? $"the folder of the database '{database}' in the place '{root}'"
            : null;
    }

    void Claim(string place, string location, Action<string> report)
    {
        if (UserOfLocation(location) is { } user)
            report($"is {user} too; each place needs one of its own");
        else if (_belowAnother.TryGetValue(location, out var below))
            report($"has the place '{below.Place}' where its own backups of the database '{below.Database}' belong");
        _places.TryAdd(location, place);
        _roots.TryAdd(location, place);
        var (above, name) = Split(location);
        if (_databases.TryGetValue(name, out var database))
            _belowAnother.TryAdd(above, (place, database));
    }

    static (string Above, string Name) Split(string location)
    {
        var slash = location.LastIndexOf('/');
        return slash < 0 ? ("", location) : (location[..slash], location[(slash + 1)..]);
    }

    /// <summary>Where it is, whichever links lead there.</summary>
    static string Location(string folder) => RealPath.Of(folder).Replace(Path.DirectorySeparatorChar, '/');
}
