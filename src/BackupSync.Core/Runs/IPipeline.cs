namespace BackupSync.Runs;

/// <summary>The steps of one kind of run, in their order.</summary>
interface IPipeline
{
    Task RunAsync(CancellationToken cancellationToken);
}
