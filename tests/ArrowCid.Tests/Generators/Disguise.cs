namespace ArrowCid.Tests.Generators;

/// <summary>Ways to lay the same values in memory otherwise; each must leave the canonical block as it is.</summary>
[Flags]
internal enum Disguise
{
    None = 0,

    /// <summary>Arrays at every level are slices of longer ones.</summary>
    Slices = 1,

    /// <summary>Bytes, lengths, indices and views under nulls.</summary>
    NullJunk = 1 << 1,

    /// <summary>A bitmap of ones where no slot is null.</summary>
    AllOnes = 1 << 2,

    /// <summary>A null count of -1.</summary>
    UnknownNullCount = 1 << 3,

    /// <summary>Offsets that do not start at 0, and data before and after what they point at.</summary>
    ShiftedOffsets = 1 << 4,

    /// <summary>Unordered: shuffled, with unused, equal and null entries. Ordered: equal and null entries
    /// between.</summary>
    LooseDictionaries = 1 << 5,

    /// <summary>Runs cut in pieces, and a last run that ends past the array.</summary>
    SplitRuns = 1 << 6,

    /// <summary>List views out of order, with gaps, sharing elements where they are equal.</summary>
    LooseListViews = 1 << 7,

    /// <summary>Views over several data buffers, out of order, with unused bytes.</summary>
    ManyViewBuffers = 1 << 8,

    /// <summary>Children of dense unions out of order, with unused slots.</summary>
    LooseUnions = 1 << 9,

    /// <summary>Children longer than their parents need.</summary>
    LongChildren = 1 << 10,

    /// <summary>Bits past the end of bitmaps, and bytes past the end of buffers.</summary>
    TrailingBits = 1 << 11,

    /// <summary>Anything at all, nulls in fields that are not nullable too, where a null ancestor or a union hides
    /// it.</summary>
    HiddenJunk = 1 << 12,

    /// <summary>NaNs with any sign and payload.</summary>
    NanPayloads = 1 << 13,

    /// <summary>Metadata in another order, other names where Arrow gives them no meaning, empty extension
    /// metadata.</summary>
    SchemaDress = 1 << 14,

    All = (1 << 15) - 1,
}
