namespace ArrowCid.Parquet;

/// <summary>One leaf of a batch as Parquet sees it: levels, and the values that are there.</summary>
/// <param name="Node">The leaf.</param>
/// <param name="Form">The form of its values.</param>
/// <param name="Leaf">Its column in the file, from 0.</param>
/// <param name="MaxDefinition">The definition level of a value that is there.</param>
/// <param name="MaxRepetition">The lists that it is in.</param>
/// <param name="LevelCount">Levels: a slot each, and one for each list that is null or empty.</param>
internal sealed record LeafColumn(ParquetNode Node, LeafForm Form, int Leaf, int MaxDefinition, int MaxRepetition,
    int LevelCount)
{
    /// <summary>A level each; null where all are 0.</summary>
    public byte[]? Repetition { get; init; }

    /// <summary>A level each; null where all are the largest, or <see cref="ValidBits"/> says it.</summary>
    public byte[]? Definition { get; init; }

    /// <summary>The levels of a column that is optional and nothing else, as Arrow's bitmap.</summary>
    public ReadOnlyMemory<byte> ValidBits { get; init; }

    /// <summary>Makes the pages of a column whose levels and values are not all in memory; else null.</summary>
    public PagedColumn? Pages { get; init; }

    public required LeafValues Values { get; init; }
}
