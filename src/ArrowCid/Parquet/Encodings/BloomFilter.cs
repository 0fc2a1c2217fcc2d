using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;

namespace ArrowCid.Parquet;

/// <summary>A split-block bloom filter over a leaf's values, plainly encoded.</summary>
internal sealed class BloomFilter
{
    private const int BlockBytes = 32;

    // About one wrong yes in a hundred.
    private const int BitsAValue = 10;

    private static readonly uint[] s_salts =
    [
        0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31,
    ];

    private readonly byte[] _bits;

    private BloomFilter(int distinct) =>
        _bits = new byte[Math.Clamp(BitOperations.RoundUpToPowerOf2((ulong)distinct * BitsAValue / 8), BlockBytes,
            1 << 27)];

    public static BloomFilter Of(LeafValues values)
    {
        LeafValues distinct = values.Dictionary ?? values;
        var filter = new BloomFilter(distinct.Count);
        for (int i = 0; i < distinct.Count; i++)
        {
            filter.Add(XxHash64.HashToUInt64(distinct.IsBytes
                ? distinct.BytesAt(i)
                : distinct.Data.Span.Slice(i * distinct.Width, distinct.Width)));
        }

        return filter;
    }

    public ReadOnlyMemory<byte> Serialize()
    {
        var writer = new ThriftWriter();
        writer.Begin();
        writer.Int(1, _bits.Length);
        for (int id = 2; id <= 4; id++)
        {
            writer.Begin(id);
            writer.Empty(1);
            writer.End();
        }

        writer.End();
        return (byte[])[.. writer.Written, .. _bits];
    }

    private void Add(ulong hash)
    {
        int blocks = _bits.Length / BlockBytes;
        int block = (int)((hash >> 32) * (ulong)blocks >> 32) * BlockBytes;
        for (int i = 0; i < s_salts.Length; i++)
        {
            int bit = (int)((uint)hash * s_salts[i] >> 27);
            Span<byte> word = _bits.AsSpan(block + 4 * i, 4);
            BinaryPrimitives.WriteUInt32LittleEndian(word, BinaryPrimitives.ReadUInt32LittleEndian(word) | 1u << bit);
        }
    }
}
