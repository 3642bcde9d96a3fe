namespace BackupSync.Configuration;

/// <summary>Reads what is probed.</summary>
static class HealthReader
{
    static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);
    static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(5);
    static readonly TimeSpan LongestDown = TimeSpan.FromDays(7);

    public static HealthConfig Read(YamlSection health, IReadOnlyList<DatabaseConfig> databases) => new()
    {
        Databases = [.. health.Named("databases", (name, probe) => ReadDatabase(name, probe, databases)).OfType<DatabaseProbeConfig>()],
        Services = [.. health.Named("services", ReadService).OfType<ServiceProbeConfig>()],
    };

    static DatabaseProbeConfig? ReadDatabase(string name, YamlSection probe, IReadOnlyList<DatabaseConfig> databases)
    {
        var database = databases.FirstOrDefault(d => d.Name == name);
        if (database is null)
            probe.ReportHere($"there is no database named {YamlSection.Quote(name)} to probe");
        var (every, timeout, down) = ReadTimes(probe, TimeSpan.FromMinutes(1));
        var wake = probe.Boolean("wake", false);
        return database is null ? null
            : new DatabaseProbeConfig { Database = database, Every = every, Timeout = timeout, Down = down, Wake = wake };
    }

    static ServiceProbeConfig? ReadService(string name, YamlSection probe)
    {
        const string meaning = "an address such as https://gateway.example.com/health, without user and password";
        if (!probe.Has("http"))
            probe.Missing("http", meaning);
        var http = probe.Value<Uri?>("http", null, TryParseHttp, meaning);
        var expect = probe.Integer("expect", 200, 100, 599);
        var (every, timeout, down) = ReadTimes(probe, TimeSpan.FromMinutes(3));
        var share = probe.Section("errorShare", ReadErrorShare);
        return http is null ? null : new ServiceProbeConfig
        {
            Name = name, Http = http, Expect = expect, Every = every, Timeout = timeout, Down = down, ErrorShare = share,
        };
    }

    static ErrorShareConfig ReadErrorShare(YamlSection share) => new()
    {
        Over = share.Duration("over", TimeSpan.FromMinutes(5), LongestInterval, minimum: ShortestInterval),
        Above = share.Percentage("above", 0.1),
    };

    static (TimeSpan Every, TimeSpan Timeout, TimeSpan Down) ReadTimes(YamlSection probe, TimeSpan down) => (
        probe.Duration("every", TimeSpan.FromSeconds(30), LongestInterval, minimum: ShortestInterval),
        probe.Duration("timeout", TimeSpan.FromSeconds(5), LongestTimeout, minimum: ShortestInterval),
        probe.Duration("down", down, LongestDown, minimum: TimeSpan.Zero));

    static bool TryParseHttp(string text, out Uri? http)
    {
        http = Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", UserInfo: "", Host.Length: > 0 }
            ? uri
            : null;
        return http is not null;
    }
}
