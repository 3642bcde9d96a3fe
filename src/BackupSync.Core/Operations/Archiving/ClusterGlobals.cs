using System.Text;
using System.Text.RegularExpressions;
using BackupSync.Archives;
using BackupSync.Backups;
using BackupSync.Encryption;
using BackupSync.Files;
using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Operations.Archiving;

/// <summary>
/// What a dump of one database does not hold: the cluster's roles and their memberships, without passwords, and the
/// database's own settings. A script for psql beside the archive.
/// </summary>
static partial class ClusterGlobals
{
    /// <summary>Null where the role may not read them, which is told as a warning: the backup is good without.</summary>
    /// <param name="archive">The archive it is to stand beside.</param>
    public static async Task<CompanionFile?> WriteAsync(
        ArchiveRequest request,
        DatabaseOptions? options,
        string archive,
        CancellationToken cancellationToken)
    {
        var command = new ChildCommand(request.Tools.PgDumpAll,
            ["--roles-only", "--no-role-passwords", "--no-password", $"--database={request.Login.Address.DatabaseArgument}"]);
        var result = await ChildProcess.RunAsync(command.ConnectedTo(request.Login, PinnedSettings.For(request.Facts)), cancellationToken);
        if (result.ExitCode != 0)
        {
            var failure = PgProgram.Failure(
                result.ExitCode, result.ErrorTail, "pg_dumpall", request.Login, ErrorIds.DumpFailed, "pg_dumpall failed");
            request.Warn($"{request.Database.Name}: the roles of its server are not kept beside the backup: {failure.Message}");
            return null;
        }
        var settings = string.Concat(options?.Settings.Select(s => $"{s.Statement(request.Facts.Database)};\n") ?? []);
        var script = new UTF8Encoding(false).GetBytes($"{result.Output}\n{SettingsHeading}\n{settings}");
        return await StoreAsync(script, BackupNames.GlobalsOf(archive), request.Label.Keys, cancellationToken);
    }

    /// <summary>The statements of a script that create roles, by the role's quoted name.</summary>
    public static IEnumerable<(string Role, string Statement)> Roles(string script)
    {
        const string Create = "CREATE ROLE ";
        return Statements(script).Where(s => s.StartsWith(Create, StringComparison.Ordinal)).Select(s => (s[Create.Length..], s));
    }

    /// <summary>
    /// The statements of a script for psql, without their semicolons: names and values may hold line breaks, and semicolons too.
    /// </summary>
    static List<string> Statements(string script)
    {
        ReadOnlySpan<byte> text = Encoding.UTF8.GetBytes(script);
        var statements = new List<string>();
        int? begin = null;
        for (var at = 0; at < text.Length;)
        {
            var length = SqlToken.LengthAt(text[at..], standardStrings: true, out var isBlank);
            if (begin is null && text[at] == '\\')
            {
                // A command of psql's own takes a line.
                length = text[at..].IndexOf((byte)'\n') is >= 0 and var end ? end : text.Length - at;
            }
            else if (text[at] == ';')
            {
                if (begin is { } from)
                    statements.Add(Encoding.UTF8.GetString(text[from..at]));
                begin = null;
            }
            else if (!isBlank)
            {
                begin ??= at;
            }
            at += length;
        }
        return statements;
    }

    /// <summary>The statements of a script that give the database its settings, for a database of another name.</summary>
    public static IEnumerable<string> SettingsFor(string script, string from, string to)
    {
        var at = script.IndexOf(SettingsHeading + '\n', StringComparison.Ordinal);
        return Statements(at < 0 ? "" : script[at..])
            .Select(s => Name().Replace(
                s, m => m.Groups["name"].Value == Sql.Identifier(from) ? m.Groups["before"].Value + Sql.Identifier(to) : m.Value, 1));
    }

    const string SettingsHeading = "-- Settings of the database";

    [GeneratedRegex("""(?<before>^ALTER (?:ROLE (?:"(?:[^"]|"")*"|\S+) IN )?DATABASE )(?<name>"(?:[^"]|"")*"|\S+)""")]
    private static partial Regex Name();

    static async Task<CompanionFile> StoreAsync(byte[] script, string path, EncryptionKeys? keys, CancellationToken cancellationToken)
    {
        if (keys is null)
        {
            PrivateFile.WriteAllDurably(path, script);
            return new CompanionFile(Path.GetFileName(path), script.Length, await FileHash.Sha256Async(path, cancellationToken), null);
        }
        using var memory = new MemoryStream();
        await using var encrypting = EncryptingStream.Begin(memory, keys);
        await encrypting.WriteAsync(script, cancellationToken);
        var written = await encrypting.FinishAsync(cancellationToken);
        PrivateFile.WriteAllDurably(path, memory.ToArray());
        return new CompanionFile(Path.GetFileName(path), written.Size, written.Sha256, written.Hmac);
    }
}
