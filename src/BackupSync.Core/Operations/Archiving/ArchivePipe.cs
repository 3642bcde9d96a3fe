using BackupSync.Archives;

namespace BackupSync.Operations.Archiving;

/// <summary>Reads an archive while pg_dump writes it.</summary>
sealed class ArchivePipe<T>(Func<Stream, CancellationToken, T> read)
    where T : class
{
    /// <summary>What was read; null where it was not there to its end.</summary>
    public T? Content { get; private set; }

    /// <summary>The archive ended too early. pg_dump has failed, most likely: its own words are the cause to tell.</summary>
    public CutOffArchiveException? CutOff { get; private set; }

    /// <remarks>
    /// Without awaiting, so on a thread of its own: rows come in pieces too small for that. The pipe ends when pg_dump is stopped.
    /// </remarks>
    public Task ReadAsync(Stream pipe, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                Content = read(pipe, cancellationToken);
            }
            catch (CutOffArchiveException e)
            {
                CutOff = e;
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
