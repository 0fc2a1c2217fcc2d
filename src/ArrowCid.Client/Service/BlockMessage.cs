using System.Buffers.Binary;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Service;

/// <summary>A message of a canonical block, as FlightData carries it.</summary>
/// <param name="Kind">Schema, dictionary or batch.</param>
/// <param name="Header">The flatbuffer, without continuation and length.</param>
/// <param name="Body">The body.</param>
/// <param name="Whole">Both, as they lie.</param>
/// <param name="DictionaryId">Of a dictionary, whose.</param>
internal readonly record struct BlockMessage(byte Kind, ReadOnlyMemory<byte> Header, ReadOnlyMemory<byte> Body,
    ReadOnlyMemory<byte> Whole, long DictionaryId)
{
    private const int Prefix = 8;

    /// <summary>Takes a block's next message off its front.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidArrowException">It is no canonical block.</exception>
    public static bool TryTake(ref ReadOnlyMemory<byte> rest, out BlockMessage message)
    {
        message = default;
        ReadOnlySpan<byte> bytes = rest.Span;
        int length = bytes.Length < Prefix || BinaryPrimitives.ReadInt32LittleEndian(bytes) != -1
            ? -1
            : BinaryPrimitives.ReadInt32LittleEndian(bytes[sizeof(int)..]);
        if (length == 0) return false;
        if (length < 0 || length > bytes.Length - Prefix) throw Broken();
        ReadOnlySpan<byte> header = bytes.Slice(Prefix, length);
        var table = FlatTable.Root(header, new FlatLimits(0, length));
        byte kind = table.Byte(1);
        long body = table.Long(3), id = 0;
        if (body < 0 || body > bytes.Length - Prefix - length) throw Broken();
        if (kind == IpcMessage.DictionaryHeader)
            id = table.TryTable(2, out FlatTable about) ? about.Long(0) : throw Broken();
        int end = Prefix + length + (int)body;
        message = new BlockMessage(kind, rest.Slice(Prefix, length), rest[(Prefix + length)..end], rest[Prefix..end],
            id);
        rest = rest[end..];
        return true;
    }

    private static InvalidArrowException Broken() => new("a stored block's messages do not follow one another");
}
