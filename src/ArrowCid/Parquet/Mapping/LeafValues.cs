using System.Runtime.InteropServices;

namespace ArrowCid.Parquet;

/// <summary>The values of a leaf that are not null, in Parquet's physical form, one after another.</summary>
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
