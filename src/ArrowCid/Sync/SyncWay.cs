namespace ArrowCid.Sync;

/// <summary>How the differences of two sides were found.</summary>
public enum SyncWay
{
    /// <summary>From what came since the last sync.</summary>
    Cursor = 1,

    /// <summary>The sums of both sides are equal.</summary>
    Sum = 2,

    /// <summary>By sums of buckets, and sketches of those that differ.</summary>
    Sketch = 3,

    /// <summary>By a list of all.</summary>
    List = 4,
}
