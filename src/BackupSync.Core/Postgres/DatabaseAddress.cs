using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace BackupSync.Postgres;

/// <summary>
/// Where a database is and how to get in: what a connection string says, read once, shown without its password, and handed
/// in equal terms to Npgsql and to PostgreSQL's tools.
/// </summary>
/// <remarks>
/// <para>What is not said is as in libpq: port 5432, the operating system's user, a database named like the user,
/// <c>sslmode=prefer</c>. Differences: no default is taken from PG… environment variables, save for the password
/// (PGPASSWORD, or a password file); GSS encryption is off unless asked for; and where a certificate is to be verified, but
/// neither <c>sslrootcert</c> nor <c>~/.postgresql/root.crt</c> is there, the system's trusted roots decide.</para>
/// </remarks>
public sealed partial record DatabaseAddress
{
    /// <summary>The servers to try, in this order; at least one.</summary>
    public required IReadOnlyList<DatabaseHost> Hosts { get; init; }

    public required string Database { get; init; }
    public required string User { get; init; }

    /// <summary>Null where the server does not ask for one, or a password file has it. Not public, so that nothing lists it.</summary>
    internal string? Password { get; init; }

    /// <summary>All other parameters, by libpq's names.</summary>
    internal IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The first host.</summary>
    public string Host => Hosts[0].Name;

    /// <summary>The first host's port.</summary>
    public int Port => Hosts[0].Port;

    public bool HasPassword => Password is not null;

    /// <summary>How the sessions are named in <c>pg_stat_activity</c>.</summary>
    public string ApplicationName => Settings.GetValueOrDefault("application_name", "backupsync");

    /// <summary>libpq's <c>sslmode</c>.</summary>
    public string SslMode =>
        Settings.GetValueOrDefault("sslmode", RootCertificate == SystemCertificates.Keyword ? "verify-full" : "prefer");

    /// <summary>libpq's <c>sslrootcert</c>: a file, or <c>system</c>.</summary>
    public string? RootCertificate => Settings.GetValueOrDefault("sslrootcert");

    /// <summary>Command-line options for the server, such as <c>-c statement_timeout=0</c>.</summary>
    public string? Options => Settings.GetValueOrDefault("options");

    /// <summary>How long to wait for a host; null where nothing is said, zero for as long as it takes.</summary>
    public TimeSpan? ConnectTimeout => Settings.TryGetValue("connect_timeout", out var seconds)
        ? TimeSpan.FromSeconds(Math.Max(0, int.Parse(seconds, CultureInfo.InvariantCulture)))
        : null;

    /// <summary>Whether this is Neon's connection pooler, through which no dump, snapshot or session lock works.</summary>
    public bool IsPooled => Hosts.Any(h => NeonPooler().IsMatch(h.Name));

    /// <summary>Neon's proxy hands a login to its own server session, under a process id of its own.</summary>
    internal bool IsNeonDirect => !IsPooled && Hosts.All(h => NeonHost().IsMatch(h.Name));

    /// <param name="text">
    /// A <c>postgresql://</c> or <c>postgres://</c> URI, libpq's <c>host=… user=…</c>, or Npgsql's <c>Host=…;Username=…</c>.
    /// </param>
    /// <param name="credential">Stands for the user and the password that the text says, if it says any.</param>
    /// <exception cref="BackupSyncException">It is none of these. The message says what is wrong and quotes no value.</exception>
    public static DatabaseAddress Parse(string text, DatabaseCredential? credential = null)
    {
        var keywords = Keywords(text);
        if (credential is not null)
            (keywords["user"], keywords["password"]) = (credential.User, credential.Password.Reveal());
        return AddressReader.FromKeywords(keywords);
    }

    static Dictionary<string, string> Keywords(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Length == 0)
            throw ConnectionUri.Invalid("is empty.");
        if (trimmed[0] is '\'' or '"')
            throw ConnectionUri.Invalid("begins with a quotation mark: leave out the quotes around it.");
        if (trimmed.StartsWith("psql ", StringComparison.Ordinal))
            throw ConnectionUri.Invalid("is a psql command: leave out 'psql' and the quotes.");
        if (ConnectionUri.IsUri(trimmed))
            return ConnectionUri.Parse(trimmed);
        if (!trimmed.Contains('=', StringComparison.Ordinal))
            throw ConnectionUri.Invalid("is neither a URI ('postgresql://user:password@host:port/database') nor 'key=value'.");
        return ConnectionKeyValues.Parse(trimmed);
    }

    /// <summary>
    /// The database as an argument of PostgreSQL's programs, which take a name with a <c>=</c> in it, or one that begins like an address,
    /// for all of a connection's settings.
    /// </summary>
    internal string DatabaseArgument => $"dbname='{Database.Replace("\\", @"\\", StringComparison.Ordinal)
        .Replace("'", @"\'", StringComparison.Ordinal)}'";

    /// <summary>The same server and role, another database.</summary>
    public DatabaseAddress WithDatabase(string database) => this with { Database = database };

    /// <summary>The same database and role by another server address, or by one of several hosts.</summary>
    public DatabaseAddress WithHost(string name, int port) => this with { Hosts = [new DatabaseHost(name, port)] };

    /// <summary>The same with sessions named otherwise; the server cuts names at 63 bytes.</summary>
    public DatabaseAddress WithApplicationName(string name) => WithSetting("application_name", name);

    /// <summary>The same with Neon's direct hosts in place of its pooled ones.</summary>
    public DatabaseAddress Unpooled() => !IsPooled ? this : this with
    {
        Hosts = [.. Hosts.Select(h => h with { Name = NeonPooler().Replace(h.Name, "$1") })],
    };

    /// <summary>As a URI with <c>***</c> for the password. For people: other parameters than sslmode are left out.</summary>
    public string Redacted
    {
        get
        {
            var hosts = string.Join(',', Hosts.Select(h => h.IsSocket ? $"{Uri.EscapeDataString(h.Name)}:{h.Port}" : h.ToString()));
            var sslMode = Settings.TryGetValue("sslmode", out var mode) ? $"?sslmode={mode}" : "";
            var user = Uri.EscapeDataString(User) + (HasPassword ? ":***" : "");
            return $"postgresql://{user}@{hosts}/{Uri.EscapeDataString(Database)}{sslMode}";
        }
    }

    public override string ToString() => Redacted;

    /// <summary>Takes the password out of what a server or tool said, as it stands and percent-encoded.</summary>
    public string Scrub(string text)
    {
        if (string.IsNullOrEmpty(Password))
            return text;
        return text
            .Replace(Password, "***", StringComparison.Ordinal)
            .Replace(Uri.EscapeDataString(Password), "***", StringComparison.Ordinal);
    }

    /// <summary>
    /// For sessions of our own: not pooled, kept alive, without a limit for commands (the callers' tokens are the limit).
    /// </summary>
    public NpgsqlConnectionStringBuilder ToNpgsql() => AddressWriter.ToNpgsql(this);

    /// <summary>For PostgreSQL's tools: libpq's environment variables, so that nothing secret is in their arguments.</summary>
    public IReadOnlyDictionary<string, string> ToEnvironment() => AddressWriter.ToEnvironment(this);

    /// <summary>
    /// Variables that a tool must not inherit from this process, because they would change where it connects, or how,
    /// whatever <see cref="ToEnvironment"/> says.
    /// </summary>
    public static IReadOnlyList<string> VariablesNotToInherit => LibpqKeyword.VariablesNotToInherit;

    /// <summary>Whether both are addresses of one database, whoever connects, through a pooler or not.</summary>
    internal bool IsSameDatabase(DatabaseAddress other) =>
        Database == other.Database && Unpooled().Hosts.SequenceEqual(other.Unpooled().Hosts);

    public bool Equals(DatabaseAddress? other) =>
        other is not null && Database == other.Database && User == other.User && Password == other.Password
        && Hosts.SequenceEqual(other.Hosts)
        && Settings.OrderBy(s => s.Key, StringComparer.Ordinal).SequenceEqual(other.Settings.OrderBy(s => s.Key, StringComparer.Ordinal));

    public override int GetHashCode() => HashCode.Combine(Hosts[0], Database, User);

    internal DatabaseAddress WithSetting(string name, string value) =>
        this with { Settings = new Dictionary<string, string>(Settings) { [name] = value } };

    bool PrintMembers(StringBuilder builder)
    {
        builder.Append(Redacted);
        return true;
    }

    [GeneratedRegex(@"^([^./]+)-pooler(?=\..*\.neon\.(tech|build)$)", RegexOptions.IgnoreCase)]
    internal static partial Regex NeonPooler();

    [GeneratedRegex(@"\.neon\.(tech|build)$", RegexOptions.IgnoreCase)]
    internal static partial Regex NeonHost();
}
