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

        Console.Error.Write($"About to {Printable.Line(action)}.\nGo on? [y/N] ");
        if (Console.ReadLine()?.Trim().ToUpperInvariant() is not ("Y" or "YES"))
            throw new BackupSyncException(ErrorIds.ConfirmationNeeded, "Not confirmed: nothing was done.");
    }
}
