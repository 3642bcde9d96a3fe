using System.Text;
using BackupSync.Postgres;

namespace BackupSync.Configuration;

/// <summary>What a secret of the configuration is: how it is called, how long it may be, and what is made of its text.</summary>
/// <param name="Name">Without an article, such as <c>passphrase</c>.</param>
/// <param name="MostBytes">In UTF-8, to keep other files and endless outputs out.</param>
/// <param name="Parse">What it is, or what is wrong with it as the rest of a sentence that quotes nothing of it.</param>
sealed record SecretKind<T>(string Name, int MostBytes, Func<string, (T? Value, string? Fault)> Parse) where T : class
{
    /// <summary>What such a sentence begins with where the text stands in the file itself.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Whether a text that is empty says that there is none.</summary>
    public bool MayBeEmpty { get; init; }
}

static class SecretKinds
{
    const int ShortestPassphrase = 12;

    /// <summary>In bytes of UTF-8: more than anyone needs, and within what openssl takes in all of its ways.</summary>
    const int LongestPassphrase = 500;

    /// <summary>In bytes: a URL with a password of a token, certificates by path, and every parameter there is.</summary>
    const int LongestUrl = 16_384;

    const int LongestKey = 4096;

    public static readonly SecretKind<DatabaseAddress> Url = new("URL", LongestUrl, Address) { Subject = ConnectionUri.Subject };

    /// <summary>The password, where the URL has none: as it is, nothing in it encoded.</summary>
    public static readonly SecretKind<Secret> Password = new("password", LongestKey, OneLine("password"));

    public static readonly SecretKind<Secret> Passphrase = new("passphrase", LongestPassphrase, OneLine("passphrase", PassphraseFault));

    public static readonly SecretKind<Secret> Key = new("key", LongestKey, OneLine("key")) { MayBeEmpty = true };

    static (DatabaseAddress?, string?) Address(string text)
    {
        try
        {
            return (DatabaseAddress.Parse(text), null);
        }
        catch (BackupSyncException e)
        {
            return (null, e.Message.StartsWith(ConnectionUri.Subject, StringComparison.Ordinal)
                ? e.Message[ConnectionUri.Subject.Length..]
                : e.Message);
        }
    }

    static Func<string, (Secret?, string?)> OneLine(string name, Func<string, string?>? fault = null) => text =>
        (LineFault(text, name) ?? fault?.Invoke(text)) is { } wrong ? (null, wrong) : (new Secret(text), null);

    /// <summary>What is wrong with a text that has to be one line.</summary>
    public static string? LineFault(string text, string name) => text.AsSpan().IndexOfAny("\r\n\0") >= 0
        ? $"has a line break or a NUL character in it; a {name} is one line of text"
        : null;

    static string? PassphraseFault(string passphrase) =>
        passphrase.Length < ShortestPassphrase ? $"is too short: at least {ShortestPassphrase} characters are needed"
        : Encoding.UTF8.GetByteCount(passphrase) > LongestPassphrase ? $"is too long: at most {LongestPassphrase} bytes are possible"
        : null;
}
