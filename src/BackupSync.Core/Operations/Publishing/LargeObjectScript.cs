using System.Text;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// pg_restore's script of large objects, changed so that it can run in a transaction, and upon those that are there: each that is
/// dropped takes a lock until the transaction ends, one that is written over takes none.
/// </summary>
/// <param name="existing">The oids of those that are there.</param>
sealed class LargeObjectScript(IReadOnlySet<string> existing)
{
    const string Create = "SELECT pg_catalog.lo_create('";
    const string Open = "SELECT pg_catalog.lo_open('";
    const int BatchSize = 1 << 20;

    readonly HashSet<string> _left = [.. existing];

    /// <summary>Those that the script does not have.</summary>
    public IReadOnlyCollection<string> Stale => _left;

    /// <summary>In a script of large objects alone, a line can be nothing else but what it looks like.</summary>
    public async Task FeedAsync(Stream script, Func<Stream, CancellationToken, Task> sink, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(script, leaveOpen: true);
        var batch = new MemoryStream();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            foreach (var changed in Changed(line))
                batch.Write(Encoding.UTF8.GetBytes(changed + "\n"));
            if (batch.Length > BatchSize)
                await FlushAsync();
        }
        await FlushAsync();

        async Task FlushAsync()
        {
            batch.Position = 0;
            await sink(batch, cancellationToken);
            batch.SetLength(0);
        }
    }

    IEnumerable<string> Changed(string line)
    {
        if (line is "BEGIN;" or "COMMIT;")
            yield break; // pg_restore puts a transaction around each batch
        if (OidAfter(Create, line) is { } created && existing.Contains(created))
        {
            _left.Remove(created);
            yield break;
        }
        yield return line;
        if (OidAfter(Open, line) is { } opened && existing.Contains(opened))
            yield return "SELECT pg_catalog.lo_truncate(0, 0);";
    }

    static string? OidAfter(string start, string line) =>
        line.StartsWith(start, StringComparison.Ordinal) ? line[start.Length..].Split('\'')[0] : null;
}
