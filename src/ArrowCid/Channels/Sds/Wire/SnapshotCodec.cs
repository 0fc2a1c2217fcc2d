using System.Text;
using System.Text.Unicode;
using ArrowCid.Ipld;

namespace ArrowCid.Channels.Sds;

/// <summary>The stored forms of nim-sds: <c>ChannelMeta</c>, <c>ChannelData</c> and <c>HistoryUpdate</c>, version 1
/// (<c>SDS.md</c>, section 5). Messages in them have the form of the dialect nim, whichever the channel
/// speaks.</summary>
internal static class SnapshotCodec
{
    private const ulong Version = 1;
    private const int VarintType = 0, BytesType = 2, KnownField = 16, RoundField = 16;
    private const SdsDialect Form = SdsDialect.Nim;

    /// <summary>Writes <c>ChannelData</c>.</summary>
    public static byte[] Write(ChannelSnapshot state)
    {
        var writer = new ProtobufWriter();
        writer.Bytes(1, WriteMeta(state));
        foreach (SdsMessage message in state.History) writer.Bytes(2, SdsCodec.ToBytes(message, Form));
        if (!state.Known.IsEmpty) writer.Bytes(KnownField, state.Known.Span);
        return writer.ToArray();
    }

    /// <summary>Reads <c>ChannelData</c>.</summary>
    /// <exception cref="InvalidIpldException">It is not well formed, or of another version.</exception>
    public static ChannelSnapshot Read(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = Reader(bytes);
        ChannelSnapshot? meta = null;
        var history = new List<SdsMessage>();
        byte[] known = [];
        while (reader.NextField(out int field, out int type))
        {
            switch (field)
            {
                case 1: meta = ReadMeta(Field(ref reader, type)); break;
                case 2: history.Add(SdsCodec.Read(Field(ref reader, type), Form)); break;
                case KnownField: known = Field(ref reader, type).ToArray(); break;
                default: reader.Skip(type, reader.Offset); break;
            }
        }

        if (meta is null) throw reader.Refuse("stored state without ChannelMeta", 0);
        return meta with { History = history, Known = known };
    }

    /// <summary>Writes <c>ChannelMeta</c>: all but the history.</summary>
    public static byte[] WriteMeta(ChannelSnapshot state)
    {
        var writer = new ProtobufWriter();
        writer.Varint(1, Version);
        writer.Varint(2, (ulong)state.Clock);
        foreach (UnacknowledgedMessage each in state.Unacknowledged) writer.Bytes(3, Write(each));
        foreach (WaitingMessage each in state.Waiting) writer.Bytes(4, Write(each));
        foreach (RepairRequest each in state.Requests) writer.Bytes(5, Write(each));
        foreach (RepairAnswer each in state.Answers) writer.Bytes(6, Write(each));
        return writer.ToArray();
    }

    /// <summary>Reads <c>ChannelMeta</c>.</summary>
    /// <exception cref="InvalidIpldException">It is not well formed, or of another version.</exception>
    public static ChannelSnapshot ReadMeta(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = Reader(bytes);
        ulong? version = null, clock = null;
        var outgoing = new List<UnacknowledgedMessage>();
        var waiting = new List<WaitingMessage>();
        var requests = new List<RepairRequest>();
        var answers = new List<RepairAnswer>();
        while (reader.NextField(out int field, out int type))
        {
            switch (field)
            {
                case 1: version = Number(ref reader, type); break;
                case 2: clock = Number(ref reader, type); break;
                case 3: outgoing.Add(ReadUnacknowledged(Field(ref reader, type))); break;
                case 4: waiting.Add(ReadWaiting(Field(ref reader, type))); break;
                case 5: requests.Add(ReadRequest(Field(ref reader, type))); break;
                case 6: answers.Add(ReadAnswer(Field(ref reader, type))); break;
                default: reader.Skip(type, reader.Offset); break;
            }
        }

        if (version != Version) throw reader.Refuse($"stored state of version {version}, not {Version}", 0);
        if (clock is null) throw reader.Refuse("stored state without its clock", 0);
        return new ChannelSnapshot
        {
            Clock = (long)clock,
            Unacknowledged = outgoing,
            Waiting = waiting,
            Requests = requests,
            Answers = answers,
        };
    }

    /// <summary>Writes <c>HistoryUpdate</c>.</summary>
    public static byte[] WriteUpdate(IEnumerable<SdsMessage> append, IEnumerable<string> evict)
    {
        var writer = new ProtobufWriter();
        foreach (SdsMessage message in append) writer.Bytes(1, SdsCodec.ToBytes(message, Form));
        foreach (string id in evict) writer.Text(2, id);
        return writer.ToArray();
    }

    /// <summary>Reads <c>HistoryUpdate</c>.</summary>
    public static (IReadOnlyList<SdsMessage> Append, IReadOnlyList<string> Evict) ReadUpdate(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = Reader(bytes);
        var append = new List<SdsMessage>();
        var evict = new List<string>();
        while (reader.NextField(out int field, out int type))
        {
            switch (field)
            {
                case 1: append.Add(SdsCodec.Read(Field(ref reader, type), Form)); break;
                case 2: evict.Add(Text(ref reader, type)); break;
                default: reader.Skip(type, reader.Offset); break;
            }
        }

        return (append, evict);
    }

    public static byte[] Write(UnacknowledgedMessage each)
    {
        var writer = new ProtobufWriter();
        writer.Bytes(1, SdsCodec.ToBytes(each.Message, Form));
        writer.Varint(2, (ulong)each.SentAt);
        writer.Varint(3, (ulong)each.Resends);
        return writer.ToArray();
    }

    public static UnacknowledgedMessage ReadUnacknowledged(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = Reader(bytes);
        SdsMessage? message = null;
        ulong sent = 0, resends = 0;
        while (reader.NextField(out int field, out int type))
        {
            switch (field)
            {
                case 1: message = SdsCodec.Read(Field(ref reader, type), Form); break;
                case 2: sent = Number(ref reader, type); break;
                case 3: resends = Number(ref reader, type); break;
                default: reader.Skip(type, reader.Offset); break;
            }
        }

        if (message is null) throw reader.Refuse("an unacknowledged message is missing", 0);
        return new UnacknowledgedMessage(message, (long)sent, (int)Math.Min(resends, int.MaxValue));
    }

    public static byte[] Write(WaitingMessage each)
    {
        var writer = new ProtobufWriter();
        writer.Bytes(1, SdsCodec.ToBytes(each.Message, Form));
        foreach (string id in each.Missing) writer.Text(2, id);
        return writer.ToArray();
    }

    public static WaitingMessage ReadWaiting(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = Reader(bytes);
        SdsMessage? message = null;
        var missing = new List<string>();
        while (reader.NextField(out int field, out int type))
        {
            switch (field)
            {
                case 1: message = SdsCodec.Read(Field(ref reader, type), Form); break;
                case 2: missing.Add(Text(ref reader, type)); break;
                default: reader.Skip(type, reader.Offset); break;
            }
        }

        if (message is null) throw reader.Refuse("a waiting message is missing", 0);
        return new WaitingMessage(message, missing);
    }

    /// <summary>Writes <c>OutRepairKV</c>; the round is a field of ours.</summary>
    public static byte[] Write(RepairRequest each)
    {
        var entry = new ProtobufWriter();
        entry.Bytes(1, SdsCodec.EntryBytes(each.Entry, Form));
        entry.Varint(2, (ulong)each.DueAt);
        if (each.Round > 0) entry.Varint(RoundField, (ulong)each.Round);
        return Pair(each.Entry.MessageId, entry);
    }

    public static RepairRequest ReadRequest(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = Reader(PairValue(bytes));
        SdsHistoryEntry? entry = null;
        ulong due = 0, round = 0;
        while (reader.NextField(out int field, out int type))
        {
            switch (field)
            {
                case 1: entry = SdsCodec.ReadEntry(Field(ref reader, type), Form, 0); break;
                case 2: due = Number(ref reader, type); break;
                case RoundField: round = Number(ref reader, type); break;
                default: reader.Skip(type, reader.Offset); break;
            }
        }

        if (entry is null) throw reader.Refuse("a repair request without its message", 0);
        return new RepairRequest(entry, (long)due, (int)Math.Min(round, int.MaxValue));
    }

    /// <summary>Writes <c>InRepairKV</c>.</summary>
    public static byte[] Write(RepairAnswer each)
    {
        var entry = new ProtobufWriter();
        entry.Bytes(1, SdsCodec.EntryBytes(each.Entry, Form));
        entry.Bytes(2, each.Message.Span);
        entry.Varint(3, (ulong)each.DueAt);
        return Pair(each.Entry.MessageId, entry);
    }

    public static RepairAnswer ReadAnswer(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = Reader(PairValue(bytes));
        SdsHistoryEntry? entry = null;
        byte[] message = [];
        ulong due = 0;
        while (reader.NextField(out int field, out int type))
        {
            switch (field)
            {
                case 1: entry = SdsCodec.ReadEntry(Field(ref reader, type), Form, 0); break;
                case 2: message = Field(ref reader, type).ToArray(); break;
                case 3: due = Number(ref reader, type); break;
                default: reader.Skip(type, reader.Offset); break;
            }
        }

        if (entry is null) throw reader.Refuse("a repair answer without its message", 0);
        return new RepairAnswer(entry, message, (long)due);
    }

    private static byte[] Pair(string id, ProtobufWriter value)
    {
        var writer = new ProtobufWriter();
        writer.Text(1, id);
        writer.Bytes(2, value.Written);
        return writer.ToArray();
    }

    private static ReadOnlySpan<byte> PairValue(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = Reader(bytes);
        ReadOnlySpan<byte> value = [];
        while (reader.NextField(out int field, out int type))
        {
            if (field == 2) value = Field(ref reader, type);
            else reader.Skip(type, reader.Offset);
        }

        return value;
    }

    public static ProtobufReader Reader(ReadOnlySpan<byte> bytes) => new(bytes, SdsCodec.Format, IpldReadOptions.None);

    public static ReadOnlySpan<byte> Field(scoped ref ProtobufReader reader, int type)
    {
        reader.Expect(BytesType, type, "a field of stored state", reader.Offset);
        return reader.ReadBytes();
    }

    /// <summary>Reads an id.</summary>
    public static string Text(scoped ref ProtobufReader reader, int type)
    {
        ReadOnlySpan<byte> bytes = Field(ref reader, type);
        if (bytes.Length is 0 or > SdsCodec.MaxId || !Utf8.IsValid(bytes))
        {
            throw reader.Refuse("an id of stored state", reader.Offset);
        }

        return Encoding.UTF8.GetString(bytes);
    }

    public static ulong Number(scoped ref ProtobufReader reader, int type)
    {
        reader.Expect(VarintType, type, "a number of stored state", reader.Offset);
        return reader.ReadVarint();
    }
}
