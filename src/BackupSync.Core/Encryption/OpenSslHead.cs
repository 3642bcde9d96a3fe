namespace BackupSync.Encryption;

/// <summary>What a file of <c>openssl enc</c> begins with: eight letters, then the salt of its key and IV.</summary>
/// <remarks>By hand: .NET has the ciphers, not the format, and anybody who has openssl is to be able to decrypt a backup.</remarks>
static class OpenSslHead
{
    /// <summary>In bytes.</summary>
    public const int Size = 16;

    static ReadOnlySpan<byte> Magic => "Salted__"u8;

    public const int SaltSize = 8;

    public static void Write(Span<byte> head, ReadOnlySpan<byte> salt)
    {
        Magic.CopyTo(head);
        salt.CopyTo(head[Magic.Length..Size]);
    }

    /// <summary>The salt.</summary>
    /// <param name="start">The file's first bytes; fewer than <see cref="Size"/> where it has no more.</param>
    /// <param name="name">The file's, for messages.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupInvalid"/>: it is no such file.</exception>
    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> start, string name)
    {
        if (!Magic.StartsWith(start[..Math.Min(start.Length, Magic.Length)]))
            throw EncryptedFile.Invalid($"{name} is not encrypted as its manifest says: such a file begins with Salted__.");
        if (start.Length < Size)
            throw EncryptedFile.Invalid($"{name} is truncated: it has only {start.Length} bytes.");
        return start[Magic.Length..Size];
    }
}
