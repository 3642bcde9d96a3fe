using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace BackupSync.Tests.References;

/// <summary>The core's XML comments, of the file that the build writes, as a line of Markdown each.</summary>
static partial class XmlComments
{
    static readonly Dictionary<string, XElement> Members = XDocument
        .Load(Path.ChangeExtension(typeof(BackupSyncException).Assembly.Location, ".xml"))
        .Descendants("member").ToDictionary(m => m.Attribute("name")!.Value);

    /// <param name="member">As the file names it, such as <c>F:BackupSync.ErrorIds.DiskFull</c>.</param>
    /// <param name="element">Such as <c>summary</c>.</param>
    /// <returns>Null where there is none.</returns>
    public static string? Markdown(string member, string element) =>
        Members.TryGetValue(member, out var comment) && comment.Element(element) is { } text
            ? Space().Replace(string.Concat(text.Nodes().Select(Text)), " ").Trim()
            : null;

    static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement see when see.Attribute("href") is { } address => $"[{see.Value}]({address.Value})",
        XElement see when see.Attribute("cref") is { } named => $"`{Name(named.Value)}`",
        XElement other => throw new NotSupportedException($"<{other.Name}> in a comment that a reference is made of"),
        _ => "",
    };

    /// <summary>A key is called as its property is, with a small letter.</summary>
    static string Name(string member)
    {
        var name = member[(member.LastIndexOf('.') + 1)..];
        return member.StartsWith("P:", StringComparison.Ordinal) ? char.ToLowerInvariant(name[0]) + name[1..] : name;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
