using System.Management.Automation;
using BackupSync.Application.Views;
using BackupSync.Runs;

namespace BackupSync.Module;

/// <summary>
/// A run on PowerShell's streams: one progress bar for the run with one below it for each step under way, the operator's
/// lines as information and warnings, the exact steps as verbose. Used on the pipeline's thread only.
/// </summary>
/// <param name="index">Counts the runs that go on at once, each with bars of its own.</param>
/// <param name="name">Tells this one from the others; null where there are none.</param>
sealed class RunDisplay(Cmdlet cmdlet, int index, string? name)
{
    const string Tag = "BackupSync";

    static readonly int StepCount = Enum.GetValues<RunStep>().Length;

    readonly int _runActivity = 1 + index * (1 + StepCount);
    readonly string _prefix = name is null ? "" : $"{name}: ";
    readonly SortedSet<RunStep> _running = [];
    string _activity = name ?? "Run";
    bool _isComplete;
    int _ended;

    public void Show(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted started:
                _activity = name ?? started.Job;
                Verbose($"{_activity}: run {started.RunId} started");
                break;
            case StepStarted started:
                _running.Add(started.Step);
                Verbose($"{_prefix}{started.Step} started: "
                    + $"{started.Description}{(started.Limit is { } limit ? $" (limit {Durations.Show(limit)})" : "")}");
                ShowRun();
                ShowStep(started.Step, started.Description, null);
                break;
            case StepProgress progress:
                ShowStep(progress.Step, StepStatus.Of(progress) is { Length: > 0 } status ? status : "Working", progress.Fraction);
                break;
            case StepEnded { Result: var step }:
                _running.Remove(step.Step);
                _ended++;
                Verbose($"{_prefix}{step.Step} {step.State} in "
                    + $"{Durations.Show(TimeSpan.FromSeconds(step.DurationSeconds))}{(step.Note is null ? "" : $": {step.Note}")}");
                CompleteStep(step.Step);
                ShowRun();
                break;
            case RunLog { Level: RunLogLevel.Warning } log:
                cmdlet.WriteWarning(Printable.Text(_prefix + Spelling.InCmdlets(log.Message)));
                break;
            case RunLog log:
                // The run's one error record is written with its result; this line belongs to those that are looked for in logs.
                cmdlet.WriteInformation(
                    Printable.Text(Spelling.InCmdlets(log.Message)),
                    log.Level == RunLogLevel.Error ? [Tag, nameof(RunLogLevel.Error)] : [Tag]);
                break;
            case RunEnded:
                Complete();
                break;
        }
    }

    /// <summary>Takes all bars away, however far they are.</summary>
    public void Complete()
    {
        if (_isComplete)
            return;
        _isComplete = true;
        foreach (var step in _running)
            CompleteStep(step);
        _running.Clear();
        cmdlet.WriteProgress(new ProgressRecord(_runActivity, _activity, "Done") { RecordType = ProgressRecordType.Completed });
    }

    void Verbose(string text) => cmdlet.WriteVerbose(Printable.Text(text));

    int StepActivity(RunStep step) => _runActivity + 1 + (int)step;

    void ShowRun() => cmdlet
        .WriteProgress(new ProgressRecord(_runActivity, _activity, _running.Count == 0 ? "Working" : string.Join(", ", _running))
            {
                // How many steps a run will have is not known before its end: the bar may jump, but never runs back.
                PercentComplete = Math.Min(99, 100 * _ended / StepCount),
            });

    void ShowStep(RunStep step, string status, double? fraction) => cmdlet.WriteProgress(
        new ProgressRecord(StepActivity(step), step.ToString(), Printable.Line(status))
        {
            ParentActivityId = _runActivity,
            PercentComplete = fraction is { } f ? (int)(100 * f) : -1,
        });

    void CompleteStep(RunStep step) => cmdlet.WriteProgress(
        new ProgressRecord(StepActivity(step), step.ToString(), "Done")
        {
            ParentActivityId = _runActivity,
            RecordType = ProgressRecordType.Completed,
        });
}
