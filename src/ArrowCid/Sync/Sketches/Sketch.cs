using System.Buffers;
using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>Coded symbols of a set: a rateless sketch, of which any beginning is one (<c>SYNC.md</c>,
/// Sketch).</summary>
internal static class Sketch
{
    private const int FixedBytes = Digest256.ByteCount + sizeof(ulong);

    /// <summary>The most bytes of a symbol on the wire.</summary>
    public const int MostSymbolBytes = FixedBytes + 10;

    /// <summary>Computes symbols of a set.</summary>
    /// <param name="items">The set.</param>
    /// <param name="hash">The hash of the session.</param>
    /// <param name="first">The first symbol.</param>
    /// <param name="symbols">Gets the symbols from the first one on; zero before.</param>
    public static void Encode(ReadOnlySpan<Digest256> items, in SyncHash hash, int first, Span<CodedSymbol> symbols)
    {
        ulong end = (ulong)(first + symbols.Length);
        foreach (ref readonly Digest256 item in items)
        {
            ulong code = hash.Of(in item);
            Add(in item, code, 1, first, symbols, end);
        }
    }

    /// <summary>Adds an item to the symbols that it is part of, or takes it out of them.</summary>
    public static void Add(in Digest256 item, ulong code, int sign, int first, Span<CodedSymbol> symbols) =>
        Add(in item, code, sign, first, symbols, (ulong)(first + symbols.Length));

    private static void Add(in Digest256 item, ulong code, int sign, int first, Span<CodedSymbol> symbols, ulong end)
    {
        var positions = new SymbolPositions(code);
        while (positions.Current < (ulong)first) positions.Next();
        for (; positions.Current < end; positions.Next())
            symbols[(int)(positions.Current - (ulong)first)].Add(in item, code, sign);
    }

    /// <summary>The wire form of symbols.</summary>
    public static byte[] Write(ReadOnlySpan<CodedSymbol> symbols)
    {
        var output = new ArrayBufferWriter<byte>((symbols.Length * (FixedBytes + 2)) + MostSymbolBytes);
        foreach (ref readonly CodedSymbol symbol in symbols)
        {
            Span<byte> bytes = output.GetSpan(MostSymbolBytes);
            symbol.Write(bytes);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[Digest256.ByteCount..], symbol.Check);
            ulong zigzag = (ulong)((symbol.Count << 1) ^ (symbol.Count >> 63));
            int at = FixedBytes;
            for (; zigzag >= 0x80; zigzag >>= 7) bytes[at++] = (byte)(zigzag | 0x80);
            bytes[at++] = (byte)zigzag;
            output.Advance(at);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads the wire form of symbols.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the bytes are none, or have more
    /// symbols than were asked for.</exception>
    public static CodedSymbol[] Read(ReadOnlySpan<byte> bytes, int most)
    {
        var symbols = new List<CodedSymbol>(Math.Min(most, bytes.Length / (FixedBytes + 1)));
        while (bytes.Length > 0)
        {
            if (bytes.Length <= FixedBytes || symbols.Count == most)
                throw new ArrowCidException(ErrorCode.InvalidData, "the peer's sketch breaks its form");
            ReadOnlySpan<byte> rest = bytes[FixedBytes..];
            ulong zigzag = ReadVarint(ref rest);
            symbols.Add(CodedSymbol.Read(bytes, BinaryPrimitives.ReadUInt64LittleEndian(bytes[Digest256.ByteCount..]),
                (long)(zigzag >> 1) ^ -(long)(zigzag & 1)));
            bytes = rest;
        }

        return [.. symbols];
    }

    private static ulong ReadVarint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] >= 0x80) continue;
            bytes = bytes[(i + 1)..];
            return value;
        }

        throw new ArrowCidException(ErrorCode.InvalidData, "the peer's sketch breaks its form");
    }
}
