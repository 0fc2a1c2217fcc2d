using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Whence a put takes its bytes: written once, straight into the store, and hashed there.</summary>
internal interface IBlockSource
{
    /// <summary>The block's length in bytes, known before it is written.</summary>
    int Length { get; }

    /// <summary>Fills exactly <see cref="Length"/> bytes and returns the SHA-256 of what then stands there. It may
    /// throw: the store gives the space back.</summary>
    Digest256 WriteTo(Span<byte> destination);

    /// <summary>As <see cref="WriteTo"/>, where many are hashed together afterwards.</summary>
    void Fill(Span<byte> destination) => _ = WriteTo(destination);

    /// <summary>Throws where the bytes that were written may not be put under the digest that they have: the store
    /// gives the space back.</summary>
    void Validate(Digest256 digest)
    {
    }
}
