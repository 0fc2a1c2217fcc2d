using System.Collections.Immutable;
using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// The codec dag-pb (<see cref="Multicodec.DagPb"/>): one sequence of bytes for one node. The links stand before the
/// data though their field number is greater, sorted by the bytes of their names, those of one name in the order given;
/// a link is its CID, then its name and size where they are present; varints are in their shortest form. A name that is
/// present and empty, as between the parts of a file, is <c>12 00</c>; an absent one takes no bytes.
/// </summary>
public static class DagPb
{
    internal const string UnsortedLinks = "links are not sorted by their names' bytes";

    private const string Format = "dag-pb";
    private const int DataField = 1, LinksField = 2, HashField = 1, NameField = 2, TotalSizeField = 3;

    /// <summary>Reads a block.</summary>
    /// <param name="block">The whole block.</param>
    /// <param name="options">What to let pass in a block that others wrote.</param>
    /// <returns>The node; it shares no memory with the block.</returns>
    /// <exception cref="InvalidIpldException">The bytes break a rule; the message names it and the byte.</exception>
    public static DagPbNode Decode(ReadOnlySpan<byte> block, IpldReadOptions options = IpldReadOptions.None)
    {
        var reader = new ProtobufReader(block, Format, options);
        bool allowsUnsorted = (options & IpldReadOptions.AllowUnsorted) != 0;
        ImmutableArray<DagPbLink>.Builder links = ImmutableArray.CreateBuilder<DagPbLink>();
        ReadOnlySpan<byte> lastName = default;
        byte[]? data = null;
        int linksAtData = 0, start = 0;
        while (reader.NextField(out int field, out int wireType))
        {
            reader.Expect(ProtobufReader.BytesType, wireType, $"field {field} of a node", start);
            switch (field)
            {
                case DataField when data is not null: throw reader.Refuse("Data occurs twice", start);
                case DataField:
                    (data, linksAtData) = (reader.ReadBytes().ToArray(), links.Count);
                    break;
                case LinksField:
                    if (data is not null && linksAtData > 0) throw reader.Refuse("Data stands between links", start);
                    if (data is not null && !allowsUnsorted) throw reader.Refuse("Data stands before links", start);
                    ReadOnlySpan<byte> message = reader.ReadBytes();
                    links.Add(ReadLink(message, options, reader.Offset - message.Length, out ReadOnlySpan<byte> name));
                    if (!allowsUnsorted && lastName.SequenceCompareTo(name) > 0)
                    {
                        throw reader.Refuse(UnsortedLinks, start);
                    }

                    lastName = name;
                    break;
                default: throw reader.Refuse($"a node has no field {field}", start);
            }

            start = reader.Offset;
        }

        return new DagPbNode(links.DrainToImmutable(), data);
    }

    /// <summary>Writes a node.</summary>
    /// <param name="node">The node.</param>
    /// <returns>The block, in a new array.</returns>
    /// <exception cref="ArrowCidException">The block would have more than <see cref="Array.MaxLength"/> bytes
    /// (<see cref="ErrorCode.TooLarge"/>).</exception>
    public static byte[] Encode(DagPbNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        IEnumerable<DagPbLink> sorted = AreSorted(node.Links.AsSpan())
            ? node.Links
            : node.Links.Order(Comparer<DagPbLink>.Create(CompareNames)); // stable
        long length = node.Data is { } data ? ProtobufBytes.BytesFieldLength(data.Length) : 0;
        foreach (DagPbLink link in node.Links) length += ProtobufBytes.BytesFieldLength(LengthOf(link));
        if (length > Array.MaxLength)
        {
            throw new ArrowCidException(ErrorCode.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"A dag-pb block of {length} bytes; split it, {Array.MaxLength} at most."));
        }

        byte[] block = new byte[length];
        var writer = new ProtobufBytes(block);
        foreach (DagPbLink link in sorted) WriteLink(ref writer, link);
        if (node.Data is { } present) writer.BytesField(DataField, present.Span);
        return block;
    }

    internal static bool AreSorted(ReadOnlySpan<DagPbLink> links)
    {
        for (int i = 1; i < links.Length; i++)
        {
            if (CompareNames(links[i - 1], links[i]) > 0) return false;
        }

        return true;
    }

    private static int CompareNames(DagPbLink left, DagPbLink right) => IpldText.CompareBytes(left.Name, right.Name);

    private static DagPbLink ReadLink(ReadOnlySpan<byte> message, IpldReadOptions options, int origin,
        out ReadOnlySpan<byte> nameBytes)
    {
        var reader = new ProtobufReader(message, Format, options, origin);
        nameBytes = default;
        Cid hash = default;
        string? name = null;
        ulong? size = null;
        int last = 0, start = origin;
        while (reader.NextField(out int field, out int wireType))
        {
            if (field > TotalSizeField) throw reader.Refuse($"a link has no field {field}", start);
            if (field == last) throw reader.Refuse($"a link's field {field} occurs twice", start);
            if (field < last) throw reader.Refuse("a link's fields are not in the order Hash, Name, Tsize", start);
            int expected = field == TotalSizeField ? ProtobufReader.VarintType : ProtobufReader.BytesType;
            reader.Expect(expected, wireType, $"field {field} of a link", start);
            if (field == HashField) hash = ReadHash(ref reader, options, start);
            else if (field == NameField) name = ReadName(ref reader, options, out nameBytes);
            else size = reader.ReadVarint();
            (last, start) = (field, reader.Offset);
        }

        if (hash.IsDefault) throw reader.Refuse("a link has no Hash", origin);
        return new DagPbLink { Hash = hash, Name = name, TotalSize = size };
    }

    private static Cid ReadHash(scoped ref ProtobufReader reader, IpldReadOptions options, int start)
    {
        CidParseOptions lengths = (options & IpldReadOptions.AllowLongIdentity) != 0
            ? CidParseOptions.AllowLongIdentity
            : CidParseOptions.None;
        return Cid.TryFromBytes(reader.ReadBytes(), out Cid cid, out CidError error, lengths)
            ? cid
            : throw reader.Refuse($"a link's Hash is no CID: {Cid.Describe(error)}", start);
    }

    private static string ReadName(scoped ref ProtobufReader reader, IpldReadOptions options,
        out ReadOnlySpan<byte> bytes)
    {
        bytes = reader.ReadBytes();
        if ((options & IpldReadOptions.AllowIllFormedText) == 0)
        {
            int at = IpldText.IllFormedAt(bytes);
            if (at >= 0) throw reader.Refuse("a link's Name is not UTF-8", reader.Offset - bytes.Length + at);
        }

        return IpldText.Utf8.GetString(bytes);
    }

    private static long LengthOf(DagPbLink link) =>
        ProtobufBytes.BytesFieldLength(link.Hash.ByteLength)
        + (link.Name is { } name ? ProtobufBytes.BytesFieldLength(IpldText.Utf8.GetByteCount(name)) : 0)
        + ProtobufBytes.VarintFieldLength(link.TotalSize);

    private static void WriteLink(ref ProtobufBytes writer, DagPbLink link)
    {
        writer.BeginBytes(LinksField, LengthOf(link));
        writer.BeginBytes(HashField, link.Hash.ByteLength);
        _ = link.Hash.TryWriteBytes(writer.Take(link.Hash.ByteLength), out _);
        if (link.Name is { } name)
        {
            int length = IpldText.Utf8.GetByteCount(name);
            writer.BeginBytes(NameField, length);
            _ = IpldText.Utf8.GetBytes(name, writer.Take(length));
        }

        writer.VarintField(TotalSizeField, link.TotalSize);
    }
}
