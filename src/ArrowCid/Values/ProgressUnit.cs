namespace ArrowCid;

/// <summary>What <see cref="OperationProgress"/> counts.</summary>
public enum ProgressUnit
{
    /// <summary>Blocks.</summary>
    Blocks,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>Segments of a store.</summary>
    Segments,
}
