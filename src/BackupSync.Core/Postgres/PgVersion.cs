using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSync.Postgres;

/// <summary>
/// A version of PostgreSQL as it calls itself: <c>18.6</c>, or before its release <c>19rc1</c>, <c>19beta2</c>, <c>19devel</c>. Compared,
/// the later one is the greater.
/// </summary>
public sealed partial record PgVersion : IComparable<PgVersion>
{
    static readonly string[] Stages = ["devel", "alpha", "beta", "rc", ""];

    readonly string _text;
    readonly int _stage;

    PgVersion(string text, int major, int stage, int minor) => (_text, Major, _stage, Minor) = (text, major, stage, minor);

    public int Major { get; }

    /// <summary>Of a beta or release candidate, its number.</summary>
    public int Minor { get; }

    /// <summary>False of development versions, betas and release candidates.</summary>
    public bool IsReleased => Stages[_stage].Length == 0;

    /// <summary>
    /// Reads the version that a text begins with, such as <c>15.18 (Debian 15.18-0+deb12u1)</c>; null where it begins with none.
    /// </summary>
    public static PgVersion? TryParse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success || !int.TryParse(match.Groups["major"].Value, CultureInfo.InvariantCulture, out var major))
            return null;
        var stage = Array.IndexOf(Stages, match.Groups["stage"].Value);
        _ = int.TryParse(match.Groups["minor"].Value, CultureInfo.InvariantCulture, out var minor);
        return new PgVersion(match.Value, major, stage, minor);
    }

    /// <summary>Of <c>server_version_num</c>, such as 150018: a beta of version 19 is 19.0 by that.</summary>
    public static PgVersion OfNumber(int number)
    {
        var (major, minor) = (number / 10000, number % 10000);
        return new PgVersion(string.Create(CultureInfo.InvariantCulture, $"{major}.{minor}"), major, Stages.Length - 1, minor);
    }

    public int CompareTo(PgVersion? other) =>
        other is null ? 1 : (Major, _stage, Minor).CompareTo((other.Major, other._stage, other.Minor));

    public override string ToString() => _text;

    [GeneratedRegex(@"^(?<major>\d+)(?:(?<stage>devel|alpha|beta|rc)(?<minor>\d*)|\.(?<minor>\d+)(?:\.\d+)?)?")]
    private static partial Regex Form();
}
