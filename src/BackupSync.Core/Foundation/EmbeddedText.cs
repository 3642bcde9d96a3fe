using System.Reflection;

namespace BackupSync;

/// <summary>Texts that are easier to read as files of their own, such as longer SQL.</summary>
static class EmbeddedText
{
    /// <param name="of">Whose it is; null for the core's own.</param>
    public static string Read(string name, Assembly? of = null)
    {
        using var stream = (of ?? typeof(EmbeddedText).Assembly).GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
