using System.Text;
using BackupSync.Files;

namespace BackupSync.Configuration;

/// <summary>
/// A file that holds a secret alone, such as <c>/run/secrets/prod_url</c> of Docker, a credential of systemd, or one that openssl takes
/// by <c>-pass file:</c>. No message ever quotes what it holds.
/// </summary>
static class SecretFile
{
    /// <summary>What a name begins with that means a credential of the systemd unit: https://systemd.io/CREDENTIALS.</summary>
    const string Credential = "credential:";

    /// <summary>systemd's variable: the folder of the unit's credentials.</summary>
    const string CredentialsVariable = "CREDENTIALS_DIRECTORY";

    /// <summary>Where the file is that is written so, or what is wrong with that.</summary>
    /// <param name="fullPath">Makes a path of one that is relative to the configuration.</param>
    public static (string? Path, string? Fault) Locate(
        string written, Func<string, string?> environment, Func<string, string> fullPath)
    {
        if (written.Contains('\0', StringComparison.Ordinal))
            return (null, "has a NUL character in it");
        if (!written.StartsWith(Credential, StringComparison.Ordinal))
            return (fullPath(written), null);

        var name = written[Credential.Length..];
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().IndexOfAny("/\\:") >= 0)
            return (null, $"names no credential: write {Credential}NAME, as in the unit's LoadCredential=NAME:PATH");
        return environment(CredentialsVariable) is { Length: > 0 } folder
            ? (Path.Join(folder, name), null)
            : (null, $"needs the variable {CredentialsVariable}, which is not set: systemd sets it for a unit that has "
                + $"LoadCredential={name}:PATH");
    }

    /// <summary>Its only line, without the line break at its end; or why it cannot be had.</summary>
    /// <param name="name">What it is to hold, without an article.</param>
    /// <param name="mostBytes">Of the line.</param>
    public static (string? Text, string? Fault) Read(string path, string name, int mostBytes)
    {
        try
        {
            if (Directory.Exists(path))
                return (null, $"{path} is a folder, not a file");
            if (!PlatformFiles.IsRegularOrMissing(path))
                return (null, $"{path} is no regular file (a pipe, a socket or a device); write the {name} into a file");
            if (ConfigurationTrust.FaultOfSecret(path) is { } distrust)
                return (null, $"the file {path} {distrust}");
            var bytes = new byte[mostBytes + 3];
            using var file = PlatformFiles.OpenToRead(path, FileShare.Read);
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length == bytes.Length
                ? (null, $"the file {path} is too large to hold a {name}")
                : SecretLine.Of(bytes.AsSpan(0, length), $"the file {path}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, $"there is no file {path}");
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            return (null, $"the file {path} cannot be read: {e.Message}");
        }
    }
}

/// <summary>The text that a file or a program gives for a secret.</summary>
static class SecretLine
{
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Without the line break at its end; nothing else is taken off, for a password may begin or end with a space.</summary>
    /// <param name="origin">Where it comes from, as the subject of a sentence.</param>
    public static (string? Text, string? Fault) Of(ReadOnlySpan<byte> bytes, string origin)
    {
        string text;
        try
        {
            text = StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return (null, $"{origin} is not text in UTF-8");
        }
        // Neither could openssl make anything of it.
        if (text.StartsWith('\uFEFF'))
            return (null, $"{origin} begins with a byte order mark; write it as plain UTF-8");
        text = text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        return text.Length > 0 ? (text, null) : (null, $"{origin} is empty");
    }
}
