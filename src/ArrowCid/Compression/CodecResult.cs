namespace ArrowCid.Compression;

/// <summary>The result of decompressing to a target of a known length.</summary>
internal enum CodecResult
{
    Complete,

    /// <summary>The bytes are not of the codec's format.</summary>
    Broken,

    /// <summary>The source holds more or fewer bytes than the target, or bytes follow its end.</summary>
    OtherLength,
}
