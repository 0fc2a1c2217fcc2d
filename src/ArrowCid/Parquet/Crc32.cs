using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ArrowCid.Parquet;

/// <summary>CRC-32 as zlib computes it: 64 bytes at a time where the processor multiplies polynomials, else eight.
/// </summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private const int Lane = 16, Lanes = 4;

    private static readonly uint[][] s_tables = MakeTables();

    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>The checksum of two pieces, one behind the other.</summary>
    public static uint Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        ~Append(Append(uint.MaxValue, first), second);

    private static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        if (!Pclmulqdq.IsSupported || bytes.Length < Lanes * Lane) return AppendByTable(crc, bytes);
        Span<byte> rest = stackalloc byte[Lane];
        int folded = Fold(crc, bytes, rest);
        return AppendByTable(AppendByTable(0, rest), bytes[folded..]);
    }

    /// <summary>Replaces bytes by 16 that have the same checksum, begun with 0: each 128 bits are multiplied by what x
    /// to the number of bits up to the next ones leaves, and added to those.</summary>
    /// <returns>The bytes that were replaced.</returns>
    private static int Fold(uint crc, ReadOnlySpan<byte> bytes, Span<byte> rest)
    {
        // x^(512+32), x^(512-32), x^(128+32), x^(128-32) modulo the polynomial, bits reflected.
        Vector128<ulong> byFour = Vector128.Create(0x154442BD4, 0x1C6E41596UL);
        Vector128<ulong> byOne = Vector128.Create(0x1751997D0, 0x0CCAA009EUL);
        Vector128<ulong> a = Load(bytes, 0) ^ Vector128.CreateScalar((ulong)crc);
        Vector128<ulong> b = Load(bytes, Lane), c = Load(bytes, 2 * Lane), d = Load(bytes, 3 * Lane);
        int at = Lanes * Lane;
        for (; bytes.Length - at >= Lanes * Lane; at += Lanes * Lane)
        {
            a = Shifted(a, byFour) ^ Load(bytes, at);
            b = Shifted(b, byFour) ^ Load(bytes, at + Lane);
            c = Shifted(c, byFour) ^ Load(bytes, at + 2 * Lane);
            d = Shifted(d, byFour) ^ Load(bytes, at + 3 * Lane);
        }

        a = Shifted(Shifted(Shifted(a, byOne) ^ b, byOne) ^ c, byOne) ^ d;
        for (; bytes.Length - at >= Lane; at += Lane) a = Shifted(a, byOne) ^ Load(bytes, at);
        a.AsByte().CopyTo(rest);
        return at;
    }

    private static Vector128<ulong> Load(ReadOnlySpan<byte> bytes, int at) =>
        Vector128.Create(bytes.Slice(at, Lane)).AsUInt64();

    private static Vector128<ulong> Shifted(Vector128<ulong> bits, Vector128<ulong> by) =>
        Pclmulqdq.CarrylessMultiply(bits, by, 0x00) ^ Pclmulqdq.CarrylessMultiply(bits, by, 0x11);

    private static uint AppendByTable(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint[][] t = s_tables;
        uint[] t0 = t[0], t1 = t[1], t2 = t[2], t3 = t[3], t4 = t[4], t5 = t[5], t6 = t[6], t7 = t[7];
        while (bytes.Length >= 8)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = t7[(byte)low] ^ t6[(byte)(low >> 8)] ^ t5[(byte)(low >> 16)] ^ t4[low >> 24]
                ^ t3[(byte)high] ^ t2[(byte)(high >> 8)] ^ t1[(byte)(high >> 16)] ^ t0[high >> 24];
            bytes = bytes[8..];
        }

        foreach (byte value in bytes) crc = crc >> 8 ^ t0[(byte)(crc ^ value)];
        return crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (int t = 0; t < 8; t++) tables[t] = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ Polynomial : crc >> 1;
            tables[0][i] = crc;
        }

        for (int i = 0; i < 256; i++)
        {
            for (int t = 1; t < 8; t++) tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][(byte)tables[t - 1][i]];
        }

        return tables;
    }
}
