using System.Globalization;

namespace BackupSync.Postgres;

/// <summary>Makes an address of libpq's keywords: fills in what is not said, and checks what is.</summary>
/// <remarks>By hand: Npgsql reads keywords of its own, and no libpq URIs, which is what providers give.</remarks>
static class AddressReader
{
    /// <param name="keywords">Known ones only.</param>
    /// <exception cref="BackupSyncException">A value cannot be used, or parameters contradict each other.</exception>
    public static DatabaseAddress FromKeywords(Dictionary<string, string> keywords)
    {
        foreach (var (name, value) in keywords)
            Check(LibpqKeyword.All[name], value);

        var user = Take(keywords, "user") ?? Environment.UserName;
        var address = new DatabaseAddress
        {
            Hosts = Hosts(Take(keywords, "host"), Take(keywords, "hostaddr"), Take(keywords, "port")),
            User = user,
            Database = Take(keywords, "dbname") ?? user,
            Password = Take(keywords, "password"),
            Settings = keywords
                .Where(k => k.Value.Length > 0 && LibpqKeyword.All[k.Key].Use != KeywordUse.Ignored)
                .ToDictionary(k => k.Key, k => k.Value),
        };
        CheckTls(address);
        return address;
    }

    /// <summary>Empty counts as not given, as in libpq.</summary>
    static string? Take(Dictionary<string, string> keywords, string name) =>
        keywords.Remove(name, out var value) && value.Length > 0 ? value : null;

    static void Check(LibpqKeyword keyword, string value)
    {
        if (value.Length == 0)
            return;
        if (value.Contains('\0', StringComparison.Ordinal))
            throw ConnectionUri.Invalid($"has a NUL character in its {keyword.Name}.");
        if (keyword.Use == KeywordUse.Refused)
            throw ConnectionUri.Invalid($"has the parameter '{keyword.Name}', which is not supported: {keyword.Refusal}.");
        if (keyword.Values is { } allowed && !allowed.Contains(value))
            throw ConnectionUri.Invalid($"has an unknown {keyword.Name}; it can be {string.Join(", ", allowed)}.");
        if (keyword.Name == "connect_timeout" && !int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            throw ConnectionUri.Invalid("has a connect_timeout that is not a whole number of seconds.");
        if (keyword.Name == "require_auth")
            CheckAuthenticationMethods(value.Split(','));
    }

    static void CheckAuthenticationMethods(string[] methods)
    {
        if (methods.Any(m => !AuthenticationMethods.Contains(m.TrimStart('!'))))
            throw ConnectionUri.Invalid($"has an unknown method in require_auth; it can be {string.Join(", ", AuthenticationMethods)}, "
                + "each also with a '!' in front.");
        if (methods.Any(m => m.StartsWith('!')) && !methods.All(m => m.StartsWith('!')))
            throw ConnectionUri.Invalid("has a require_auth that mixes methods with and without '!'.");
    }

    /// <summary>Those that libpq and Npgsql share.</summary>
    static readonly string[] AuthenticationMethods = ["password", "md5", "gss", "sspi", "scram-sha-256", "none"];

    static List<DatabaseHost> Hosts(string? hostList, string? addressList, string? portList)
    {
        // Npgsql cannot keep the two apart, and a tool must never end up on another server than our own sessions.
        if (hostList is not null && addressList is not null)
            throw ConnectionUri.Invalid("has both host and hostaddr, which is not supported: give one of them.");

        var names = (hostList ?? addressList ?? "").Split(',', StringSplitOptions.TrimEntries);
        var ports = (portList ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (ports.Length != 1 && ports.Length != names.Length)
            throw ConnectionUri.Invalid(
                $"has {ports.Length} ports for {names.Length} host{(names.Length == 1 ? "" : "s")}: give one for all, or one for each.");

        var hosts = new List<DatabaseHost>();
        for (var i = 0; i < names.Length; i++)
        {
            var port = Port(ports[ports.Length == 1 ? 0 : i]);
            if (!names[i].StartsWith('/') && names[i].AsSpan().IndexOfAny(" \t\r\n@/\\?#=;\"'") >= 0)
                throw ConnectionUri.Invalid("has a host with a character that no host has; one of \"@ : / ? # %\" in a user or "
                    + "password is percent-encoded, such as %40 for '@'.");
            hosts.Add(new DatabaseHost(names[i].Length == 0 ? DatabaseHost.DefaultName(port) : names[i], port));
        }
        return hosts;
    }

    static int Port(string text)
    {
        if (text.Length == 0)
            return DatabaseHost.DefaultPort;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? port
            : throw ConnectionUri.Invalid("has a port that is not a number from 1 to 65535; one of \"@ : / ? # %\" in a user or "
                + "password is percent-encoded, such as %2F for '/'.");
    }

    /// <summary>Combinations that libpq refuses when connecting are refused here, with the same meaning.</summary>
    static void CheckTls(DatabaseAddress address)
    {
        if (address.RootCertificate == SystemCertificates.Keyword && address.SslMode != "verify-full")
            throw ConnectionUri.Invalid(
                $"has sslrootcert=system with sslmode={address.SslMode}: the system's roots need sslmode=verify-full.");
        if (address.Settings.GetValueOrDefault("sslnegotiation") == "direct" && address.SslMode is "disable" or "allow" or "prefer")
            throw ConnectionUri.Invalid($"has sslnegotiation=direct with sslmode={address.SslMode}: it needs sslmode=require or stricter.");
        if (address.Settings.GetValueOrDefault("channel_binding") == "require" && address.SslMode == "disable")
            throw ConnectionUri.Invalid("has channel_binding=require with sslmode=disable: it needs TLS.");
    }
}
