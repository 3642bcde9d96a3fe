using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// What of a database decides how the same expression is computed: two that differ in it may rightly hold other values in generated
/// columns.
/// </summary>
/// <param name="Major">The server's major version, such as 15.</param>
/// <param name="Encoding">By PostgreSQL's name for it, such as <c>UTF8</c>.</param>
/// <param name="Provider"><c>c</c> for the C library, <c>i</c> for ICU, <c>b</c> for PostgreSQL's own.</param>
/// <param name="Locale">The provider's name of it; null with the C library.</param>
/// <param name="CollationVersion">The provider's version of its rules, as it is now; null where it has none.</param>
public sealed record DatabaseLocale(
    int Major, string Encoding, string Provider, string Collate, string CharacterType, string? Locale, string? IcuRules,
    string? CollationVersion)
{
    internal static async Task<DatabaseLocale> ReadAsync(IQueryRunner runner, CancellationToken cancellationToken)
    {
        // Each version names the locale otherwise.
        var row = (await runner.RowsAsync("""
            SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.pg_encoding_to_char(d.encoding),
                coalesce(j ->> 'datlocprovider', 'c'),
                   d.datcollate, d.datctype, coalesce(j ->> 'datlocale', j ->> 'daticulocale'), j ->> 'daticurules', d.oid
            FROM pg_catalog.pg_database d, LATERAL pg_catalog.to_jsonb(d) j WHERE d.datname = pg_catalog.current_database()
            """, cancellationToken))[0];
        var major = PgVersion.OfNumber(row.Int(0)).Major;
        var version = major < 15
            ? null
            : (await runner.RowsAsync($"SELECT pg_catalog.pg_database_collation_actual_version({row.Oid(7)})", cancellationToken))[0]
                .TextOrNull(0);
        return new DatabaseLocale(major, row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.TextOrNull(5), row.TextOrNull(6), version);
    }

    /// <summary>In what the other one differs, as a phrase; null where it does not.</summary>
    public string? DifferenceTo(DatabaseLocale other) =>
        Major != other.Major ? $"PostgreSQL {Major} and {other.Major}"
        : Encoding != other.Encoding ? $"the encodings {Encoding} and {other.Encoding}"
        : RulesUnlike(other) is { } unlike ? unlike
        : CollationVersion != other.CollationVersion
            ? $"the collation versions {CollationVersion ?? "none"} and {other.CollationVersion ?? "none"}"
        : null;

    /// <summary>In which rules that the database itself has chosen, not its server's version, as a phrase; null where in none.</summary>
    internal string? RulesUnlike(DatabaseLocale other) =>
        Provider != other.Provider ? $"the locale providers {Provider} and {other.Provider}"
        : Collate != other.Collate ? $"the locales {Collate} and {other.Collate}"
        : CharacterType != other.CharacterType ? $"the locales {CharacterType} and {other.CharacterType}"
        : Locale != other.Locale ? $"the locales {Locale} and {other.Locale}"
        : IcuRules != other.IcuRules ? "other ICU rules"
        : null;
}
