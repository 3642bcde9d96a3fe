namespace BackupSync;

/// <summary>
/// How the module's views write values: by what the core has for both heads, of objects that are here and of those that come from another
/// session, of which only the values are left.
/// </summary>
public static class Shown
{
    static readonly Lazy<Func<string, object, string, int, string>> Show = Method("Show");
    static readonly Lazy<Func<string, object, string, int, string>> Wrap = Method("Wrap");
    static readonly Lazy<Func<string, object, string, int, string>> WrapWhole = Method("WrapWhole");

    /// <param name="form">A name of the core's <c>CellForm</c>.</param>
    /// <param name="shown">The object that is shown: a value alone would lose what PowerShell knows of it, such as an enum's word.</param>
    /// <param name="property">Which of its properties; empty for what the object says of itself.</param>
    /// <param name="width">Cut to that; 0 for no limit.</param>
    /// <returns>Empty where there is no value.</returns>
    public static string Cell(string form, object shown, string property, int width) =>
        Show.Value(form, shown, property, width);

    /// <summary>In lines that break between words: PowerShell's own break where the column ends.</summary>
    /// <param name="beside">What the line's other columns take, in characters.</param>
    public static string Prose(string form, object shown, string property, int beside) =>
        Wrap.Value(form, shown, property, beside);

    /// <summary>The same in a list, where what is longer than a line stays whole: a path, say.</summary>
    public static string Fact(string form, object shown, string property, int beside) =>
        WrapWhole.Value(form, shown, property, beside);

    static Lazy<Func<string, object, string, int, string>> Method(string name) => new(() =>
    {
        var cells = LoadContext.Initialize().GetType("BackupSync.Module.Cells", throwOnError: true)!;
        return cells.GetMethod(name)!.CreateDelegate<Func<string, object, string, int, string>>();
    });
}
