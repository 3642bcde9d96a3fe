using System.Management.Automation;
using System.Management.Automation.Host;

namespace BackupSync.Module.Commands;

/// <summary>
/// A cmdlet that replaces a database's content: it asks first, where there is somebody to ask.
/// </summary>
public abstract class ConfirmingCmdlet : BackupSyncCmdlet
{
    /// <summary>Whether to go on with something that the user may have to confirm.</summary>
    /// <param name="target">What is changed.</param>
    /// <param name="action">What is done to it.</param>
    /// <param name="force">Do not ask.</param>
    /// <param name="agreed">
    /// Whether the configuration has agreed to it in advance, so that a scheduler may run it: what cannot be asked is then
    /// taken for a yes, and else for a mistake.
    /// </param>
    protected bool Confirm(string target, string action, bool force, bool agreed)
    {
        if (IsWhatIf)
            return ShouldProcess(target, action);

        // -Confirm, in so many words, is a wish to be asked whatever else holds.
        var asksExplicitly = MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && LanguagePrimitives.IsTrue(confirm);
        if (force && !asksExplicitly)
            return true;
        if (!asksExplicitly && WouldAsk && NobodyCanAnswer)
            return Unasked(target, action, agreed, null);

        try
        {
            return ShouldProcess(target, action);
        }
        catch (Exception e) when (!asksExplicitly && e is InvalidOperationException or HostException)
        {
            // What -NonInteractive, and hosts without a user, make of the question.
            return Unasked(target, action, agreed, e);
        }
    }

    bool WouldAsk =>
        !MyInvocation.BoundParameters.ContainsKey("Confirm")
        && LanguagePrimitives.TryConvertTo<ConfirmImpact>(GetVariableValue("ConfirmPreference", ConfirmImpact.High), out var preference)
        && preference is not ConfirmImpact.None;

    /// <summary>A scheduler's console: a question would read the end of the input, or wait for ever.</summary>
    bool NobodyCanAnswer => !Environment.UserInteractive || (Host.Name == "ConsoleHost" && Console.IsInputRedirected);

    bool Unasked(string target, string action, bool agreed, Exception? reason)
    {
        if (!agreed)
        {
            throw new BackupSyncException(
                ErrorIds.ConfirmationNeeded, $"{action} needs to be confirmed on {target}, and this session has nobody to ask.",
                "Add -Confirm:$false to run it unasked"
                    + (MyInvocation.MyCommand.Parameters.ContainsKey("Force") ? ", or -Force to lift the shrink guard too" : "") + ".",
                reason);
        }
        WriteVerbose($"Not confirmed, because this session has nobody to ask: {action} on {target}.");
        return true;
    }
}
