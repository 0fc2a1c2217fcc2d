using System.Buffers;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Signing;

namespace ArrowCid.Channels;

/// <summary>Keys as channels write them: <c>{alg: -7, x, y}</c>, and the id of a writer, which is the hash of
/// that.</summary>
internal static class ChannelKeys
{
    public const int MaxWriters = 1024;

    private const int CoordinateBytes = 32;
    private const long Es256 = -7;

    /// <summary>The id of the writer that has a key.</summary>
    public static Digest256 WriterOf(PublicKey key)
    {
        var output = new ArrayBufferWriter<byte>(96);
        var writer = new DagCborWriter(output);
        Write(ref writer, key);
        return Sha256.Hash(output.WrittenSpan);
    }

    public static void Write(ref DagCborWriter writer, PublicKey key)
    {
        writer.BeginMap(3);
        writer.WriteKey("x");
        writer.WriteBytes(key.Bytes[1..]);
        writer.WriteKey("y");
        writer.WriteBytes(key.Y);
        writer.WriteKey("alg");
        writer.WriteInteger(Es256);
    }

    public static void WriteAll(ref DagCborWriter writer, IReadOnlyList<PublicKey> keys)
    {
        writer.BeginList(keys.Count);
        foreach (PublicKey key in keys) Write(ref writer, key);
    }

    public static PublicKey[] ReadAll(ref DagCborReader reader)
    {
        int start = reader.Position, count = reader.BeginList();
        if (count > MaxWriters) throw DagCborReader.Refuse($"over {MaxWriters} writers", start);
        var keys = new PublicKey[count];
        for (int i = 0; i < count; i++) keys[i] = Read(ref reader);
        return keys;
    }

    private static PublicKey Read(ref DagCborReader reader)
    {
        int start = reader.Position;
        DagCborMap map = reader.BeginMap();
        ReadOnlySpan<byte> x = ReadCoordinate(ref reader, ref map, "x"u8);
        ReadOnlySpan<byte> y = ReadCoordinate(ref reader, ref map, "y"u8);
        bool isEs256 = map.Count == 3 && reader.NextKey(ref map, out ReadOnlySpan<byte> key) &&
            key.SequenceEqual("alg"u8) && reader.PeekKind() == IpldKind.Integer && reader.ReadInt64() == Es256;
        byte[] point = [(byte)(2 + (y[^1] & 1)), .. x];
        return isEs256 && PublicKey.TryFromBytes(point, out PublicKey? read) && read.Y.SequenceEqual(y)
            ? read
            : throw DagCborReader.Refuse("a key is {alg: -7, x, y} with a point of P-256", start);
    }

    private static ReadOnlySpan<byte> ReadCoordinate(ref DagCborReader reader, ref DagCborMap map,
        ReadOnlySpan<byte> name)
    {
        int start = reader.Position;
        if (reader.NextKey(ref map, out ReadOnlySpan<byte> key) && key.SequenceEqual(name) &&
            reader.PeekKind() == IpldKind.Bytes && reader.ReadBytes() is { Length: CoordinateBytes } bytes)
        {
            return bytes;
        }

        throw DagCborReader.Refuse("a key has coordinates x and y of 32 bytes", start);
    }
}
