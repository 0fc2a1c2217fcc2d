namespace ArrowCid;

/// <summary>Blocks of any codec.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Puts bytes as a block of a codec. Bytes of codec raw are put as <see cref="PutRaw"/> does. What a block of
    /// dag-cbor or dag-pb links to is kept as long as it is itself.
    /// </summary>
    /// <param name="codec">The codec (<see cref="Multicodec"/>, an open set); nothing is decoded.</param>
    /// <param name="bytes">The bytes, which are read until the call returns.</param>
    /// <returns>The block's address, whose schema means nothing, and whether the block is new.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The codec is over 2^32 - 1.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="PutRaw"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult PutBlock(ulong codec, ReadOnlyMemory<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(codec, uint.MaxValue);
        return codec == Multicodec.Raw ? PutRaw(bytes) : Putting.PutOfCodec(codec, bytes, nanoseconds: 0);
    }
}
