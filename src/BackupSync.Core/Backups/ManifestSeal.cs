using System.Security.Cryptography;
using System.Text;
using BackupSync.Encryption;

namespace BackupSync.Backups;

/// <summary>The two digests in a manifest's own bytes, which are of these bytes with zeros in the digests' places.</summary>
static class ManifestSeal
{
    /// <summary>What stands for a digest until it is known.</summary>
    public static readonly string NoDigest = new('0', 64);

    /// <summary>What stands before the signature's HMAC: the last of this name in a manifest that we have written.</summary>
    static ReadOnlySpan<byte> HmacName => "\"hmac\": \""u8;

    /// <summary>The HMAC first: the checksum is of it, too.</summary>
    public static void Put(byte[] bytes, ManifestSignature? signature, ManifestKey? key)
    {
        if (signature is not null)
            Encoding.ASCII.GetBytes(key!.Hmac(signature.Salt, bytes)!, HmacIn(bytes));
        Replace(bytes, NoDigest, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>The HMAC is of the whole file with zeros in two places, so all else of it is as it was when it was signed.</summary>
    public static bool IsSigned(byte[] manifest, string checksum, ManifestSignature signature, ManifestKey key)
    {
        var bytes = manifest.ToArray();
        var stated = Encoding.UTF8.GetBytes(signature.Hmac);
        if (checksum.Length != NoDigest.Length || stated.Length != NoDigest.Length || !HmacIn(bytes).SequenceEqual(stated))
            return false;
        HmacIn(bytes).Fill((byte)'0');
        return Replace(bytes, checksum, NoDigest)
            && key.Hmac(signature.Salt, bytes) is { } found && CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(found),
                stated);
    }

    /// <summary>Where the signature's HMAC stands; empty where there is none.</summary>
    static Span<byte> HmacIn(byte[] bytes)
    {
        var at = bytes.AsSpan().LastIndexOf(HmacName);
        return at < 0 || bytes.Length - at - HmacName.Length < NoDigest.Length ? [] : bytes.AsSpan(at + HmacName.Length, NoDigest.Length);
    }

    public static bool IsAsWritten(byte[] bytes, string checksum)
    {
        var zeroed = bytes.ToArray();
        return checksum.Length == NoDigest.Length && Replace(zeroed, checksum, NoDigest)
            && Convert.ToHexStringLower(SHA256.HashData(zeroed)) == checksum;
    }

    /// <summary>The last one: the checksum ends a manifest.</summary>
    static bool Replace(byte[] bytes, string old, string replacement)
    {
        var at = bytes.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(old));
        return at >= 0 && Encoding.ASCII.TryGetBytes(replacement, bytes.AsSpan(at), out _);
    }
}
