using System.Text.RegularExpressions;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Publishing;

/// <summary>Tells how far pg_restore is, from what it says and from what the server shows.</summary>
sealed partial class RestoreProgress : IAsyncDisposable
{
    /// <summary>Of a restore's time, the share that loading rows takes; the rest is indexes and constraints. An estimate.</summary>
    const double ShareOfRows = 0.6;

    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    readonly CopyProgress _rows;
    readonly Dictionary<string, string> _tablesById;
    readonly int _others;
    readonly StepScope _scope;
    readonly CancellationTokenSource _stop = new();
    readonly Task _polling;
    int _othersDone;

    RestoreProgress(PublishContent content, IReadOnlyList<string> list, StepScope scope, PgLogin maintenance)
    {
        _scope = scope;
        _rows = new CopyProgress(content.Content, maintenance.ApplicationName);
        _tablesById = content.Content.Tables.Keys
            .Select(t => (Table: t, Entry: content.Listing.Find("TABLE DATA", ObjectName.OfKey(t))))
            .Where(t => t.Entry is not null)
            .DistinctBy(t => t.Entry)
            .ToDictionary(t => t.Entry!.Line.Split(';')[0], t => t.Table);
        _others = Math.Max(1, list.Count - _tablesById.Count);
        _polling = PollAsync(maintenance);
    }

    /// <param name="maintenance">A session of its own is opened there: one that holds a lock is not to be risked for progress.</param>
    public static RestoreProgress Watch(PublishContent content, IReadOnlyList<string> list, PgLogin maintenance, StepScope scope) =>
        new(content, list, scope, maintenance);

    public void OnErrorLine(string line)
    {
        if (Item().Match(line) is { Success: true } item)
        {
            var isTable = _tablesById.TryGetValue(item.Groups["id"].Value, out var table);
            if (isTable && item.Groups["what"].Value == "launching")
                _rows.Begin(table!);
            else if (isTable)
                _rows.End(table!);
            else if (item.Groups["what"].Value == "finished")
                Interlocked.Increment(ref _othersDone);
        }
        else if (Processing().Match(line) is { Success: true } processing)
        {
            _rows.Begin(new ObjectName(processing.Groups["schema"].Value, processing.Groups["table"].Value).Display);
        }
        Tell();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _polling;
        _stop.Dispose();
    }

    void Tell()
    {
        var (fraction, table, rows, bytes) = _rows.Now();
        var done = (ShareOfRows * fraction) + ((1 - ShareOfRows) * Math.Min(1, (double)Volatile.Read(ref _othersDone) / _others));
        _scope.Progress(done, table, rows, bytes);
    }

    async Task PollAsync(PgLogin maintenance)
    {
        try
        {
            await Task.Delay(Interval, _stop.Token); // most databases are loaded by then
            await using var session = await PgSession.OpenAsync(maintenance, _stop.Token);
            while (true)
            {
                await _rows.AskAsync(session, _stop.Token);
                Tell();
                await Task.Delay(Interval, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The restore has ended.
        }
        catch (BackupSyncException)
        {
            // The server is gone. Progress is not worth a failure of its own; pg_restore will say so.
        }
    }

    [GeneratedRegex("^pg_restore: (?<what>launching|finished) item (?<id>[0-9]+) ")]
    private static partial Regex Item();

    [GeneratedRegex("^pg_restore: processing data for table \"(?<schema>.*)\\.(?<table>[^.]*)\"$")]
    private static partial Regex Processing();
}
