using System.Buffers;
using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// The codec dag-cbor (<see cref="Multicodec.DagCbor"/>): one sequence of bytes for one node. Integers and lengths are
/// in their shortest form, all lengths definite, floats 64 bits and finite; keys are text, sorted shorter first and
/// then by bytes, each once; the only tag is 42, on bytes of 00 and a CID; nothing follows the one value.
/// </summary>
public static class DagCbor
{
    /// <summary>The most lists and maps inside each other.</summary>
    public const int MaxDepth = 128;

    /// <summary>Reads a block. It takes at most some 50 bytes of memory for a byte of the block.</summary>
    /// <param name="block">The whole block.</param>
    /// <param name="options">What to let pass in a block that others wrote.</param>
    /// <returns>The node; it shares no memory with the block.</returns>
    /// <exception cref="InvalidIpldException">The bytes break a rule; the message names it and the byte.</exception>
    public static IpldNode Decode(ReadOnlySpan<byte> block, IpldReadOptions options = IpldReadOptions.None)
    {
        var reader = new DagCborReader(block, options);
        IpldNode node = ReadNode(ref reader, 0, options);
        reader.End();
        return node;
    }

    /// <summary>Writes a node.</summary>
    /// <param name="node">The node.</param>
    /// <returns>The block, in a new array.</returns>
    /// <exception cref="ArrowCidException">The block would have more than <see cref="Array.MaxLength"/> bytes
    /// (<see cref="ErrorCode.TooLarge"/>).</exception>
    public static byte[] Encode(IpldNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        byte[] block = new byte[LengthOf(node)];
        _ = Write(node, block);
        return block;
    }

    /// <summary>Writes a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="destination">Gets the block in one piece.</param>
    /// <exception cref="ArrowCidException">The block would have more than <see cref="Array.MaxLength"/> bytes
    /// (<see cref="ErrorCode.TooLarge"/>).</exception>
    public static void Encode(IpldNode node, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(destination);
        int length = LengthOf(node);
        destination.Advance(Write(node, destination.GetSpan(length)));
    }

    /// <summary>Reads a node that comes next in a block.</summary>
    internal static IpldNode ReadNode(ref DagCborReader reader, int depth, IpldReadOptions options)
    {
        switch (reader.PeekKind())
        {
            case IpldKind.Null:
                reader.ReadNull();
                return IpldNode.Null;
            case IpldKind.Bool: return IpldNode.Bool(reader.ReadBool());
            case IpldKind.Integer:
                (bool isNegative, ulong argument) = reader.ReadInteger();
                return IpldNode.OfInteger(isNegative, argument);
            case IpldKind.Float: return IpldNode.Float(reader.ReadFloat());
            case IpldKind.Bytes: return IpldNode.Bytes(reader.ReadBytes());
            case IpldKind.Text: return IpldNode.OfText(reader.ReadText());
            case IpldKind.Link: return IpldNode.Link(reader.ReadLink());
            case IpldKind.List:
                reader.CheckDepth(depth);
                return ReadList(ref reader, depth, options);
            default:
                reader.CheckDepth(depth);
                return ReadMap(ref reader, depth, options);
        }
    }

    private static IpldNode ReadList(ref DagCborReader reader, int depth, IpldReadOptions options)
    {
        var items = new IpldNode[reader.BeginList()];
        for (int i = 0; i < items.Length; i++) items[i] = ReadNode(ref reader, depth + 1, options);
        return IpldNode.OfList(items);
    }

    private static IpldNode ReadMap(ref DagCborReader reader, int depth, IpldReadOptions options)
    {
        int start = reader.Position;
        DagCborMap map = reader.BeginMap();
        var entries = new KeyValuePair<string, IpldNode>[map.Count];
        for (int i = 0; reader.NextKey(ref map, out ReadOnlySpan<byte> key); i++)
        {
            string text = IpldText.Utf8.GetString(key);
            entries[i] = KeyValuePair.Create(text, ReadNode(ref reader, depth + 1, options));
        }

        // Sorted as they came they are still so, unless ill-formed keys became other text.
        const IpldReadOptions MayDisturb = IpldReadOptions.AllowUnsorted | IpldReadOptions.AllowIllFormedText;
        if ((options & MayDisturb) != 0 && IpldNode.Sort(entries) is not null)
        {
            throw DagCborReader.Refuse("a key occurs twice in a map", start);
        }

        return IpldNode.OfMap(entries);
    }

    internal static int LengthOf(IpldNode node)
    {
        long length = Measure(node);
        return length <= Array.MaxLength ? (int)length : throw new ArrowCidException(ErrorCode.TooLarge, string.Create(
            CultureInfo.InvariantCulture, $"A dag-cbor block of {length} bytes; split it, {Array.MaxLength} at most."));
    }

    private static long Measure(IpldNode node)
    {
        long length;
        switch (node.Kind)
        {
            case IpldKind.Null or IpldKind.Bool: return 1;
            case IpldKind.Integer: return CborHead.Length(node.IntegerParts.Argument);
            case IpldKind.Float: return CborHead.MaxLength;
            case IpldKind.Bytes:
                length = node.AsBytes().Length;
                return length + CborHead.Length((ulong)length);
            case IpldKind.Text: return MeasureText(node.AsText());
            case IpldKind.Link: return CborHead.LinkLength(node.AsLink());
            case IpldKind.List:
                length = CborHead.Length((ulong)node.Count);
                foreach (IpldNode item in node.ItemArray) length += Measure(item);
                return length;
            default:
                length = CborHead.Length((ulong)node.Count);
                foreach ((string key, IpldNode value) in node.EntryArray) length += MeasureText(key) + Measure(value);
                return length;
        }
    }

    private static long MeasureText(string text)
    {
        long length = IpldText.Utf8.GetByteCount(text);
        return length + CborHead.Length((ulong)length);
    }

    private static int Write(IpldNode node, Span<byte> to)
    {
        int at;
        switch (node.Kind)
        {
            case IpldKind.Null:
                to[0] = CborHead.Null;
                return 1;
            case IpldKind.Bool:
                to[0] = node.AsBool() ? CborHead.True : CborHead.False;
                return 1;
            case IpldKind.Integer:
                (bool isNegative, ulong argument) = node.IntegerParts;
                return CborHead.Write(to, isNegative ? CborHead.Negative : CborHead.Unsigned, argument);
            case IpldKind.Float: return CborHead.WriteFloat(to, node.AsFloat());
            case IpldKind.Bytes:
                ReadOnlySpan<byte> bytes = node.AsBytes().Span;
                at = CborHead.Write(to, CborHead.Bytes, (ulong)bytes.Length);
                bytes.CopyTo(to[at..]);
                return at + bytes.Length;
            case IpldKind.Text: return WriteText(node.AsText(), to);
            case IpldKind.Link: return CborHead.WriteLink(to, node.AsLink());
            case IpldKind.List:
                at = CborHead.Write(to, CborHead.List, (ulong)node.Count);
                foreach (IpldNode item in node.ItemArray) at += Write(item, to[at..]);
                return at;
            default:
                at = CborHead.Write(to, CborHead.Map, (ulong)node.Count);
                foreach ((string key, IpldNode value) in node.EntryArray)
                {
                    at += WriteText(key, to[at..]);
                    at += Write(value, to[at..]);
                }

                return at;
        }
    }

    private static int WriteText(string text, Span<byte> to)
    {
        int at = CborHead.Write(to, CborHead.Text, (ulong)IpldText.Utf8.GetByteCount(text));
        return at + IpldText.Utf8.GetBytes(text, to[at..]);
    }
}
