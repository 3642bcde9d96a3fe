namespace BackupSync.Application.Views;

/// <summary>
/// How objects of a type are shown where nobody has asked for more: in a table whose first columns matter most, or as a list of facts. The
/// command line draws it, and PowerShell's views are made of it.
/// </summary>
/// <param name="Of">The type; of its base type's objects where several are shown alike.</param>
/// <param name="Kind">Which objects of the type, where they are shown in more than one way; empty for all others.</param>
/// <param name="IsList">A fact a line: what does not fit side by side.</param>
public sealed record ResultView(Type Of, string Kind, bool IsList, IReadOnlyList<ViewColumn> Columns)
{
    /// <summary>As PowerShell knows the objects.</summary>
    public string TypeName => Kind.Length == 0 ? Of.FullName! : $"{Of.FullName}#{Kind}";
}
