using System.Buffers;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Signing;

namespace ArrowCid.Channels;

/// <summary>A message of a channel (<c>CHANNELS.md</c>): a dag-cbor block whose CID is its id.</summary>
internal sealed class MessageBlock
{
    public const string Kind = "arrowcid/channel/message";
    public const int MaxBytes = 1 << 16;
    public const ulong MaxTime = (1ul << 53) - 1;
    public const int MaxHints = 32;
    public const int MaxHintBytes = 1024;
    public const int MaxLost = 64;

    private const int RunBytes = 16;

    private int _signatureFrom, _signatureTo;

    private MessageBlock(ReadOnlyMemory<byte> bytes, Digest256 digest) => (Bytes, Digest) = (bytes, digest);

    /// <summary>The block.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    public Digest256 Digest { get; }

    public Cid Cid => Cid.FromSha256(Multicodec.DagCbor, Digest);

    public Cid Channel { get; private set; }

    public ulong At { get; private set; }

    public Digest256[] Parents { get; private set; } = [];

    public Digest256 Writer { get; private set; }

    public UInt128 Run { get; private set; }

    public ulong Sequence { get; private set; }

    public MessageContent Content { get; private set; } = new();

    public Digest256[] Lost { get; private set; } = [];

    public BlockSignature? Signature { get; private set; }

    /// <summary>Writes a message, and signs it where there is a key.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: over 65,536 bytes.</exception>
    public static MessageBlock Create(MessageDraft draft, SigningKey? key)
    {
        BlockSignature? signature = key is null ? null : BlockSignature.Sign(key, Encode(draft, null, isPayload: true));
        byte[] bytes = Encode(draft, signature, isPayload: false);
        if (bytes.Length > MaxBytes)
            throw new ArrowCidException(ErrorCode.TooLarge, $"a message of {bytes.Length} bytes, over {MaxBytes}");
        return Decode(bytes);
    }

    /// <summary>Reads a message, and checks its form.</summary>
    /// <param name="bytes">The bytes, which are kept.</param>
    /// <exception cref="InvalidIpldException">They are no message.</exception>
    public static MessageBlock Decode(ReadOnlyMemory<byte> bytes) => Decode(bytes, Sha256.Hash(bytes.Span));

    /// <summary>The same of bytes whose digest is known.</summary>
    public static MessageBlock Decode(ReadOnlyMemory<byte> bytes, Digest256 digest)
    {
        if (bytes.Length > MaxBytes) throw Refuse($"a message of over {MaxBytes} bytes");
        var message = new MessageBlock(bytes, digest);
        message.Read(new DagCborReader(bytes.Span));
        return message;
    }

    /// <summary>Whether the key of its writer signed it.</summary>
    public bool IsSignedBy(PublicKey key) => Signature is { } signature &&
        signature.Holds(key, BlockSignature.PayloadOf(Bytes.Span, _signatureFrom, _signatureTo));

    private static byte[] Encode(MessageDraft draft, BlockSignature? signature, bool isPayload)
    {
        MessageContent content = draft.Content;
        var output = new ArrayBufferWriter<byte>(512);
        var writer = new DagCborWriter(output);
        Digest256 from = draft.Writer;
        Span<byte> run = stackalloc byte[RunBytes];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(run, draft.Run);
        writer.BeginMap(10 - (isPayload ? 1 : 0) + (draft.Lost.Length > 0 ? 1 : 0) + (content.Hints.Count > 0 ? 1 : 0));
        writer.WriteKey("v");
        writer.WriteInteger(1);
        writer.WriteKey("at");
        writer.WriteInteger(draft.At);
        writer.WriteKey("run");
        writer.WriteBytes(run);
        writer.WriteKey("seq");
        writer.WriteInteger(draft.Sequence);
        if (!isPayload)
        {
            writer.WriteKey("sig");
            BlockSignature.Write(ref writer, signature);
        }

        writer.WriteKey("kind");
        writer.WriteText(Kind);
        if (draft.Lost.Length > 0)
        {
            writer.WriteKey("lost");
            WriteLinks(ref writer, draft.Lost);
        }

        if (content.Hints.Count > 0)
        {
            writer.WriteKey("hints");
            writer.BeginList(content.Hints.Count);
            foreach ((int block, string location) in content.Hints)
            {
                writer.BeginList(2);
                writer.WriteInteger(block);
                writer.WriteText(location);
            }
        }

        writer.WriteKey("writer");
        writer.WriteBytes(Digest256.Bytes(in from));
        writer.WriteKey("channel");
        writer.WriteLink(draft.Channel);
        writer.WriteKey("content");
        WriteContent(ref writer, content);
        writer.WriteKey("parents");
        WriteLinks(ref writer, draft.Parents);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteContent(ref DagCborWriter writer, MessageContent content)
    {
        if (content.Writers is { } writers)
        {
            writer.BeginMap(1);
            writer.WriteKey("writers");
            ChannelKeys.WriteAll(ref writer, writers);
        }
        else if (content.Bytes is { } bytes)
        {
            writer.WriteBytes(bytes.Span);
        }
        else
        {
            writer.BeginList(content.Blocks.Count);
            foreach (Cid cid in content.Blocks) writer.WriteLink(cid);
        }
    }

    public static void WriteLinks(ref DagCborWriter writer, ReadOnlySpan<Digest256> digests)
    {
        writer.BeginList(digests.Length);
        foreach (Digest256 digest in digests) writer.WriteLink(Cid.FromSha256(Multicodec.DagCbor, digest));
    }

    private void Read(DagCborReader reader)
    {
        DagCborMap map = reader.BeginMap();
        int seen = 0, at = reader.Position;
        List<(int, string)> hints = [];
        while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
        {
            if (key.SequenceEqual("v"u8))
            {
                if (reader.ReadUInt64() != 1) throw Refuse("a message of another version");
            }
            else if (key.SequenceEqual("at"u8)) At = reader.ReadUInt64();
            else if (key.SequenceEqual("run"u8)) Run = ReadRun(ref reader);
            else if (key.SequenceEqual("seq"u8)) Sequence = reader.ReadUInt64();
            else if (key.SequenceEqual("sig"u8))
            {
                _signatureFrom = at;
                Signature = BlockSignature.Read(ref reader);
                _signatureTo = reader.Position;
            }
            else if (key.SequenceEqual("kind"u8))
            {
                if (!reader.ReadTextBytes().SequenceEqual("arrowcid/channel/message"u8)) throw Refuse("no message");
            }
            else if (key.SequenceEqual("writer"u8)) Writer = ReadDigest(ref reader);
            else if (key.SequenceEqual("channel"u8)) Channel = ReadNode(ref reader);
            else if (key.SequenceEqual("content"u8)) Content = ReadContent(ref reader);
            else if (key.SequenceEqual("parents"u8)) Parents = ReadLinks(ref reader, ChannelBlock.MaxParents);
            else if (key.SequenceEqual("lost"u8))
            {
                Lost = ReadLinks(ref reader, MaxLost);
                if (Lost.Length == 0) throw Refuse("an empty list of lost messages");
                seen--;
            }
            else if (key.SequenceEqual("hints"u8))
            {
                hints = ReadHints(ref reader);
                seen--;
            }
            else
            {
                throw Refuse("a message with another key");
            }

            seen++;
            at = reader.Position;
        }

        reader.End();
        if (seen != 10) throw Refuse("a message lacks a key");
        if (At > MaxTime) throw Refuse("a time of over 53 bits");
        if (Sequence is 0 or > MaxTime) throw Refuse("a number that is 0, or over 53 bits");
        if (hints.Count == 0) return;
        int blocks = Math.Max(1, Content.Blocks.Count);
        if (hints.Any(hint => hint.Item1 >= blocks)) throw Refuse("a hint of no block");
        Content = Content with { Hints = hints };
    }

    private static MessageContent ReadContent(ref DagCborReader reader)
    {
        switch (reader.PeekKind())
        {
            case IpldKind.Bytes: return new MessageContent { Bytes = reader.ReadBytes().ToArray() };
            case IpldKind.Map:
                DagCborMap map = reader.BeginMap();
                if (map.Count != 1 || !reader.NextKey(ref map, out ReadOnlySpan<byte> key) ||
                    !key.SequenceEqual("writers"u8))
                {
                    throw Refuse("a content of another kind");
                }

                PublicKey[] writers = ChannelKeys.ReadAll(ref reader);
                return writers.Length > 0 ? new MessageContent { Writers = writers } : throw Refuse("no writers");
            default:
                int count = reader.BeginList();
                if (count is 0 or > ChannelBlock.MaxContents) throw Refuse("no contents, or too many");
                var blocks = new Cid[count];
                for (int i = 0; i < count; i++)
                {
                    blocks[i] = reader.ReadLink();
                    if (blocks[i].Version != 1 || !blocks[i].TryGetSha256(out _))
                        throw Refuse("a content without a whole SHA-256");
                }

                return new MessageContent { Blocks = blocks };
        }
    }

    private static List<(int, string)> ReadHints(ref DagCborReader reader)
    {
        int count = reader.BeginList();
        if (count is 0 or > MaxHints) throw Refuse("no hints, or too many");
        var hints = new List<(int, string)>(count);
        for (int i = 0; i < count; i++)
        {
            if (reader.BeginList() != 2) throw Refuse("a hint has a number and a location");
            ulong block = reader.ReadUInt64();
            ReadOnlySpan<byte> text = reader.ReadTextBytes();
            if (block >= ChannelBlock.MaxContents || text.Length is 0 or > MaxHintBytes)
                throw Refuse("a hint over its limits");
            hints.Add(((int)block, IpldText.Utf8.GetString(text)));
        }

        return hints;
    }

    /// <summary>Reads links to nodes in ascending order, each once.</summary>
    public static Digest256[] ReadLinks(ref DagCborReader reader, int most)
    {
        int count = reader.BeginList();
        if (count > most) throw Refuse($"over {most} links");
        var digests = new Digest256[count];
        for (int i = 0; i < count; i++)
        {
            _ = ReadNode(ref reader).TryGetSha256(out digests[i]);
            if (i > 0 && Compare(in digests[i - 1], in digests[i]) >= 0) throw Refuse("links that do not ascend");
        }

        return digests;
    }

    public static int Compare(in Digest256 one, in Digest256 other) =>
        Digest256.Bytes(in one).SequenceCompareTo(Digest256.Bytes(in other));

    /// <summary>Digests in the order in which blocks list them.</summary>
    public static Digest256[] Sorted(IEnumerable<Digest256> digests)
    {
        Digest256[] sorted = [.. digests];
        Array.Sort(sorted, static (one, other) => Compare(in one, in other));
        return sorted;
    }

    public static Cid ReadNode(ref DagCborReader reader)
    {
        Cid link = reader.ReadLink();
        return link.Version == 1 && link.Codec == Multicodec.DagCbor && link.TryGetSha256(out _)
            ? link
            : throw Refuse("a link that is not to a dag-cbor block by SHA-256");
    }

    public static Digest256 ReadDigest(ref DagCborReader reader) =>
        reader.ReadBytes() is { Length: Digest256.ByteCount } bytes
            ? new Digest256(bytes)
            : throw Refuse("a writer has 32 bytes");

    public static UInt128 ReadRun(ref DagCborReader reader) => reader.ReadBytes() is { Length: RunBytes } bytes
        ? System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes)
        : throw Refuse("a run has 16 bytes");

    private static InvalidIpldException Refuse(string rule) => DagCborReader.Refuse(rule, 0);
}
