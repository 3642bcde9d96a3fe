using System.Security.Cryptography;
using BackupSync.Files;

namespace BackupSync.Encryption;

/// <summary>
/// Encrypts what is written to it, forward only, with the same little memory whatever the size. The file is whole only
/// after <see cref="FinishAsync"/>; one that was disposed of without is cut off, and nothing tells its digests.
/// </summary>
sealed class EncryptingStream : ForwardStream
{
    readonly Stream _output;
    readonly ICryptoTransform _cipher;
    readonly CiphertextDigests _digests;
    readonly byte[] _plaintext = new byte[EncryptedFile.BatchSize];
    int _filled;

    // The first batch goes out behind the head, the last one with up to a block of padding.
    readonly byte[] _ciphertext = new byte[OpenSslHead.Size + EncryptedFile.BatchSize + 16];
    int _waiting = OpenSslHead.Size;
    bool _finished;

    EncryptingStream(Stream output, EncryptionKeys keys)
    {
        _output = output;
        _cipher = keys.NewFile(out var salt);
        OpenSslHead.Write(_ciphertext, salt);
        _digests = new(keys);
    }

    /// <param name="output">Where the ciphertext goes; left open.</param>
    public static EncryptingStream Begin(Stream output, EncryptionKeys keys) => new(output, keys);

    /// <summary>Writes what is left, and flushes the output.</summary>
    public async Task<EncryptedFile> FinishAsync(CancellationToken cancellationToken)
    {
        EnsureOpen();
        _finished = true;
        var last = _cipher.TransformFinalBlock(_plaintext, 0, _filled);
        last.CopyTo(_ciphertext, _waiting);
        await _output.WriteAsync(Ready(last.Length), cancellationToken);
        await _output.FlushAsync(cancellationToken);
        return _digests.Finish();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        EnsureOpen();
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer)..];
            if (_filled == _plaintext.Length)
                _output.Write(Encrypt().Span);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        EnsureOpen();
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer.Span)..];
            if (_filled == _plaintext.Length)
                await _output.WriteAsync(Encrypt(), cancellationToken);
        }
    }

    int Take(ReadOnlySpan<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _plaintext.Length - _filled);
        buffer[..count].CopyTo(_plaintext.AsSpan(_filled));
        _filled += count;
        return count;
    }

    ReadOnlyMemory<byte> Encrypt()
    {
        var count = _cipher.TransformBlock(_plaintext, 0, _filled, _ciphertext, _waiting);
        _filled = 0;
        return Ready(count);
    }

    ReadOnlyMemory<byte> Ready(int count)
    {
        var ready = _ciphertext.AsMemory(0, _waiting + count);
        _waiting = 0;
        _digests.Append(ready.Span);
        return ready;
    }

    void EnsureOpen()
    {
        if (_finished)
            throw new InvalidOperationException("The encrypted file is finished.");
    }

    protected override void Dispose(bool disposing)
    {
        _finished = true;
        if (disposing)
        {
            _cipher.Dispose();
            _digests.Dispose();
        }
        base.Dispose(disposing);
    }

    public override bool CanWrite => !_finished;
}
