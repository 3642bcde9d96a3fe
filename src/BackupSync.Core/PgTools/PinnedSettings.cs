using BackupSync.Postgres;

namespace BackupSync.PgTools;

/// <summary>
/// Settings of a role or a database that would change what PostgreSQL's tools write, or how a server reads what they wrote; likewise its
/// time limits, which are for applications. The tools set some themselves, but not all, and not in every version.
/// </summary>
/// <remarks>A name that the server does not know would end the session at once, so only such as every supported version has.</remarks>
static class PinnedSettings
{
    const int VersionWithIdleSessions = 14;
    const int VersionWithTransactionTimeout = 17;
    const string RestrictedKinds = "restrict_nonsystem_relation_kind";

    /// <summary>For pg_dump, which reads tables: older ones do not refuse what has become a view by themselves.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> ForDump(DatabaseFacts facts) =>
        [.. For(facts).Where(s => s.Key != RestrictedKinds), .. Restricted(facts, "view,foreign-table")];

    static KeyValuePair<string, string>[] Restricted(DatabaseFacts facts, string kinds) =>
        facts.MayRestrictKinds ? [new(RestrictedKinds, kinds)] : [];

    public static IReadOnlyList<KeyValuePair<string, string>> For(DatabaseFacts facts) =>
    [
        new("array_nulls", "on"), // else NULL in an array is a text
        new("backslash_quote", "safe_encoding"),
        new("bytea_output", "hex"),
        new("DateStyle", "ISO,MDY"),
        new("default_transaction_deferrable", "off"),
        new("default_transaction_isolation", "read\\ committed"),
        new("extra_float_digits", "3"),
        new("idle_in_transaction_session_timeout", "0"),
        new("IntervalStyle", "postgres"), // also how signs are read
        new("jit", "off"), // where its library is installed and cannot be loaded, every larger query fails
        new("lc_monetary", "C"),
        new("lock_timeout", "0"),
        new("quote_all_identifiers", "off"),
        new("search_path", ""),
        new("standard_conforming_strings", "on"),
        new("statement_timeout", "0"),
        new("TimeZone", "UTC"),
        new("transform_null_equals", "off"),
        new("xmloption", "content"),
        // Who writes may have to ask a view: a materialized one is made of it.
        .. Restricted(facts, ""),
        // What goes wrong is told apart by its words where a program hands on no codes. Others may not set it.
        .. facts.IsSuperuser ? (KeyValuePair<string, string>[])[new("lc_messages", "C")] : [],
        .. facts.Major >= VersionWithIdleSessions ? (KeyValuePair<string, string>[])[new("idle_session_timeout", "0")] : [],
        .. facts.Major >= VersionWithTransactionTimeout ? (KeyValuePair<string, string>[])[new("transaction_timeout", "0")] : [],
        .. facts.NamesOwnTablespace ? (KeyValuePair<string, string>[])[new("default_tablespace", "")] : [],
        // What event triggers write or refuse is no part of a copy. Others may not set it, nor could they have created any.
        .. facts.MayTurnEventTriggersOff ? (KeyValuePair<string, string>[])[new("event_triggers", "off")] : [],
        // Others may not set it: with "replica" neither triggers nor foreign keys are kept.
        .. facts.IsSuperuser ? (KeyValuePair<string, string>[])[new("session_replication_role", "origin")] : [],
    ];
}
