using System.Security.Cryptography;

namespace BackupSync.Tests.Places;

/// <summary>A file of random bytes that is to be stored.</summary>
sealed record TestFile(string Path, byte[] Content)
{
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Content));

    public static TestFile Create(TempFolder folder, int size, string name = "to-be-stored")
    {
        var content = RandomNumberGenerator.GetBytes(size);
        var path = folder.File(name);
        File.WriteAllBytes(path, content);
        return new TestFile(path, content);
    }
}
