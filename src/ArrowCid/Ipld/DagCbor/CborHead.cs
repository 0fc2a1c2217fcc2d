using System.Buffers.Binary;

namespace ArrowCid.Ipld;

/// <summary>The head of a CBOR item: major type and argument, in the fewest bytes.</summary>
internal static class CborHead
{
    public const int MaxLength = 9;

    public const int Unsigned = 0, Negative = 1, Bytes = 2, Text = 3, List = 4, Map = 5, Tag = 6, Simple = 7;

    public const byte False = 0xf4, True = 0xf5, Null = 0xf6, Undefined = 0xf7, Float16 = 0xf9, Float32 = 0xfa,
        Float64 = 0xfb;

    /// <summary>The tag of a link.</summary>
    public const ulong LinkTag = 42;

    public static int Length(ulong argument) => argument switch
    {
        < 24 => 1,
        <= byte.MaxValue => 2,
        <= ushort.MaxValue => 3,
        <= uint.MaxValue => 5,
        _ => 9,
    };

    public static int Write(Span<byte> destination, int major, ulong argument)
    {
        int initial = major << 5;
        switch (Length(argument))
        {
            case 1:
                destination[0] = (byte)(initial | (int)argument);
                return 1;
            case 2:
                destination[0] = (byte)(initial | 24);
                destination[1] = (byte)argument;
                return 2;
            case 3:
                destination[0] = (byte)(initial | 25);
                BinaryPrimitives.WriteUInt16BigEndian(destination[1..], (ushort)argument);
                return 3;
            case 5:
                destination[0] = (byte)(initial | 26);
                BinaryPrimitives.WriteUInt32BigEndian(destination[1..], (uint)argument);
                return 5;
            default:
                destination[0] = (byte)(initial | 27);
                BinaryPrimitives.WriteUInt64BigEndian(destination[1..], argument);
                return 9;
        }
    }

    /// <summary>The length of a link: tag 42 around bytes, whose first is 0 and whose others are the CID.</summary>
    public static int LinkLength(Cid cid) => 2 + Length((ulong)cid.ByteLength + 1) + 1 + cid.ByteLength;

    public static int WriteLink(Span<byte> destination, Cid cid)
    {
        int at = Write(destination, Tag, LinkTag);
        at += Write(destination[at..], Bytes, (ulong)cid.ByteLength + 1);
        destination[at++] = 0;
        _ = cid.TryWriteBytes(destination[at..], out int written);
        return at + written;
    }

    public static int WriteFloat(Span<byte> destination, double value)
    {
        destination[0] = Float64;
        BinaryPrimitives.WriteDoubleBigEndian(destination[1..], value);
        return MaxLength;
    }
}
