namespace ArrowCid;

/// <summary>The owner by which space is counted.</summary>
public enum UsageBy
{
    /// <summary>Names that point to them.</summary>
    Name = 0,

    /// <summary>Values of a tag.</summary>
    Tag = 1,

    /// <summary>Their producer.</summary>
    Producer = 2,

    /// <summary>Their schemas.</summary>
    Schema = 3,

    /// <summary>Datasets that link to them.</summary>
    Dataset = 4,
}
