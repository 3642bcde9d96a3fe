using F23.StringSimilarity;

namespace BackupSync;

/// <summary>Finds what somebody probably meant.</summary>
static class NearestName
{
    /// <summary>Swapped neighbours count as one slip.</summary>
    static readonly OptimalStringAlignment Slips = new();

    /// <summary>In characters; what is longer is no name that somebody mistyped.</summary>
    const int Longest = 200;

    /// <summary>The candidate with the smallest edit distance, if it is near enough to be a slip; else null.</summary>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        if (name.Length > Longest)
            return null;
        var limit = Math.Max(1, name.Length / 3);
        return candidates
            .Where(c => Math.Abs(c.Length - name.Length) <= limit)
            .Select(c => (Candidate: c, Distance: Slips.Distance(name.ToUpperInvariant(), c.ToUpperInvariant())))
            .Where(x => x.Distance <= limit)
            .OrderBy(x => x.Distance)
            .Select(x => x.Candidate)
            .FirstOrDefault();
    }
}
