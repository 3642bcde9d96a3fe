using System.Collections;
using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Application.Views;
using BackupSync.Runs;
using BackupSync.Scheduling;

namespace BackupSync.Module;

/// <summary>The core's views in PowerShell: module/BackupSync.Format.ps1xml asks here for each cell.</summary>
public static class Cells
{
    const string Reset = "\u001b[0m";

    /// <summary>What lines are made for that go to a file, or to nobody knows where.</summary>
    const int Narrow = 79;

    /// <summary>Prose is not squeezed further than that.</summary>
    const int LeastProse = 14;

    /// <summary>With its colour, which PowerShell takes away where none is wanted.</summary>
    /// <param name="width">A name that is longer is cut by us: PowerShell would go on with it below.</param>
    public static string Show(string form, object shown, string property, int width)
    {
        var cell = CellOf(form, shown, property);
        return Coloured(width > 0 ? Words.Cut(cell.Text, width) : cell.Text, cell.Tone);
    }

    /// <summary>In lines; a word that is longer than one goes on in the next.</summary>
    public static string Wrap(string form, object shown, string property, int beside) =>
        Lines(CellOf(form, shown, property), cell => Words.WrapAll(cell, WidthBeside(beside)));

    /// <summary>In lines; a word that is longer than one is whole.</summary>
    public static string WrapWhole(string form, object shown, string property, int beside) =>
        Lines(CellOf(form, shown, property), cell => Words.Wrap(cell, WidthBeside(beside)));

    static string Lines(Cell cell, Func<string, IReadOnlyList<string>> made) =>
        string.Join('\n', made(cell.Text).Select(l => Coloured(l, cell.Tone)));

    static int WidthBeside(int beside) => Math.Max(LeastProse, TerminalWidth() - beside);

    static int TerminalWidth()
    {
        try
        {
            return Console.IsOutputRedirected || Console.WindowWidth < 2 ? Narrow : Console.WindowWidth - 1;
        }
        catch (IOException)
        {
            return Narrow; // a host that has no console
        }
    }

    static Cell CellOf(string form, object shown, string property) =>
        Cell.Of(Enum.Parse<CellForm>(form), Unwrapped(
            property.Length == 0 ? shown : PSObject.AsPSObject(shown).Properties[property]?.Value));

    static string Coloured(string text, CellTone tone) => text.Length == 0 ? "" : tone switch
    {
        CellTone.Good => $"\u001b[32m{text}{Reset}",
        CellTone.Doubtful => $"\u001b[33m{text}{Reset}",
        CellTone.Bad => $"\u001b[91m{text}{Reset}",
        _ => text,
    };

    /// <summary>A run's result and what is in it, shown as what they are.</summary>
    internal static PSObject Of(RunResult run)
    {
        foreach (var table in run.Tables.Where(t => t.Changes is not null))
            Name(table, ResultViews.ChangedTables);
        return Name(run, ResultViews.Of(run.Kind));
    }

    /// <summary>One alone, shown with all that is known of it.</summary>
    internal static PSObject InDetail(StatusEntry entry) => Name(entry, ResultViews.StatusDetail);

    internal static PSObject InDetail(ScheduleEntry entry) => Name(entry, ResultViews.ScheduleDetail);

    static PSObject Name(object shown, ResultView view)
    {
        var wrapped = PSObject.AsPSObject(shown);
        if (wrapped.TypeNames[0] != view.TypeName)
            wrapped.TypeNames.Insert(0, view.TypeName);
        return wrapped;
    }

    /// <summary>Of an object that was brought from another session, its properties and its text are left.</summary>
    static object? Unwrapped(object? value) => value switch
    {
        PSObject { BaseObject: PSCustomObject } brought =>
            brought.Properties["UtcDateTime"]?.Value ?? brought.Properties["Name"]?.Value ?? brought.ToString(),
        // An enum is a number that knows its word.
        PSObject { BaseObject: int } number when number.TypeNames.Contains("Deserialized.System.Enum") => number.ToString(),
        PSObject wrapped => Unwrapped(wrapped.BaseObject),
        ArrayList several => several.Cast<object>().Select(Unwrapped).ToList(),
        _ => value,
    };
}
