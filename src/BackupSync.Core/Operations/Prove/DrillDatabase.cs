using System.Text.RegularExpressions;
using BackupSync.Operations.Archiving;
using BackupSync.Postgres;

namespace BackupSync.Operations.Prove;

/// <summary>Makes a throw-away server's database like the one that a backup is of: its roles, encoding, locale and settings.</summary>
static partial class DrillDatabase
{
    public const string Name = "drill";

    /// <param name="session">The superuser's, on another database of the server.</param>
    /// <param name="differs">Told in a sentence what could not be made alike, though a restore may not need it.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.NotSupported"/>: this machine lacks the locale.</exception>
    public static async Task CreateAsync(
        PgSession session,
        StoredBackup backup,
        Action<string> differs,
        CancellationToken cancellationToken)
    {
        var globals = await backup.ReadGlobalsAsync(cancellationToken);
        await CreateRolesAsync(session, globals, cancellationToken);
        try
        {
            await CreateLikeAsync(session, Name, backup, cancellationToken);
        }
        catch (PgQueryException refused) when (backup.Manifest.Options is { } options)
        {
            throw new BackupSyncException(ErrorIds.NotSupported,
                $"this machine cannot make a database like the backup's ({Describe(options)}): {refused.Message}",
                "Install that locale here (as root: locale-gen, or ICU for PostgreSQL), or name a database whose server has it: "
                    + $"{Spelling.On}.", refused);
        }
        await ApplySettingsAsync(session, Name, backup, globals, differs, cancellationToken);
    }

    /// <summary>Creates a database with the encoding and locale of a backup's, as far as these are known of it.</summary>
    /// <exception cref="PgQueryException">The server creates none such.</exception>
    public static Task CreateLikeAsync(PgSession session, string name, StoredBackup backup, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            $"CREATE DATABASE {Sql.Identifier(name)} TEMPLATE template0 {backup.Manifest.Options?.Creation}", cancellationToken);

    /// <summary>Gives it the settings of the backup's.</summary>
    /// <param name="globals">The backup's script of what belongs to its cluster; null where it has none.</param>
    /// <param name="differs">Told in a sentence which setting could not be made alike.</param>
    public static async Task ApplySettingsAsync(
        PgSession session, string name, StoredBackup backup, string? globals, Action<string> differs, CancellationToken cancellationToken)
    {
        var options = backup.Manifest.Options;
        if (options is null)
        {
            foreach (var statement in globals is null ? [] : ClusterGlobals.SettingsFor(globals, backup.Manifest.DatabaseName, name))
                await SetAsync(session, statement, "a setting of the database", differs, cancellationToken);
            return;
        }
        foreach (var setting in options.Settings)
        {
            if (await MissingLibraryAsync(session, setting, cancellationToken) is { } library)
                differs($"{setting.What} is left out: {library}");
            else
                await SetAsync(session, setting.Statement(name), setting.What, differs, cancellationToken);
        }
    }

    /// <summary>The role that a restore lacked; null where it failed for something else.</summary>
    public static string? MissingRole(BackupSyncException failure) =>
        failure.ErrorId == ErrorIds.RestoreFailed && NoRole().Match($"{failure.Message}\n{failure.Detail}") is { Success: true } match
            ? match.Groups[1].Value
            : null;

    /// <summary>Policies name roles, which have to be there; nobody logs in as one of them.</summary>
    static async Task CreateRolesAsync(PgSession session, string? globals, CancellationToken cancellationToken)
    {
        var there = (await session.RowsAsync("SELECT pg_catalog.quote_ident(rolname) FROM pg_catalog.pg_roles", cancellationToken))
            .Select(r => r.Text(0)).ToHashSet();
        foreach (var (role, statement) in ClusterGlobals.Roles(globals ?? "").Where(r => !there.Contains(r.Role)))
            await session.ExecuteAsync($"{statement} NOLOGIN", cancellationToken);
    }

    static async Task SetAsync(
        PgSession session,
        string statement,
        string what,
        Action<string> differs,
        CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync(statement, cancellationToken);
        }
        catch (PgQueryException refused)
        {
            differs($"{what} is left out: {refused.Message}");
        }
    }

    /// <summary>What the server says of the first library that is not there: nobody could connect to a database that asks for it.</summary>
    static async Task<string?> MissingLibraryAsync(PgSession session, DatabaseSetting setting, CancellationToken cancellationToken)
    {
        if (setting.Name is not ("session_preload_libraries" or "local_preload_libraries"))
            return null;
        await using var trial = await PgSession.OpenAsync(session.Login, cancellationToken);
        foreach (var library in setting.Value.Split(',').Select(l => l.Trim(' ', '"')).Where(l => l.Length > 0))
        {
            try
            {
                var isPlugin = setting.Name.StartsWith("local", StringComparison.Ordinal) && !library.Contains('/');
                await trial.ExecuteAsync($"LOAD {Sql.Literal(isPlugin ? $"$libdir/plugins/{library}" : library)}", cancellationToken);
            }
            catch (PgQueryException missing)
            {
                return missing.Message;
            }
        }
        return null;
    }

    public static string Describe(DatabaseOptions options) =>
        $"{options.Encoding}, {options.Provider ?? "libc"} {options.Locale ?? options.Collate}"
            + (options.Locale is null && options.Ctype != options.Collate ? $"/{options.Ctype}" : "");

    [GeneratedRegex("""role "(.+)" does not exist""")]
    private static partial Regex NoRole();
}
