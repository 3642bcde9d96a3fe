using System.Security.Cryptography;
using BackupSync.Files;

namespace BackupSync.Encryption;

/// <summary>
/// The plaintext of an encrypted file, forward only, with the same little memory whatever the size. It notices a wrong end,
/// not a wrong middle: <see cref="EncryptedFile.CheckAsync"/> comes first.
/// </summary>
/// <remarks>Reading throws <see cref="BackupSyncException"/> with <see cref="ErrorIds.BackupInvalid"/> where the end is wrong.</remarks>
sealed class DecryptingStream : ForwardStream
{
    readonly Stream _input;
    readonly string _name;
    readonly ICryptoTransform _cipher;
    readonly byte[] _ciphertext = new byte[EncryptedFile.BatchSize];
    readonly byte[] _batch = new byte[EncryptedFile.BatchSize];
    ReadOnlyMemory<byte> _unread;
    bool _started;
    bool _ended;
    BackupSyncException? _problem;

    DecryptingStream(Stream input, string name, ICryptoTransform cipher)
    {
        _input = input;
        _name = name;
        _cipher = cipher;
    }

    /// <param name="ciphertext">Disposed of with this stream; not where this throws.</param>
    /// <param name="name">The file's, for messages.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.BackupInvalid"/>: it is no encrypted file.</exception>
    public static async Task<DecryptingStream> OpenAsync(
        Stream ciphertext, EncryptionKeys keys, string name, CancellationToken cancellationToken)
    {
        var head = new byte[OpenSslHead.Size];
        var count = await ciphertext.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        return new(ciphertext, name, keys.Decryptor(OpenSslHead.Read(head.AsSpan(0, count), name)));
    }

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty && MustRead())
            Decrypt(_input.ReadAtLeast(_ciphertext, _ciphertext.Length, throwOnEndOfStream: false));
        return Give(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty && MustRead())
            Decrypt(await _input.ReadAtLeastAsync(_ciphertext, _ciphertext.Length, throwOnEndOfStream: false, cancellationToken));
        return Give(buffer.Span);
    }

    bool MustRead()
    {
        // Reading on after a failure must not look like the end of a whole file.
        if (_problem is not null)
            throw _problem;
        return _unread.IsEmpty && !_ended;
    }

    int Give(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _unread.Length);
        _unread.Span[..count].CopyTo(buffer);
        _unread = _unread[count..];
        return count;
    }

    /// <param name="count">How much of the ciphertext's buffer is filled: all of it, but at the end.</param>
    void Decrypt(int count)
    {
        if (count % 16 != 0 || (count == 0 && !_started))
            throw _problem = EncryptedFile.Invalid($"{_name} is truncated: it ends within a block of its cipher.");
        _started = true;
        if (count == _ciphertext.Length)
        {
            _unread = _batch.AsMemory(0, _cipher.TransformBlock(_ciphertext, 0, count, _batch, 0));
            return;
        }
        try
        {
            _unread = _cipher.TransformFinalBlock(_ciphertext, 0, count);
            _ended = true;
        }
        catch (CryptographicException e)
        {
            throw _problem = EncryptedFile.Invalid(
                $"{_name} cannot be decrypted to its end: it is damaged, or the passphrase is another.",
                e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cipher.Dispose();
            _input.Dispose();
        }
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await _input.DisposeAsync();
        await base.DisposeAsync();
    }

    public override bool CanRead => true;
}
