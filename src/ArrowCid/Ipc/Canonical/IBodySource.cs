namespace ArrowCid.Ipc;

/// <summary>Received bytes of a body, in order.</summary>
internal interface IBodySource
{
    /// <summary>The number of bytes that can be read now.</summary>
    int Left { get; }

    /// <summary>Fills the target, which is not longer than <see cref="Left"/>.</summary>
    void Read(Span<byte> target);

    /// <summary>Passes bytes, not more than <see cref="Left"/>.</summary>
    void Skip(int count);
}
