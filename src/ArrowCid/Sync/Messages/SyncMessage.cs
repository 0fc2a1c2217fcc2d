using System.Buffers;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>A message: a dag-cbor list that begins with its kind. Numbers of nested lists are in
/// <see cref="Numbers"/> one after another.</summary>
internal sealed class SyncMessage
{
    /// <summary>The message that ends an answer.</summary>
    public static readonly byte[] Done = Write(SyncMessageKind.Done);

    private readonly ReadOnlyMemory<byte> _message;

    private SyncMessage(ReadOnlyMemory<byte> message) => _message = message;

    public SyncMessageKind Kind { get; private set; }

    public IReadOnlyList<ulong> Numbers { get; private set; } = [];

    public ReadOnlyMemory<byte> Bytes { get; private set; }

    public string Text { get; private set; } = "";

    /// <summary>The members of the map that the message has; none where it has none.</summary>
    public IReadOnlyDictionary<string, object> Members { get; private set; } = new Dictionary<string, object>();

    /// <summary>Writes a message of numbers and bytes.</summary>
    public static byte[] Write(SyncMessageKind kind, ReadOnlySpan<ulong> numbers = default)
    {
        var output = new ArrayBufferWriter<byte>(64);
        var writer = new DagCborWriter(output);
        writer.BeginList(1 + numbers.Length);
        writer.WriteInteger((ulong)kind);
        foreach (ulong number in numbers) writer.WriteInteger(number);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes a message of numbers, and bytes as the last item.</summary>
    public static byte[] Write(SyncMessageKind kind, ReadOnlySpan<ulong> numbers, ReadOnlySpan<byte> bytes)
    {
        var output = new ArrayBufferWriter<byte>(bytes.Length + 64);
        var writer = new DagCborWriter(output);
        writer.BeginList(2 + numbers.Length);
        writer.WriteInteger((ulong)kind);
        foreach (ulong number in numbers) writer.WriteInteger(number);
        writer.WriteBytes(bytes);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes a message of digests.</summary>
    public static byte[] Write(SyncMessageKind kind, ReadOnlySpan<ulong> numbers, ReadOnlySpan<Digest256> digests)
    {
        var bytes = new byte[digests.Length * Digest256.ByteCount];
        for (int i = 0; i < digests.Length; i++) digests[i].CopyTo(bytes.AsSpan(i * Digest256.ByteCount));
        return Write(kind, numbers, bytes);
    }

    /// <summary>Writes what is known of blocks.</summary>
    public static byte[] Descriptions(ReadOnlySpan<SyncDescription> descriptions)
    {
        var output = new ArrayBufferWriter<byte>((descriptions.Length * 20) + 16);
        var writer = new DagCborWriter(output);
        writer.BeginList(2);
        writer.WriteInteger((ulong)SyncMessageKind.Descriptions);
        writer.BeginList(descriptions.Length);
        foreach (SyncDescription description in descriptions)
        {
            writer.BeginList(4);
            writer.WriteInteger(description.LastPut);
            writer.WriteInteger((ulong)description.Length);
            writer.WriteInteger((ulong)description.Kind);
            writer.WriteInteger(description.Codec);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes an offer of blocks with the times of their last puts.</summary>
    public static byte[] Offer(ReadOnlySpan<Digest256> digests, ReadOnlySpan<ulong> lastPuts)
    {
        var output = new ArrayBufferWriter<byte>((digests.Length * 42) + 16);
        var writer = new DagCborWriter(output);
        writer.BeginList(3);
        writer.WriteInteger((ulong)SyncMessageKind.Offer);
        var bytes = new byte[digests.Length * Digest256.ByteCount];
        for (int i = 0; i < digests.Length; i++) digests[i].CopyTo(bytes.AsSpan(i * Digest256.ByteCount));
        writer.WriteBytes(bytes);
        writer.BeginList(lastPuts.Length);
        foreach (ulong put in lastPuts) writer.WriteInteger(put);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes a refusal.</summary>
    public static byte[] Refused(ErrorCode code, string message, ulong retryAfterMs)
    {
        var output = new ArrayBufferWriter<byte>(256);
        var writer = new DagCborWriter(output);
        writer.BeginList(4);
        writer.WriteInteger((ulong)SyncMessageKind.Refused);
        writer.WriteInteger((ulong)code);
        writer.WriteText(message);
        writer.WriteInteger(retryAfterMs);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes a message with a map, whose keys are in the order of dag-cbor.</summary>
    public static byte[] Map(SyncMessageKind kind, params ReadOnlySpan<(string Key, object? Value)> members)
    {
        var output = new ArrayBufferWriter<byte>(256);
        var writer = new DagCborWriter(output);
        writer.BeginList(2);
        writer.WriteInteger((ulong)kind);
        int count = 0;
        foreach ((string _, object? value) in members) count += value is null ? 0 : 1;
        writer.BeginMap(count);
        foreach ((string key, object? value) in members)
        {
            if (value is null) continue;
            writer.WriteKey(key);
            switch (value)
            {
                case ulong number: writer.WriteInteger(number); break;
                case string text: writer.WriteText(text); break;
                case bool flag: writer.WriteBool(flag); break;
                case byte[] bytes: writer.WriteBytes(bytes); break;
            }
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads a message.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it breaks the form of messages;
    /// <see cref="ErrorCode.TooLarge"/>: it is over the limit.</exception>
    public static SyncMessage Read(ReadOnlyMemory<byte> message)
    {
        if (message.Length > SyncLimits.MessageBytes)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"a sync message of {message.Length} bytes; {SyncLimits.MessageBytes} at most");
        }

        var read = new SyncMessage(message);
        var reader = new DagCborReader(message.Span);
        int items = reader.BeginList();
        if (items == 0) throw DagCborReader.Refuse("a message without a kind", 0);
        ulong kind = reader.ReadUInt64();
        if (kind > (ulong)SyncMessageKind.Done) throw DagCborReader.Refuse($"no message has the kind {kind}", 0);
        read.Kind = (SyncMessageKind)kind;
        var numbers = new List<ulong>();
        for (int left = items - 1; left > 0; left--) read.ReadItem(ref reader, numbers);
        reader.End();
        read.Numbers = numbers;
        return read;
    }

    /// <summary>A number that the message must have.</summary>
    public ulong Number(int index) => index < Numbers.Count
        ? Numbers[index]
        : throw DagCborReader.Refuse($"a message of kind {(int)Kind} lacks a number", 0);

    /// <summary>A number of a range that the message must have.</summary>
    public int Number(int index, int most)
    {
        ulong number = Number(index);
        return number <= (ulong)most
            ? (int)number
            : throw DagCborReader.Refuse($"{number} in a message of kind {(int)Kind} is over {most}", 0);
    }

    /// <summary>The digests that the message has as bytes.</summary>
    public Digest256[] Digests()
    {
        if (Bytes.Length % Digest256.ByteCount != 0) throw DagCborReader.Refuse("digests have 32 bytes each", 0);
        if (Bytes.Length / Digest256.ByteCount > SyncLimits.Digests)
            throw DagCborReader.Refuse($"over {SyncLimits.Digests} digests", 0);
        var digests = new Digest256[Bytes.Length / Digest256.ByteCount];
        for (int i = 0; i < digests.Length; i++)
            digests[i] = new Digest256(Bytes.Span.Slice(i * Digest256.ByteCount, Digest256.ByteCount));
        return digests;
    }

    /// <summary>A member of the map that the message must have.</summary>
    public T Member<T>(string key) => Members.GetValueOrDefault(key) is T value
        ? value
        : throw DagCborReader.Refuse($"a message of kind {(int)Kind} lacks '{key}'", 0);

    /// <summary>A member of the map that the message may have.</summary>
    public T? Optional<T>(string key) => !Members.TryGetValue(key, out object? found) ? default
        : found is T value ? value
        : throw DagCborReader.Refuse($"'{key}' of a message of kind {(int)Kind} has a wrong form", 0);

    private void ReadItem(ref DagCborReader reader, List<ulong> numbers)
    {
        switch (reader.PeekKind())
        {
            case IpldKind.Integer: numbers.Add(reader.ReadUInt64()); break;
            case IpldKind.Bytes: Bytes = ReadBytes(ref reader); break;
            case IpldKind.Text: Text = reader.ReadText(); break;
            case IpldKind.List: ReadNumbers(ref reader, numbers); break;
            case IpldKind.Map: ReadMap(ref reader); break;
            default: throw DagCborReader.Refuse("an item of a message has a wrong form", reader.Position);
        }
    }

    private ReadOnlyMemory<byte> ReadBytes(ref DagCborReader reader)
    {
        int length = reader.ReadBytes().Length;
        return _message.Slice(reader.Position - length, length);
    }

    private static void ReadNumbers(ref DagCborReader reader, List<ulong> numbers)
    {
        for (int left = reader.BeginList(); left > 0; left--)
        {
            if (reader.PeekKind() != IpldKind.List)
            {
                numbers.Add(reader.ReadUInt64());
                continue;
            }

            for (int inner = reader.BeginList(); inner > 0; inner--) numbers.Add(reader.ReadUInt64());
        }
    }

    private void ReadMap(ref DagCborReader reader)
    {
        DagCborMap map = reader.BeginMap();
        var members = new Dictionary<string, object>(StringComparer.Ordinal);
        while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
        {
            string name = IpldText.Utf8.GetString(key);
            switch (reader.PeekKind())
            {
                case IpldKind.Integer: members[name] = reader.ReadUInt64(); break;
                case IpldKind.Bytes: members[name] = ReadBytes(ref reader).ToArray(); break;
                case IpldKind.Text: members[name] = reader.ReadText(); break;
                case IpldKind.Bool: members[name] = reader.ReadBool(); break;
                // What a later version adds is passed over.
                default: reader.Skip(2); break;
            }
        }

        Members = members;
    }
}
