namespace ArrowCid.Parquet;

/// <summary>What a field of a batch is in a file.</summary>
internal enum NodeKind
{
    Leaf,
    Struct,

    /// <summary>Every list and map; a map's element is a struct of key and value.</summary>
    List,

    /// <summary>A group of a type code and the union's children, of which the one that is not selected is
    /// null.</summary>
    Union,
}
