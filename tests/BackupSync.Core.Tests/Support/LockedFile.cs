namespace BackupSync.Tests;

/// <summary>
/// Reads what was written under a lock: a child process that another test starts holds the lock, too, from its fork to its exec, so that a
/// file which its writer has closed may still be locked for a moment.
/// </summary>
static class LockedFile
{
    public static string ReadAllText(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }

    public static IReadOnlyList<string> ReadAllLines(string path) =>
        ReadAllText(path) is { Length: > 0 } text ? text[..^(text.EndsWith('\n') ? 1 : 0)].Split('\n') : [];

    public static byte[] ReadAllBytes(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
