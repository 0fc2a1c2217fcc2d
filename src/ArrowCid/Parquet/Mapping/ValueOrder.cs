namespace ArrowCid.Parquet;

/// <summary>How values compare where least and largest are looked for.</summary>
internal enum ValueOrder
{
    None,
    Boolean,
    Signed,
    Unsigned,
    Float,
    Half,
    Bytes,
    BigEndian,
}
