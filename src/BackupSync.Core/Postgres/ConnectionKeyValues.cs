using System.Data.Common;
using System.Text;
using System.Text.RegularExpressions;

namespace BackupSync.Postgres;

/// <summary>Reads <c>key=value</c> connection strings, libpq's and Npgsql's, into libpq's keywords.</summary>
static partial class ConnectionKeyValues
{
    /// <exception cref="BackupSyncException">It is neither.</exception>
    public static Dictionary<string, string> Parse(string text)
    {
        var libpq = TryReadLibpq(text);
        if (libpq is not null && libpq.Keys.All(LibpqKeyword.All.ContainsKey) && !libpq.Values.Any(v => NpgsqlSeparator().IsMatch(v)))
            return libpq;

        var first = text[..text.IndexOf('=', StringComparison.Ordinal)].Trim();
        if (text.Contains(';', StringComparison.Ordinal)
            || (!LibpqKeyword.All.ContainsKey(first) && NpgsqlKeys.ContainsKey(Normalized(first))))
            return ReadNpgsql(text);
        if (libpq is null)
            throw ConnectionUri.Invalid("is not a list of 'key=value'; a value with spaces, quotes or backslashes in it is put in "
                + "single quotes, with a backslash before each ' and \\.");

        var (unknown, afterPassword) = FirstUnknown(libpq.Keys, LibpqKeyword.All.ContainsKey, k => k == "password");
        throw ConnectionUri.Invalid(UnknownParameter(afterPassword ? null : unknown, afterPassword ? null : LibpqKeyword.Nearest(unknown)));
    }

    /// <summary>Names an unknown parameter, unless it may be a piece of a password that was not quoted.</summary>
    public static string UnknownParameter(string? name, string? nearest) => (name, nearest) switch
    {
        (not null, not null) when Word().IsMatch(name) => $"has an unknown parameter '{name}'. Did you mean '{nearest}'?",
        (not null, null) when Word().IsMatch(name) => $"has an unknown parameter '{name}'.",
        _ => "has an unknown parameter; it is not named because it may be a piece of a password that was not encoded or quoted.",
    };

    /// <summary>
    /// <c>host=… user='a b'</c>: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE.
    /// Null where the text does not have that form.
    /// </summary>
    static Dictionary<string, string>? TryReadLibpq(string text)
    {
        var keywords = new Dictionary<string, string>();
        var i = 0;
        while (SkipSpace(text, ref i))
        {
            var start = i;
            while (i < text.Length && text[i] != '=' && !char.IsWhiteSpace(text[i])) i++;
            var name = text[start..i];
            if (name.Length == 0 || !SkipSpace(text, ref i) || text[i] != '=')
                return null;
            i++;
            if (!SkipSpace(text, ref i))
                keywords[name] = "";
            else if (ReadLibpqValue(text, ref i) is { } value)
                keywords[name] = value;
            else
                return null;
        }
        return keywords;
    }

    static string? ReadLibpqValue(string text, ref int i)
    {
        var value = new StringBuilder();
        var quoted = text[i] == '\'';
        if (quoted) i++;
        for (; i < text.Length; i++)
        {
            if (quoted ? text[i] == '\'' : char.IsWhiteSpace(text[i]))
            {
                i++;
                return value.ToString();
            }
            if (text[i] == '\\' && ++i == text.Length)
                break;
            value.Append(text[i]);
        }
        return quoted ? null : value.ToString();
    }

    static bool SkipSpace(string text, ref int i)
    {
        while (i < text.Length && char.IsWhiteSpace(text[i])) i++;
        return i < text.Length;
    }

    static Dictionary<string, string> ReadNpgsql(string text)
    {
        var pairs = new DbConnectionStringBuilder();
        try
        {
            pairs.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            // Its message is not passed on: it quotes the text.
            throw ConnectionUri.Invalid("is not a list of 'Key=value;'; a value with ';' or '=' in it is put in quotes.");
        }

        // The builder sorts nothing, but folds the case of the keys.
        var names = pairs.Keys.Cast<string>().ToList();
        if (names.Exists(n => !NpgsqlKeys.ContainsKey(Normalized(n))))
        {
            var (unknown, afterPassword) = FirstUnknown(
                names, n => NpgsqlKeys.ContainsKey(Normalized(n)), n => NpgsqlKeys.GetValueOrDefault(Normalized(n)) == "password");
            throw ConnectionUri.Invalid(UnknownParameter(
                afterPassword ? null : unknown,
                afterPassword ? null : NearestName.Of(Normalized(unknown), NpgsqlKeys.Keys)));
        }

        var keywords = new Dictionary<string, string>();
        foreach (var name in names)
        {
            var value = (string)pairs[name];
            if (NpgsqlKeys[Normalized(name)] is not { } keyword)
                continue;
            if (keyword == "replication" && Normalized(value) == "off")
                continue;
            keywords[keyword] = LibpqKeyword.All[keyword].Values is not null ? EnumValue(value)
                : keyword == "require_auth" ? string.Join(',', value.Split(',').Select(EnumValue))
                : value;
        }
        SplitPorts(keywords);
        return keywords;
    }

    /// <summary>Npgsql's <c>VerifyCA</c> and <c>PreferStandby</c> as libpq writes them.</summary>
    static string EnumValue(string value) => Normalized(value) switch
    {
        "verifyca" => "verify-ca",
        "verifyfull" => "verify-full",
        "readwrite" => "read-write",
        "readonly" => "read-only",
        "preferstandby" => "prefer-standby",
        "scramsha256" => "scram-sha-256",
        "!scramsha256" => "!scram-sha-256",
        var other => other,
    };

    /// <summary>Npgsql takes a port after each host; libpq has a list of its own for them.</summary>
    static void SplitPorts(Dictionary<string, string> keywords)
    {
        if (!keywords.TryGetValue("host", out var list))
            return;
        var hosts = list.Split(',', StringSplitOptions.TrimEntries).Select(h => HostAndPort().Match(h)).ToList();
        keywords["host"] = string.Join(',', hosts.Select(m => m.Groups["name"].Value));
        if (hosts.Exists(m => m.Groups["port"].Success))
        {
            var general = keywords.GetValueOrDefault("port", "");
            keywords["port"] = string.Join(',', hosts.Select(m => m.Groups["port"].Success ? m.Groups["port"].Value : general));
        }
    }

    /// <summary>What stands right after a password may be the rest of it.</summary>
    static (string Name, bool AfterPassword) FirstUnknown(
        IEnumerable<string> names,
        Func<string, bool> known,
        Func<string, bool> isPassword)
    {
        var password = false;
        foreach (var name in names)
        {
            if (!known(name))
                return (name, password);
            password = isPassword(name);
        }
        throw new ArgumentException("All of the names are known.", nameof(names));
    }

    static string Normalized(string key) => SeparatorsInKeys().Replace(key, "").ToLowerInvariant();

    /// <summary>Npgsql's keys as libpq's keywords; null for those without a meaning here.</summary>
    static readonly Dictionary<string, string?> NpgsqlKeys = new()
    {
        ["host"] = "host", ["server"] = "host", ["port"] = "port", ["database"] = "dbname", ["db"] = "dbname",
        ["username"] = "user", ["user"] = "user", ["userid"] = "user", ["uid"] = "user",
        ["password"] = "password", ["pwd"] = "password", ["psw"] = "password", ["passfile"] = "passfile",
        ["applicationname"] = "application_name", ["options"] = "options", ["timeout"] = "connect_timeout",
        ["sslmode"] = "sslmode", ["sslnegotiation"] = "sslnegotiation", ["rootcertificate"] = "sslrootcert",
        ["sslcertificate"] = "sslcert", ["sslkey"] = "sslkey", ["sslpassword"] = "sslpassword",
        ["channelbinding"] = "channel_binding", ["requireauth"] = "require_auth", ["gssencryptionmode"] = "gssencmode",
        ["kerberosservicename"] = "krbsrvname", ["krbsrvname"] = "krbsrvname",
        ["targetsessionattributes"] = "target_session_attrs", ["replicationmode"] = "replication",

        ["pooling"] = null, ["minimumpoolsize"] = null, ["minpoolsize"] = null, ["maximumpoolsize"] = null, ["maxpoolsize"] = null,
        ["connectionidlelifetime"] = null, ["connectionpruninginterval"] = null, ["connectionlifetime"] = null, ["loadbalancetimeout"] =
            null,
        ["commandtimeout"] = null, ["internalcommandtimeout"] = null, ["cancellationtimeout"] = null,
        ["loadbalancehosts"] = null, ["hostrecheckseconds"] = null,
        ["keepalive"] = null, ["tcpkeepalive"] = null, ["tcpkeepalivetime"] = null, ["tcpkeepaliveinterval"] = null,
        ["readbuffersize"] = null, ["writebuffersize"] = null, ["socketreceivebuffersize"] = null, ["socketsendbuffersize"] = null,
        ["maxautoprepare"] = null, ["autoprepareminusages"] = null, ["noresetonclose"] = null, ["multiplexing"] = null,
        ["writecoalescingbufferthresholdbytes"] = null, ["arraynullabilitymode"] = null, ["loadtablecomposites"] = null,
        ["servercompatibilitymode"] = null, ["includeerrordetail"] = null, ["includeerrordetails"] = null,
        ["includefailedbatchedcommand"] = null, ["logparameters"] = null, ["persistsecurityinfo"] = null, ["enlist"] = null,
        ["includerealm"] = null, ["checkcertificaterevocation"] = null, ["trustservercertificate"] = null,
        ["searchpath"] = null, ["clientencoding"] = null, ["encoding"] = null, ["timezone"] = null,
    };

    [GeneratedRegex(@"[\s_\-]")]
    internal static partial Regex SeparatorsInKeys();

    [GeneratedRegex(@";\s*[A-Za-z][A-Za-z _]*=")]
    internal static partial Regex NpgsqlSeparator();

    [GeneratedRegex(@"^(?:\[(?<name>[^\]]*)\]|(?<name>[^:]*)|(?<name>.*))(?::(?<port>\d*))?$", RegexOptions.ExplicitCapture)]
    internal static partial Regex HostAndPort();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_ .\-]{0,62}$")]
    internal static partial Regex Word();
}
