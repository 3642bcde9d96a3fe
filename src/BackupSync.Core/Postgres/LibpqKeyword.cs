namespace BackupSync.Postgres;

/// <summary>What becomes of a connection parameter.</summary>
enum KeywordUse
{
    /// <summary>Goes to Npgsql and to PostgreSQL's tools.</summary>
    Both,

    /// <summary>Goes to the tools only; Npgsql has no such setting.</summary>
    Tools,

    /// <summary>Accepted without effect: nothing that BackupSync does depends on it.</summary>
    Ignored,

    /// <summary>Refused, because ignoring it would mean something else than what was asked for.</summary>
    Refused,
}

/// <summary>A connection parameter of libpq: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS.</summary>
/// <param name="Variable">The environment variable by which the tools take it; null where there is none.</param>
/// <param name="Values">What it may be; null where that is not a short list.</param>
/// <param name="Refusal">For refused ones: why, and what to do.</param>
sealed record LibpqKeyword(string Name, KeywordUse Use, string? Variable = null, string[]? Values = null, string? Refusal = null)
{
    public static IReadOnlyDictionary<string, LibpqKeyword> All { get; } = Table().ToDictionary(k => k.Name);

    /// <summary>
    /// Variables that would change where a tool connects, or as whom, whatever the address says: a child process must not
    /// inherit them.
    /// </summary>
    public static IReadOnlyList<string> VariablesNotToInherit { get; } =
        ["PGSERVICE", "PGSERVICEFILE", "PGHOSTADDR", "PGLOADBALANCEHOSTS", "PGCLIENTENCODING", "PGTZ", "PGDATESTYLE", "PGREALM"];

    public static string? Nearest(string name) =>
        NearestName.Of(name, All.Values.Where(k => k.Use != KeywordUse.Refused).Select(k => k.Name));

    static IEnumerable<LibpqKeyword> Table() =>
    [
        new("host", KeywordUse.Both, "PGHOST"),
        new("hostaddr", KeywordUse.Both), // read as the host where there is no host
        new("port", KeywordUse.Both, "PGPORT"),
        new("dbname", KeywordUse.Both, "PGDATABASE"),
        new("user", KeywordUse.Both, "PGUSER"),
        new("password", KeywordUse.Both, "PGPASSWORD"),
        new("passfile", KeywordUse.Both, "PGPASSFILE"),
        new("application_name", KeywordUse.Both, "PGAPPNAME"),
        new("options", KeywordUse.Both, "PGOPTIONS"),
        new("connect_timeout", KeywordUse.Both, "PGCONNECT_TIMEOUT"),
        new("sslmode", KeywordUse.Both, "PGSSLMODE", ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
        new("sslrootcert", KeywordUse.Both, "PGSSLROOTCERT"),
        new("sslcert", KeywordUse.Both, "PGSSLCERT"),
        new("sslkey", KeywordUse.Both, "PGSSLKEY"),
        new("sslnegotiation", KeywordUse.Both, "PGSSLNEGOTIATION", ["postgres", "direct"]),
        new("channel_binding", KeywordUse.Both, "PGCHANNELBINDING", ["disable", "prefer", "require"]),
        new("require_auth", KeywordUse.Both, "PGREQUIREAUTH"),
        new("gssencmode", KeywordUse.Both, "PGGSSENCMODE", ["disable", "prefer", "require"]),
        new("krbsrvname", KeywordUse.Both, "PGKRBSRVNAME"),
        new("target_session_attrs", KeywordUse.Both, "PGTARGETSESSIONATTRS",
            ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]),

        new("sslcrl", KeywordUse.Tools, "PGSSLCRL"),
        new("sslcrldir", KeywordUse.Tools, "PGSSLCRLDIR"),
        new("sslsni", KeywordUse.Tools, "PGSSLSNI", ["0", "1"]),
        new("sslcertmode", KeywordUse.Tools, "PGSSLCERTMODE", ["disable", "allow", "require"]),
        new("ssl_min_protocol_version", KeywordUse.Tools, "PGSSLMINPROTOCOLVERSION", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        new("ssl_max_protocol_version", KeywordUse.Tools, "PGSSLMAXPROTOCOLVERSION", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        new("min_protocol_version", KeywordUse.Tools, "PGMINPROTOCOLVERSION", ["3.0", "3.2", "latest"]),
        new("max_protocol_version", KeywordUse.Tools, "PGMAXPROTOCOLVERSION", ["3.0", "3.2", "latest"]),
        new("requirepeer", KeywordUse.Tools, "PGREQUIREPEER"),
        new("gsslib", KeywordUse.Tools, "PGGSSLIB"),
        new("gssdelegation", KeywordUse.Tools, "PGGSSDELEGATION", ["0", "1"]),

        new("fallback_application_name", KeywordUse.Ignored),
        new("client_encoding", KeywordUse.Ignored), // a dump is written in the database's own encoding
        new("keepalives", KeywordUse.Ignored),
        new("keepalives_idle", KeywordUse.Ignored),
        new("keepalives_interval", KeywordUse.Ignored),
        new("keepalives_count", KeywordUse.Ignored),
        new("tcp_user_timeout", KeywordUse.Ignored),
        new("sslcompression", KeywordUse.Ignored),
        new("sslkeylogfile", KeywordUse.Ignored),
        new("load_balance_hosts", KeywordUse.Ignored), // a snapshot lives on one server: hosts are tried in their order

        new("service", KeywordUse.Refused, Refusal: "write out what the service file says"),
        new("servicefile", KeywordUse.Refused, Refusal: "write out what the service file says"),
        new("replication", KeywordUse.Refused, Refusal: "BackupSync needs ordinary sessions: leave it out"),
        new("sslpassword", KeywordUse.Refused, Refusal: "pg_dump could only be given it as an argument: use a key without a passphrase"),
        new("scram_client_key", KeywordUse.Refused, Refusal: "pg_dump could only be given it as an argument: use the password"),
        new("scram_server_key", KeywordUse.Refused, Refusal: "pg_dump could only be given it as an argument: use the password"),
        new("oauth_issuer", KeywordUse.Refused, Refusal: "OAuth needs somebody at a browser: use another way of signing in"),
        new("oauth_client_id", KeywordUse.Refused, Refusal: "OAuth needs somebody at a browser: use another way of signing in"),
        new("oauth_client_secret", KeywordUse.Refused, Refusal: "OAuth needs somebody at a browser: use another way of signing in"),
        new("oauth_scope", KeywordUse.Refused, Refusal: "OAuth needs somebody at a browser: use another way of signing in"),
    ];
}
