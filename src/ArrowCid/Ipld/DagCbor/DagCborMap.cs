namespace ArrowCid.Ipld;

/// <summary>How far a <see cref="DagCborReader"/> is in a map.</summary>
internal struct DagCborMap
{
    /// <summary>The number of entries.</summary>
    public int Count { get; init; }

    /// <summary>The entries whose key is not yet read.</summary>
    public int Left { get; set; }

    internal int LastStart { get; set; }
    internal int LastLength { get; set; }
}
