namespace BackupSync.Archives;

/// <summary>
/// Where the parts of SQL end, as PostgreSQL's own scanner sees them: names and texts in quotes, dollar quotes, comments.
/// </summary>
static class SqlToken
{
    /// <param name="text">SQL, at the beginning of a token.</param>
    /// <param name="standardStrings">Whether a backslash in a plain literal is just one.</param>
    /// <param name="isBlank">Whether it is white space or a comment.</param>
    /// <returns>The token's length in bytes; of one that is cut off, all that is there.</returns>
    public static int LengthAt(ReadOnlySpan<byte> text, bool standardStrings, out bool isBlank)
    {
        isBlank = false;
        switch (text[0])
        {
            case (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f' or (byte)'\v':
                isBlank = true;
                return 1;
            case (byte)'-' when text.StartsWith("--"u8):
                isBlank = true;
                return text.IndexOf((byte)'\n') is >= 0 and var end ? end : text.Length;
            case (byte)'/' when text.StartsWith("/*"u8):
                isBlank = true;
                return CommentLength(text);
            case (byte)'\'':
                return QuotedLength(text, 0, (byte)'\'', escapes: !standardStrings);
            case (byte)'E' or (byte)'e' when text.Length > 1 && text[1] == '\'':
                return QuotedLength(text, 1, (byte)'\'', escapes: true);
            case (byte)'"':
                return QuotedLength(text, 0, (byte)'"', escapes: false);
            case (byte)'$' when DollarLength(text) is > 0 and var length:
                return length;
            case var first when IsWord(first):
                var word = 1;
                while (word < text.Length && (IsWord(text[word]) || text[word] == '$'))
                    word++;
                return word;
            default:
                return 1;
        }
    }

    static int QuotedLength(ReadOnlySpan<byte> text, int quoteAt, byte quote, bool escapes)
    {
        for (var at = quoteAt + 1; at < text.Length; at++)
        {
            if (escapes && text[at] == '\\')
                at++;
            else if (text[at] == quote && at + 1 < text.Length && text[at + 1] == quote)
                at++;
            else if (text[at] == quote)
                return at + 1;
        }
        return text.Length;
    }

    /// <summary>0 where no dollar quote begins.</summary>
    static int DollarLength(ReadOnlySpan<byte> text)
    {
        var tag = 1;
        while (tag < text.Length && IsWord(text[tag]) && !(tag == 1 && char.IsAsciiDigit((char)text[tag])))
            tag++;
        if (tag >= text.Length)
            return text.Length; // cut off
        if (text[tag] != '$')
            return 0;
        var end = text[(tag + 1)..].IndexOf(text[..(tag + 1)]);
        return end < 0 ? text.Length : tag + 1 + end + tag + 1;
    }

    /// <summary>Comments may hold others.</summary>
    static int CommentLength(ReadOnlySpan<byte> text)
    {
        var depth = 0;
        for (var at = 0; at < text.Length - 1; at++)
        {
            if (text[at..].StartsWith("/*"u8))
                (depth, at) = (depth + 1, at + 1);
            else if (text[at..].StartsWith("*/"u8))
                (depth, at) = (depth - 1, at + 1);
            if (depth == 0)
                return at + 1;
        }
        return text.Length;
    }

    static bool IsWord(byte value) => value is (byte)'_' or >= 0x80 || char.IsAsciiLetterOrDigit((char)value);
}
