using BackupSync.Archives;
using BackupSync.PgTools;

namespace BackupSync.Tests.Archives;

/// <summary>
/// A database with all that real ones hold and some more, and pg_dump's archives of it. For a class of tests that only read it.
/// </summary>
public sealed class OddDatabase : IAsyncLifetime
{
    readonly Servers _servers = new();
    readonly TempFolder _folder = new();

    public TestDatabase Database { get; private set; } = null!;
    public Servers Servers => _servers;

    /// <summary>As we have it written: uncompressed, to a pipe.</summary>
    public byte[] Plain { get; private set; } = [];

    /// <summary>As pg_dump writes a file by itself.</summary>
    public byte[] Gzipped { get; private set; } = [];

    public async Task InitializeAsync()
    {
        await _servers.InitializeAsync();
        Database = await (await _servers.CreateSourceAsync()).WithRealisticDataAsync(_servers.Tools);
        await Database.ExecuteAsync(
            """
            CREATE TABLE "quoted "" and	tab" ("a.b" text);
            INSERT INTO "quoted "" and	tab" VALUES (E'\\.'), (E'line\nbreak\r\n\\.\n'), (E'\\\\.'), (''), (NULL), (E'tab\tand \\N');
            CREATE TABLE nothing_in_it (a integer);
            INSERT INTO no_columns DEFAULT VALUES;
            INSERT INTO no_columns DEFAULT VALUES;
            CREATE TABLE large (a text);
            INSERT INTO large SELECT repeat(i::text || E'\n\\', 400000) FROM generate_series(1, 3) i;
            SELECT lo_from_bytea(0, convert_to(repeat('many', 700000), 'UTF8')), lo_create(0), lo_from_bytea(2147483648, 'lowest'),
                lo_from_bytea(4294967290, 'highest');
            """);
        (Plain, Gzipped) = (await DumpAsync("--compress=0"), await DumpAsync("--compress=1"));
    }

    public async Task DisposeAsync()
    {
        await Database.DisposeAsync();
        await _servers.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The archive as our copy has it, and what was found on the way.</summary>
    internal static (byte[] Copy, ArchiveContent Content) CopyOf(byte[] archive, bool compress)
    {
        using var output = new MemoryStream();
        var (content, head) = new ArchiveCopy(new ArchiveReader(new MemoryStream(archive), default), output, (_, _, _) => { })
            .Run(compress);
        output.Position = 0;
        output.Write(head.Bytes.Span);
        return (output.ToArray(), content);
    }

    /// <summary>What pg_restore prints.</summary>
    public async Task<string> RestoreAsync(byte[] archive, params string[] arguments)
    {
        var path = _folder.File($"{Guid.NewGuid():N}.dump");
        await File.WriteAllBytesAsync(path, archive);
        var result = await ChildProcess.RunAsync(new ChildCommand(_servers.Tools.PgRestore, [.. arguments, path]), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
        return result.Output;
    }

    async Task<byte[]> DumpAsync(string compress)
    {
        using var archive = new MemoryStream();
        var command = new ChildCommand(_servers.Tools.PgDump, "--format=custom", compress)
        {
            StandardOutput = (pipe, ct) => pipe.CopyToAsync(archive, ct),
        };
        var result = await ChildProcess.RunAsync(command.ConnectedTo(Database.Address), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
        return archive.ToArray();
    }
}
