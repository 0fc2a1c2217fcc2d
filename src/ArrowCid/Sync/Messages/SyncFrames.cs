using System.Buffers.Binary;

namespace ArrowCid.Sync;

/// <summary>Messages one after another, each with its length in front as a little-endian u32.</summary>
internal static class SyncFrames
{
    /// <summary>Writes messages.</summary>
    public static byte[] Write(IReadOnlyList<byte[]> messages)
    {
        var frames = new byte[messages.Sum(message => message.Length + sizeof(int))];
        int at = 0;
        foreach (byte[] message in messages)
        {
            BinaryPrimitives.WriteInt32LittleEndian(frames.AsSpan(at), message.Length);
            message.CopyTo(frames, at + sizeof(int));
            at += sizeof(int) + message.Length;
        }

        return frames;
    }

    /// <summary>Reads messages.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: a length is wrong.</exception>
    public static List<byte[]> Read(ReadOnlyMemory<byte> frames)
    {
        var messages = new List<byte[]>();
        while (frames.Length > 0)
        {
            int length = frames.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32LittleEndian(frames.Span);
            if (length < 0 || length > frames.Length - sizeof(int))
                throw new ArrowCidException(ErrorCode.InvalidData, "messages of sync have their lengths in front");
            messages.Add(frames.Slice(sizeof(int), length).ToArray());
            frames = frames[(sizeof(int) + length)..];
        }

        return messages;
    }

    /// <summary>Messages in their order, in groups that one call carries; at least one group.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="mostBytes">The most bytes of a group with more than one message.</param>
    public static IEnumerable<List<byte[]>> Groups(IReadOnlyList<byte[]> messages, int mostBytes)
    {
        var some = new List<byte[]>();
        int bytes = 0;
        foreach (byte[] message in messages)
        {
            if (some.Count > 0 && bytes + message.Length > mostBytes)
            {
                yield return some;
                some = [];
                bytes = 0;
            }

            some.Add(message);
            bytes += message.Length + sizeof(int);
        }

        yield return some;
    }
}
