using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace BackupSync.Reporting;

/// <summary>
/// HTML in the making. What is put into an interpolated text is encoded, and only what stands in our source is markup: names of others
/// cannot become any, whoever forgets to think of it.
/// </summary>
sealed class HtmlText
{
    readonly StringBuilder _text = new();

    public HtmlText Add([InterpolatedStringHandlerArgument("")] ref Markup markup)
    {
        // The handler has put it here already.
        _ = markup;
        return this;
    }

    /// <summary>Markup of ours as it is.</summary>
    public void Raw(string markup) => _text.Append(markup);

    public override string ToString() => _text.ToString();

    [InterpolatedStringHandler]
    public readonly ref struct Markup(int literalLength, int formattedCount, HtmlText html)
    {
        readonly StringBuilder _text = html._text;

        /// <summary>What the compiler knows of the length, which is not needed.</summary>
        public int Capacity { get; } = literalLength + formattedCount;

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(string? text) => _text.Append(WebUtility.HtmlEncode(Printable.Line(text ?? "")));

        public void AppendFormatted(long number) => _text.Append(number.ToString(CultureInfo.InvariantCulture));

        /// <summary>A coordinate.</summary>
        public void AppendFormatted(double number) => _text.Append(number.ToString("0.##", CultureInfo.InvariantCulture));
    }
}
