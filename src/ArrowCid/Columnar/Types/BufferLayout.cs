namespace ArrowCid.Columnar;

/// <summary>The physical layouts, one a way to store slots (Arrow columnar format, "Physical Memory Layout").</summary>
internal enum BufferLayout
{
    Null,
    Bits,
    Fixed,
    Bytes32,
    Bytes64,
    ByteViews,
    List32,
    List64,
    ListView32,
    ListView64,
    FixedSizeList,
    Struct,
    SparseUnion,
    DenseUnion,
    RunEnds,
    Dictionary,
}
