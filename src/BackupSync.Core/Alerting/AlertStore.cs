using System.Text.Json;
using BackupSync.Files;

namespace BackupSync.Alerting;

/// <summary>
/// The alerts of one state folder, each a file that people can read. Several processes change them at once: each change is made under one
/// lock, which the system lets go of when its holder dies, and replaces the file whole. What the disk does not take is kept in this process.
/// </summary>
sealed class AlertStore(string folder)
{
    const string Prefix = "alert-";
    const string Suffix = ".json";
    const string LockName = ".lock";
    const int LongestName = 60;

    /// <summary>A file this young may have been replaced since, within one tick of the file system's clock.</summary>
    static readonly TimeSpan Young = TimeSpan.FromSeconds(2);

    readonly Lock _gate = new();
    Dictionary<string, (DateTime Written, long Length, AlertRecord Record)> _seen = [];

    /// <summary>Told of each change that this process has made, with the folder: whoever sends need not wait for his next look.</summary>
    public static event Action<string>? Changed;

    readonly UnwrittenAlerts _unwritten = UnwrittenAlerts.Of(folder);

    public string Folder => folder;

    /// <summary>Whether there was ever an alert.</summary>
    public bool IsThere => Directory.Exists(folder) || _unwritten.Failure is not null;

    /// <summary>Why the disk does not take what is to be kept; null where it does.</summary>
    public BackupSyncException? Failure => _unwritten.Failure;

    /// <summary>All of them, also those that are closed. What is no alert is passed over, as is one that this user may not read.</summary>
    public IReadOnlyList<AlertRecord> ReadAll()
    {
        var unwritten = _unwritten.All();
        return
        [
            .. ReadFiles().Where(r => unwritten.All(u => u.Key != r.Key)).Concat(unwritten)
                .OrderBy(r => r.FirstSeen).ThenBy(r => r.Key, StringComparer.Ordinal),
        ];
    }

    IReadOnlyList<AlertRecord> ReadFiles()
    {
        if (!Directory.Exists(folder))
            return [];
        lock (_gate)
        {
            var found = new Dictionary<string, (DateTime, long, AlertRecord)>();
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles($"{Prefix}*{Suffix}"))
            {
                if (_seen.TryGetValue(file.Name, out var seen) && seen.Written == file.LastWriteTimeUtc && seen.Length == file.Length
                    && FileAge.Of(file) > Young)
                    found[file.Name] = seen;
                else if (ReadPath(file.FullName) is { } record)
                    found[file.Name] = (file.LastWriteTimeUtc, file.Length, record);
            }
            _seen = found;
            return [.. found.Values.Select(f => f.Item3)];
        }
    }

    /// <summary>Null where there is none.</summary>
    public AlertRecord? Read(string key) => _unwritten.Read(key) ?? ReadFile(key);

    /// <summary>
    /// Changes one: nobody else does meanwhile, and when it returns, the change is on the disk, or, where that does not take it, known to
    /// this process.
    /// </summary>
    /// <param name="change">Given what there is, or null; gives what there is to be, or null for no change. It may be asked twice.</param>
    /// <param name="mustBeWritten">Whether this process ends soon, and what it alone knows is worth nothing.</param>
    /// <exception cref="BackupSyncException">The disk does not take what must be written.</exception>
    public void Change(string key, Func<AlertRecord?, AlertRecord?> change, bool mustBeWritten = false)
    {
        try
        {
            if (!Write(key, change))
                return;
        }
        catch (BackupSyncException failure) when (!mustBeWritten)
        {
            if (!_unwritten.Change(key, ReadFile(key), change, failure))
                return;
        }
        Changed?.Invoke(folder);
    }

    /// <summary>Tries again what the disk did not take, until it does not take one.</summary>
    public void WriteUnwritten()
    {
        try
        {
            foreach (var record in _unwritten.All())
                Write(record.Key, _ => _unwritten.Read(record.Key));
        }
        catch (BackupSyncException)
        {
            // It is still so.
        }
    }

    bool Write(string key, Func<AlertRecord?, AlertRecord?> change)
    {
        PrivateFile.CreateFolder(folder);
        using (PrivateFile.OpenExclusive(Path.Combine(folder, LockName)))
        {
            var there = Read(key);
            var unwritten = _unwritten.Read(key);
            if (change(there) is not { } record || (ReferenceEquals(record, there) && unwritten is null))
                return false;
            PrivateFile.WriteAllDurably(PathOf(key), [.. JsonSerializer.SerializeToUtf8Bytes(record, JsonFormat.Indented), (byte)'\n']);
            _unwritten.Forget(key);
            return true;
        }
    }

    /// <summary>Forgets one, if it still is as the caller has seen it.</summary>
    public void Remove(string key, Func<AlertRecord, bool> isStill)
    {
        using var turn = PrivateFile.OpenExclusive(Path.Combine(folder, LockName));
        if (Read(key) is { } record && isStill(record))
            PrivateFile.Delete(PathOf(key));
    }

    string PathOf(string key)
    {
        var name = string.Concat(key.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '.'));
        return Path.Combine(folder, $"{Prefix}{(name.Length > LongestName ? name[..LongestName] : name)}-{AlertText.CodeOf(key)}{Suffix}");
    }

    /// <summary>Of the file alone.</summary>
    AlertRecord? ReadFile(string key) => ReadPath(PathOf(key)) is { } record && record.Key == key ? record : null;

    static AlertRecord? ReadPath(string path)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            using var stream = PlatformFiles.OpenToRead(path, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize<AlertRecord>(stream, JsonFormat.Indented);
        }
        catch (JsonException)
        {
            return null; // somebody's own, or changed by hand
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            return null; // removed in between; or another user's, whose alert is one of ours as soon as we see it
        }
    }
}
