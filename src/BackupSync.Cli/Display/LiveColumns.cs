using BackupSync.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BackupSync.Cli.Display;

/// <summary>How a step ended: a bar that is not full tells where it broke off, this tells that it did.</summary>
sealed class StateColumn : ProgressColumn
{
    const string Key = "state";

    readonly SpinnerColumn _spinner = new() { Style = Color.Aqua };

    public static void Set(ProgressTask task, StepState state) => task.State.Update<Ended>(Key, _ => new Ended(state));

    public override IRenderable Render(
        RenderOptions options,
        ProgressTask task,
        TimeSpan deltaTime) => task.State.Get<Ended>(Key).State switch
    {
        StepState.Succeeded => new Text("✓", Color.Green),
        StepState.Cancelled => new Text("-", Color.Olive),
        StepState.Failed => new Text("✗", Color.Red),
        _ => _spinner.Render(options, task, deltaTime),
    };

    public override int? GetColumnWidth(RenderOptions options) => 1;

    /// <param name="State">Null while the step goes on.</param>
    readonly record struct Ended(StepState? State);
}

sealed class DurationColumn : ProgressColumn
{
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
        new Text(Durations.Show(task.ElapsedTime ?? TimeSpan.Zero)).RightJustified();

    public override int? GetColumnWidth(RenderOptions options) => 7;
}
