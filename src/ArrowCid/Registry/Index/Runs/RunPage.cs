using System.Buffers.Binary;

namespace ArrowCid.Registry;

/// <summary>A page of keys and values.</summary>
internal readonly ref struct RunPage(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly int _end = BinaryPrimitives.ReadInt32LittleEndian(bytes[^8..]);

    public int Count { get; } = BinaryPrimitives.ReadInt32LittleEndian(bytes[^4..]);

    private static int OffsetsAt(int end) => (end + 7) / 8 * 8;

    /// <summary>Whether all offsets lie within the page, each after the one before, and no key is too short.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> page, int leastKeyBytes)
    {
        if (page.Length < 16) return false;
        int end = BinaryPrimitives.ReadInt32LittleEndian(page[^8..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(page[^4..]);
        if (end <= 0 || end > page.Length || count <= 0) return false;
        if (count > (page.Length - OffsetsAt(end) - 8) / 4) return false;
        var whole = new RunPage(page);
        for (int i = 0; i < count; i++)
        {
            int at = whole.Offset(i), next = i + 1 < count ? whole.Offset(i + 1) : end;
            if (at < 0 || next > end || next - at < 2) return false;
            int key = BinaryPrimitives.ReadUInt16LittleEndian(page[at..]);
            if (key < leastKeyBytes || key > next - at - 2) return false;
        }

        return true;
    }

    public ReadOnlySpan<byte> Key(int i)
    {
        int at = Offset(i);
        return _bytes.Slice(at + 2, BinaryPrimitives.ReadUInt16LittleEndian(_bytes[at..]));
    }

    public ReadOnlySpan<byte> Value(int i)
    {
        int at = Offset(i), next = i + 1 < Count ? Offset(i + 1) : _end;
        return _bytes[(at + 2 + BinaryPrimitives.ReadUInt16LittleEndian(_bytes[at..]))..next];
    }

    /// <summary>The first place whose key is not less.</summary>
    public int Search(ReadOnlySpan<byte> key)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Key(middle).SequenceCompareTo(key) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>The same, looked for from a place on that is near it.</summary>
    public int SearchFrom(int near, ReadOnlySpan<byte> key)
    {
        int at = Math.Clamp(near, 0, Count - 1);
        int order = Key(at).SequenceCompareTo(key);
        if (order < 0)
        {
            while (++at < Count && Key(at).SequenceCompareTo(key) < 0) { }
            return at;
        }

        while (order > 0 && at > 0 && (order = Key(at - 1).SequenceCompareTo(key)) >= 0) at--;
        return at;
    }

    private int Offset(int i) => BinaryPrimitives.ReadInt32LittleEndian(_bytes[(OffsetsAt(_end) + (i * 4))..]);
}
