using System.Text.RegularExpressions;
using BackupSync.Postgres;

namespace BackupSync.PgTools;

/// <summary>What calls of pg_dump, pg_restore and psql have in common.</summary>
static partial class PgProgram
{
    /// <summary>
    /// The command, told by environment where and as whom to connect: arguments can be seen by every user of the machine.
    /// </summary>
    /// <param name="settings">Server settings for its sessions.</param>
    public static ChildCommand ConnectedTo(
        this ChildCommand command,
        PgLogin login,
        IEnumerable<KeyValuePair<string, string>>? settings = null)
    {
        var connected = command.ConnectedTo(login.Address);
        var variables = new Dictionary<string, string?>(connected.Environment)
        {
            ["PGAPPNAME"] = login.ApplicationName,
            ["PGCLIENTENCODING"] = "UTF8",
        };
        if (settings is not null)
        {
            // libpq splits options at blanks; the URL's own (Neon's endpoint) stay in front.
            var options = settings.Select(s => $"-c {s.Key}={s.Value}").Prepend(variables.GetValueOrDefault("PGOPTIONS") ?? "");
            variables["PGOPTIONS"] = string.Join(' ', options.Where(o => o.Length > 0));
        }
        return connected with { Environment = variables };
    }

    /// <exception cref="BackupSyncException">The program failed; its own words are the detail.</exception>
    public static void EnsureSucceeded(ChildResult result, string program, PgLogin login, string errorId, string what)
    {
        if (result.ExitCode == 0)
            return;
        throw Failure(result.ExitCode, result.ErrorTail, program, login, errorId, what);
    }

    public static BackupSyncException Failure(int exitCode, string errorTail, string program, PgLogin login, string errorId, string what)
    {
        var words = Words(login.Address.Scrub(errorTail), program);
        var (id, advice) = words switch
        {
            _ when words.Contains("No space left on device", StringComparison.Ordinal)
                || words.Contains("Disk quota exceeded", StringComparison.Ordinal) =>
                (ErrorIds.DiskFull, "Free space on the disk that is full, or keep the backups elsewhere (backups.directory)."),
            _ when words.Contains("out of shared memory", StringComparison.Ordinal) =>
                (errorId, "The server's lock table is full: raise max_locks_per_transaction there and restart "
                    + $"it{(program == "pg_dump" ? "" : ", or publish by swap, which locks less at a time")}."),
            _ when words.Contains("permission denied", StringComparison.Ordinal)
                || words.Contains("must be owner", StringComparison.Ordinal)
                || words.Contains("must be superuser", StringComparison.Ordinal)
                || words.Contains(
                       "must be member",
                       StringComparison.Ordinal) =>
                (errorId, $"Grant the role '{login.Address.User}' what it lacks, or exclude the object; docs/privileges.md lists what "
                    + "each way of publishing needs."),
            _ when words.Contains(PgErrors.RecoveryConflict, StringComparison.Ordinal) => (errorId, PgErrors.RecoveryConflictAdvice),
            _ when words.Contains("server closed the connection", StringComparison.Ordinal)
                || words.Contains("could not connect", StringComparison.Ordinal)
                || words.Contains("connection to server", StringComparison.Ordinal)
                || words.Contains(
                       "terminating connection",
                       StringComparison.Ordinal) =>
                (errorId, "The connection to the server was lost: look at its log, then run again."),
            _ => (errorId, AdviceFor(words, errorId)),
        };
        var lines = words.Split('\n');
        var first = Prefix().Replace(lines.FirstOrDefault(l => Error().IsMatch(l), lines[0]).Trim(), "");
        return new BackupSyncException(
            id,
            $"{what}: {(first.Length > 0 ? first : $"{program} ended with exit code {exitCode} and said nothing.")}",
            advice) { Detail = words };
    }

    /// <summary>Null where only a person who looks at the message can tell.</summary>
    static string? AdviceFor(string words, string errorId)
    {
        bool Has(params string[] any) => any.Any(w => words.Contains(w, StringComparison.Ordinal));
        return errorId switch
        {
            _ when Has(
                "out of memory",
                "out of shared memory") => "The server ran out of memory: look at its log and its settings, then run again.",
            _ when Has(
                "unsupported version (",
                "server version mismatch") => "The programs are older than what they work with: install newer client programs, or name "
                    + "their folder under tools.postgresBin.",
            ErrorIds.RestoreFailed when NoRole().IsMatch(words) => "Create that role on the server (NOLOGIN is enough), then run again.",
            ErrorIds.RestoreFailed when Has("unrecognized configuration parameter") =>
                "The content reads a setting that the database lacks: ALTER DATABASE … SET it there as on the source, then run again.",
            ErrorIds.RestoreFailed when Has("already exists") =>
                "The database gets it from elsewhere, too: an extension that it was taken out of, most likely. Put it back there "
                    + "(ALTER EXTENSION … ADD …) or exclude it, then run again.",
            ErrorIds.RestoreFailed when Has(
                "extension control file",
                "is not available",
                "could not access file",
                "could not load library") => "Install the extension or library on the server, then run again.",
            ErrorIds.RestoreFailed when Has(
                "violates check constraint",
                "violates foreign key",
                "could not create unique index",
                "violates unique",
                "violates not-null",
                "violates exclusion") =>
                "The rows break a rule that the source never checked them against, or that reads other tables: mend the rows or the "
                    + "rule there, then run again.",
            ErrorIds.RestoreFailed when Has(
                "could not read from input file",
                "could not uncompress",
                "could not decompress",
                "unexpected end of file",
                "corrupt") => "The archive cannot be read: use another backup.",
            ErrorIds.DumpFailed or ErrorIds.SafetyBackupFailed when Has(
                "invalid page",
                "missing chunk",
                "could not read block",
                "could not open file",
                "cache lookup failed",
                "compressed") =>
                "The database itself is damaged there, most likely: look at its server's log; pg_amcheck shows where.",
            _ => null,
        };
    }

    [GeneratedRegex("""role ".+" does not exist""")]
    private static partial Regex NoRole();

    /// <summary>What the program said of errors: not what it said of its progress, and not the rows it was at.</summary>
    static string Words(string errorTail, string program)
    {
        var lines = errorTail.Split('\n').Select(l => l.TrimEnd('\r')).Where(l => l.Length > 0).ToList();
        var told = lines.Where(l => ErrorLine().IsMatch(l) && !l.Contains("Failing row contains", StringComparison.Ordinal)).ToList();
        return string.Join('\n', (told.Count > 0 ? told : lines.TakeLast(5))
            .Select(l => l.StartsWith($"{program}: ", StringComparison.Ordinal) ? l[(program.Length + 2)..] : l)
            .Select(l => RowOfCopy().Replace(l, "$1")));
    }

    [GeneratedRegex("^error: ")]
    private static partial Regex Prefix();

    [GeneratedRegex("error:|ERROR:|FATAL:")]
    private static partial Regex Error();

    [GeneratedRegex("(error|ERROR|FATAL|PANIC|DETAIL|detail|HINT|hint|CONTEXT|Command was):|^COPY |^STATEMENT:  REFRESH |from TOC entry")]
    private static partial Regex ErrorLine();

    // "COPY users, line 3, column name: "…"": people's data have no place in a log.
    [GeneratedRegex("(COPY .*, line [0-9]+(, column [^:]*)?): .*")]
    private static partial Regex RowOfCopy();
}
