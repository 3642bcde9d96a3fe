using System.Text;
using System.Text.RegularExpressions;

namespace BackupSync.Postgres;

/// <summary>
/// Reads a connection URI as libpq does, into libpq's keywords:
/// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS.
/// </summary>
/// <remarks>
/// .NET's <see cref="Uri"/> does not fit: it knows one host only, folds their case, and takes <c>#</c> for a fragment.
/// What it says of a bad URI never quotes it, since a password that is not encoded can end up anywhere in it.
/// </remarks>
static partial class ConnectionUri
{
    /// <summary>Whether the text begins like a URI, of whatever scheme.</summary>
    public static bool IsUri(string text) => Scheme().IsMatch(text);

    /// <exception cref="BackupSyncException">It is not a PostgreSQL URI.</exception>
    public static Dictionary<string, string> Parse(string text)
    {
        var scheme = Scheme().Match(text).Groups[1].Value;
        if (!scheme.Equals("postgres", StringComparison.OrdinalIgnoreCase)
            && !scheme.Equals("postgresql", StringComparison.OrdinalIgnoreCase))
            throw Invalid($"has the scheme '{scheme}': PostgreSQL's is 'postgresql' (or 'postgres').");

        var keywords = new Dictionary<string, string>();
        var rest = ReadCredentials(text[(scheme.Length + 3)..], keywords);
        var (hostsEnd, queryStart) = (rest.IndexOfAny(['/', '?']), rest.IndexOf('?', StringComparison.Ordinal));

        ReadHosts(hostsEnd < 0 ? rest : rest[..hostsEnd], keywords);
        if (hostsEnd >= 0 && rest[hostsEnd] == '/')
            ReadDatabase(queryStart < 0 ? rest[(hostsEnd + 1)..] : rest[(hostsEnd + 1)..queryStart], keywords);
        if (queryStart >= 0)
            ReadQuery(rest[(queryStart + 1)..], keywords);
        return keywords;
    }

    /// <summary>Takes <c>user:password@</c> off. Like libpq, looks no further than the first slash.</summary>
    static string ReadCredentials(string text, Dictionary<string, string> keywords)
    {
        var end = text.IndexOfAny(['@', '/']);
        if (end < 0 || text[end] != '@')
            return text;

        var credentials = text[..end];
        var colon = credentials.IndexOf(':', StringComparison.Ordinal);
        var user = colon < 0 ? credentials : credentials[..colon];
        if (user.Length > 0)
            keywords["user"] = Decode(user, "user");
        if (colon >= 0 && colon + 1 < credentials.Length)
            keywords["password"] = Decode(credentials[(colon + 1)..], "password");
        return text[(end + 1)..];
    }

    static void ReadHosts(string text, Dictionary<string, string> keywords)
    {
        if (text.Contains('@', StringComparison.Ordinal))
            throw Invalid("holds a second '@': one that belongs to the user or password is written %40.");

        var names = new List<string>();
        var ports = new List<string>();
        foreach (var item in text.Split(','))
        {
            var bracket = item.StartsWith('[') ? item.IndexOf(']', StringComparison.Ordinal) : -1;
            if (item.StartsWith('[') && bracket < 2)
                throw Invalid(bracket < 0 ? "has an IPv6 address without its closing ']'." : "has an empty IPv6 address.");
            if (bracket > 0 && bracket + 1 < item.Length && item[bracket + 1] != ':')
                throw Invalid("has something other than a port after an IPv6 address.");

            var colon = item.IndexOf(':', Math.Max(bracket, 0));
            names.Add(bracket > 0 ? item[1..bracket] : colon < 0 ? item : item[..colon]);
            ports.Add(colon < 0 ? "" : item[(colon + 1)..]);
        }

        if (names.Exists(n => n.Length > 0))
            keywords["host"] = string.Join(',', names.Select(n => Decode(n, "host")));
        if (ports.Exists(p => p.Length > 0))
            keywords["port"] = string.Join(',', ports.Select(p => Decode(p, "port")));
    }

    static void ReadDatabase(string text, Dictionary<string, string> keywords)
    {
        // libpq would take these into the name. They are hardly ever meant so, and nearly always a piece of a password.
        if (text.AsSpan().IndexOfAny('@', '/') >= 0)
            throw Invalid("holds an '@' or '/' after the host: one that belongs to the user, the password or the database's name is "
                + "written %40 or %2F.");
        if (text.Length > 0)
            keywords["dbname"] = Decode(text, "database");
    }

    static void ReadQuery(string text, Dictionary<string, string> keywords)
    {
        // After an '@' everything before it may be a piece of a password, names of parameters included.
        var sayNames = !text.Contains('@', StringComparison.Ordinal);
        foreach (var item in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = item.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                throw Invalid("has a parameter without '=' after its '?'; a '?' or '&' in a password is written %3F or %26.");

            var name = Decode(item[..equals], "parameters");
            var value = Decode(item[(equals + 1)..], sayNames && LibpqKeyword.All.ContainsKey(name) ? name : "parameters");
            (name, value) = (name, value) switch
            {
                ("ssl", "true") => ("sslmode", "require"), // as libpq does for JDBC's sake
                _ => (name, value),
            };
            if (!LibpqKeyword.All.ContainsKey(name))
                throw Invalid(ConnectionKeyValues.UnknownParameter(sayNames ? name : null, LibpqKeyword.Nearest(name)));
            keywords[name] = value;
        }
    }

    static string Decode(string text, string what)
    {
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                    throw Invalid($"has a '%' in its {what} that is not followed by two hexadecimal digits; a '%' itself is written %25.");
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                var length = char.IsSurrogatePair(text, i) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, length));
                i += length - 1;
            }
        }

        if (bytes.Contains(0))
            throw Invalid($"has %00 in its {what}.");
        try
        {
            return StrictUtf8.GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            throw Invalid($"has percent-encoded bytes in its {what} that are not UTF-8.");
        }
    }

    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What every sentence begins with that says what is wrong.</summary>
    internal const string Subject = "The connection string ";

    internal static BackupSyncException Invalid(string fault) => new(ErrorIds.ConfigurationInvalid, Subject + fault);

    [GeneratedRegex(@"^([A-Za-z][A-Za-z0-9+.\-]*)://")]
    internal static partial Regex Scheme();
}
