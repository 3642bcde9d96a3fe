using System.Text.RegularExpressions;

namespace BackupSync;

/// <summary>
/// Texts that are a database's address, or hold one: where something else is wanted, the password in it must not be shown. Told by form
/// alone, for one that is wrong in itself has a password, too.
/// </summary>
public static partial class AddressText
{
    /// <summary>Whether it is one: a URI of PostgreSQL's or with a password in it, or <c>key=value</c> as libpq and Npgsql take it.</summary>
    public static bool Is(string text) => AnyUri().IsMatch(text) || KeyValue().IsMatch(text);

    /// <summary>Whether it has the form of one, of whatever kind, which no name of a configuration has.</summary>
    public static bool IsNoName(string text) =>
        text.Contains("://", StringComparison.Ordinal) || text.Contains('=', StringComparison.Ordinal);

    /// <summary>An address without its password and its parameters; of <c>key=value</c> nothing but that it is one.</summary>
    public static string Redacted(string address)
    {
        if (!address.Contains("://", StringComparison.Ordinal))
            return "host=…";

        var uri = Parts().Match(address);
        var (scheme, rest) = (uri.Groups["scheme"].Value, uri.Groups["rest"].Value);
        // The last one: a password may have an @ that is not encoded.
        var at = rest.LastIndexOf('@');
        var place = PlainPlace().Match(rest[(at + 1)..]) is { Success: true } plain ? plain.Value : "***";
        if (at < 0)
            return $"{scheme}://{place}";
        // One in a parameter, such as ?password=a@b: what stands before it and behind it may both be the password's.
        var parameters = rest.IndexOf('?', StringComparison.Ordinal);
        if (parameters >= 0 && parameters < at && rest[parameters..at].Contains('=', StringComparison.Ordinal))
            return $"{scheme}://***";
        var (user, colon) = (rest[..at], rest.IndexOf(':', StringComparison.Ordinal));
        return colon >= 0 && colon < at ? $"{scheme}://{user[..colon]}:***@{place}" : $"{scheme}://{user}@{place}";
    }

    /// <summary>A name as it may be shown: there are tables with any character, but none is worth somebody's password.</summary>
    internal static string Shown(string name) => Is(name) ? Redacted(name) : name;

    /// <summary>A sentence of somebody else's with the passwords taken out of the addresses in it.</summary>
    public static string Scrub(string text) =>
        PasswordPair().Replace(PasswordOfUri().Replace(text, "${before}:***@"), "${key}***");

    [GeneratedRegex(@"\bpostgres(ql)?://|\b[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s]*@", RegexOptions.IgnoreCase)]
    private static partial Regex AnyUri();

    [GeneratedRegex(@"(?<scheme>[a-z][a-z0-9+.-]*)://(?<rest>[^\s'""]*)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Parts();

    /// <summary>Hosts with ports, and a database; a port that is no number is a piece of something else.</summary>
    [GeneratedRegex(@"^(\[[0-9a-f:.]*\]|[\w.%-]*)(:\d+)?(,(\[[0-9a-f:.]*\]|[\w.%-]*)(:\d+)?)*(/[\w.%-]*)?(?=$|\?)", RegexOptions.IgnoreCase
        | RegexOptions.ExplicitCapture)]
    private static partial Regex PlainPlace();

    [GeneratedRegex(
        @"(^|[\s;'""])(host|hostaddr|server|data source|port|dbname|database|initial catalog|user|username|user id|uid|password|pwd|passfile)"
            + @"\s*=", RegexOptions.IgnoreCase)]
    private static partial Regex KeyValue();

    [GeneratedRegex(@"(?<before>[a-z][a-z0-9+.-]*://[^\s/:@]*):[^\s]*@", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex PasswordOfUri();

    [GeneratedRegex(@"(?<key>(password|passwd|pwd|passphrase)\s*[=:])\s*('[^']*'|""[^""]*""|[^\s;]+)", RegexOptions.IgnoreCase
        | RegexOptions.ExplicitCapture)]
    private static partial Regex PasswordPair();
}
