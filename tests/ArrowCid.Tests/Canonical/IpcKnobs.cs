namespace ArrowCid.Tests.Canonical;

/// <summary>How a stream or file differs from the canonical block; section 4 accepts all of it.</summary>
[Flags]
internal enum IpcKnobs
{
    None = 0,

    /// <summary>The file format, with a footer.</summary>
    File = 1,

    /// <summary>Metadata version V4, in which a union has a validity buffer.</summary>
    V4 = 1 << 1,

    /// <summary>No FF FF FF FF before a message's length.</summary>
    Legacy = 1 << 2,

    BigEndian = 1 << 3,
    Lz4 = 1 << 4,
    Zstd = 1 << 5,

    /// <summary>Messages and buffers at multiples of 8, not 64.</summary>
    Narrow = 1 << 6,

    /// <summary>Dictionaries in two messages, the second a delta.</summary>
    Deltas = 1 << 7,

    /// <summary>Another dictionary first, which the right one replaces.</summary>
    Replaced = 1 << 8,

    /// <summary>No vectors without elements, and no dictionaries without entries.</summary>
    NoEmpty = 1 << 9,

    /// <summary>No scalars that are defaults, no typeIds 0, 1, 2 …, no indexType int32, no empty metadata
    /// values.</summary>
    NoDefaults = 1 << 10,

    NoEos = 1 << 11,

    /// <summary>Bytes after the eos.</summary>
    Trailing = 1 << 12,

    All = (1 << 13) - 1,
}
