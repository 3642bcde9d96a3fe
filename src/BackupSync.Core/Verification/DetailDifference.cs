using System.Text.RegularExpressions;

namespace BackupSync.Verification;

/// <summary>A fact of an object that both databases have, or an object that only one has.</summary>
/// <param name="Subject">The object, such as <c>policy public.own on orders</c>.</param>
/// <param name="Fact">What differs, such as <c>roles</c>; null where the object itself does.</param>
/// <param name="Source">As the source, or what is expected, has it; null where it has none.</param>
sealed partial record DetailDifference(string Subject, string? Fact, string? Source, string? Target)
{
    /// <summary>As much of a text as a line can hold.</summary>
    const int MostShown = 160;

    /// <summary>Of this before the first difference.</summary>
    const int ShownBefore = 40;

    /// <summary>As a phrase, such as <c>roles 'a' on the source, 'b' on the target</c>.</summary>
    public string What =>
        Fact is null ? Target is null ? "the target lacks it" : "the source lacks it"
        : $"{Fact}: {Shown(Source)} on the source, {Shown(Target)} on the target";

    /// <summary>Whether it may change what other tables' rows are.</summary>
    internal bool ConcernsOthers => Fact is not null && SchemaDetails.IsOfBoth(Fact);

    public override string ToString() => $"{Subject}: {What}";

    /// <summary>Of long texts the part that differs.</summary>
    internal static DetailDifference OfTexts(string subject, string fact, string? source, string? target)
    {
        var (there, here) = (OneLine(source), OneLine(target));
        var same = 0;
        if ((there?.Length > MostShown || here?.Length > MostShown) && there is not null && here is not null)
            same = there.Zip(here).TakeWhile(c => c.First == c.Second).Count();
        return new(subject, fact, Part(there), Part(here));

        string? Part(string? text)
        {
            if (text is null)
                return null;
            var from = Math.Max(0, same - ShownBefore);
            var to = Math.Min(text.Length, from + MostShown);
            return $"{(from > 0 ? "…" : "")}{text[from..to]}{(to < text.Length ? "…" : "")}";
        }
    }

    string Shown(string? value) => value is not null ? $"'{value}'" : Fact == SchemaDetails.Filled ? "'yes'" : "none";

    static string? OneLine(string? text) => text is null ? null : Spaces().Replace(text, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
