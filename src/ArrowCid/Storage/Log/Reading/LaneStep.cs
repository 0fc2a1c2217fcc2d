namespace ArrowCid.Storage;

/// <summary>What a look at a lane's next number found.</summary>
internal enum LaneStep
{
    /// <summary>Nothing yet.</summary>
    Nothing,

    /// <summary>The record of that number.</summary>
    Record,

    /// <summary>A later one: its elder may have been committed since it was looked for.</summary>
    Ahead,

    /// <summary>A later one, and the numbers between are not here.</summary>
    Hole,

    /// <summary>Where the cursor stands lies another record than it says.</summary>
    Rewritten,
}
