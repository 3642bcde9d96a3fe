using System.Xml.Linq;
using BackupSync.Application.Views;
using BackupSync.Backups;
using BackupSync.Comparison;
using BackupSync.Runs;

namespace BackupSync.Tests.References;

/// <summary>The module's views and properties are made of the core's, which the command line draws by.</summary>
[Trait("Needs", "nothing")]
public sealed class ModuleViewsTests
{
    /// <summary>What a terminal of 80 columns has room for.</summary>
    const int Narrow = 79;

    /// <summary>As deep as results go: a run's tables have changes, its backup a proof.</summary>
    const int Depth = 4;

    public static TheoryData<string> Views => [.. ResultViews.All.Select(v => v.TypeName)];

    [Fact]
    public void Format_file_is_up_to_date() => GeneratedText.IsCurrent("module/BackupSync.Format.ps1xml", Lines(Formats()));

    [Fact]
    public void Types_file_is_up_to_date() => GeneratedText.IsCurrent("module/BackupSync.Types.ps1xml", Lines(Types()));

    [Theory]
    [MemberData(nameof(Views))]
    public void Columns_are_of_properties_that_there_are(string view) =>
        Assert.All(ResultViews.All.Single(v => v.TypeName == view).Columns, column =>
        {
            var type = ResultViews.All.Single(v => v.TypeName == view).Of;
            foreach (var name in column.Path.Split('.'))
                type = ViewColumn.Property(type, name).PropertyType;
        });

    /// <summary>What matters most is seen in a terminal of 80 columns; prose at the end has room to be read.</summary>
    [Theory]
    [MemberData(nameof(Views))]
    public void First_columns_fit_into_79_characters(string name)
    {
        var view = ResultViews.All.Single(v => v.TypeName == name);
        if (view.IsList)
            return;
        var seen = Seen(view);

        Assert.True(seen.Count >= Math.Min(3, view.Columns.Count), string.Join(", ", seen.Select(c => c.Name)));
        Assert.All(view.Columns.SkipLast(1), c => Assert.True(c.Width >= c.Name.Length, $"{c.Name}: {c.Width}"));
    }

    /// <summary>
    /// PowerShell drops what does not fit from the end, but squeezes the column before into what is left: so there is a table for every
    /// terminal, and one to ask for by its name.
    /// </summary>
    static XElement Formats() => new(
        "Configuration",
        new XElement("ViewDefinitions",
            ResultViews.All.Select(v => View(v, v.TypeName, v.IsList ? List(v) : Table(Seen(v)))),
            ResultViews.All.Where(v => !v.IsList && Seen(v).Count < v.Columns.Count).Select(v => View(v, "Wide", Table(v.Columns))),
            Problem()));

    static IReadOnlyList<ViewColumn> Seen(ResultView view)
    {
        var prose = view.Columns.Where(c => c is { Stays: true, GivesWayTo: null }).ToList();
        var used = prose.Sum(c => c.Least) - 1;
        return [.. view.Columns.TakeWhile(c => !c.Stays && (used += c.Width == 0 ? Narrow : c.Width + 1) <= Narrow), .. prose];
    }

    static XElement View(ResultView view, string name, XElement control) => new("View",
        new XElement("Name", name),
        new XElement("ViewSelectedBy",
            new XElement("TypeName", view.TypeName), new XElement("TypeName", $"Deserialized.{view.TypeName}")),
        control);

    /// <summary>The last column has what is left of the line.</summary>
    static XElement Table(IReadOnlyList<ViewColumn> columns)
    {
        var beside = columns.SkipLast(1).Sum(c => c.Width + 1);
        return new("TableControl",
            new XElement("TableHeaders", columns.Select(c => new XElement("TableColumnHeader",
                new XElement("Label", c.Name),
                c == columns[^1] && !Cell.IsRight(c.Form) ? null : new XElement("Width", c.Width),
                Cell.IsRight(c.Form) ? new XElement("Alignment", "Right") : null))),
            new XElement("TableRowEntries", new XElement("TableRowEntry",
                columns.Any(c => c.Wraps) ? new XElement("Wrap") : null,
                new XElement("TableColumnItems", columns.Select(c => new XElement("TableColumnItem",
                    c.Wraps ? Prose("Prose", c, beside) : Script(c, c == columns[^1] ? 0 : c.Width)))))));
    }

    static XElement List(ResultView view)
    {
        var labels = view.Columns.Max(c => c.Name.Length) + 3;
        return new("ListControl",
            new XElement("ListEntries", new XElement("ListEntry",
                new XElement("ListItems", view.Columns.Select(c => new XElement("ListItem",
                    new XElement("ItemSelectionCondition", new XElement("ScriptBlock", $"$null -ne $_.{c.Name}")),
                    new XElement("Label", c.Name),
                    c.Form == CellForm.Text ? Prose("Fact", c, labels) : Script(c, 0)))))));
    }

    static XElement Script(ViewColumn column, int width) =>
        new("ScriptBlock", $"[BackupSync.Shown]::Cell('{column.Form}', $_, '{column.Name}', {width})");

    static XElement Prose(string method, ViewColumn column, int beside) =>
        new("ScriptBlock", $"[BackupSync.Shown]::{method}('{column.Form}', $_, '{column.Name}', {beside})");

    /// <summary>A line, as compilers write it.</summary>
    static XElement Problem() => new("View",
        new XElement("Name", "BackupSync.Configuration.ConfigurationProblem"),
        new XElement("ViewSelectedBy",
            new XElement("TypeName", "BackupSync.Configuration.ConfigurationProblem"),
            new XElement("TypeName", "Deserialized.BackupSync.Configuration.ConfigurationProblem")),
        new XElement("CustomControl", new XElement("CustomEntries", new XElement("CustomEntry", new XElement("CustomItem",
            new XElement("ExpressionBinding", new XElement("ScriptBlock", "[BackupSync.Shown]::Cell('Text', $_, '', 0)")))))));

    /// <summary>
    /// What PowerShell has besides: columns that are no properties, and words of enums as texts. Brought from another session, an enum is
    /// shown as a word and compared as a number: a filter by its word would find nothing. And the columns once more, for where PowerShell
    /// takes no view: what a script writes is one pipeline, whose first object has the only one.
    /// </summary>
    static XElement Types() => new("Types",
        ResultViews.All.Select(view => Type(view.TypeName,
        [
            // In strict mode it is an error to ask nothing for a property.
            .. view.Columns.Where(c => c.Path != c.Name).Select(c => Property(c.Name, $"$this.{c.Path.Replace(".", "?.")}")),
            // Rows are millions, and go to files, whose columns begin with what is added here.
            .. view.Kind.Length == 0 && view.Of != typeof(RowDifference) ? Words(view.Of) : [],
        ],
        [.. view.Columns.Select(c => c.Name)])),
        new[] { typeof(TableChanges), typeof(ProofRecord), typeof(RunError) }.Select(t => Type(t.FullName!, [.. Words(t)], [])));

    static XElement Type(string name, IReadOnlyList<XElement> properties, IReadOnlyList<string> shown) => new("Type",
        new XElement("Name", name),
        new XElement("Members",
            properties,
            new XElement("MemberSet",
                new XElement("Name", "PSStandardMembers"),
                new XElement("Members",
                    new XElement("NoteProperty", new XElement("Name", "SerializationDepth"), new XElement("Value", Depth)),
                    shown.Count == 0 ? null : new XElement("PropertySet",
                        new XElement("Name", "DefaultDisplayPropertySet"),
                        new XElement("ReferencedProperties", shown.Select(s => new XElement("Name", s))))))));

    static IEnumerable<XElement> Words(Type type) =>
        from property in type.GetProperties()
        where (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType).IsEnum
        select Property(property.Name, $"if ($null -ne $this.psbase.{property.Name}) {{ $this.psbase.{property.Name}.ToString() }}");

    static XElement Property(string name, string script) =>
        new("ScriptProperty", new XElement("Name", name), new XElement("GetScriptBlock", script));

    static IReadOnlyList<string> Lines(XElement root) =>
    [
        """<?xml version="1.0" encoding="utf-8"?>""",
        "<!-- Made of src/BackupSync.Core/Application/Views: a test fails when this is out of date. -->",
        .. root.ToString().Split('\n').Select(l => l.TrimEnd('\r')),
    ];
}
