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
    readonly PipelineThread _pipeline;

    protected BackupSyncCmdlet() => _pipeline = new PipelineThread(_stop.Token);

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

    /// <summary>What was named, by the first parameter that names something: what an error that ends everything is about.</summary>
    object? Subject => Naming.Select(n => MyInvocation.BoundParameters.TryGetValue(n, out var given) ? given : null)
        .FirstOrDefault(g => g is not null) is { } found ? found is Array { Length: 1 } one ? one.GetValue(0) : found : null;

    /// <summary>No URLs: an error record is kept, and shown, by whoever gets it.</summary>
    static readonly string[] Naming = ["Database", "Job", "Plan", "InputObject", "Path", "Name", "Directory", "Place", "To", "Config"];

    void Guarded(Action work)
    {
        _pipeline.IsThis();
        using var vault = SecretVault.Use((name, from) => _pipeline.Do(() => UserVault.Get(InvokeCommand, name, from)));
        try
        {
            work();
        }
        catch (BackupSyncException failure)
        {
            var record = ErrorRecords.From(Answered(failure), Subject);
            // Nothing was done yet for what is not there; what else comes down the pipeline is no worse for it.
            if (!MyInvocation.ExpectingInput || failure.ErrorId is not (ErrorIds.UnknownName or ErrorIds.BackupNotFound))
                ThrowTerminatingError(record);
            WriteError(record);
        }
        catch (OperationCanceledException) when (Stopped.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>An address that was given where a name is wanted is told with the parameter that takes it.</summary>
    BackupSyncException Answered(BackupSyncException failure) => failure is AddressGivenException given
        ? given.For(MyInvocation.MyCommand.Parameters.Keys.Select(name => $"-{name}"))
        : failure;

    /// <inheritdoc cref="Answered"/>
    protected new void WriteError(ErrorRecord record) => base.WriteError(record.Exception is AddressGivenException given
        ? ErrorRecords.From(Answered(given), record.TargetObject)
        : record);

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
    protected T Await<T>(Func<CancellationToken, Task<T>> work)
    {
        var working = Task.Run(() => work(Stopped), CancellationToken.None);
        _pipeline.WaitFor(working);
        return working.GetAwaiter().GetResult();
    }

    /// <summary>Has something done on the pipeline's thread while that waits for work of the core.</summary>
    protected void Post(Action work) => _pipeline.Post(work);

    /// <summary>Waits so for work that goes on; an exception of it is not thrown here.</summary>
    protected void WaitFor(Task work) => _pipeline.WaitFor(work);

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
    protected string FullPath(string path) =>
        GivenPath.Full(AddressText.Is(path) ? path : SessionState.Path.GetUnresolvedProviderPathFromPSPath(path));

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
        var config = ConfigurationFile.Load(file);
        foreach (var warning in config.Warnings)
            WriteWarning(warning.ToString());
        return config;
    }

    /// <summary>The same, for what can also be done without one: null where none is named and none is found.</summary>
    protected BackupSyncConfig? LoadConfigIfAny(string? path) =>
        path is not null || ConfigurationFile.Find(null, currentDirectory: CurrentFolder) is not null ? LoadConfig(path) : null;

    /// <summary>What a name stands for; null, and an error about that name, where there is no such thing: the others go on.</summary>
    protected T? Found<T>(string name, Func<string, T> find) where T : class
    {
        try
        {
            return find(name);
        }
        catch (BackupSyncException failure)
        {
            WriteError(ErrorRecords.From(failure, name));
            return null;
        }
    }

    /// <summary>The backup that a path names.</summary>
    /// <inheritdoc cref="FoundBackups.Open" path="/exception"/>
    protected BackupFile OpenBackup(string path) => FoundBackups.Open(path, FullPath);

    /// <summary>The same; null, and an error, where there is none.</summary>
    protected BackupFile? Opened(string path) => Found(path, OpenBackup);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _pipeline.Dispose();
        _stop.Dispose();
    }
}
