using System.Collections.Concurrent;
using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Module.Commands;

/// <summary>
/// What all cmdlets share: one token that <see cref="StopProcessing"/> cancels, PowerShell's own current location for
/// paths, and the core's failures as error records.
/// </summary>
public abstract class BackupSyncCmdlet : PSCmdlet, IDisposable
{
    readonly CancellationTokenSource _stop = new();

    /// <summary>Cancelled by Ctrl+C, and when the pipeline is stopped by others.</summary>
    protected CancellationToken Stopped => _stop.Token;

    /// <summary>What <see cref="ProcessRecord"/> does, free to throw what the core throws.</summary>
    protected abstract void Execute();

    /// <summary>What is done when all of the pipeline has come, likewise.</summary>
    protected virtual void Finish()
    {
    }

    protected sealed override void ProcessRecord() => Guarded(Execute);

    protected sealed override void EndProcessing() => Guarded(Finish);

    void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (BackupSyncException failure)
        {
            ThrowTerminatingError(ErrorRecords.From(failure, null));
        }
        catch (OperationCanceledException) when (Stopped.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>What is shown holds others' words: names of files, tables and roles, and what servers say.</summary>
    protected new void WriteWarning(string text) => base.WriteWarning(Printable.Text(Spelling.InCmdlets(text)));

    /// <inheritdoc cref="WriteWarning"/>
    protected new void WriteVerbose(string text) => base.WriteVerbose(Printable.Text(text));

    /// <inheritdoc cref="WriteWarning"/>
    protected new bool ShouldProcess(string target, string action) => base.ShouldProcess(Printable.Line(target), Printable.Line(action));

    protected override void StopProcessing() => Stop();

    /// <summary>Cancels what goes on, and lets it end in order.</summary>
    protected void Stop() => _stop.Cancel();

    /// <summary>
    /// Waits on the pipeline's thread for work of the core, which runs on the thread pool: there it needs no message loop and
    /// meets no runspace.
    /// </summary>
    protected T Await<T>(Func<CancellationToken, Task<T>> work) =>
        Task.Run(() => work(Stopped), CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>The same for work that warns: told on the pipeline's thread, when it has ended.</summary>
    protected T Await<T>(Func<Action<string>, CancellationToken, Task<T>> work)
    {
        var warnings = new ConcurrentQueue<string>();
        try
        {
            return Await(token => work(warnings.Enqueue, token));
        }
        finally
        {
            foreach (var warning in warnings.TakeWhile(_ => !Stopping))
                WriteWarning(warning);
        }
    }

    /// <summary>A path as the user means it: relative to PowerShell's location, which is not that of the process.</summary>
    protected string FullPath(string path) => GivenPath.Full(SessionState.Path.GetUnresolvedProviderPathFromPSPath(path));

    protected string CurrentFolder => SessionState.Path.CurrentFileSystemLocation.ProviderPath;

    /// <summary>Whether this only tells what would be done.</summary>
    protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var bound)
        ? LanguagePrimitives.IsTrue(bound)
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>Loads the configuration that a parameter names, or the one that is found.</summary>
    protected BackupSyncConfig LoadConfig(string? path)
    {
        var file = ConfigurationFile.Locate(path is null ? null : FullPath(path), currentDirectory: CurrentFolder);
        WriteVerbose($"Configuration: {file}");
        return ConfigurationFile.Load(file);
    }

    /// <summary>The same, for what can also be done without one: null where none is named and none is found.</summary>
    protected BackupSyncConfig? LoadConfigIfAny(string? path) =>
        path is not null || ConfigurationFile.Find(null, currentDirectory: CurrentFolder) is not null ? LoadConfig(path) : null;

    /// <summary>The backup that a path names.</summary>
    /// <inheritdoc cref="FoundBackups.Open" path="/exception"/>
    protected BackupFile OpenBackup(string path) => FoundBackups.Open(path, FullPath);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _stop.Dispose();
    }
}
