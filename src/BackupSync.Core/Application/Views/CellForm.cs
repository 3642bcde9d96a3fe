namespace BackupSync.Application.Views;

/// <summary>How a value is written in a cell.</summary>
public enum CellForm
{
    Text,

    /// <summary>A word that tells how something stands: it has a colour.</summary>
    State,

    /// <summary>An id of <see cref="ErrorIds"/>, without the name of the product before it.</summary>
    ErrorId,
    YesNo,

    /// <summary>Of several objects, their names.</summary>
    Names,
    Number,

    /// <summary>Bytes, such as <c>192 kB</c>.</summary>
    Size,

    /// <summary>A <see cref="TimeSpan"/>, such as <c>1m 05s</c>.</summary>
    Duration,
    Milliseconds,

    /// <summary>In UTC, as <c>2026-11-30 17:51Z</c>.</summary>
    Moment,

    /// <summary>The same to the second, where several fall into one minute.</summary>
    Second,
}

/// <summary>What a cell's colour tells.</summary>
public enum CellTone
{
    Plain,
    Good,
    Doubtful,
    Bad,
}
