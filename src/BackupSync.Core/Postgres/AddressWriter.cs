using System.Globalization;
using Npgsql;

namespace BackupSync.Postgres;

/// <summary>Hands an address to Npgsql and to PostgreSQL's tools, so that both do the same with it.</summary>
static class AddressWriter
{
    /// <summary>Proxies in front of managed servers drop connections that are silent for a minute or more.</summary>
    const int KeepAliveSeconds = 30;

    /// <summary>A file that says nothing, in the place of one that is not to be read.</summary>
    const string EmptyFile = "/dev/null";

    /// <summary>All that Npgsql knows, which is what it takes where nothing is said.</summary>
    const string EveryMethod = "Password,MD5,GSS,SSPI,ScramSHA256,None";

    /// <summary>What Npgsql accepts at most.</summary>
    const int LongestTimeout = 1024;

    public static NpgsqlConnectionStringBuilder ToNpgsql(DatabaseAddress address)
    {
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = address.Hosts.Count == 1 ? address.Host : string.Join(',', address.Hosts),
            Database = address.Database,
            Username = address.User,
            Password = address.Password,
            ApplicationName = address.ApplicationName,
            SslMode = SslModeOf(address),
            RootCertificate = RootCertificateFile(address),
            GssEncryptionMode = Setting(address, "gssencmode") switch
            {
                "require" => GssEncryptionMode.Require,
                "prefer" => GssEncryptionMode.Prefer,
                _ => GssEncryptionMode.Disable,
            },
            Pooling = false,
            Enlist = false,
            KeepAlive = KeepAliveSeconds,
            TcpKeepAlive = true,
            CommandTimeout = 0,
        };
        if (address.Hosts.Count == 1)
            builder.Port = address.Port;
        if (address.ConnectTimeout is { } timeout)
            builder.Timeout = Math.Min(LongestTimeout, (int)timeout.TotalSeconds);
        if (Setting(address, "channel_binding") is { } binding)
            builder.ChannelBinding = Enum.Parse<ChannelBinding>(binding, ignoreCase: true);
        if (!IsSocketOnly(address) && Setting(address, "sslnegotiation") is { } negotiation)
            builder.SslNegotiation = Enum.Parse<SslNegotiation>(negotiation, ignoreCase: true);
        if (address.Options is { } options)
            builder.Options = options;
        if (PasswordFile.PassedOver(address) is not null)
            builder.Passfile = EmptyFile;
        else if (Setting(address, "passfile") is { } passfile)
            builder.Passfile = passfile;
        if (Setting(address, "sslcert") is { } certificate)
            builder.SslCertificate = certificate;
        if (Setting(address, "sslkey") is { } key)
            builder.SslKey = key;
        if (Setting(address, "krbsrvname") is { } service)
            builder.KerberosServiceName = service;
        if (Setting(address, "require_auth") is { } methods)
            builder.RequireAuth = string.Join(',', methods.Split(',').Select(NpgsqlMethod));
        // Npgsql chooses among several hosts only; with one host, the tools check it.
        if (address.Hosts.Count > 1 && Setting(address, "target_session_attrs") is { } attributes)
            builder.TargetSessionAttributes = attributes;
        KeepEnvironmentOut(builder);
        return builder;
    }

    /// <summary>
    /// What the environment says to libpq is not inherited by the tools, and must not reach our own sessions, for which Npgsql looks
    /// where it is told nothing, and takes an empty variable as it is. (Blank options are none: an empty text is nothing told.)
    /// </summary>
    static void KeepEnvironmentOut(NpgsqlConnectionStringBuilder builder)
    {
        if (Environment.GetEnvironmentVariable("PGOPTIONS") is not null)
            builder.Options ??= " ";
        if (Environment.GetEnvironmentVariable("PGREQUIREAUTH") is not null)
            builder.RequireAuth ??= EveryMethod;
        if (Environment.GetEnvironmentVariable("PGSSLNEGOTIATION") is not null && !builder.ShouldSerialize("SSL Negotiation"))
            builder.SslNegotiation = SslNegotiation.Postgres;
        if (Environment.GetEnvironmentVariable("PGTARGETSESSIONATTRS") is not null)
            builder.TargetSessionAttributes ??= "any";
        if (Environment.GetEnvironmentVariable("PGCLIENTENCODING") is not null)
            builder.ClientEncoding ??= "UTF8";
        if (Environment.GetEnvironmentVariable("PGTZ") is not null)
            builder.Timezone ??= "UTC";
    }

    public static Dictionary<string, string> ToEnvironment(DatabaseAddress address)
    {
        var variables = new Dictionary<string, string>
        {
            ["PGHOST"] = string.Join(',', address.Hosts.Select(h => h.Name)),
            ["PGPORT"] = string.Join(',', address.Hosts.Select(h => h.Port.ToString(CultureInfo.InvariantCulture))),
            ["PGDATABASE"] = address.Database,
            ["PGUSER"] = address.User,
            ["PGAPPNAME"] = address.ApplicationName,
            ["PGGSSENCMODE"] = "disable",
        };
        if (address.Password is not null)
            variables["PGPASSWORD"] = address.Password;
        foreach (var (name, value) in address.Settings)
        {
            if (LibpqKeyword.All[name].Variable is { } variable)
                variables[variable] = value;
        }
        variables["PGSSLMODE"] = address.SslMode;
        if (RootCertificateFile(address) is { } file)
            variables["PGSSLROOTCERT"] = file;
        else if (UsesSystemRoots(address))
            variables["PGSSLROOTCERT"] = SystemCertificates.Keyword;
        return variables;
    }

    /// <summary>libpq never uses TLS on a socket, whatever is asked for; Npgsql would insist on it.</summary>
    static bool IsSocketOnly(DatabaseAddress address) => address.Hosts.All(h => h.IsSocket);

    /// <summary>In libpq, <c>require</c> verifies the certificate where a root certificate is given; in Npgsql it never does.</summary>
    static SslMode SslModeOf(DatabaseAddress address) => address.SslMode switch
    {
        _ when IsSocketOnly(address) => SslMode.Disable,
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "require" => address.RootCertificate is null ? SslMode.Require : SslMode.VerifyCA,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        _ => SslMode.Prefer,
    };

    /// <summary>Npgsql names the ways of signing in otherwise, and minds their case.</summary>
    static string NpgsqlMethod(string method) => (method.StartsWith('!') ? "!" : "") + method.TrimStart('!') switch
    {
        "scram-sha-256" => "ScramSHA256",
        "password" => "Password",
        "none" => "None",
        var upperCase => upperCase.ToUpperInvariant(),
    };

    static string? RootCertificateFile(DatabaseAddress address) =>
        UsesSystemRoots(address) ? SystemCertificates.BundleFile : address.RootCertificate;

    static bool UsesSystemRoots(DatabaseAddress address) =>
        address.RootCertificate == SystemCertificates.Keyword
        || (address.RootCertificate is null && address.SslMode is "verify-ca" or "verify-full" && !SystemCertificates.UserHasRootFile());

    static string? Setting(DatabaseAddress address, string name) => address.Settings.GetValueOrDefault(name);
}
