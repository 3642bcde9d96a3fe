using System.Collections.Concurrent;

namespace BackupSync.Alerting;

/// <summary>
/// Alerts of a folder that the disk did not take. This process knows them for as long as it lives: a disk that is full is the very moment
/// to tell somebody, and what was sent must not be sent again because nobody could note it.
/// </summary>
sealed class UnwrittenAlerts
{
    static readonly ConcurrentDictionary<string, UnwrittenAlerts> Folders = [];

    readonly Lock _gate = new();
    readonly Dictionary<string, AlertRecord> _records = [];

    public static UnwrittenAlerts Of(string folder) => Folders.GetOrAdd(folder, _ => new UnwrittenAlerts());

    /// <summary>Why the disk did not take the last one; null where it has taken all.</summary>
    public BackupSyncException? Failure { get; private set; }

    public IReadOnlyList<AlertRecord> All()
    {
        lock (_gate)
            return [.. _records.Values];
    }

    public AlertRecord? Read(string key)
    {
        lock (_gate)
            return _records.GetValueOrDefault(key);
    }

    /// <param name="there">What there is on the disk.</param>
    /// <returns>Whether something is otherwise now.</returns>
    public bool Change(string key, AlertRecord? there, Func<AlertRecord?, AlertRecord?> change, BackupSyncException why)
    {
        lock (_gate)
        {
            there = _records.GetValueOrDefault(key) ?? there;
            Failure = why;
            if (change(there) is not { } record || ReferenceEquals(record, there))
                return false;
            _records[key] = record;
            return true;
        }
    }

    /// <summary>It is on the disk now, as it is here or as it has become since.</summary>
    public void Forget(string key)
    {
        lock (_gate)
        {
            _records.Remove(key);
            if (_records.Count == 0)
                Failure = null;
        }
    }
}
