using System.Net;

namespace BackupSync.Configuration;

/// <summary>Reads how the service runs.</summary>
static class ServiceReader
{
    const int ShortestToken = 16;
    const int MostRunsAtOnce = 100;

    static readonly SecretKind<Secret> Token = SecretKinds.Key with
    {
        Name = "token",
        Parse = text => text.Length < ShortestToken
            ? (null, $"is too short: at least {ShortestToken} characters are needed")
            : (new Secret(text), null),
    };

    public static ServiceConfig Read(
        YamlSection service, IReadOnlyList<DatabaseConfig> databases, IReadOnlyList<JobConfig?> jobs)
    {
        var listen = service.Value(
            "listen", new Uri("http://127.0.0.1:8080"), TryParseListen,
            "an address such as http://127.0.0.1:8080: http, a host or an IP address, and a port");
        var token = SecretReader.Read(service, "token", Token);
        if (SecretReader.KeyOf(service, "token") is null && !IsLoopback(listen))
            service.Missing(
                "token", $"others can reach {listen.Authority}; state what they have to bring, such as \"${{BACKUPSYNC_TOKEN}}\"");
        var lease = service.Has("lease")
            ? service.Reference("lease", "database", "the name of a database", databases, d => d.Name)
            : null;
        if (jobs.FirstOrDefault(j => j is not null && j.Target == lease?.Name) is { } job)
            service.Report("lease", $"is the target of the job '{job.Name}', which replaces what is in it; name its source");
        return new ServiceConfig
        {
            Listen = listen,
            Token = token,
            Lease = lease,
            RunsAtOnce = service.Integer("runsAtOnce", 4, 1, MostRunsAtOnce),
            State = service.FullPath(service.Text("state", "state")),
        };
    }

    /// <summary>Whether only this machine's own programs come to it.</summary>
    public static bool IsLoopback(Uri listen) =>
        listen.Host == "localhost" || (IPAddress.TryParse(listen.DnsSafeHost, out var address) && IPAddress.IsLoopback(address));

    static bool TryParseListen(string text, out Uri listen)
    {
        listen = null!;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri is not { Scheme: "http", PathAndQuery: "/", UserInfo: "", Fragment: "", Port: > 0 })
            return false;
        listen = uri;
        return true;
    }
}
