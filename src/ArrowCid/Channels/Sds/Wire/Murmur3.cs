using System.Numerics;
using System.Text;

namespace ArrowCid.Channels.Sds;

/// <summary>
/// Murmur3 of 32 bits as <c>@waku/sds</c> computes it: over the first UTF-16 unit of each code point, which is the
/// text's bytes where it is ASCII. Units over 255 reach into the bits of their neighbors, as they do there.
/// </summary>
internal static class Murmur3
{
    /// <summary>Hashes a text.</summary>
    public static int Hash(string text)
    {
        uint hash = 0, block = 0;
        int count = 0;
        Span<uint> units = stackalloc uint[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            units[count & 3] = FirstUnit(rune);
            if ((++count & 3) != 0) continue;
            block = units[3] << 8 | units[2];
            block = block << 8 | units[1];
            block = block << 8 | units[0];
            hash = (BitOperations.RotateLeft(hash ^ Scramble(block), 13) * 5) + 0xe6546b64;
        }

        block = 0;
        for (int i = (count & 3) - 1; i >= 0; i--) block = block << 8 | units[i];
        hash ^= Scramble(block) ^ (uint)count;
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return (int)(hash ^ (hash >> 16));
    }

    private static uint Scramble(uint block) => BitOperations.RotateLeft(block * 0xcc9e2d51, 15) * 0x1b873593;

    private static uint FirstUnit(Rune rune) =>
        rune.IsBmp ? (uint)rune.Value : 0xd800 + (uint)((rune.Value - 0x10000) >> 10);
}
