namespace BackupSync.Reporting;

/// <summary>Bars as SVG, one for each day or week, as wide as there is room; what they mean stands beside them as text.</summary>
static class ReportChart
{
    const int Height = 60;
    const double Step = 10;
    const double Gap = 2;

    /// <summary>A part of a bar.</summary>
    /// <param name="Class">Its colour.</param>
    /// <param name="Share">Of the chart's height, from 0 to 1.</param>
    public readonly record struct Part(string Class, double Share);

    /// <summary>A bar, with what it says when it is pointed at.</summary>
    public sealed record Bar(string Title, params IReadOnlyList<Part> Parts);

    /// <param name="label">What the chart says, for who cannot see it.</param>
    public static void AddTo(HtmlText html, string label, string kind, IReadOnlyList<Bar> bars)
    {
        html.Add($"<svg class=\"bars {kind}\" viewBox=\"0 0 {bars.Count * Step - Gap} {Height}\" preserveAspectRatio=\"none\" ");
        html.Add($"role=\"img\" aria-label=\"{label}\">\n");
        for (var i = 0; i < bars.Count; i++)
        {
            html.Add($"<g><title>{bars[i].Title}</title>");
            html.Add($"<rect class=\"room\" x=\"{i * Step}\" y=\"0\" width=\"{Step - Gap}\" height=\"{Height}\"/>");
            var below = (double)Height;
            foreach (var (colour, share) in bars[i].Parts.Where(p => p.Share > 0))
            {
                // A single one of many is seen as well.
                var height = Math.Min(below, Math.Max(share * Height, 1.5));
                below -= height;
                html.Add($"<rect class=\"{colour}\" x=\"{i * Step}\" y=\"{below}\" width=\"{Step - Gap}\" height=\"{height}\"/>");
            }
            html.Add($"</g>\n");
        }
        html.Add($"</svg>\n");
    }
}
