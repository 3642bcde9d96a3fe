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

    DateTime _written;
    volatile BackupSyncConfig? _current;

    /// <summary>As it was last read without a problem.</summary>
    public BackupSyncConfig Current => _current ?? Read();

    /// <summary>Told after it was read anew.</summary>
    public event Action? Changed;

    public void Reload()
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

    /// <summary>The year 1601 where it is away for a moment, as while an editor exchanges it.</summary>
    DateTime Written() => File.GetLastWriteTimeUtc(_current!.Path);
}
