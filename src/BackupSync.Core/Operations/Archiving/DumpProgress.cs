using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Archiving;

/// <summary>
/// Tells how far pg_dump is: by the rows that pass, or, where pg_dump compresses them, by what the server says of its COPY.
/// </summary>
sealed class DumpProgress(ArchiveRequest request, StepScope scope) : IAsyncDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long an answer is waited for when the dump has ended: the line may be dead.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly CopyProgress _copies = new(request.Fingerprint, request.Login.ApplicationName, request.Facts.Database);
    readonly long _all = Math.Max(1, request.Fingerprint.TotalRows());
    readonly CancellationTokenSource _end = new(), _stop = new();
    Task _asking = Task.CompletedTask;
    string? _current;
    long _ended;

    /// <param name="rows">Of this table so far; null where nobody can count them.</param>
    /// <param name="bytes">Of the archive so far.</param>
    public void Tell(string table, long? rows, long bytes)
    {
        if (table != _current)
        {
            _ended += RowsOf(_current) ?? 0;
            if (_current is { } before)
                _copies.End(before);
            _copies.Begin(_current = table);
        }
        if (rows is { } counted)
        {
            scope.Progress((double)(_ended + counted) / _all, table, counted, RowsOf(table), bytes);
            return;
        }
        var (fraction, _, told, of) = _copies.Now();
        scope.Progress(fraction, table, told, told is null ? null : of, bytes);
    }

    /// <summary>To be called when the session that held the snapshot has handed it over: it is in no transaction, and has time.</summary>
    public void BeginAsking() => _asking = Task.Run(AskAsync);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _stop.CancelAfter(Patience);
        await _asking;
        _end.Dispose();
        _stop.Dispose();
    }

    async Task AskAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, _end.Token);
                await request.Snapshot.AskAsync(async holder =>
                {
                    await _copies.AskAsync(holder, isOrdered: false, _stop.Token);
                    return true;
                }, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The dump has ended.
        }
        catch (BackupSyncException)
        {
            // The server is gone. Progress is not worth a failure of its own; pg_dump will say so.
        }
    }

    long? RowsOf(string? table) => table is null ? null : request.Fingerprint.Tables.GetValueOrDefault(table)?.Rows;
}
