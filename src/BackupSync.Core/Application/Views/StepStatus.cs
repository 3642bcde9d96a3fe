using BackupSync.Runs;

namespace BackupSync.Application.Views;

/// <summary>How far a step is, in one line: <c>public.orders  1,200,000 of 4,000,000 rows  120 MB</c>.</summary>
public static class StepStatus
{
    /// <summary>As much of it as there is room for, the most important first; empty where nothing is known.</summary>
    public static string Of(StepProgress progress, int width = int.MaxValue)
    {
        var item = progress.Item is { Length: > 0 } named ? Printable.Line(named) : null;
        var rows = progress.Rows is { } done ? Quantity.Of(done, "row") : null;
        var share = progress.Rows is { } part && progress.OfRows is { } all && all != part
            ? $"{Quantity.Number(part)} of {Quantity.Of(all, "row")}" : rows;
        var bytes = progress.Bytes is { } size ? ByteSizes.Show(size) : null;
        string[] forms = [Line(item, share, bytes), Line(item, share), Line(item, rows), Line(item ?? rows ?? bytes)];
        return forms.FirstOrDefault(f => Words.WidthOf(f) <= width) ?? Words.Cut(forms[^1], width);
    }

    static string Line(params IEnumerable<string?> parts) => string.Join("  ", parts.OfType<string>());
}
