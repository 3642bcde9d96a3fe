using BackupSync.Files;

namespace BackupSync.Scheduling;

/// <summary>The lease of one machine: a file that is locked. The system lets go of it when its holder dies.</summary>
sealed class FileLease(string stateFolder) : IServiceLease
{
    IDisposable? _held;

    public TimeSpan Renewal => TimeSpan.FromSeconds(5);

    public long Fence => 0;

    public string? Problem => null;

    public bool IsHeld => _held is not null;

    public Task<string?> HoldAsync(CancellationToken cancellationToken)
    {
        _held ??= FolderLock.TryTake(Path.Combine(stateFolder, "service"));
        return Task.FromResult(_held is null ? $"another service of this machine, by the lock in {stateFolder}" : null);
    }

    public ValueTask DisposeAsync()
    {
        _held?.Dispose();
        return ValueTask.CompletedTask;
    }
}
