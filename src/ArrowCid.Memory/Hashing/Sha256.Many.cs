using System.Buffers;

namespace ArrowCid.Memory;

internal sealed unsafe partial class Sha256
{
    // With fewer lanes at work, hashing one message after the other is at least as fast: SHA-NI hashes at 1.7 GB/s, the
    // sixteen lanes together at 3.1 to 3.5.
    private const int LeastLanes = 8;

    /// <summary>What <see cref="HashMany"/> does here. Lanes pay where the processor has AVX-512: eight of them in
    /// AVX2's registers were measured to be no quicker than SHA-NI, which what has AVX2 mostly has.</summary>
    public static Sha256ManyPath ManyPath { get; } =
        Sha256Lanes.IsFast ? Sha256ManyPath.SixteenLanes : Sha256ManyPath.Serial;

    /// <summary>Hashes pieces of one stretch of memory, many at once where that is quicker.</summary>
    /// <param name="memory">The memory; it must not change meanwhile.</param>
    /// <param name="pieces">Where each message lies in it. They may overlap.</param>
    /// <param name="digests">Receives the SHA-256 of each piece, in the pieces' order.</param>
    /// <exception cref="ArgumentException">A piece lies outside the memory, or there is no space for the
    /// digests.</exception>
    public static void HashMany(ReadOnlySpan<byte> memory, ReadOnlySpan<(long Offset, int Length)> pieces,
        Span<Digest256> digests)
    {
        Check(memory, pieces, digests);
        if (ManyPath == Sha256ManyPath.SixteenLanes && pieces.Length >= LeastLanes)
            HashInLanes(memory, pieces, digests);
        else
            HashInTurn(memory, pieces, digests);
    }

    /// <summary>The lanes, whatever <see cref="ManyPath"/> says: without AVX-512 the runtime puts them together from
    /// narrower registers, which is slow and right.</summary>
    internal static void HashInLanes(ReadOnlySpan<byte> memory, ReadOnlySpan<(long Offset, int Length)> pieces,
        Span<Digest256> digests)
    {
        Check(memory, pieces, digests);
        if (!Sha256Lanes.IsSupported) throw new PlatformNotSupportedException("the lanes need AVX2");
        int[] order = ArrayPool<int>.Shared.Rent(2 * pieces.Length);
        Span<int> longestFirst = order.AsSpan(0, pieces.Length), keys = order.AsSpan(pieces.Length, pieces.Length);
        long blocks = 0;
        bool isSorted = true;
        for (int i = 0; i < pieces.Length; i++)
        {
            int count = Sha256Lanes.BlockCount(pieces[i].Length);
            (longestFirst[i], keys[i]) = (i, -count);
            blocks += count;
            isSorted &= i == 0 || keys[i - 1] <= keys[i];
        }

        if (!isSorted) keys.Sort(longestFirst);
        // A message that the others cannot keep company for its whole length would run with idle lanes beside it.
        int alone = 0;
        while (alone < pieces.Length && -(long)keys[alone] * LeastLanes > blocks) blocks += keys[alone++];
        foreach (int i in longestFirst[..alone])
            digests[i] = Hash(memory.Slice((int)pieces[i].Offset, pieces[i].Length));
        // SAFETY: the memory is pinned for the call, and every piece was checked to lie in it.
        fixed (byte* start = memory) Sha256Lanes.Hash(start, pieces, longestFirst[alone..], digests);
        ArrayPool<int>.Shared.Return(order);
    }

    private static void HashInTurn(ReadOnlySpan<byte> memory, ReadOnlySpan<(long Offset, int Length)> pieces,
        Span<Digest256> digests)
    {
        for (int i = 0; i < pieces.Length; i++)
            digests[i] = Hash(memory.Slice((int)pieces[i].Offset, pieces[i].Length));
    }

    private static void Check(ReadOnlySpan<byte> memory, ReadOnlySpan<(long Offset, int Length)> pieces,
        Span<Digest256> digests)
    {
        if (digests.Length < pieces.Length)
            throw new ArgumentException($"{digests.Length} digests for {pieces.Length} pieces", nameof(digests));
        foreach ((long offset, int length) in pieces)
        {
            if (offset < 0 || length < 0 || offset > memory.Length || length > memory.Length - offset)
            {
                throw new ArgumentException(
                    $"{length} bytes at {offset} of a memory of {memory.Length}", nameof(pieces));
            }
        }
    }
}
