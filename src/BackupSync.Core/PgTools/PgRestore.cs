using System.Text;
using System.Text.RegularExpressions;
using BackupSync.Archives;
using BackupSync.Files;
using BackupSync.Postgres;

namespace BackupSync.PgTools;

/// <summary>What pg_restore is asked to do with an archive.</summary>
static partial class PgRestore
{
    public static async Task<ArchiveListing> ListAsync(PgToolset tools, string archive, CancellationToken cancellationToken)
    {
        return Parsed(await ChildProcess.RunAsync(new ChildCommand(tools.PgRestore, ["--list", archive]), cancellationToken), archive);
    }

    /// <summary>The same of an archive's head alone.</summary>
    public static async Task<ArchiveListing> ListAsync(PgToolset tools, ArchiveHead head, CancellationToken cancellationToken)
    {
        var command = new ChildCommand(tools.PgRestore, ["--list"])
        {
            StandardInput = (input, ct) => input.WriteAsync(head.Bytes, ct).AsTask(),
        };
        return Parsed(await ChildProcess.RunAsync(command, cancellationToken), "What pg_dump wrote");
    }

    static ArchiveListing Parsed(ChildResult result, string archive)
    {
        if (result.ExitCode != 0)
        {
            throw new BackupSyncException(ErrorIds.BackupInvalid, $"{archive} cannot be read as an archive: {result.ErrorTail.Trim()}",
                "Use another backup. If it was written by a newer pg_dump, install PostgreSQL's client programs of that version.");
        }
        return ArchiveListing.Parse(result.Output);
    }

    /// <summary>Restores into an empty database with several connections, and stops at the first error.</summary>
    /// <param name="list">The entries to restore, as the archive's listing has them.</param>
    /// <param name="unknown">Settings that the target's server does not know: as <see cref="UnknownSettingsAsync"/> finds them.</param>
    /// <param name="onErrorLine">Told what pg_restore says of its progress.</param>
    /// <param name="onRefused">
    /// Told of each entry that the server refuses, by the beginning of its line in the list, and why; the others are restored. With one
    /// job only: the words of several workers mix. Null to stop at the first.
    /// </param>
    /// <param name="section">Only <c>pre-data</c>, <c>data</c> or <c>post-data</c>; null for all.</param>
    public static async Task RestoreAsync(
        PgToolset tools, string archive, IReadOnlyList<string> list, PgLogin target, IReadOnlyCollection<string> unknown,
        IEnumerable<KeyValuePair<string, string>> settings,
        int jobs, Action<string> onErrorLine, CancellationToken cancellationToken, string? section = null,
        Action<string?, string>? onRefused = null)
    {
        using var listFile = new ListFile(list);
        var errors = unknown.Count > 0 || onRefused is not null ? new FirstError(unknown) { OnRefused = onRefused } : null;
        var command = new ChildCommand(tools.PgRestore,
        [
            $"--dbname={target.Address.DatabaseArgument}", $"--jobs={jobs}", .. (errors is null
                ? new[] { "--exit-on-error" }
                : []), "--no-password", "--verbose",
            .. section is null ? [] : new[] { $"--section={section}" }, .. Common, $"--use-list={listFile.Path}", archive,
        ])
        { OnErrorLine = line => { errors?.Note(line); onErrorLine(line); } };
        var result = await ChildProcess.RunAsync(command.ConnectedTo(target, settings), cancellationToken);
        if (errors is { Text: null } && result.ExitCode == 1)
            return; // all of the errors that it ignored are of those settings
        PgProgram.EnsureSucceeded(errors?.Text is { } first ? result with { ErrorTail = first } : result,
            "pg_restore", target, ErrorIds.RestoreFailed, $"The restore into {target.Label} failed");
    }

    /// <summary>Writes the archive as a script for psql.</summary>
    /// <param name="sink">Takes the script, in one part or several.</param>
    public static async Task ScriptAsync(
        PgToolset tools, string archive, IReadOnlyList<string> list, PgLogin target, IReadOnlyCollection<string> unknown,
        Func<Stream, CancellationToken, Task> sink,
        Action<string> onErrorLine, CancellationToken cancellationToken)
    {
        using var listFile = new ListFile(list);
        var command = new ChildCommand(tools.PgRestore, ["--file=-", "--verbose", .. Common, $"--use-list={listFile.Path}", archive])
        {
            StandardOutput = unknown.Count > 0 ? (script, ct) => WithoutAsync(unknown, script, sink, ct) : sink,
            OnErrorLine = onErrorLine,
        };
        var result = await ChildProcess.RunAsync(command, cancellationToken);
        PgProgram.EnsureSucceeded(result, "pg_restore", target, ErrorIds.RestoreFailed, $"The archive for {target.Label} cannot be read");
    }

    /// <summary>Writes the rows of some tables as a script, each between its COPY statement and the mark of their end.</summary>
    /// <param name="archive">Writes the archive.</param>
    public static async Task DataScriptAsync(
        PgToolset tools, string name, Func<Stream, CancellationToken, Task> archive, IEnumerable<int> dumpIds,
        Func<Stream, CancellationToken, Task> sink, CancellationToken cancellationToken)
    {
        using var listFile = new ListFile([.. dumpIds.Select(id => $"{id};")]);
        var command = new ChildCommand(tools.PgRestore, ["--data-only", "--file=-", $"--use-list={listFile.Path}"])
        {
            StandardInput = archive,
            StandardOutput = sink,
        };
        var result = await ChildProcess.RunAsync(command, cancellationToken);
        if (result.ExitCode != 0)
            throw new BackupSyncException(
                ErrorIds.BackupInvalid, $"{name} cannot be read by pg_restore: {result.ErrorTail.Trim()}", "Use another backup.");
    }

    /// <summary>
    /// What pg_restore sets at the beginning of each session, and the target's server refuses: <c>transaction_timeout</c> before
    /// version 17. Nothing is lost without it, so this error alone is passed over; else only who has older tools could restore
    /// into an older server.
    /// </summary>
    public static async Task<IReadOnlyCollection<string>> UnknownSettingsAsync(
        PgToolset tools, string archive, PgSession target, CancellationToken cancellationToken)
    {
        using var nothing = new ListFile([]);
        var result = await ChildProcess.RunAsync(
            new ChildCommand(tools.PgRestore, ["--file=-", $"--use-list={nothing.Path}", archive]),
            cancellationToken);
        if (result.ExitCode != 0)
            return []; // what it thinks of the archive will be told by who restores it
        var names = result.Output.Split('\n').Select(l => l.Split(' ')).Where(w => w is ["SET", _, "=", ..]).Select(w => w[1]).ToList();
        return [.. (await target.RowsAsync(
            $"SELECT name FROM pg_catalog.unnest({Sql.TextArray(names)}) name WHERE pg_catalog.current_setting(name, true) "
                + "IS NULL", cancellationToken)).Select(r => r.Text(0))];
    }

    static async Task WithoutAsync(
        IReadOnlyCollection<string> settings, Stream script, Func<Stream, CancellationToken, Task> sink,
        CancellationToken cancellationToken)
    {
        // They stand among the first lines, before anything of the archive.
        var head = new byte[4096];
        var length = await script.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        foreach (var setting in settings)
        {
            var at = head.AsSpan(0, length).IndexOf(Encoding.ASCII.GetBytes($"\nSET {setting} ="));
            var end = at < 0 ? -1 : head.AsSpan(at + 1, length - at - 1).IndexOf((byte)'\n');
            if (end > 0)
                head.AsSpan(at + 1, end).Fill((byte)' ');
        }
        await sink(new MemoryStream(head, 0, length), cancellationToken);
        await sink(script, cancellationToken);
    }

    /// <summary>What a pg_restore that goes on after errors says of the first one that counts.</summary>
    /// <remarks>
    /// Its workers write at the same time, each a message's beginning and its text one after the other: beginnings of several can stand
    /// before one text. So it is counted how many were begun, and how many texts tell that an unknown setting was set.
    /// </remarks>
    internal sealed partial class FirstError(IReadOnlyCollection<string> unknown)
    {
        /// <summary>Takes the errors of the server, which do not count then.</summary>
        public Action<string?, string>? OnRefused { get; init; }

        const int MostLines = 10;
        readonly List<string> _lines = [];
        string? _entry;
        int _errors, _passedOver;

        /// <summary>Null where there was none.</summary>
        public string? Text => _errors == _passedOver
            ? null
            : _lines.Count > 0 ? string.Join('\n', _lines) : "pg_restore reported errors, but did not say which.";

        public void Note(string line)
        {
            var errors = Beginning().Match(line).Groups["error"].Captures.Count;
            _errors += errors;
            if (unknown.Any(u => line.StartsWith($"Command was: SET {u} = ", StringComparison.Ordinal)))
                _passedOver++;
            if (OnRefused is not null && Refusal().Match(line) is { Success: true } refusal
                && !unknown.Any(u => line.Contains(u, StringComparison.Ordinal)))
            {
                OnRefused(
                    EntryNumber().Match(_entry ?? "") is { Success: true } entry ? entry.Groups[1].Value : null,
                    refusal.Groups[1].Value);
                _passedOver += errors;
                return;
            }
            var begins = errors > 0 && !unknown.Any(u => line.Contains(u, StringComparison.Ordinal));
            if (begins && _lines.Count == 0 && _entry is not null)
                _lines.Add(_entry);
            if (begins || _lines.Count is > 0 and < MostLines)
                _lines.Add(line);
            _entry = line.Contains("from TOC entry", StringComparison.Ordinal) ? line : null;
        }

        // Of one statement; a lost connection, or what pg_restore itself finds wrong, is no refusal.
        [GeneratedRegex("^pg_restore: error: (?:could not execute query|COPY failed for table .*): ERROR:  (.*)")]
        private static partial Regex Refusal();

        [GeneratedRegex("from TOC entry ([0-9]+;)")]
        private static partial Regex EntryNumber();

        [GeneratedRegex("^(?:pg_restore:| |(?<error>error: )|warning: |detail: |hint: )*")]
        private static partial Regex Beginning();
    }

    // The archive was dumped without these, but a backup from elsewhere may hold them.
    static readonly string[] Common =
        ["--no-owner", "--no-acl", "--no-publications", "--no-subscriptions", "--no-tablespaces", "--no-security-labels"];

    sealed class ListFile : IDisposable
    {
        readonly StagingFolder _folder = StagingFolder.Create(0);

        public ListFile(IReadOnlyList<string> lines)
        {
            Path = System.IO.Path.Combine(_folder.Path, "list");
            try
            {
                using var writer = new StreamWriter(PrivateFile.Create(Path));
                foreach (var line in lines)
                    writer.Write(line + "\n");
            }
            catch (Exception e) when (FileFailure.Is(e))
            {
                _folder.Dispose();
                throw FileFailure.From(e, Path, "write");
            }
        }

        public string Path { get; }

        public void Dispose() => _folder.Dispose();
    }
}
