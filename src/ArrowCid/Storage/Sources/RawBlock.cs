using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Bytes to copy.</summary>
/// <param name="bytes">The bytes.</param>
/// <param name="expected">What they must hash to where they lie in the end; the default: any hash.</param>
/// <param name="onAsked">Called when the bytes are asked for: their place is reserved.</param>
internal sealed class RawBlock(ReadOnlyMemory<byte> bytes, Cid expected = default, Action? onAsked = null)
    : IBlockSource
{
    // This number of bytes is copied, then hashed while the processor cache has them.
    private const int Piece = 1 << 16;

    public int Length => bytes.Length;

    public Digest256 WriteTo(Span<byte> destination)
    {
        onAsked?.Invoke();
        ReadOnlySpan<byte> rest = bytes.Span;
        if (rest.Length <= Piece)
        {
            rest.CopyTo(destination);
            return Sha256.Hash(destination[..rest.Length]);
        }

        var hash = new Sha256();
        while (!rest.IsEmpty)
        {
            int length = Math.Min(Piece, rest.Length);
            rest[..length].CopyTo(destination);
            hash.Append(destination[..length]);
            rest = rest[length..];
            destination = destination[length..];
        }

        return hash.Finish();
    }

    public void Fill(Span<byte> destination)
    {
        onAsked?.Invoke();
        bytes.Span.CopyTo(destination);
    }

    public void Validate(Digest256 digest) => ExpectedCid.RequireHash(expected, digest);
}
