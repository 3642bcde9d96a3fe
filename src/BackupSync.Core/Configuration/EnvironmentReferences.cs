using System.Text.RegularExpressions;

namespace BackupSync.Configuration;

/// <summary>Expands <c>${NAME}</c> and <c>${NAME:-default}</c> in the values of a configuration.</summary>
/// <remarks>
/// The default also stands in for an empty variable, as in a shell. <c>$${</c> writes <c>${</c> itself; any other dollar
/// sign is a dollar sign, since passwords hold them. What a variable holds is not expanded again.
/// </remarks>
static partial class EnvironmentReferences
{
    public static bool Has(string text) => text.Contains("${", StringComparison.Ordinal);

    /// <summary>The expanded text, or what is wrong with a reference. A fault names variables, never what they hold.</summary>
    public static (string? Value, string? Fault) Expand(string text, Func<string, string?> environment)
    {
        string? fault = null;
        var value = Reference().Replace(text, match =>
        {
            if (match.Groups["escaped"].Success)
                return "${";
            if (!match.Groups["name"].Success)
            {
                fault ??= "has a '${' that does not begin ${NAME} or ${NAME:-default}; $${ writes ${ itself";
                return "";
            }
            var name = match.Groups["name"].Value;
            var found = environment(name);
            if (match.Groups["default"].Success)
                return string.IsNullOrEmpty(found) ? match.Groups["default"].Value : found;
            if (found is null)
                fault ??= $"the environment variable {name} is not set";
            return found ?? "";
        });
        return fault is null ? (value, null) : (null, fault);
    }

    [GeneratedRegex(@"(?<escaped>\$\$\{)|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?<default>[^}]*))?\}|\$\{", RegexOptions.ExplicitCapture)]
    internal static partial Regex Reference();
}
