using System.Runtime.Intrinsics.X86;

namespace ArrowCid.Memory;

/// <summary>Asks the processor to bring memory into cache before it is needed.</summary>
internal static unsafe class Prefetch
{
    private const int Line = 64;

    /// <summary>Hints at every cache line of <paramref name="bytes"/>; nothing is read.</summary>
    public static void Lines(ReadOnlySpan<byte> bytes)
    {
        if (!Sse.IsSupported) return;
        // SAFETY: a prefetch never faults and reads nothing that the program sees; the pointer stays inside the span.
        fixed (byte* start = bytes)
        {
            for (int i = 0; i < bytes.Length; i += Line) Sse.Prefetch0(start + i);
        }
    }
}
