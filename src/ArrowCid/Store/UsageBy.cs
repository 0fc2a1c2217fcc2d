namespace ArrowCid;

/// <summary>What blocks belong to.</summary>
public enum UsageBy
{
    /// <summary>Names that point to them.</summary>
    Name = 0,

    /// <summary>Values of a tag.</summary>
    Tag = 1,

    /// <summary>Who made them.</summary>
    Producer = 2,

    /// <summary>Their schemas.</summary>
    Schema = 3,

    /// <summary>Datasets that link to them.</summary>
    Dataset = 4,
}
