using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>
/// What a database holds, as pg_dump writes it and nothing of the product reads it: each table's rows as sorted lines, sequences, large
/// objects.
/// </summary>
static class DumpText
{
    public static async Task AssertSameAsync(PgToolset tools, DatabaseAddress source, DatabaseAddress target, string when)
    {
        var both = await Task.WhenAll(ReadAsync(tools, source), ReadAsync(tools, target));
        var names = both[0].Keys.Union(both[1].Keys).Where(n => both[0].GetValueOrDefault(n) != both[1].GetValueOrDefault(n));
        Assert.True(
            !names.Any(),
            $"{when}: {string.Join("\n", names.Select(n => $"{n}\n--- source\n{Difference(n, 0)}\n--- target\n{Difference(n, 1)}"))}");

        string Difference(string name, int side) => string.Join('\n', (both[side].GetValueOrDefault(name) ?? "nothing").Split('\n')
            .Except((both[1 - side].GetValueOrDefault(name) ?? "").Split('\n')).Take(10));
    }

    static async Task<Dictionary<string, string>> ReadAsync(PgToolset tools, DatabaseAddress address)
    {
        var file = Path.GetTempFileName();
        try
        {
            var result = await ChildProcess.RunAsync(
                new ChildCommand(tools.PgDump, "--data-only", "--exclude-schema=backupsync", "--file", file).ConnectedTo(address),
                default);
            Assert.True(result.ExitCode == 0, result.ErrorTail);
            return Parse(await File.ReadAllLinesAsync(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    static Dictionary<string, string> Parse(string[] lines)
    {
        var found = new Dictionary<string, string>();
        List<string>? rows = null;
        var table = "";
        int[] order = [];
        foreach (var line in lines)
        {
            if (rows is null && line.StartsWith("COPY ", StringComparison.Ordinal))
            {
                // A restore may put columns in another order.
                var open = line.IndexOf('(', StringComparison.Ordinal);
                var columns = open < 0 ? [] : line[(open + 1)..line.LastIndexOf(')')].Split(", ");
                order = [.. columns.Index().OrderBy(c => c.Item, StringComparer.Ordinal).Select(c => c.Index)];
                (table, rows) = (line[..(open < 0 ? line.Length : open)], []);
            }
            else if (rows is not null && line == "\\.")
            {
                found.Add(table, string.Join('\n', rows.Order(StringComparer.Ordinal)));
                rows = null;
            }
            else if (rows is not null)
            {
                var fields = line.Split('\t');
                rows.Add(fields.Length == order.Length ? string.Join('\t', order.Select(i => fields[i])) : line);
            }
            else if (line.StartsWith("SELECT pg_catalog.setval", StringComparison.Ordinal)
                || line.StartsWith("SELECT pg_catalog.lo", StringComparison.Ordinal))
            {
                found["others"] = found.GetValueOrDefault("others") + line + "\n";
            }
        }
        return found;
    }
}
