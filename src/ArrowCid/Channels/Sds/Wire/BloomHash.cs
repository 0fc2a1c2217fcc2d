using System.Text;

namespace ArrowCid.Channels.Sds;

/// <summary>The two hashes of an id from which the places of its bits follow.</summary>
/// <param name="A">The hash of the id.</param>
/// <param name="B">The hash of the id and <c>" b"</c>.</param>
internal readonly record struct BloomHash(long A, long B)
{
    /// <summary>Hashes an id as a dialect does.</summary>
    public static BloomHash Of(SdsDialect dialect, string id)
    {
        if (dialect == SdsDialect.Rfc) return new BloomHash(Murmur3.Hash(id), Murmur3.Hash(id + " b"));
        Span<byte> bytes = stackalloc byte[SdsCodec.MaxId + 2];
        int length = Encoding.UTF8.GetBytes(id, bytes);
        " b"u8.CopyTo(bytes[length..]);
        return new BloomHash((long)FarmHash.Hash(bytes[..length]), (long)FarmHash.Hash(bytes[..(length + 2)]));
    }
}
