namespace BackupSync.Archives;

/// <summary>
/// The checksum at the end of a zlib stream: two sums, each modulo 65521 (https://www.rfc-editor.org/rfc/rfc1950#section-8).
/// By hand: what .NET offers cannot make one sum of two.
/// </summary>
readonly record struct Adler32(uint Value)
{
    const uint Modulus = 65521;

    public static Adler32 OfNothing => new(1);

    uint Sum => Value & 0xFFFF;

    uint SumOfSums => Value >> 16;

    /// <summary>Of this content and another one behind it.</summary>
    /// <param name="length">The other's, in bytes.</param>
    public Adler32 Followed(Adler32 other, int length)
    {
        // Each byte of the other adds our sum once more to the sum of sums; the 1 that sums begin with is in both.
        var ours = Sum + Modulus - 1;
        var sum = (ours + other.Sum) % Modulus;
        var sumOfSums = (SumOfSums + other.SumOfSums + ((ulong)length * (ours % Modulus))) % Modulus;
        return new Adler32(((uint)sumOfSums << 16) | sum);
    }
}
