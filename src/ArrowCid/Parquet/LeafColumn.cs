using System.Runtime.InteropServices;

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

/// <summary>The values of a leaf that are not null, in Parquet's physical form, one behind another.</summary>
/// <param name="Count">How many.</param>
/// <param name="Width">Bytes of a value of fixed width; 0 for byte strings and booleans.</param>
internal sealed record LeafValues(int Count, int Width)
{
    /// <summary>Values of fixed width; of booleans, bits; of byte strings, their bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Of byte strings: <see cref="Count"/> + 1 int32.</summary>
    public ReadOnlyMemory<byte> Offsets { get; init; }

    /// <summary>Of a dictionary column: an index a value.</summary>
    public int[]? Indices { get; init; }

    /// <summary>Of a dictionary column: its entries, in their order.</summary>
    public LeafValues? Dictionary { get; init; }

    public bool IsBytes => !Offsets.IsEmpty;

    public ReadOnlySpan<int> Ends => MemoryMarshal.Cast<byte, int>(Offsets.Span);

    public ReadOnlySpan<byte> BytesAt(int index)
    {
        ReadOnlySpan<int> ends = Ends;
        return Data.Span[ends[index]..ends[index + 1]];
    }
}
