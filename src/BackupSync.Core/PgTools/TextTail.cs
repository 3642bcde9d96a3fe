using System.Text;

namespace BackupSync.PgTools;

/// <summary>
/// Splits text that comes in pieces into lines, and remembers the last of it, within bounds. Safe to read from any thread.
/// </summary>
sealed class TextTail(Action<string>? onLine)
{
    /// <summary>Of what is remembered, in characters.</summary>
    const int Capacity = 16 * 1024;

    /// <summary>A longer line is handed on in parts, in characters.</summary>
    const int LongestLine = 16 * 1024;

    /// <summary>
    /// Of a line, what is remembered, in characters: a program that names the statement that failed, with thousands of tables in it,
    /// must not push out why it failed.
    /// </summary>
    const int Remembered = 2 * 1024;

    readonly StringBuilder _tail = new();
    readonly StringBuilder _line = new();
    readonly Lock _lock = new();
    int _lineLength;

    public void Append(ReadOnlySpan<char> text)
    {
        lock (_lock)
        {
            foreach (var character in text)
                Remember(character);
            if (_tail.Length > Capacity)
                _tail.Remove(0, _tail.Length - Capacity);
        }
        foreach (var character in text)
        {
            if (character == '\n')
                EndLine();
            else
                _line.Append(character);
            if (_line.Length == LongestLine)
                EndLine();
        }
    }

    void Remember(char character)
    {
        if (character == '\n')
            _lineLength = -1;
        if (++_lineLength <= Remembered)
            _tail.Append(_lineLength == Remembered ? '\u2026' : character);
    }

    /// <summary>Hands on what stands after the last line break.</summary>
    public void Complete()
    {
        if (_line.Length > 0)
            EndLine();
    }

    public override string ToString()
    {
        lock (_lock)
            return _tail.ToString().Trim();
    }

    void EndLine()
    {
        var line = _line.ToString().TrimEnd('\r');
        _line.Clear();
        onLine?.Invoke(line);
    }
}
