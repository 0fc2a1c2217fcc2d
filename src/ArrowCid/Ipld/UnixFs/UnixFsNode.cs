using System.Collections.Immutable;
using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// The message of UnixFS that stands in the data of a dag-pb node. Immutable. Its fields are written in the order of
/// their numbers and <see cref="BlockSizes"/> unpacked, as Kubo and Helia do, so equal files have equal CIDs.
/// </summary>
public sealed class UnixFsNode
{
    private const string Format = "unixfs";
    private const int KindField = 1, DataField = 2, FileSizeField = 3, BlockSizesField = 4, HashField = 5,
        FanoutField = 6, ModeField = 7, TimeField = 8, SecondsField = 1, NanosecondsField = 2;

    /// <summary>The kind of the node.</summary>
    public required UnixFsKind Kind { get; init; }

    /// <summary>Content of a file that has no parts, the target of a symbolic link, or a shard's bit field; null where
    /// the field is absent. The node's own memory.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }

    /// <summary>The bytes of the file, or of this part of it; null where the field is absent.</summary>
    public ulong? FileSize { get; init; }

    /// <summary>The bytes of file content under each link, in the links' order.</summary>
    public ImmutableArray<ulong> BlockSizes { get; init; } = [];

    /// <summary>The hash function of a shard's names, as a multihash code (0x22 is murmur3-x64-64); null
    /// elsewhere.</summary>
    public ulong? HashFunction { get; init; }

    /// <summary>The width of a shard; null elsewhere.</summary>
    public ulong? Fanout { get; init; }

    /// <summary>POSIX permission bits; null where the field is absent.</summary>
    public uint? Mode { get; init; }

    /// <summary>The time of the last change, as seconds since 1970 and nanoseconds; null where it is absent.</summary>
    public (long Seconds, uint? Nanoseconds)? Modified { get; init; }

    /// <summary>Reads a message. Fields may stand in any order, block sizes may be packed, and fields that are not
    /// known are passed over: a protobuf of others is seldom canonical, and the block keeps its CID by its
    /// bytes.</summary>
    /// <param name="data">The data of a dag-pb node.</param>
    /// <returns>The node; it shares no memory with the data.</returns>
    /// <exception cref="InvalidIpldException">The bytes are no such message; the offset is that in the
    /// data.</exception>
    public static UnixFsNode Decode(ReadOnlySpan<byte> data)
    {
        var reader = new ProtobufReader(data, Format, IpldReadOptions.Lenient);
        var found = new Fields(ImmutableArray.CreateBuilder<ulong>());
        int start = 0;
        while (reader.NextField(out int field, out int wireType))
        {
            found.Read(ref reader, field, wireType, start);
            start = reader.Offset;
        }

        if (found.Kind is not { } kind) throw reader.Refuse("Type is missing", 0);
        if (kind > (ulong)UnixFsKind.HamtShard) throw reader.Refuse($"there is no type {kind}", 0);
        return new UnixFsNode
        {
            Kind = (UnixFsKind)kind,
            Data = found.Data,
            FileSize = found.FileSize,
            BlockSizes = found.BlockSizes.DrainToImmutable(),
            HashFunction = found.HashFunction,
            Fanout = found.Fanout,
            Mode = found.Mode,
            Modified = found.Modified,
        };
    }

    /// <summary>Writes the message.</summary>
    /// <returns>What stands in the data of a dag-pb node, in a new array.</returns>
    /// <exception cref="ArrowCidException">The message would have more than <see cref="Array.MaxLength"/> bytes
    /// (<see cref="ErrorCode.TooLarge"/>).</exception>
    public byte[] Encode()
    {
        byte[] data = new byte[MeasuredLength()];
        var writer = new ProtobufBytes(data);
        writer.VarintField(KindField, (ulong)Kind);
        if (Data is { } content) writer.BytesField(DataField, content.Span);
        writer.VarintField(FileSizeField, FileSize);
        foreach (ulong size in BlockSizes) writer.VarintField(BlockSizesField, size);
        writer.VarintField(HashField, HashFunction);
        writer.VarintField(FanoutField, Fanout);
        writer.VarintField(ModeField, Mode);
        if (Modified is not { } modified) return data;
        writer.BeginBytes(TimeField, TimeLength(modified));
        writer.VarintField(SecondsField, unchecked((ulong)modified.Seconds));
        if (modified.Nanoseconds is { } nanoseconds) writer.Fixed32Field(NanosecondsField, nanoseconds);
        return data;
    }

    private static long TimeLength((long Seconds, uint? Nanoseconds) time) =>
        ProtobufBytes.VarintFieldLength(unchecked((ulong)time.Seconds))
        + (time.Nanoseconds is null ? 0 : 1 + sizeof(uint));

    private int MeasuredLength()
    {
        long length = ProtobufBytes.VarintFieldLength((ulong)Kind)
            + (Data is { } content ? ProtobufBytes.BytesFieldLength(content.Length) : 0)
            + ProtobufBytes.VarintFieldLength(FileSize) + ProtobufBytes.VarintFieldLength(HashFunction)
            + ProtobufBytes.VarintFieldLength(Fanout) + ProtobufBytes.VarintFieldLength(Mode)
            + (Modified is { } modified ? ProtobufBytes.BytesFieldLength(TimeLength(modified)) : 0);
        foreach (ulong size in BlockSizes) length += ProtobufBytes.VarintFieldLength(size);
        return length <= Array.MaxLength ? (int)length : throw new ArrowCidException(ErrorCode.TooLarge, string.Create(
            CultureInfo.InvariantCulture, $"A UnixFS message of {length} bytes; {Array.MaxLength} at most."));
    }

    /// <summary>The fields found so far; of those that may occur once the last one counts.</summary>
    private sealed class Fields(ImmutableArray<ulong>.Builder blockSizes)
    {
        public ulong? Kind, FileSize, HashFunction, Fanout;
        public ReadOnlyMemory<byte>? Data;
        public uint? Mode;
        public (long Seconds, uint? Nanoseconds)? Modified;

        public ImmutableArray<ulong>.Builder BlockSizes { get; } = blockSizes;

        public void Read(ref ProtobufReader reader, int field, int wireType, int start)
        {
            switch (field)
            {
                case KindField: Kind = Number(ref reader, "Type", wireType, start); break;
                case DataField:
                    reader.Expect(ProtobufReader.BytesType, wireType, "Data", start);
                    Data = reader.ReadBytes().ToArray();
                    break;
                case FileSizeField: FileSize = Number(ref reader, "filesize", wireType, start); break;
                case BlockSizesField: ReadBlockSizes(ref reader, wireType, start); break;
                case HashField: HashFunction = Number(ref reader, "hashType", wireType, start); break;
                case FanoutField: Fanout = Number(ref reader, "fanout", wireType, start); break;
                case ModeField:
                    ulong mode = Number(ref reader, "mode", wireType, start);
                    Mode = mode <= uint.MaxValue ? (uint)mode : throw reader.Refuse("mode is over 32 bits", start);
                    break;
                case TimeField:
                    reader.Expect(ProtobufReader.BytesType, wireType, "mtime", start);
                    ReadOnlySpan<byte> time = reader.ReadBytes();
                    Modified = ReadTime(time, reader.Offset - time.Length);
                    break;
                default: reader.Skip(wireType, start); break;
            }
        }

        private static ulong Number(ref ProtobufReader reader, string field, int wireType, int start)
        {
            reader.Expect(ProtobufReader.VarintType, wireType, field, start);
            return reader.ReadVarint();
        }

        private void ReadBlockSizes(ref ProtobufReader reader, int wireType, int start)
        {
            if (wireType != ProtobufReader.BytesType)
            {
                BlockSizes.Add(Number(ref reader, "blocksizes", wireType, start));
                return;
            }

            ReadOnlySpan<byte> packed = reader.ReadBytes();
            var sizes = new ProtobufReader(packed, Format, IpldReadOptions.Lenient, reader.Offset - packed.Length);
            while (sizes.Offset < reader.Offset) BlockSizes.Add(sizes.ReadVarint());
        }

        private static (long Seconds, uint? Nanoseconds) ReadTime(ReadOnlySpan<byte> message, int origin)
        {
            var reader = new ProtobufReader(message, Format, IpldReadOptions.Lenient, origin);
            long? seconds = null;
            uint? nanoseconds = null;
            int start = origin;
            while (reader.NextField(out int field, out int wireType))
            {
                if (field == SecondsField) seconds = unchecked((long)Number(ref reader, "Seconds", wireType, start));
                else if (field != NanosecondsField) reader.Skip(wireType, start);
                else
                {
                    reader.Expect(ProtobufReader.Fixed32Type, wireType, "FractionalNanoseconds", start);
                    nanoseconds = reader.ReadFixed32();
                }

                start = reader.Offset;
            }

            if (seconds is { } present) return (present, nanoseconds);
            throw reader.Refuse("mtime has no Seconds", origin);
        }
    }
}
