namespace BackupSync.Postgres;

/// <summary>
/// What a database is created with, and its settings: no dump has them, and content can depend on them (the order of text, what is a
/// letter, what a function reads).
/// </summary>
/// <param name="Encoding">By PostgreSQL's name for it, such as <c>UTF8</c>.</param>
/// <param name="Provider">
/// Of the locale: <c>libc</c>, <c>icu</c> or <c>builtin</c>; null where the server's version knows only one (before 15).
/// </param>
/// <param name="Locale">Of another provider than libc.</param>
/// <param name="Rules">ICU's rules; null for none.</param>
public sealed record DatabaseOptions(string Encoding, string Collate, string Ctype, string? Provider, string? Locale, string? Rules)
{
    public IReadOnlyList<DatabaseSetting> Settings { get; init; } = [];

    /// <summary>For <c>CREATE DATABASE … TEMPLATE template0</c>.</summary>
    internal string Creation => $"ENCODING {Sql.Literal(Encoding)} LC_COLLATE {Sql.Literal(Collate)} LC_CTYPE {Sql.Literal(Ctype)}"
        + (Provider is null ? "" : $" LOCALE_PROVIDER {Provider}")
        + Provider switch
        {
            "icu" => $" ICU_LOCALE {Sql.Literal(Locale!)}",
            "builtin" => $" BUILTIN_LOCALE {Sql.Literal(Locale!)}",
            _ => "",
        }
        + (Rules is null ? "" : $" ICU_RULES {Sql.Literal(Rules)}");

    /// <summary>By the catalog's letter.</summary>
    internal static string? ProviderOf(string? letter) => letter switch { "c" => "libc", "i" => "icu", "b" => "builtin", _ => null };
}

/// <param name="Role">Null where it is the database's own, for all roles.</param>
/// <param name="Value">As the catalog keeps it.</param>
public sealed record DatabaseSetting(string? Role, string Name, string Value)
{
    // These are kept as lists of quoted names, which must not be quoted as a whole: pg_dump's variable_is_guc_list_quote.
    static readonly HashSet<string> Lists =
        ["local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces",
            "unix_socket_directories"];

    /// <summary>What it is, for messages.</summary>
    internal string What => $"the setting {Name} of {(Role is null ? "the database" : $"role {Role} in the database")}";

    /// <summary>Gives it to a database.</summary>
    internal string Statement(string database)
    {
        var subject = Role is null
            ? $"DATABASE {Sql.Identifier(database)}"
            : $"ROLE {Sql.Identifier(Role)} IN DATABASE {Sql.Identifier(database)}";
        return $"ALTER {subject} SET {Sql.Identifier(Name)} TO "
            + $"{(Lists.Contains(Name) && Value is not ("" or "\"\"") ? Value : Sql.Literal(Value is "\"\"" ? "" : Value))}";
    }
}
