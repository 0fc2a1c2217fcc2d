using System.Buffers;
using ArrowCid.Ipld;
using ArrowCid.Signing;

namespace ArrowCid.Channels;

/// <summary>The block that begins a channel (<c>CHANNELS.md</c>): its CID is the channel's id, so that who knows that
/// knows who may write, and none of it can change.</summary>
internal sealed class ChannelBlock
{
    public const string Kind = "arrowcid/channel";
    public const int NonceBytes = 16;
    public const int MaxContents = 512;
    public const int MaxInline = 32_768;
    public const int MaxParents = 16;

    private const int MaxBytes = 1 << 20;
    private const int MaxNameBytes = 247;

    public required string Name { get; init; }

    /// <summary>When it was created, in ms since 1970.</summary>
    public required ulong At { get; init; }

    public required ReadOnlyMemory<byte> Nonce { get; init; }

    /// <summary>The keys that may write; null: anybody.</summary>
    public required IReadOnlyList<PublicKey>? Writers { get; init; }

    /// <summary>How long messages are kept, in ms; null: for ever.</summary>
    public ulong? Keep { get; init; }

    /// <summary>The maximum number of contents of a message.</summary>
    public int Contents { get; init; } = MaxContents;

    /// <summary>The maximum number of bytes that a message carries itself.</summary>
    public int Inline { get; init; } = MaxInline;

    /// <summary>After this time a missing message is asked for at the earliest, in ms.</summary>
    public ulong RepairMin { get; init; } = 30_000;

    /// <summary>After this time a missing message is asked for at the latest, in ms.</summary>
    public ulong RepairMax { get; init; } = 300_000;

    /// <summary>The number of groups of participants that answer.</summary>
    public ulong RepairGroups { get; init; } = 1;

    public byte[] Encode()
    {
        if (Fault() is { } fault) throw new ArrowCidException(ErrorCode.InvalidArgument, $"{fault} is not allowed");
        var output = new ArrayBufferWriter<byte>(512);
        var writer = new DagCborWriter(output);
        writer.BeginMap(9);
        writer.WriteKey("v");
        writer.WriteInteger(1);
        writer.WriteKey("at");
        writer.WriteInteger(At);
        writer.WriteKey("keep");
        if (Keep is { } keep) writer.WriteInteger(keep);
        else writer.WriteNull();
        writer.WriteKey("kind");
        writer.WriteText(Kind);
        writer.WriteKey("name");
        writer.WriteText(Name);
        writer.WriteKey("nonce");
        writer.WriteBytes(Nonce.Span);
        writer.WriteKey("limits");
        WriteNumbers(ref writer, ("inline", (ulong)Inline), ("content", (ulong)Contents),
            ("parents", (ulong)MaxParents));
        writer.WriteKey("repair");
        WriteNumbers(ref writer, ("max", RepairMax), ("min", RepairMin), ("groups", RepairGroups));
        writer.WriteKey("writers");
        if (Writers is { } keys) ChannelKeys.WriteAll(ref writer, keys);
        else writer.WriteNull();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads the block of a channel.</summary>
    /// <exception cref="InvalidIpldException">The bytes are no such block.</exception>
    public static ChannelBlock Decode(ReadOnlySpan<byte> block)
    {
        if (block.Length > MaxBytes) throw Refuse("a channel of over 2^20 bytes");
        var reader = new DagCborReader(block);
        DagCborMap map = reader.BeginMap();
        if (map.Count != 9) throw Refuse("a channel has nine keys");
        Require(ref reader, ref map, "v"u8);
        if (reader.ReadUInt64() != 1) throw Refuse("a channel of another version");
        Require(ref reader, ref map, "at"u8);
        ulong at = reader.ReadUInt64();
        Require(ref reader, ref map, "keep"u8);
        ulong? keep = null;
        if (reader.PeekKind() == IpldKind.Null) reader.ReadNull();
        else keep = reader.ReadUInt64();
        Require(ref reader, ref map, "kind"u8);
        if (reader.ReadText() != Kind) throw Refuse("no channel");
        Require(ref reader, ref map, "name"u8);
        string name = reader.ReadText();
        Require(ref reader, ref map, "nonce"u8);
        byte[] nonce = reader.ReadBytes().ToArray();
        Require(ref reader, ref map, "limits"u8);
        ulong[] limits = ReadNumbers(ref reader, "inline", "content", "parents");
        Require(ref reader, ref map, "repair"u8);
        ulong[] repair = ReadNumbers(ref reader, "max", "min", "groups");
        Require(ref reader, ref map, "writers"u8);
        PublicKey[]? writers = null;
        if (reader.PeekKind() == IpldKind.Null) reader.ReadNull();
        else writers = ChannelKeys.ReadAll(ref reader);
        reader.End();
        if (limits[0] > MaxInline || limits[1] > MaxContents || limits[2] != MaxParents)
            throw Refuse("limits beyond those of version 1");
        var read = new ChannelBlock
        {
            Name = name,
            At = at,
            Nonce = nonce,
            Writers = writers,
            Keep = keep,
            Inline = (int)limits[0],
            Contents = (int)limits[1],
            RepairMax = repair[0],
            RepairMin = repair[1],
            RepairGroups = repair[2],
        };
        return read.Fault() is { } fault ? throw Refuse(fault) : read;
    }

    /// <summary>Whether bytes may be such a block, without reading them.</summary>
    public static bool MayBe(ReadOnlySpan<byte> block) =>
        block.Length is > 0 and <= MaxBytes && block[0] == 0xa9 && block.IndexOf("arrowcid/channel"u8) >= 0;

    private string? Fault()
    {
        if (!IpldText.IsWellFormed(Name) || IpldText.Utf8.GetByteCount(Name) is 0 or > MaxNameBytes ||
            Name.Any(char.IsControl) || Name[0] == ' ' || Name[^1] == ' ')
        {
            return $"a channel's name that has not 1 to {MaxNameBytes} bytes, or a control character or outer space";
        }

        if (At > MessageBlock.MaxTime) return "a time of over 53 bits";
        if (Nonce.Length != NonceBytes) return $"a nonce of other than {NonceBytes} bytes";
        if (Keep is 0 or > MessageBlock.MaxTime) return "a retention of nothing, or of over 53 bits";
        if (Contents is < 1 or > MaxContents) return $"a limit of contents that is not 1 to {MaxContents}";
        if (Inline is < 0 or > MaxInline) return $"a limit of bytes that is not 0 to {MaxInline}";
        if (Writers?.Count is 0 or > ChannelKeys.MaxWriters) return "no writers, or too many";
        return RepairMin > RepairMax || RepairMax > MessageBlock.MaxTime || RepairGroups is 0 or > 1024
            ? "times of repair that contradict each other" : null;
    }

    private static void WriteNumbers(ref DagCborWriter writer, params ReadOnlySpan<(string Key, ulong Value)> numbers)
    {
        writer.BeginMap(numbers.Length);
        foreach ((string key, ulong value) in numbers)
        {
            writer.WriteKey(key);
            writer.WriteInteger(value);
        }
    }

    private static ulong[] ReadNumbers(ref DagCborReader reader, params ReadOnlySpan<string> keys)
    {
        DagCborMap map = reader.BeginMap();
        if (map.Count != keys.Length) throw Refuse("limits with other keys");
        var numbers = new ulong[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            Require(ref reader, ref map, IpldText.Utf8.GetBytes(keys[i]));
            numbers[i] = reader.ReadUInt64();
        }

        return numbers;
    }

    private static void Require(ref DagCborReader reader, ref DagCborMap map, ReadOnlySpan<byte> expected)
    {
        if (!reader.NextKey(ref map, out ReadOnlySpan<byte> key) || !key.SequenceEqual(expected))
            throw Refuse($"'{IpldText.Utf8.GetString(expected)}' is missing");
    }

    private static InvalidIpldException Refuse(string rule) => DagCborReader.Refuse(rule, 0);
}
