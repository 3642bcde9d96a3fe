namespace BackupSync.Archives;

/// <summary>
/// Options of columns that a server keeps for itself (<c>pg_attver</c> of 15.20 and 17.12), which pg_dump of other releases writes down as
/// if a user had set them, and which no other server takes. They are blanked, so that everything else stays where it is.
/// </summary>
/// <remarks>
/// pg_dump writes <c>ALTER [FOREIGN] TABLE ONLY name ALTER COLUMN name SET (option=value, …);</c> behind a table's definition. What looks
/// like it within a text, a comment or another statement is none. UNLOGGED of a partitioned table is blanked likewise: it holds
/// nothing, and servers from version 18 on refuse it.
/// </remarks>
static class InternalOptions
{
    static ReadOnlySpan<byte> Prefix => "pg_"u8;

    /// <summary>Whether a definition could hold any, at a glance.</summary>
    public static bool MayBeIn(ReadOnlySpan<byte> definition) => definition.IndexOf("SET (pg_"u8) >= 0 || definition.IndexOf(", pg_"u8) >= 0
        || definition.IndexOf("CREATE UNLOGGED TABLE"u8) >= 0 && definition.IndexOf("PARTITION BY"u8) >= 0;

    /// <returns>Whether there were any.</returns>
    /// <param name="definition">An entry's, in an encoding in which ASCII stands for itself alone.</param>
    /// <param name="standardStrings">Whether a backslash in a plain literal is just one.</param>
    public static bool Blank(Span<byte> definition, bool standardStrings)
    {
        var found = false;
        var tokens = new List<Range>();
        for (var at = 0; at < definition.Length;)
        {
            var length = SqlToken.LengthAt(definition[at..], standardStrings, out var isBlank);
            if (!isBlank)
                tokens.Add(at..(at + length));
            at += length;
            if (isBlank || definition[tokens[^1]] is not [(byte)';'])
                continue;
            found |= BlankStatement(definition, tokens);
            tokens.Clear();
        }
        return found;
    }

    static bool BlankStatement(Span<byte> text, List<Range> tokens)
    {
        if (IsUnloggedAndPartitioned(text, tokens))
        {
            Fill(text, tokens[1].Start.Value, tokens[1].End.Value);
            return true;
        }
        var options = ListOf(text, tokens);
        if (options is null)
            return false;
        var last = -1; // of those that stay
        var kept = 0;
        for (var i = 0; i < options.Count; i++)
        {
            if (!IsInternal(text, options[i]))
                (last, kept) = (i, kept + 1);
        }
        if (kept == options.Count)
            return false;
        if (kept == 0)
        {
            Fill(text, tokens[0].Start.Value, tokens[^1].End.Value);
            return true;
        }
        // With the comma behind it or, of those behind the last that stays, with the comma before.
        var end = options[last].End.Value;
        for (var i = 0; i < options.Count; i++)
        {
            if (i > last)
                Fill(text, i == last + 1 ? end : options[i - 1].End.Value, options[i].End.Value);
            else if (IsInternal(text, options[i]))
                Fill(text, options[i].Start.Value, options[i + 1].Start.Value);
        }
        return true;
    }

    static bool IsUnloggedAndPartitioned(ReadOnlySpan<byte> text, List<Range> tokens)
    {
        if (!Is(text, tokens, 0, "CREATE"u8) || !Is(text, tokens, 1, "UNLOGGED"u8))
            return false;
        var depth = 0;
        for (var i = 2; i < tokens.Count; i++)
        {
            depth += Is(text, tokens, i, "("u8) ? 1 : Is(text, tokens, i, ")"u8) ? -1 : 0;
            if (depth == 0 && Is(text, tokens, i, "PARTITION"u8) && Is(text, tokens, i + 1, "BY"u8))
                return true;
        }
        return false;
    }

    static void Fill(Span<byte> text, int start, int end) => text[start..end].Fill((byte)' ');

    static bool IsInternal(ReadOnlySpan<byte> text, Range option) => text[option].StartsWith(Prefix);

    /// <summary>The options of such a statement; null where it is another one.</summary>
    static List<Range>? ListOf(ReadOnlySpan<byte> text, List<Range> tokens)
    {
        var next = 0;
        if (!Take(text, tokens, ref next, "ALTER"u8))
            return null;
        Take(text, tokens, ref next, "FOREIGN"u8);
        if (!Take(text, tokens, ref next, "TABLE"u8) || !Take(text, tokens, ref next, "ONLY"u8))
            return null;
        next++; // the schema
        if (!Take(text, tokens, ref next, "."u8))
            return null;
        next++; // the table
        if (!Take(text, tokens, ref next, "ALTER"u8) || !Take(text, tokens, ref next, "COLUMN"u8))
            return null;
        next++; // the column
        if (!Take(text, tokens, ref next, "SET"u8) || !Take(text, tokens, ref next, "("u8))
            return null;
        var options = new List<Range>();
        while (next < tokens.Count)
        {
            var start = tokens[next].Start.Value;
            while (next < tokens.Count && !Is(text, tokens, next, ","u8) && !Is(text, tokens, next, ")"u8))
                next++;
            if (next >= tokens.Count)
                return null;
            options.Add(start..tokens[next - 1].End.Value);
            if (Take(text, tokens, ref next, ")"u8))
                return next == tokens.Count - 1 ? options : null; // but for the semicolon
            next++;
        }
        return null;
    }

    static bool Take(ReadOnlySpan<byte> text, List<Range> tokens, ref int next, ReadOnlySpan<byte> word)
    {
        if (!Is(text, tokens, next, word))
            return false;
        next++;
        return true;
    }

    static bool Is(ReadOnlySpan<byte> text, List<Range> tokens, int index, ReadOnlySpan<byte> word) =>
        index < tokens.Count && text[tokens[index]].SequenceEqual(word);
}
