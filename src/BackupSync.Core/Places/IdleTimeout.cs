namespace BackupSync.Places;

/// <summary>A wait that ends when nothing has happened for a while, or when the caller gives up.</summary>
sealed class IdleTimeout : IDisposable
{
    readonly CancellationTokenSource _source;
    readonly TimeSpan _silence;

    public IdleTimeout(TimeSpan silence, CancellationToken cancellationToken)
    {
        _silence = silence;
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Renew();
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Something happened.</summary>
    public void Renew() => _source.CancelAfter(_silence);

    public void Dispose() => _source.Dispose();
}
