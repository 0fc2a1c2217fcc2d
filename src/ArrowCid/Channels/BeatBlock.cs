using System.Buffers;
using System.Buffers.Binary;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Signing;

namespace ArrowCid.Channels;

/// <summary>What a participant has, said without a message. It is no block of the log and is not stored; only the
/// newest of each participant counts.</summary>
internal sealed class BeatBlock
{
    public const string Kind = "arrowcid/channel/beat";
    public const int MaxHeads = 512;
    public const int MaxMissing = 64;

    private const int MaxBytes = 1 << 16;
    private const int RunBytes = 16;

    private int _signatureFrom, _signatureTo;

    public ReadOnlyMemory<byte> Bytes { get; private init; }

    public Cid Channel { get; private set; }

    public ulong At { get; private set; }

    public Digest256[] Heads { get; private set; } = [];

    public Digest256 Writer { get; private set; }

    public UInt128 Run { get; private set; }

    public Digest256[] Missing { get; private set; } = [];

    public BlockSignature? Signature { get; private set; }

    /// <summary>Writes a beat, and signs it where there is a key.</summary>
    public static BeatBlock Create(Cid channel, ulong at, Digest256[] heads, Digest256 writer, UInt128 run,
        Digest256[] missing, SigningKey? key)
    {
        BlockSignature? signature = key is null ? null
            : BlockSignature.Sign(key, Encode(channel, at, heads, writer, run, missing, null, isPayload: true));
        return Decode(Encode(channel, at, heads, writer, run, missing, signature, isPayload: false));
    }

    /// <summary>Reads a beat.</summary>
    /// <exception cref="InvalidIpldException">The bytes are none.</exception>
    public static BeatBlock Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes) throw Refuse($"a beat of over {MaxBytes} bytes");
        var beat = new BeatBlock { Bytes = bytes };
        beat.Read(new DagCborReader(bytes.Span));
        return beat;
    }

    /// <summary>Whether the key of its writer signed it.</summary>
    public bool IsSignedBy(PublicKey key) => Signature is { } signature &&
        signature.Holds(key, BlockSignature.PayloadOf(Bytes.Span, _signatureFrom, _signatureTo));

    private static byte[] Encode(Cid channel, ulong at, Digest256[] heads, Digest256 from, UInt128 run,
        Digest256[] missing, BlockSignature? signature, bool isPayload)
    {
        var output = new ArrayBufferWriter<byte>(512);
        var writer = new DagCborWriter(output);
        Span<byte> runBytes = stackalloc byte[RunBytes];
        BinaryPrimitives.WriteUInt128BigEndian(runBytes, run);
        writer.BeginMap(isPayload ? 8 : 9);
        writer.WriteKey("v");
        writer.WriteInteger(1);
        writer.WriteKey("at");
        writer.WriteInteger(at);
        writer.WriteKey("run");
        writer.WriteBytes(runBytes);
        if (!isPayload)
        {
            writer.WriteKey("sig");
            BlockSignature.Write(ref writer, signature);
        }

        writer.WriteKey("kind");
        writer.WriteText(Kind);
        writer.WriteKey("heads");
        MessageBlock.WriteLinks(ref writer, heads);
        writer.WriteKey("writer");
        writer.WriteBytes(Digest256.Bytes(in from));
        writer.WriteKey("channel");
        writer.WriteLink(channel);
        writer.WriteKey("missing");
        MessageBlock.WriteLinks(ref writer, missing);
        return output.WrittenSpan.ToArray();
    }

    private void Read(DagCborReader reader)
    {
        DagCborMap map = reader.BeginMap();
        if (map.Count != 9) throw Refuse("a beat has nine keys");
        int at = reader.Position;
        while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
        {
            switch (IpldText.Utf8.GetString(key))
            {
                case "v": if (reader.ReadUInt64() != 1) throw Refuse("a beat of another version"); break;
                case "at": At = reader.ReadUInt64(); break;
                case "run": Run = MessageBlock.ReadRun(ref reader); break;
                case "sig":
                    _signatureFrom = at;
                    Signature = BlockSignature.Read(ref reader);
                    _signatureTo = reader.Position;
                    break;
                case "kind": if (reader.ReadText() != Kind) throw Refuse("no beat"); break;
                case "heads": Heads = MessageBlock.ReadLinks(ref reader, MaxHeads); break;
                case "writer": Writer = MessageBlock.ReadDigest(ref reader); break;
                case "channel": Channel = MessageBlock.ReadNode(ref reader); break;
                case "missing": Missing = MessageBlock.ReadLinks(ref reader, MaxMissing); break;
                default: throw Refuse("a beat with another key");
            }

            at = reader.Position;
        }

        reader.End();
        if (At > MessageBlock.MaxTime) throw Refuse("a time of over 53 bits");
    }

    private static InvalidIpldException Refuse(string rule) => DagCborReader.Refuse(rule, 0);
}
