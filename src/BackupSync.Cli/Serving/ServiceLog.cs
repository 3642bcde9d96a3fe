using System.Globalization;

namespace BackupSync.Cli.Serving;

/// <summary>What the service does, in lines: <c>[DB-Redundancy] 2026-12-01 06:00:00 the job copy begins</c>, times in UTC.</summary>
sealed class ServiceLog(TextWriter writer, TimeProvider clock)
{
    const string Prefix = "[DB-Redundancy] ";

    readonly Lock _gate = new();

    public void Say(string line)
    {
        var time = clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        lock (_gate)
        {
            writer.WriteLine($"{Prefix}{time} {Printable.Line(line)}");
            writer.Flush();
        }
    }

    public void Warn(string line) => Say($"WARNING: {line}");

    public void Say(BackupSyncException failure) =>
        Say($"ERROR: {failure.Message}{(failure.Advice is null ? "" : $" {Spelling.InCommands(failure.Advice)}")}");
}
