namespace ArrowCid.Ipld;

/// <summary>
/// The rules of dag-cbor and dag-pb that a reader may let pass, for blocks that others wrote. None by default. What was
/// read so is encoded again in the one canonical form, hence to another CID: a foreign block keeps its CID only by its
/// bytes. Whatever the options, indefinite lengths, other tags than 42, other keys than text, keys that occur twice,
/// NaN and infinities, trailing bytes and nesting over <see cref="DagCbor.MaxDepth"/> are refused, and so are fields
/// that dag-pb does not have, that occur twice or that have another wire type.
/// </summary>
[Flags]
public enum IpldReadOptions
{
    /// <summary>Strict: only what the encoder itself writes.</summary>
    None = 0,
    /// <summary>Integers, lengths and varints in more bytes than they need.</summary>
    AllowLongForms = 1,
    /// <summary>Map keys in any order; they come out sorted. In dag-pb links in any order, which they keep, and Data
    /// before Links.</summary>
    AllowUnsorted = 2,
    /// <summary>Floats of 16 and 32 bits; they come out as floats of 64 bits.</summary>
    AllowShortFloats = 4,
    /// <summary>The simple value <c>undefined</c>; it comes out as null.</summary>
    AllowUndefined = 8,
    /// <summary>Text that is not UTF-8; each ill-formed sequence comes out as U+FFFD.</summary>
    AllowIllFormedText = 16,
    /// <summary>CIDs with identity digests over <see cref="Multihash.MaxIdentityLength"/> bytes.</summary>
    AllowLongIdentity = 32,
    /// <summary>All of these.</summary>
    Lenient = AllowLongForms | AllowUnsorted | AllowShortFloats | AllowUndefined | AllowIllFormedText
        | AllowLongIdentity,
}
