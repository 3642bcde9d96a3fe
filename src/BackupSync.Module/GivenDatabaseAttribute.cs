using System.Collections;
using System.Management.Automation;
using System.Net;
using System.Security;
using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.Module;

/// <summary>
/// A parameter that takes a database's URL, as text or as a secure string, such as <c>Read-Host -AsSecureString</c> and <c>Get-Secret</c>
/// give. What it makes of it is shown without its password, also by PowerShell's own logs of parameters.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class GivenDatabaseAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        var input = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return input switch
        {
            null or GivenDatabase => input,
            string text => new GivenDatabase(text),
            SecureString secure => new GivenDatabase(TextOf(secure)),
            Uri uri => new GivenDatabase(uri.OriginalString),
            IEnumerable several and not IDictionary => several.Cast<object?>().Select(one => Transform(engineIntrinsics, one)).ToArray(),
            // Left to PowerShell, it would be quoted in the error.
            _ => throw new ArgumentTransformationMetadataException(
                $"A {input.GetType().Name} is no URL: give one as text or as a secure string."),
        };
    }

    public static string TextOf(SecureString secure) => new NetworkCredential("", secure).Password;
}

/// <summary>What people give who keep passwords out of URLs.</summary>
static class Credentials
{
    /// <summary>A database with a credential beside it, if any was given; the empty one is what scripts have where none was.</summary>
    public static GivenDatabase With(this GivenDatabase given, PSCredential? credential) =>
        credential is null || credential == PSCredential.Empty ? given : given with
        {
            Credential = new DatabaseCredential(credential.UserName, new Secret(GivenDatabaseAttribute.TextOf(credential.Password))),
        };
}
