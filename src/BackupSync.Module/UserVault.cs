using System.Management.Automation;
using System.Security;

namespace BackupSync.Module;

/// <summary>
/// Secrets by name, by <c>Get-Secret</c> of Microsoft.PowerShell.SecretManagement in the user's own session: with the vaults, and the
/// unlocking, that are there. BackupSync does not bring that module.
/// </summary>
static class UserVault
{
    const string Script = "param($parameters) Get-Secret @parameters";

    /// <summary>To be called on the pipeline's thread.</summary>
    /// <param name="vault">Null for whichever has it.</param>
    /// <exception cref="BackupSyncException">There is none; the message is the rest of a problem's.</exception>
    public static string Get(CommandInvocationIntrinsics commands, string name, string? vault)
    {
        var parameters = new System.Collections.Hashtable { ["Name"] = name, ["ErrorAction"] = "Stop" };
        if (vault is not null)
            parameters["Vault"] = vault;
        try
        {
            return commands.InvokeScript(true, ScriptBlock.Create(Script), null, parameters) is [{ } only]
                ? TextOf(only.BaseObject, name)
                : throw Failure($"there is no secret '{name}', or there are several");
        }
        catch (CommandNotFoundException)
        {
            throw Failure($"the secret '{name}' is one of SecretManagement, which is not installed: "
                + "Install-Module Microsoft.PowerShell.SecretManagement, and the module of your vault, such as "
                + "Microsoft.PowerShell.SecretStore");
        }
        catch (RuntimeException e)
        {
            throw Failure($"the secret '{name}' could not be got: {AddressText.Scrub(e.ErrorRecord.ToString()).TrimEnd('.')}");
        }
    }

    static string TextOf(object secret, string name) => secret switch
    {
        string text => text,
        SecureString secure => GivenDatabaseAttribute.TextOf(secure),
        PSCredential credential => GivenDatabaseAttribute.TextOf(credential.Password),
        _ => throw Failure($"the secret '{name}' is no text and no credential, but a {secret.GetType().Name}"),
    };

    static BackupSyncException Failure(string message) => new(ErrorIds.ConfigurationInvalid, message);
}
