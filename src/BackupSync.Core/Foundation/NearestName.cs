namespace BackupSync;

/// <summary>Finds what somebody probably meant.</summary>
public static class NearestName
{
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
            .Select(c => (Candidate: c, Distance: Distance(name.ToUpperInvariant(), c.ToUpperInvariant())))
            .Where(x => x.Distance <= limit)
            .OrderBy(x => x.Distance)
            .Select(x => x.Candidate)
            .FirstOrDefault();
    }

    /// <summary>Levenshtein's distance with swaps of neighbours counted as one.</summary>
    static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
