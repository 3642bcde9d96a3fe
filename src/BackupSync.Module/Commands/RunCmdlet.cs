using System.Management.Automation;
using System.Runtime.ExceptionServices;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>A cmdlet that runs something the core tells about while it goes on: progress, log lines, and how it ended.</summary>
public abstract class RunCmdlet : ConfirmingCmdlet
{
    /// <summary>What came of a result's being written to a pipeline that wants no more, such as one to <c>Select-Object -First 1</c>.</summary>
    PipelineStoppedException? _enough;

    /// <summary>Whether only true or false is wanted of each run, and no error.</summary>
    protected virtual bool TellsOnlySuccess => false;

    /// <summary>
    /// Runs on the thread pool and shows, on the pipeline's thread, what comes; then writes the result, and an error where it
    /// did not succeed. Returns only when the run has ended, however the pipeline was stopped: a run cleans up after itself.
    /// </summary>
    protected void Run(Func<IEnumerable<IRunObserver>, CancellationToken, Task<RunResult>> start) =>
        RunSeveral((observersOf, token) => start(observersOf(null), token));

    /// <summary>
    /// The same for several runs at once. Each result is written as its run ends; the errors follow when all have ended, so
    /// that <c>-ErrorAction Stop</c> does not let one that fails stop the others.
    /// </summary>
    /// <param name="start">Asks for the observers of a run by the name that tells it from the others.</param>
    protected void RunSeveral(Func<Func<string?, IEnumerable<IRunObserver>>, CancellationToken, Task> start)
    {
        var displays = new List<RunDisplay>();
        var failures = new List<ErrorRecord>();
        var count = 0;
        var runs = Task.Run(
            () => start(
                name => [new Queue(this, new RunDisplay(this, Interlocked.Increment(ref count) - 1, name), displays, failures)], Stopped),
            CancellationToken.None);

        var shown = false;
        try
        {
            WaitFor(runs);
            if (Stopping)
                throw new PipelineStoppedException();
            shown = true;
        }
        finally
        {
            // Left early only by an exception: the pipeline was stopped, or a warning was made one that stops.
            if (!shown)
                Stop();
            ((IAsyncResult)runs).AsyncWaitHandle.WaitOne();
            // Records that are written to a stopping pipeline throw; such a pipeline's progress is cleared by the host.
            foreach (var display in displays.TakeWhile(_ => !Stopping))
                display.Complete();
        }

        runs.GetAwaiter().GetResult();
        foreach (var failure in failures)
            WriteError(failure);
        // PowerShell has to see it leave the cmdlet: else it ends not what comes before in the pipeline, but the whole script.
        if (_enough is not null)
            ExceptionDispatchInfo.Throw(_enough);
    }

    void Show(RunDisplay display, RunEvent runEvent, List<ErrorRecord> failures)
    {
        try
        {
            display.Show(runEvent);
            if (runEvent is RunEnded { Result: var result })
                Write(result, failures);
        }
        catch (PipelineStoppedException stopped)
        {
            // Who wanted no more than this result has it.
            if (Stopping || _enough is not null)
                TellEnd(runEvent);
            _enough ??= stopped;
        }
    }

    /// <summary>
    /// A pipeline that was stopped takes no records any more; whoever pressed Ctrl+C wants to know nevertheless what became of the target.
    /// </summary>
    void TellEnd(RunEvent runEvent)
    {
        if (runEvent is not RunEnded { Result: var result })
            return;
        var state = result.Error?.Rollback ?? (result.Outcome == RunOutcome.Cancelled ? "Nothing was changed." : null);
        Host.UI?.WriteWarningLine(Printable.Text(Spelling.InCmdlets(
            $"{result.Job}: {result.Summary}{(state is null ? "" : $" {state}")}")));
    }

    void Write(RunResult result, List<ErrorRecord> failures)
    {
        if (TellsOnlySuccess)
        {
            WriteObject(result.Success);
            return;
        }
        WriteObject(Cells.Of(result));
        if (ErrorRecords.From(result) is { } failure)
            failures.Add(failure);
    }

    /// <summary>Brings what a run tells to the pipeline's thread.</summary>
    sealed class Queue(RunCmdlet cmdlet, RunDisplay display, List<RunDisplay> displays, List<ErrorRecord> failures) : IRunObserver
    {
        public void OnEvent(RunEvent runEvent) => cmdlet.Post(() =>
        {
            if (!displays.Contains(display))
                displays.Add(display);
            cmdlet.Show(display, runEvent, failures);
        });
    }
}
