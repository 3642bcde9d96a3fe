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
    readonly Lock _gate = new();
    readonly List<(string Id, string Name)> _othersUnderWay = [];
    volatile bool _isParallel;
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

    /// <summary>
    /// Several workers say what they begin and end. One that writes a script says what it has written, long before the server has done it.
    /// </summary>
    public void OnErrorLine(string line)
    {
        if (Item().Match(line) is { Success: true } item)
        {
            _isParallel = true;
            OnItem(item.Groups["id"].Value, item.Groups["name"].Value, hasEnded: item.Groups["what"].Value == "finished");
        }
        else if (!_isParallel && Processing().Match(line) is { Success: true } processing)
        {
            _rows.Begin(new ObjectName(processing.Groups["schema"].Value, processing.Groups["table"].Value).Display);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _polling;
        _stop.Dispose();
    }

    void OnItem(string id, string name, bool hasEnded)
    {
        var isTable = _tablesById.TryGetValue(id, out var table);
        if (isTable && hasEnded)
        {
            _rows.End(table!);
        }
        else if (isTable)
        {
            _rows.Begin(table!);
        }
        else
        {
            lock (_gate)
            {
                _othersDone += hasEnded ? _othersUnderWay.RemoveAll(u => u.Id == id) : 0;
                if (!hasEnded)
                    _othersUnderWay.Add((id, Kind().Replace(name, kind => kind.Value.ToLowerInvariant())));
            }
        }
        // What comes next is more worth telling than what has ended, and comes at once.
        if (!hasEnded)
            Tell();
    }

    /// <summary>A table's rows while any come; then what is built of them, such as an index.</summary>
    void Tell()
    {
        var (fraction, item, rows, ofRows) = _rows.Now();
        lock (_gate)
        {
            _scope.Progress(
                (ShareOfRows * fraction) + ((1 - ShareOfRows) * Math.Min(1, (double)_othersDone / _others)),
                item ?? _othersUnderWay.LastOrDefault().Name, rows, ofRows);
        }
    }

    async Task PollAsync(PgLogin maintenance)
    {
        try
        {
            await Task.Delay(Interval, _stop.Token); // most databases are loaded by then
            await using var session = await PgSession.OpenAsync(maintenance, _stop.Token);
            while (true)
            {
                await _rows.AskAsync(session, isOrdered: !_isParallel, _stop.Token);
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

    [GeneratedRegex("^pg_restore: (?<what>launching|finished) item (?<id>[0-9]+) (?<name>.*)$")]
    private static partial Regex Item();

    [GeneratedRegex("^pg_restore: processing data for table \"(?<schema>.*)\\.(?<table>[^.]*)\"$")]
    private static partial Regex Processing();

    /// <summary>The words of an object's kind, before its name.</summary>
    [GeneratedRegex("^[A-Z ]+(?= )")]
    private static partial Regex Kind();
}
