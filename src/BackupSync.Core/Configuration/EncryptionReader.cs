using System.Text;
using BackupSync.Files;

namespace BackupSync.Configuration;

/// <summary>
/// Finds the passphrase. What of it depends on this machine is held back until it is needed, as a database's URL is; no
/// message ever quotes it.
/// </summary>
static class EncryptionReader
{
    const int ShortestPassphrase = 12;

    /// <summary>In bytes of UTF-8: more than anyone needs, and within what openssl takes in all of its ways.</summary>
    const int LongestPassphrase = 500;

    public static EncryptionConfig Read(YamlSection encryption)
    {
        encryption.Alternatives("passphrase", "passphraseFile", "the passphrase comes from either of the two");
        var (passphrase, problem) = encryption.Has("passphraseFile") && !encryption.Has("passphrase")
            ? FromFile(encryption)
            : FromText(encryption);
        return passphrase is not null ? new EncryptionConfig(new Secret(passphrase)) : new EncryptionConfig(problem!);
    }

    static (string?, ConfigurationProblem?) FromText(YamlSection encryption)
    {
        const string key = "passphrase";
        if (encryption.RawText(key, "a text such as \"${BACKUPSYNC_PASSPHRASE}\"; or state a passphraseFile") is not { } raw)
            return (null, encryption.Problem(key, "is missing"));

        var (text, fault) = encryption.Expand(raw);
        fault ??= text!.Length == 0 ? $"{raw} is empty" : Fault(text);
        if (fault is null)
            return (text, null);
        if (EnvironmentReferences.Has(raw))
            return (null, encryption.HoldBack(key, fault));
        encryption.Report(key, fault);
        return (null, encryption.Problem(key, fault));
    }

    /// <summary>Instead of the passphrase: a file whose first line it is, as <c>openssl -pass file:</c> reads it.</summary>
    static (string?, ConfigurationProblem?) FromFile(YamlSection encryption)
    {
        const string key = "passphraseFile";
        if (encryption.RawText(key, "the path of a file") is not { } raw)
            return (null, encryption.Problem(key, "is missing"));

        var (name, fault) = encryption.Expand(raw);
        fault ??= name!.Length == 0
            ? $"{raw} is empty"
            : name.Contains('\0', StringComparison.Ordinal) ? "has a NUL character in it" : null;
        if (fault is not null)
            return (null, encryption.HoldBack(key, fault));

        var path = encryption.FullPath(name!);
        var (text, unreadable) = ReadFile(path);
        fault = unreadable ?? (text!.Length == 0
            ? $"the file {path} is empty"
            : Fault(text) is { } bad ? $"the passphrase in {path} {bad}" : null);
        return fault is null ? (text, null) : (null, encryption.HoldBack(key, fault));
    }

    static (string? Text, string? Fault) ReadFile(string path)
    {
        try
        {
            if (Directory.Exists(path))
                return (null, $"{path} is a folder, not a file");
            if (!PlatformFiles.IsRegularOrMissing(path))
                return (null, $"{path} is no regular file (a pipe, a socket or a device); write the passphrase into a file");
            var bytes = new byte[LongestPassphrase + 3];
            using var file = PlatformFiles.OpenToRead(path, FileShare.Read);
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length == bytes.Length)
                return (null, $"the file {path} is too large to hold a passphrase");
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
            // Neither could openssl make anything of it.
            if (text.StartsWith('\uFEFF'))
                return (null, $"the file {path} begins with a byte order mark; write it as plain UTF-8");
            return (text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text, null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, $"there is no file {path}");
        }
        catch (DecoderFallbackException)
        {
            return (null, $"the file {path} is not text in UTF-8");
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            return (null, $"the file {path} cannot be read: {e.Message}");
        }
    }

    /// <summary>What is wrong with a passphrase, as the rest of a sentence.</summary>
    static string? Fault(string passphrase) =>
        passphrase.AsSpan().IndexOfAny("\r\n\0") >= 0 ? "has a line break or a NUL character in it; a passphrase is one line of text"
        : passphrase.Length < ShortestPassphrase ? $"is too short: at least {ShortestPassphrase} characters are needed"
        : Encoding.UTF8.GetByteCount(passphrase) > LongestPassphrase ? $"is too long: at most {LongestPassphrase} bytes are possible"
        : null;
}
