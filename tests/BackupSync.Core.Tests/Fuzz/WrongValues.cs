using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace BackupSync.Tests.Fuzz;

/// <summary>What people, scripts and other programs put where something else belongs; and what an answer to it must not hold.</summary>
/// <remarks>The seed is fixed. <c>BACKUPSYNC_FUZZ=200</c> sets how many values each option and key is given.</remarks>
static partial class WrongValues
{
    static readonly string[] Known =
    [
        "", " ", "\t", "\n", "0", "-1", "-0", "+1", "1.5", "1,5", "1e3", "1e400", "99999999999", "9223372036854775808", "-2147483649",
        "0x10", "٣", "NaN", "Infinity",
        "true", "null", "~", "a", "ä", "\u202Eabc", "\u001b[31mred", "\ud800", "😀", "a\0b", "a\nb", "..", "../..", "/", "/dev/null",
        "/no/such/file", "C:\\x",
        "\\\\server\\share", "file:///etc/passwd", "s3://bucket/key", "http://", "http://[", "*", "?", "[", "[]", "{}", "{a", "%s%n",
        "%00", "$X", "${X}", "${", "${X:-}", "${X:-a}", "'", "\"", ";",
        "--", "-", "--json", "@", "@nofile", "5 minutes", "-5m", "99999999999999d", "1h30", "25:00", "2024-13-45T99:99:99Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "2024-02-30", "0 0 31 2 *", "* * * * * *", "99 * * * *", "*/0 * * * *", "1-99999999999 * * * *",
        "Mars/Olympus", "../UTC",
        "postgresql://", "postgresql://u:p@h:99999/x", "postgresql://[::1", "host=x port=y", "host='", "postgresql://h/%zz", "-101%",
        "1e99%", "10 XB", "99999999999GB", "0.0000000001KB",
        new('a', 5000), new('[', 300), string.Concat(Enumerable.Repeat("../", 300)),
    ];

    const string Alphabet = "aZ0 9-_.,:;/\\*?%$@#!'\"`~^&|<>()[]{}=+\t\n\0ä€\u202e\u0000";

    /// <summary>How many an option or key is given; a fixed part of them in an ordinary run.</summary>
    public static int Count { get; } = Environment.GetEnvironmentVariable("BACKUPSYNC_FUZZ") is { Length: > 0 } count
        ? int.Parse(count, CultureInfo.InvariantCulture)
        : 12;

    /// <summary>The same ones whenever it is asked for the same place.</summary>
    public static IEnumerable<string> For(string place)
    {
        // string.GetHashCode differs from process to process.
        var random = new Random(place.Aggregate(17, (seed, c) => unchecked(seed * 31 + c)));
        var known = (string[])Known.Clone();
        random.Shuffle(known);
        return known.Take(Count).Concat(Enumerable.Range(0, Math.Max(0, Count - known.Length)).Select(_ => Any(random)));
    }

    /// <summary>The words of a crash, which nobody but us can do anything about.</summary>
    public static bool IsCrash(string answer) => Crash().IsMatch(answer);

    /// <summary>Where it was thrown: one of each is enough to look at.</summary>
    public static string KindOfCrash(string answer) =>
        string.Join(
            '\n',
            answer.Split('\n').Where(l => l.TrimStart().StartsWith("at ",
                StringComparison.Ordinal)).Take(3)) is { Length: > 0 } frames ? frames : answer;

    static string Any(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(1, 40); i > 0; i--)
            text.Append(random.Next(4) == 0 ? Known[random.Next(Known.Length - 3)] : Alphabet[random.Next(Alphabet.Length)].ToString());
        return text.ToString();
    }

    [GeneratedRegex(@"This is a defect of BackupSync|^   at \w|Unhandled exception|\b[A-Z][A-Za-z]+Exception\b|System\.[A-Z]\w+"
        + @"|BackupSync\.[A-Z]\w+\.[A-Z]", RegexOptions.Multiline)]
    private static partial Regex Crash();
}
