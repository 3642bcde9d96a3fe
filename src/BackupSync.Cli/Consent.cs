using BackupSync.Application;

namespace BackupSync.Cli;

/// <summary>Asks before a database's content is replaced, where there is somebody to ask.</summary>
static class Consent
{
    /// <inheritdoc cref="Require(string, bool, bool)"/>
    public static void Require(Question question, bool given) => Require(question.ToString(), given, question.IsConfigured);

    /// <param name="action">What would be done, as the rest of "About to …".</param>
    /// <param name="given">Whether an option has said yes already.</param>
    /// <param name="isConfigured">Whether the configuration names what would be replaced: a scheduler may then do it unasked.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.ConfirmationNeeded"/>: it was declined, or nobody can be asked.
    /// </exception>
    public static void Require(string action, bool given, bool isConfigured = false)
    {
        if (given)
            return;
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            if (isConfigured)
                return;
            throw new BackupSyncException(
                ErrorIds.ConfirmationNeeded, $"About to {action}: this needs to be confirmed, and there is nobody to ask.", "Add --yes.");
        }

        if (!Ask($"About to {action}.", otherwise: false))
            throw new BackupSyncException(ErrorIds.ConfirmationNeeded, "Not confirmed: nothing was done.");
    }

    /// <summary>Whether to go on.</summary>
    /// <param name="sentence">What would be done.</param>
    /// <param name="otherwise">The answer where there is nobody to ask.</param>
    public static bool Ask(string sentence, bool otherwise)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
            return otherwise;
        Console.Error.Write($"{Printable.Line(sentence)}\nGo on? [y/N] ");
        return Console.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
