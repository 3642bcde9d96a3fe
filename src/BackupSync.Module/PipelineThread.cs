using System.Collections.Concurrent;

namespace BackupSync.Module;

/// <summary>
/// The thread of a cmdlet's pipeline, which alone may call PowerShell. While it waits for work of the core, it does what that work asks of
/// it, such as getting a secret out of the user's vault.
/// </summary>
sealed class PipelineThread(CancellationToken stopped) : IDisposable
{
    readonly BlockingCollection<Action> _asked = [];

    /// <summary>The cmdlet's, in whatever thread PowerShell runs it.</summary>
    int _thread;

    public void IsThis() => _thread = Environment.CurrentManagedThreadId;

    /// <summary>Has it done there when its turn comes.</summary>
    public void Post(Action work) => _asked.Add(work, CancellationToken.None);

    /// <summary>Does it there, from any thread.</summary>
    /// <exception cref="OperationCanceledException">The pipeline was stopped, and nobody will do it.</exception>
    public T Do<T>(Func<T> work)
    {
        if (Environment.CurrentManagedThreadId == _thread)
            return work();
        var done = new Task<T>(work);
        Post(() => done.RunSynchronously(TaskScheduler.Default));
        return done.WaitAsync(stopped).GetAwaiter().GetResult();
    }

    /// <summary>Waits for work of the core, and does meanwhile what is posted. An exception of the work is not thrown here.</summary>
    public void WaitFor(Task work)
    {
        var woken = work.ContinueWith(
            _ => Post(() => { }), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (!work.IsCompleted)
            _asked.Take()();
        ((IAsyncResult)woken).AsyncWaitHandle.WaitOne();
        while (_asked.TryTake(out var last))
            last();
    }

    public void Dispose() => _asked.Dispose();
}
