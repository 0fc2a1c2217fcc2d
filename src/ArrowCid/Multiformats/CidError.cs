namespace ArrowCid;

/// <summary>
/// Why a text or byte sequence is not a CID, multihash, multibase text or varint. <see cref="Cid.Describe"/> says it in
/// words.
/// </summary>
public enum CidError
{
    /// <summary>No error.</summary>
    None = 0,
    /// <summary>The text is empty.</summary>
    Empty = 1,
    /// <summary>The text is longer than any CID (<see cref="Cid.MaxTextLength"/>), or than base 58 or 36 may
    /// be.</summary>
    TooLong = 2,
    /// <summary>The first character is not the prefix of a multibase that ArrowCid reads.</summary>
    UnknownMultibase = 3,
    /// <summary>A character is not in the alphabet of the text's base.</summary>
    InvalidCharacter = 4,
    /// <summary>Padding where the base has none, or missing or misplaced padding where it has.</summary>
    InvalidPadding = 5,
    /// <summary>No byte sequence has that number of characters in the text's base.</summary>
    InvalidLength = 6,
    /// <summary>The last character holds bits beyond the last byte that are not zero.</summary>
    NonZeroTrailingBits = 7,
    /// <summary>The bytes end before the value is whole; in a stream, more bytes may help.</summary>
    Truncated = 8,
    /// <summary>A varint with needless bytes at its end.</summary>
    VarintNotMinimal = 9,
    /// <summary>A varint of more than nine bytes.</summary>
    VarintTooLong = 10,
    /// <summary>A version other than 0 and 1; 2 and 3 are reserved.</summary>
    UnsupportedVersion = 11,
    /// <summary>A version byte 0: the binary form of version 0 has no version byte.</summary>
    ExplicitVersion0 = 12,
    /// <summary>It starts as version 0 but is no SHA-256 digest of 32 bytes (46 characters from <c>Qm</c>).</summary>
    InvalidVersion0 = 13,
    /// <summary>A version 0 CID after a multibase prefix.</summary>
    Version0InMultibase = 14,
    /// <summary>A digest over <see cref="Multihash.MaxDigestLength"/> bytes.</summary>
    DigestTooLong = 15,
    /// <summary>An identity digest over <see cref="Multihash.MaxIdentityLength"/> bytes.</summary>
    IdentityTooLong = 16,
    /// <summary>Bytes after the end of the value.</summary>
    TrailingBytes = 17,
}
