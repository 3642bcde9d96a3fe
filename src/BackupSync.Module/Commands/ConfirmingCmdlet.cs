using System.Management.Automation;
using System.Management.Automation.Host;
using BackupSync.Application;

namespace BackupSync.Module.Commands;

/// <summary>
/// A cmdlet that replaces a database's content: it asks first, where there is somebody to ask.
/// </summary>
public abstract class ConfirmingCmdlet : BackupSyncCmdlet
{
    /// <summary>Whether to go on with something that the user may have to confirm.</summary>
    /// <param name="force">Do not ask.</param>
    protected bool Confirm(Question question, bool force)
    {
        var (target, action) = (question.Target, question.Action);
        if (IsWhatIf)
            return ShouldProcess(target, action);

        // -Confirm, in so many words, is a wish to be asked whatever else holds.
        var asksExplicitly = MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && LanguagePrimitives.IsTrue(confirm);
        if (force && !asksExplicitly)
            return true;
        if (!asksExplicitly && WouldAsk && NobodyCanAnswer)
            return Unasked(question, null);

        try
        {
            // PowerShell's own question takes Enter for a yes.
            return question.IsOfProduction && (asksExplicitly || WouldAsk) ? AskForNo(question) : ShouldProcess(target, action);
        }
        catch (Exception e) when (!asksExplicitly && e is InvalidOperationException or HostException)
        {
            // What -NonInteractive, and hosts without a user, make of the question.
            return Unasked(question, e);
        }
    }

    /// <summary>What -Force does to the question, as the end of a sentence; null where it does nothing to it.</summary>
    private protected virtual string? WithForce =>
        MyInvocation.MyCommand.Parameters.ContainsKey("Force") ? ", or -Force to lift the shrink guard too" : null;

    bool AskForNo(Question question) => Host.UI.PromptForChoice(
        "Confirm", $"About to {Printable.Line($"{question}")}.", [new("&Yes", "Go on."), new("&No", "Leave everything as it is.")],
        defaultChoice: 1) == 0;

    bool WouldAsk =>
        !MyInvocation.BoundParameters.ContainsKey("Confirm")
        && LanguagePrimitives.TryConvertTo<ConfirmImpact>(GetVariableValue("ConfirmPreference", ConfirmImpact.High), out var preference)
        && preference is not ConfirmImpact.None;

    /// <summary>A scheduler's console: a question would read the end of the input, or wait for ever.</summary>
    bool NobodyCanAnswer => !Environment.UserInteractive || (Host.Name == "ConsoleHost" && Console.IsInputRedirected);

    /// <summary>What the configuration has agreed to, and cannot be asked, is taken for a yes, and else for a mistake.</summary>
    bool Unasked(Question question, Exception? reason)
    {
        if (!question.IsConfigured)
        {
            throw new BackupSyncException(
                ErrorIds.ConfirmationNeeded, $"About to {question}: this needs to be confirmed, and there is nobody to ask.",
                $"Add -Confirm:$false to run it unasked{WithForce}.",
                reason);
        }
        WriteVerbose($"Not confirmed, because this session has nobody to ask: {question}.");
        return true;
    }
}
