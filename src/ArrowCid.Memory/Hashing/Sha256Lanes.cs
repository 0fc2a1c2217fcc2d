using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ArrowCid.Memory;

/// <summary>
/// SHA-256 (FIPS 180-4) of sixteen messages side by side: lane l of every vector belongs to message l. A lane that is
/// done takes the next message, and idles once there is none.
/// </summary>
internal static unsafe class Sha256Lanes
{
    public const int Lanes = 16;

    private const int BlockBytes = 64, StateWords = 8, BlockWords = 16, Rounds = 64, LengthBytes = 8;

    // The truth tables of vpternlog, put together from those of its three operands.
    private const int First = 0xF0, Second = 0xCC, Third = 0xAA;
    private const byte Choose = (First & Second) | (~First & 0xFF & Third);
    private const byte Majority = (First & Second) | (First & Third) | (Second & Third);
    private const byte Parity = First ^ Second ^ Third;

    private static readonly Vector256<byte> s_bigEndian = Vector256.Create(
        (byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
        3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);

    /// <summary>Whether the lanes can run at all.</summary>
    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>Whether the lanes run in registers of their width.</summary>
    public static bool IsFast => Avx512F.IsSupported;

    public static ReadOnlySpan<uint> Start =>
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    public static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>The blocks that a message of a length takes with its padding.</summary>
    public static int BlockCount(int length) => (int)(((long)length + LengthBytes + BlockBytes) / BlockBytes);

    /// <summary>Hashes the pieces that <paramref name="order"/> names, in that order; each must lie in the
    /// memory.</summary>
    public static void Hash(byte* memory, ReadOnlySpan<(long Offset, int Length)> pieces, ReadOnlySpan<int> order,
        Span<Digest256> digests)
    {
        uint* state = stackalloc uint[StateWords * Lanes];
        byte* tails = stackalloc byte[Lanes * 2 * BlockBytes];
        byte* idle = stackalloc byte[BlockBytes];
        byte** at = stackalloc byte*[Lanes];
        Span<Lane> lanes = stackalloc Lane[Lanes];
        int next = 0, active = 0;
        for (int i = 0; i < Lanes; i++)
        {
            lanes[i].Piece = -1;
            at[i] = idle;
            if (next == order.Length) continue;
            at[i] = Load(ref lanes[i], order[next], pieces[order[next]], memory, state + i, tails + i * 2 * BlockBytes);
            next++;
            active++;
        }

        while (active > 0)
        {
            Compress(state, at, lanes, StepsToAnEnd(lanes));
            for (int i = 0; i < Lanes; i++)
            {
                ref Lane lane = ref lanes[i];
                if (lane.Piece < 0 || lane.Blocks > 0) continue;
                if (lane.TailBlocks > 0)
                {
                    (lane.Blocks, lane.TailBlocks) = (lane.TailBlocks, 0);
                    at[i] = tails + i * 2 * BlockBytes;
                    continue;
                }

                digests[lane.Piece] = Digest(state + i);
                (lane.Piece, lane.Stride) = (-1, 0);
                at[i] = idle;
                active--;
                if (next == order.Length) continue;
                at[i] = Load(
                    ref lane, order[next], pieces[order[next]], memory, state + i, tails + i * 2 * BlockBytes);
                next++;
                active++;
            }
        }
    }

    /// <summary>Begins a message in a lane: first its whole blocks where they lie, then one or two of its end with
    /// the padding.</summary>
    private static byte* Load(ref Lane lane, int piece, (long Offset, int Length) place, byte* memory, uint* state,
        byte* tail)
    {
        int whole = place.Length / BlockBytes, rest = place.Length % BlockBytes;
        int tailBlocks = BlockCount(place.Length) - whole;
        // SAFETY: the piece lies in the memory; a tail holds two blocks, and rest + 1 + 8 fit the blocks that
        // BlockCount counts.
        byte* start = memory + place.Offset;
        var end = new Span<byte>(tail, tailBlocks * BlockBytes);
        new ReadOnlySpan<byte>(start + (long)whole * BlockBytes, rest).CopyTo(end);
        end[rest] = 0x80;
        end[(rest + 1)..^LengthBytes].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(end[^LengthBytes..], (ulong)place.Length * 8);
        for (int i = 0; i < StateWords; i++) state[i * Lanes] = Start[i];
        (lane.Piece, lane.Stride) = (piece, BlockBytes);
        (lane.Blocks, lane.TailBlocks) = whole > 0 ? (whole, tailBlocks) : (tailBlocks, 0);
        return whole > 0 ? start : tail;
    }

    private static int StepsToAnEnd(Span<Lane> lanes)
    {
        int steps = int.MaxValue;
        foreach (ref Lane lane in lanes)
        {
            if (lane.Piece >= 0) steps = Math.Min(steps, lane.Blocks);
        }

        return steps;
    }

    private static Digest256 Digest(uint* state)
    {
        Span<byte> digest = stackalloc byte[Digest256.ByteCount];
        for (int i = 0; i < StateWords; i++)
            BinaryPrimitives.WriteUInt32BigEndian(digest[(i * sizeof(uint))..], state[i * Lanes]);
        return new Digest256(digest);
    }

    // Compiled at once as well as can be: thirty calls of the quick code would take longer than SHA-NI for all.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress(uint* state, byte** at, Span<Lane> lanes, int steps)
    {
        // SAFETY: state is eight vectors; words is the sixteen of a block and the forty-eight that follow from them.
        // Every lane has at least this number of blocks left, or idles on one block with a stride of 0.
        uint* words = stackalloc uint[Rounds * Lanes];
        for (int step = 0; step < steps; step++)
        {
            Transpose(at, words);
            Compress(state, words);
            for (int i = 0; i < Lanes; i++) at[i] += lanes[i].Stride;
        }

        foreach (ref Lane lane in lanes) lane.Blocks -= steps;
    }

    /// <summary>Word t of every lane's block becomes vector t: 4 lanes by 8 words at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(byte** at, uint* words)
    {
        Vector256<byte> bigEndian = s_bigEndian;
        for (int lane = 0; lane < Lanes; lane += 4)
        {
            for (int half = 0; half < BlockBytes; half += Vector256<byte>.Count)
            {
                Vector256<uint> a = Avx2.Shuffle(Vector256.Load(at[lane] + half), bigEndian).AsUInt32();
                Vector256<uint> b = Avx2.Shuffle(Vector256.Load(at[lane + 1] + half), bigEndian).AsUInt32();
                Vector256<uint> c = Avx2.Shuffle(Vector256.Load(at[lane + 2] + half), bigEndian).AsUInt32();
                Vector256<uint> d = Avx2.Shuffle(Vector256.Load(at[lane + 3] + half), bigEndian).AsUInt32();
                Vector256<ulong> low = Avx2.UnpackLow(a, b).AsUInt64(), high = Avx2.UnpackHigh(a, b).AsUInt64();
                Vector256<ulong> low2 = Avx2.UnpackLow(c, d).AsUInt64(), high2 = Avx2.UnpackHigh(c, d).AsUInt64();
                uint* to = words + half / sizeof(uint) * Lanes + lane;
                Store(Avx2.UnpackLow(low, low2), to);
                Store(Avx2.UnpackHigh(low, low2), to + Lanes);
                Store(Avx2.UnpackLow(high, high2), to + 2 * Lanes);
                Store(Avx2.UnpackHigh(high, high2), to + 3 * Lanes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<ulong> pair, uint* to)
    {
        pair.GetLower().AsUInt32().Store(to);
        pair.GetUpper().AsUInt32().Store(to + 4 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress(uint* state, uint* words)
    {
        Vector512<uint> a = Vector512.Load(state), b = Vector512.Load(state + Lanes);
        Vector512<uint> c = Vector512.Load(state + 2 * Lanes), d = Vector512.Load(state + 3 * Lanes);
        Vector512<uint> e = Vector512.Load(state + 4 * Lanes), f = Vector512.Load(state + 5 * Lanes);
        Vector512<uint> g = Vector512.Load(state + 6 * Lanes), h = Vector512.Load(state + 7 * Lanes);
        // SAFETY: the constants are a table of the assembly's image, which does not move.
        fixed (uint* constants = Constants)
        {
            for (int t = 0; t < Rounds; t += 8)
            {
                uint* w = words + t * Lanes, k = constants + t;
                if (t < Rounds - BlockWords)
                {
                    for (int i = 0; i < 8; i++) Extend(w + i * Lanes);
                }

                Round(a, b, c, ref d, e, f, g, ref h, w, k);
                Round(h, a, b, ref c, d, e, f, ref g, w + Lanes, k + 1);
                Round(g, h, a, ref b, c, d, e, ref f, w + 2 * Lanes, k + 2);
                Round(f, g, h, ref a, b, c, d, ref e, w + 3 * Lanes, k + 3);
                Round(e, f, g, ref h, a, b, c, ref d, w + 4 * Lanes, k + 4);
                Round(d, e, f, ref g, h, a, b, ref c, w + 5 * Lanes, k + 5);
                Round(c, d, e, ref f, g, h, a, ref b, w + 6 * Lanes, k + 6);
                Round(b, c, d, ref e, f, g, h, ref a, w + 7 * Lanes, k + 7);
            }
        }

        (Vector512.Load(state) + a).Store(state);
        (Vector512.Load(state + Lanes) + b).Store(state + Lanes);
        (Vector512.Load(state + 2 * Lanes) + c).Store(state + 2 * Lanes);
        (Vector512.Load(state + 3 * Lanes) + d).Store(state + 3 * Lanes);
        (Vector512.Load(state + 4 * Lanes) + e).Store(state + 4 * Lanes);
        (Vector512.Load(state + 5 * Lanes) + f).Store(state + 5 * Lanes);
        (Vector512.Load(state + 6 * Lanes) + g).Store(state + 6 * Lanes);
        (Vector512.Load(state + 7 * Lanes) + h).Store(state + 7 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d,
        Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, uint* word, uint* constant)
    {
        Vector512<uint> sum = h + Vector512.Load(word) + Vector512.Create(*constant);
        if (Avx512F.IsSupported)
        {
            sum += Avx512F.TernaryLogic(e, f, g, Choose) + Avx512F.TernaryLogic(
                Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), Parity);
            d += sum;
            h = sum + Avx512F.TernaryLogic(a, b, c, Majority) + Avx512F.TernaryLogic(
                Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), Parity);
            return;
        }

        sum += (((f ^ g) & e) ^ g) + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25));
        d += sum;
        h = sum + ((a & b) | ((a | b) & c)) + (Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22));
    }

    /// <summary>The word sixteen after <paramref name="w"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extend(uint* w)
    {
        Vector512<uint> early = Vector512.Load(w + Lanes), late = Vector512.Load(w + 14 * Lanes);
        Vector512<uint> sum = Vector512.Load(w) + Vector512.Load(w + 9 * Lanes);
        if (Avx512F.IsSupported)
        {
            sum += Avx512F.TernaryLogic(
                Avx512F.RotateRight(early, 7), Avx512F.RotateRight(early, 18), early >>> 3, Parity);
            sum += Avx512F.TernaryLogic(
                Avx512F.RotateRight(late, 17), Avx512F.RotateRight(late, 19), late >>> 10, Parity);
        }
        else
        {
            sum += Rotate(early, 7) ^ Rotate(early, 18) ^ (early >>> 3);
            sum += Rotate(late, 17) ^ Rotate(late, 19) ^ (late >>> 10);
        }

        sum.Store(w + BlockWords * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rotate(Vector512<uint> x, int count) => (x >>> count) | (x << 32 - count);

    /// <summary>A message on its way through a lane.</summary>
    private struct Lane
    {
        /// <summary>The message's number, or -1.</summary>
        public int Piece;

        /// <summary>Blocks until the end of the stretch that the lane reads now.</summary>
        public int Blocks;

        /// <summary>Blocks of the message's end, once the stretch is its whole blocks.</summary>
        public int TailBlocks;

        /// <summary>Bytes from one block to the next.</summary>
        public int Stride;
    }
}
