using System.Buffers.Binary;
using System.Text;

namespace BackupSync.Proxying;

/// <summary>What a client says first, by PostgreSQL's protocol: all that a proxy understands of it.</summary>
/// <remarks>https://www.postgresql.org/docs/current/protocol-message-formats.html</remarks>
static class StartupPacket
{
    /// <summary>The longest that the server takes (MAX_STARTUP_PACKET_LENGTH).</summary>
    public const int MostBytes = 10_000;

    /// <summary>Of the length and of what it is: the shortest there is.</summary>
    public const int LeastBytes = 8;

    /// <summary>The type of a TLS record that begins a handshake, which clients may send at once (sslnegotiation=direct).</summary>
    const byte TlsHandshake = 0x16;

    const int CancelCode = 80877102, SslCode = 80877103, GssCode = 80877104;

    /// <summary>How long it is; null while that is not known yet.</summary>
    /// <param name="begun">What has come so far; of TLS all of it is passed on.</param>
    /// <exception cref="InvalidDataException">No client of PostgreSQL begins so.</exception>
    public static int? Length(ReadOnlySpan<byte> begun)
    {
        if (begun.Length > 0 && begun[0] == TlsHandshake)
            return begun.Length;
        if (begun.Length < LeastBytes)
            return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(begun);
        var code = Code(begun);
        return length is >= LeastBytes and <= MostBytes && (code is CancelCode or SslCode or GssCode || code >> 16 is 2 or 3)
            ? length
            : throw new InvalidDataException("It does not speak PostgreSQL's protocol.");
    }

    /// <summary>Whether it asks for TLS or GSSAPI before it says more.</summary>
    public static bool AsksForEncryption(ReadOnlySpan<byte> packet) => packet[0] != TlsHandshake && Code(packet) is SslCode or GssCode;

    /// <summary>Whether whoever sent it reads an answer in PostgreSQL's own words: not of a cancel request, nor from within TLS.</summary>
    public static bool MayBeAnswered(ReadOnlySpan<byte> packet) => packet[0] != TlsHandshake && Code(packet) != CancelCode;

    static int Code(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadInt32BigEndian(packet[4..]);

    /// <summary>An ErrorResponse with which the server would refuse a connection.</summary>
    /// <param name="state">Its SQLSTATE.</param>
    public static byte[] Refusal(string state, string message)
    {
        var fields = Encoding.UTF8.GetBytes($"SFATAL\0VFATAL\0C{state}\0M{message.Replace('\0', ' ')}\0\0");
        var packet = new byte[1 + 4 + fields.Length];
        packet[0] = (byte)'E';
        BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(1), packet.Length - 1);
        fields.CopyTo(packet, 5);
        return packet;
    }
}
