using System.Buffers.Binary;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Reads a segment's file as FORMAT.md describes it, without the store.</summary>
internal static class SegmentBytes
{
    public static List<(long Offset, RecordHeader Header)> Records(byte[] file)
    {
        SegmentHeader segment = SegmentHeader.Read(file.AsSpan(0, 2048))!;
        long committed = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(2048));
        var records = new List<(long, RecordHeader)>();
        uint previous = segment.Crc;
        ulong sequence = segment.FirstSequence;
        for (long offset = 4096; offset < committed;)
        {
            byte[] copy = file[(int)offset..(int)(offset + 128)];
            Assert.True(RecordHeader.TryParse(copy, segment.Nonce, offset, file.Length, out RecordHeader header));
            Assert.Equal(previous, header.PreviousCrc);
            // Numbers are left out only where another segment of the lane has them.
            Assert.True(header.Sequence >= sequence, $"sequence {header.Sequence} at {offset}");
            sequence = header.Sequence + 1;
            records.Add((offset, header));
            previous = header.Crc;
            offset += header.Extent;
        }

        return records;
    }
}
