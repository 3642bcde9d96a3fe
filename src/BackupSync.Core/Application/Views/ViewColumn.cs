using System.Reflection;

namespace BackupSync.Application.Views;

/// <summary>A column of a view. Its name is that of a property that the object has in PowerShell: what is seen can be selected.</summary>
/// <param name="Width">
/// In characters, for a head that cannot look at all rows before it shows the first; 0 for the last one, which has what is left.
/// </param>
public sealed record ViewColumn(string Name, CellForm Form, int Width)
{
    /// <summary>Where the value is, as properties with dots in between, where the object has it under another name.</summary>
    public string Path { get; init; } = Name;

    /// <summary>Whether cells may go over several lines: of prose, never of names, paths and ids.</summary>
    public bool Wraps => Width == 0;

    /// <summary>Whether others leave before it, where there is no room for all.</summary>
    public bool Stays { get; init; }

    /// <summary>Of prose, how wide it is at least: what leaves for it is worth less than that it can be read.</summary>
    public int Least { get; init; } = 16;

    /// <summary>Of prose, whether it stands below its row before another column leaves for it, where a head can do that.</summary>
    public bool Below { get; init; }

    /// <summary>The column that is worth more than it, though it <see cref="Stays"/>: it goes before that one does. Null for none.</summary>
    public string? GivesWayTo { get; init; }

    /// <summary>The name as words: <c>Source rows</c>.</summary>
    public string Heading => string.Concat(Name.Select((c, i) => i > 0 && char.IsUpper(c) && char.IsLower(Name[i - 1])
        ? $" {char.ToLowerInvariant(c)}" : $"{c}"));

    /// <summary>What stands in the column for an object.</summary>
    public Cell CellOf(object shown) => Cell.Of(Form, Value(shown));

    object? Value(object shown)
    {
        object? value = shown;
        foreach (var name in Path.Split('.'))
        {
            if (value is null)
                return null;
            value = Property(value.GetType(), name).GetValue(value);
        }
        return value;
    }

    /// <exception cref="InvalidOperationException">The type has no such property: a view that is out of date.</exception>
    internal static PropertyInfo Property(Type type, string name) =>
        type.GetProperty(name) ?? throw new InvalidOperationException($"{type} has no property {name}.");
}
