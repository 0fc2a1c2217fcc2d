using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Parquet;

/// <summary>Finds the distinct values of a leaf, in the order of their first use.</summary>
internal static class DictionaryPages
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    // The seed is secret, so inputs cannot collide on purpose; the order of entries does not depend on it.
    private static readonly ulong s_seed = (ulong)Random.Shared.NextInt64();

    /// <summary>The values as indices into a dictionary, or null where that is not worth it.</summary>
    /// <param name="values">The values, of fixed width or byte strings.</param>
    /// <param name="mostBytes">Bytes that the dictionary may take.</param>
    public static LeafValues? TryEncode(LeafValues values, int mostBytes)
    {
        if (values.Count == 0) return null;
        return values.Width switch
        {
            4 => OfNumbers(values, MemoryMarshal.Cast<byte, uint>(values.Data.Span), mostBytes),
            8 => OfNumbers(values, MemoryMarshal.Cast<byte, ulong>(values.Data.Span), mostBytes),
            _ => OfBytes(values, mostBytes),
        };
    }

    /// <summary>The bits of an index into this number of entries; one at least, for readers that do not support a width
    /// of 0.</summary>
    public static int IndexWidth(int entries) => entries <= 2 ? 1 : BitPacking.WidthOf((ulong)(entries - 1));

    private static LeafValues? OfNumbers<T>(LeafValues values, ReadOnlySpan<T> numbers, int mostBytes)
        where T : unmanaged, IBinaryInteger<T>
    {
        int most = mostBytes / values.Width;
        int[] indices = GC.AllocateUninitializedArray<int>(numbers.Length);
        var entries = new T[256];
        int[] table = new int[1024];
        int count = 0, shift = 64 - 10;
        var outlook = new DictionaryOutlook(numbers.Length, (long)numbers.Length * values.Width, mostBytes);
        for (int i = 0; i < numbers.Length; i++)
        {
            T value = numbers[i];
            int slot = (int)((ulong.CreateTruncating(value) ^ s_seed) * Multiplier >> shift);
            int entry;
            while ((entry = table[slot] - 1) >= 0 && entries[entry] != value) slot = (slot + 1) & (table.Length - 1);
            if (entry < 0)
            {
                if (count == most || outlook.IsPoor(i, count, (long)count * values.Width)) return null;
                if (count == entries.Length) Array.Resize(ref entries, 2 * count);
                entry = count++;
                entries[entry] = value;
                table[slot] = count;
                if (2 * count > table.Length)
                {
                    shift--;
                    table = new int[2 * table.Length];
                    for (int e = 0; e < count; e++)
                    {
                        slot = (int)((ulong.CreateTruncating(entries[e]) ^ s_seed) * Multiplier >> shift);
                        while (table[slot] != 0) slot = (slot + 1) & (table.Length - 1);
                        table[slot] = e + 1;
                    }
                }
            }

            indices[i] = entry;
        }

        if (!outlook.IsWorth((long)count * values.Width, count)) return null;
        return values with
        {
            Indices = indices,
            Data = default,
            Dictionary = new LeafValues(count, values.Width)
            {
                Data = MemoryMarshal.AsBytes(entries.AsSpan(0, count)).ToArray(),
            },
        };
    }

    private static LeafValues? OfBytes(LeafValues values, int mostBytes)
    {
        int[] indices = GC.AllocateUninitializedArray<int>(values.Count);
        ReadOnlySpan<byte> data = values.Data.Span;
        ReadOnlySpan<int> ends = values.Ends;
        var first = new int[256];
        var hashes = new ulong[256];
        // The upper half of an entry's hash, and its number from 1.
        ulong[] table = new ulong[1024];
        int count = 0, width = values.Width;
        long bytes = 0, head = width > 0 ? 0 : sizeof(int);
        long plain = width > 0 ? data.Length : ends[^1] - ends[0] + head * values.Count;
        var outlook = new DictionaryOutlook(values.Count, plain, mostBytes);
        for (int i = 0; i < indices.Length; i++)
        {
            ReadOnlySpan<byte> value = width > 0 ? data.Slice(i * width, width) : data[ends[i]..ends[i + 1]];
            ulong hash = Hash(value);
            int slot = (int)(hash & (ulong)(table.Length - 1)), entry;
            while ((entry = (int)(uint)table[slot] - 1) >= 0)
            {
                if ((table[slot] ^ hash) >> 32 == 0)
                {
                    int at = first[entry];
                    ReadOnlySpan<byte> known =
                        width > 0 ? data.Slice(at * width, width) : data[ends[at]..ends[at + 1]];
                    if (known.SequenceEqual(value)) break;
                }

                slot = (slot + 1) & (table.Length - 1);
            }

            if (entry < 0)
            {
                if (outlook.IsPoor(i, count, bytes)) return null;
                bytes += value.Length + head;
                if (bytes > mostBytes) return null;
                if (count == first.Length)
                {
                    Array.Resize(ref first, 2 * count);
                    Array.Resize(ref hashes, 2 * count);
                }

                entry = count++;
                (first[entry], hashes[entry], table[slot]) = (i, hash, Slot(hash, count));
                if (2 * count > table.Length) table = Larger(table, hashes.AsSpan(0, count));
            }

            indices[i] = entry;
        }

        if (!outlook.IsWorth(bytes, count)) return null;
        return values with
        {
            Indices = indices,
            Data = default,
            Offsets = default,
            Dictionary = Entries(values, first.AsSpan(0, count)),
        };
    }

    private static LeafValues Entries(LeafValues values, ReadOnlySpan<int> first)
    {
        int width = values.Width;
        using var data = new GrowingBytes();
        byte[] offsets = new byte[width > 0 ? 0 : (first.Length + 1) * sizeof(int)];
        Span<int> ends = MemoryMarshal.Cast<byte, int>(offsets.AsSpan());
        for (int i = 0; i < first.Length; i++)
        {
            data.Add(width > 0 ? values.Data.Span.Slice(first[i] * width, width) : values.BytesAt(first[i]));
            if (width == 0) ends[i + 1] = data.Count;
        }

        return new LeafValues(first.Length, width) { Data = data.Written.ToArray(), Offsets = offsets };
    }

    private static ulong Slot(ulong hash, int number) => (hash >> 32 << 32) | (uint)number;

    private static ulong[] Larger(ulong[] table, ReadOnlySpan<ulong> hashes)
    {
        ulong[] larger = new ulong[2 * table.Length];
        for (int e = 0; e < hashes.Length; e++)
        {
            int slot = (int)(hashes[e] & (ulong)(larger.Length - 1));
            while (larger[slot] != 0) slot = (slot + 1) & (larger.Length - 1);
            larger[slot] = Slot(hashes[e], e + 1);
        }

        return larger;
    }

    /// <summary>A hash of the bytes by words; the last word overlaps the one before it.</summary>
    private static ulong Hash(ReadOnlySpan<byte> value)
    {
        ulong hash = s_seed ^ (ulong)value.Length * Multiplier, last;
        if (value.Length >= sizeof(ulong))
        {
            last = MemoryMarshal.Read<ulong>(value[^sizeof(ulong)..]);
            for (; value.Length > sizeof(ulong); value = value[sizeof(ulong)..])
                hash = BitOperations.RotateLeft((hash ^ MemoryMarshal.Read<ulong>(value)) * Multiplier, 29);
        }
        else if (value.Length >= sizeof(uint))
        {
            last = MemoryMarshal.Read<uint>(value) | (ulong)MemoryMarshal.Read<uint>(value[^sizeof(uint)..]) << 32;
        }
        else
        {
            last = value.IsEmpty ? 0 : value[0] | (ulong)value[value.Length / 2] << 8 | (ulong)value[^1] << 16;
        }

        hash = BitOperations.RotateLeft((hash ^ last) * Multiplier, 29) * Multiplier;
        return hash ^ hash >> 32;
    }
}
