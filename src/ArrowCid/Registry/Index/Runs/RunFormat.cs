using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Bytes of a run (<c>INDEXES.md</c>).</summary>
internal static class RunFormat
{
    public const ulong Magic = 0x0147455243525241; // "ARRCREG\1"
    public const uint Version = 4;
    public const int HeaderBytes = 4096;
    public const int PageBytes = 4096;

    // A lookup by digest touches one page that is not in the cache: a small one is checked sooner.
    public const int CidPageBytes = 1024;

    public const int VersionAt = 8;
    public const int SectionsAt = 12;
    public const int StoreAt = 16;
    public const int NumberAt = 32;
    public const int LengthAt = 40;
    public const int FilterAt = 48;
    public const int FilterLengthAt = 56;
    public const int FilterCrcAt = 64;
    public const int LeftKeysAt = 68;
    public const int SectionTableAt = 128;
    public const int SectionBytes = 48;
    public const int HeaderCrcAt = HeaderBytes - 8;
    public const int MaxSections = 32;

    // A page's entry in its section's directory.
    public const int EntryBytes = 24;

    // Sixteen bits a digest and six probes within one line of 64 bytes: one look-up in a thousand is in vain.
    private const int FilterBitsEach = 16;
    public const int FilterLine = 64;

    public static uint Crc(ReadOnlySpan<byte> words) => StoreLayout.Crc(words);

    public static long FilterBytes(long digests) =>
        StoreLayout.RoundUp(Math.Max(1, digests) * FilterBitsEach / 8, FilterLine);

    public static void AddToFilter(Span<byte> filter, in Digest256 digest)
    {
        (int line, ulong bits) = Place(filter.Length, in digest);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(filter.Slice(line, FilterLine));
        for (int probe = 0; probe < 6; probe++, bits >>= 9)
            words[(int)(bits >> 6) & 7] |= 1ul << (int)(bits & 63);
    }

    public static bool MayHave(ReadOnlySpan<byte> filter, in Digest256 digest)
    {
        (int line, ulong bits) = Place(filter.Length, in digest);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(filter.Slice(line, FilterLine));
        // Which probe says no cannot be foreseen; that one does can, so what the next filter needs is on its way.
        ulong all = 1;
        for (int probe = 0; probe < 6; probe++, bits >>= 9) all &= words[(int)(bits >> 6) & 7] >> (int)(bits & 63);
        return (all & 1) != 0;
    }

    /// <summary>Where in a filter the bits of a digest are.</summary>
    public static int LineOf(int filterBytes, in Digest256 digest) => Place(filterBytes, in digest).Line;

    public static ulong PrefixOf(in Digest256 digest) =>
        BinaryPrimitives.ReadUInt64BigEndian(Digest256.Bytes(in digest));

    private static (int Line, ulong Bits) Place(int filterBytes, in Digest256 digest)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(Digest256.Bytes(in digest));
        const ulong Odd = 0x9e3779b97f4a7c15;
        ulong hash = ((words[0] ^ (words[2] * Odd)) * Odd) ^ words[3];
        ulong lines = (ulong)(filterBytes / FilterLine);
        return ((int)Math.BigMul(hash * Odd, lines, out _) * FilterLine, (words[1] ^ (hash >> 7)) * Odd);
    }
}
