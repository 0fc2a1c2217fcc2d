using System.Numerics;

namespace ArrowCid.Columnar;

/// <summary>Loops over offsets.</summary>
internal static class OffsetRule
{
    /// <summary>Adds <paramref name="by"/> to every offset.</summary>
    public static void Shift<T>(ReadOnlySpan<T> offsets, T by, Span<T> target) where T : unmanaged, IBinaryInteger<T>
    {
        int i = 0;
        for (; i + Vector<T>.Count <= offsets.Length; i += Vector<T>.Count)
            (new Vector<T>(offsets[i..]) + new Vector<T>(by)).CopyTo(target[i..]);
        for (; i < offsets.Length; i++) target[i] = offsets[i] + by;
    }

    /// <summary>Whether a slot that is null has bytes.</summary>
    public static bool HasBytesUnderNulls<T>(ReadOnlySpan<T> offsets, ReadOnlySpan<byte> validity)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i + 1 < offsets.Length; i++)
        {
            if (offsets[i] != offsets[i + 1] && !Bits.Get(validity, i)) return true;
        }

        return false;
    }

    /// <summary>The first slot whose end lies before its start, or -1.</summary>
    public static int FirstBackward<T>(ReadOnlySpan<T> offsets) where T : unmanaged, IBinaryInteger<T>
    {
        int i = 0;
        for (; i + Vector<T>.Count < offsets.Length; i += Vector<T>.Count)
        {
            if (Vector.GreaterThanAny(new Vector<T>(offsets[i..]), new Vector<T>(offsets[(i + 1)..]))) break;
        }

        for (; i + 1 < offsets.Length; i++)
        {
            if (offsets[i] > offsets[i + 1]) return i;
        }

        return -1;
    }
}
