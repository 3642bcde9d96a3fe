using BackupSync.Configuration;

namespace BackupSync.Cli.Serving;

/// <summary>
/// The configuration of a service that goes on for months: read anew when its file has changed or somebody asks for it, whole or, where
/// something is wrong with it, not at all.
/// </summary>
/// <param name="load">Reads it, and throws where it cannot be used.</param>
sealed class LiveConfig(Func<BackupSyncConfig> load, ServiceLog log)
{
    /// <summary>Not by watching: shares and mounted secrets tell of no change.</summary>
    static readonly TimeSpan Looking = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    (DateTime, long) _written;
    volatile BackupSyncConfig? _current;

    /// <summary>As it was last read without a problem.</summary>
    public BackupSyncConfig Current => _current ?? Read();

    /// <summary>Told after it was read anew.</summary>
    public event Action? Changed;

    public void Reload()
    {
        // A signal may come while a change of the file is looked at.
        lock (_gate)
        {
            try
            {
                Read();
                log.Say($"{Current.Path} was read anew.");
            }
            catch (BackupSyncException failure)
            {
                log.Say(failure);
                log.Say("The configuration of before stays in force.");
                return;
            }
            Changed?.Invoke();
        }
    }

    public async Task WatchAsync(TimeProvider clock, CancellationToken stop)
    {
        while (true)
        {
            await Task.Delay(Looking, clock, stop);
            if (Written() != _written)
                Reload();
        }
    }

    BackupSyncConfig Read()
    {
        // Whatever is written meanwhile is seen the next time.
        var written = _current is null ? default : Written();
        try
        {
            _current = load();
        }
        finally
        {
            _written = written == default && _current is not null ? Written() : written;
        }
        foreach (var warning in _current.Warnings)
            log.Warn(warning.ToString());
        return _current;
    }

    /// <summary>
    /// Of what a link leads to: Kubernetes exchanges the link of a folder, and leaves the file's own as it is. Nothing where it is away for
    /// a moment, as while an editor exchanges it.
    /// </summary>
    (DateTime, long) Written()
    {
        try
        {
            var file = new FileInfo(_current!.Path);
            file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
