using BackupSync.Application.Views;
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

/// <summary>How much is done, where that is known: a step of which nothing can be said is not at 0%.</summary>
sealed class ShareColumn : ProgressColumn
{
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
        new Text(task.IsIndeterminate || task.Percentage <= 0 ? "" : $"{(int)task.Percentage}%").RightJustified();

    public override int? GetColumnWidth(RenderOptions options) => 4;
}

/// <summary>What a bar is about: while it goes on in one line, or the bars below it would jump, and then in as many as it takes.</summary>
sealed class NoteColumn : ProgressColumn
{
    const string Key = "note";

    /// <param name="head">As wide as all heads of the column.</param>
    /// <param name="room">For the note beside it.</param>
    public static void Set(ProgressTask task, string head, string note, int room, bool isWhole = false)
    {
        IReadOnlyList<string> lines = isWhole
            ? [.. Words.WrapAll(Printable.Line(note), room).Select(l => Words.Fill(l, room))] : [Words.Fill(note, room)];
        task.State.Update<Note>(Key, _ => new Note(head, lines));
    }

    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
        new Shown(task.State.Get<Note>(Key));

    readonly record struct Note(string Head, IReadOnlyList<string> Lines);

    /// <summary>Lines that nobody wraps again.</summary>
    sealed class Shown(Note note) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth)
        {
            var width = note.Head.Length + 1 + Words.WidthOf(note.Lines[0]);
            return new Measurement(width, width);
        }

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => note.Lines.SelectMany((line, i) => new[]
        {
            new Segment(i == 0 ? note.Head : new string(' ', note.Head.Length)), new Segment(" " + line, Color.Grey), Segment.LineBreak,
        });
    }
}
