using System.Text.RegularExpressions;

namespace BackupSync.Postgres;

/// <summary>A statement of somebody else that waits for what a run of ours holds.</summary>
/// <param name="Application">Empty where the session has given no name.</param>
/// <param name="Relation">What it waits for, qualified; null where that is not one relation.</param>
/// <param name="Text">Shortened, with what stands in quotes left out; null where the role may not see it.</param>
sealed partial record BlockedStatement(int ProcessId, string Role, string Application, string? Relation, string? Text)
{
    const int LongestText = 200;

    /// <summary>Where the one who watches has to wait himself, and cannot see for whom.</summary>
    public static readonly BlockedStatement OfCatalog = new(
        0, "", "", null, "whoever asks the system catalog, which somebody has locked or wants to lock (such as VACUUM FULL of it)");

    /// <param name="text">As the server tells it: what is too long is cut off there, too.</param>
    public static BlockedStatement Of(int processId, string? role, string? application, string? relation, string? text) =>
        new(processId, role ?? "", application ?? "", relation, text is null or "" or "<insufficient privilege>" ? null : Shown(text));

    /// <summary>
    /// Such as <c>ALTER TABLE public.users ADD COLUMN … (process 4711 of role 'app', application 'psql', waits for public.users)</c>.
    /// </summary>
    public override string ToString() => ProcessId == 0 ? Text! :
        $"{Text ?? "a statement that the role may not see"} (process {ProcessId} of role '{Role}'"
            + (Application.Length > 0 ? $", application '{Application}'" : "")
            + (Relation is null ? "" : $", waits for {Relation}") + ")";

    /// <summary>Literals can be people's data, or a password.</summary>
    static string Shown(string text)
    {
        var shown = Blanks().Replace(Literals().Replace(text, "'…'"), " ").Trim();
        return shown.Length > LongestText ? shown[..LongestText] + "…" : shown;
    }

    // Ended by the text's end where the server has cut it off.
    [GeneratedRegex(
        @"[eE]'(?:[^'\\]|\\.|'')*(?:'|\\?\z)|'(?:[^']|'')*(?:'|\z)|(\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$).*?(?:\1|\z)",
        RegexOptions.Singleline)]
    private static partial Regex Literals();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
