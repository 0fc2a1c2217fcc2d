using System.Buffers.Binary;

namespace ArrowCid.Postgres;

/// <summary>Joins payloads of records of facts, each a list of at most 23 groups, into fewer payloads of the greatest
/// length, without reading the facts.</summary>
internal sealed class PayloadJoiner
{
    private const int HeadBytes = 3, MostBytes = 60_000, MostGroups = ushort.MaxValue;
    private const byte List = 0x80, ListOf16Bits = 0x99, MostShort = 23;

    private readonly byte[] _bytes = new byte[MostBytes];
    private int _length = HeadBytes, _groups;

    /// <summary>Whether a payload can be joined to others.</summary>
    public static bool Takes(ReadOnlySpan<byte> payload) =>
        payload.Length is > 1 and < MostBytes - HeadBytes && payload[0] is >= List and <= List + MostShort;

    /// <summary>Adds a payload.</summary>
    /// <returns>The payload before it, if this one did not fit; else null.</returns>
    public byte[]? Add(ReadOnlySpan<byte> payload)
    {
        int groups = payload[0] - List;
        bool fits = _length + payload.Length - 1 <= MostBytes && _groups + groups <= MostGroups;
        byte[]? full = fits ? null : Finish();
        payload[1..].CopyTo(_bytes.AsSpan(_length));
        _length += payload.Length - 1;
        _groups += groups;
        return full;
    }

    /// <summary>Ends the payload.</summary>
    /// <returns>The payload; null if there is none.</returns>
    public byte[]? Finish()
    {
        if (_groups == 0) return null;
        // The shortest form of the number of groups, as dag-cbor demands.
        int head = _groups <= MostShort ? 1 : _groups <= byte.MaxValue ? 2 : HeadBytes;
        Span<byte> start = _bytes.AsSpan(HeadBytes - head);
        if (head == 1) start[0] = (byte)(List + _groups);
        else if (head == 2) (start[0], start[1]) = (ListOf16Bits - 1, (byte)_groups);
        else
        {
            start[0] = ListOf16Bits;
            BinaryPrimitives.WriteUInt16BigEndian(start[1..], (ushort)_groups);
        }

        byte[] payload = _bytes.AsSpan(HeadBytes - head, _length - HeadBytes + head).ToArray();
        (_length, _groups) = (HeadBytes, 0);
        return payload;
    }
}
