using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A block whose bytes are in place already.</summary>
/// <param name="length">Its bytes.</param>
internal sealed class FilledBlock(int length) : IBlockSource
{
    public int Length => length;

    public Digest256 WriteTo(Span<byte> destination) => Sha256.Hash(destination[..length]);
}
