using System.Text;
using System.Text.Unicode;
using ArrowCid.Ipld;

namespace ArrowCid.Channels.Sds;

/// <summary>Writes and reads messages in both dialects (<c>SDS.md</c>, section 2). What it reads is anybody's bytes:
/// each field is checked, and nothing is allocated that the bytes do not hold.</summary>
internal static class SdsCodec
{
    public const string Format = "SDS";

    /// <summary>The most bytes of an id.</summary>
    public const int MaxId = 256;

    /// <summary>The most bytes of a content.</summary>
    public const int MaxContent = 1 << 20;

    /// <summary>The most entries of a causal history.</summary>
    public const int MaxHistory = 1_024;

    /// <summary>The most repair requests of a message.</summary>
    public const int MaxRequests = 16;

    /// <summary>The most bytes of a retrieval hint.</summary>
    public const int MaxHint = 1_024;

    /// <summary>The most bytes of a filter: 2^23 bits and its parameters.</summary>
    public const int MaxFilter = (SdsFilter.MaxBits / 8) + 128;

    /// <summary>The most bytes of a message.</summary>
    public const int MaxMessage = 4 << 20;

    private const int VarintType = 0, BytesType = 2, NimHistory = 3, RfcHistory = 11;

    /// <summary>Writes a message.</summary>
    /// <param name="writer">The target.</param>
    /// <param name="message">The message.</param>
    /// <param name="dialect">The dialect.</param>
    /// <param name="filter">The filter to write; null: that of the message.</param>
    /// <param name="entries">The fields of the causal history, as <see cref="HistoryBytes"/> gives them; empty: those
    /// of the message.</param>
    public static void Write(ProtobufWriter writer, SdsMessage message, SdsDialect dialect, SdsFilter? filter = null,
        ReadOnlySpan<byte[]> entries = default)
    {
        if (dialect == SdsDialect.Nim)
        {
            writer.Text(1, message.Id);
            writer.Varint(2, (ulong)message.Timestamp.GetValueOrDefault());
            WriteHistory(writer, NimHistory, message, dialect, entries);
            writer.Text(4, message.ChannelId);
            writer.Bytes(5, message.Content.Span);
            WriteFilter(writer, 6, message, dialect, filter);
            if (message.SenderId.Length > 0) writer.Text(7, message.SenderId);
            WriteEntries(writer, 13, message.RepairRequests, dialect);
            return;
        }

        if (message.SenderId.Length > 0) writer.Text(1, message.SenderId);
        if (message.Id.Length > 0) writer.Text(2, message.Id);
        if (message.ChannelId.Length > 0) writer.Text(3, message.ChannelId);
        if (message.Timestamp is { } time) writer.Varint(10, (ulong)time);
        WriteHistory(writer, RfcHistory, message, dialect, entries);
        if (filter is not null || !message.Filter.IsEmpty) WriteFilter(writer, 12, message, dialect, filter);
        WriteEntries(writer, 13, message.RepairRequests, dialect);
        if (!message.Content.IsEmpty) writer.Bytes(20, message.Content.Span);
    }

    /// <summary>Writes a message to bytes of its own.</summary>
    public static byte[] ToBytes(SdsMessage message, SdsDialect dialect)
    {
        var writer = new ProtobufWriter();
        Write(writer, message, dialect);
        return writer.ToArray();
    }

    /// <summary>An entry of a history, without tag and length.</summary>
    public static byte[] EntryBytes(SdsHistoryEntry entry, SdsDialect dialect)
    {
        var writer = new ProtobufWriter();
        writer.Text(1, entry.MessageId);
        bool writesEmpty = dialect == SdsDialect.Rfc;
        if (entry.RetrievalHint is { } hint && (writesEmpty || !hint.IsEmpty)) writer.Bytes(2, hint.Span);
        if (entry.SenderId is { } sender && (writesEmpty || sender.Length > 0)) writer.Text(3, sender);
        return writer.ToArray();
    }

    /// <summary>A field of a causal history.</summary>
    public static byte[] HistoryBytes(SdsHistoryEntry entry, SdsDialect dialect)
    {
        var writer = new ProtobufWriter();
        writer.Bytes(dialect == SdsDialect.Nim ? NimHistory : RfcHistory, EntryBytes(entry, dialect));
        return writer.ToArray();
    }

    /// <summary>Reads a message; its parts are copies.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="dialect">The dialect.</param>
    /// <exception cref="InvalidIpldException">The bytes are not a message of the dialect, or exceed a
    /// limit.</exception>
    public static SdsMessage Read(ReadOnlySpan<byte> bytes, SdsDialect dialect)
    {
        var reader = new ProtobufReader(bytes, Format, IpldReadOptions.None);
        if (bytes.Length > MaxMessage) throw reader.Refuse($"a message of over {MaxMessage} bytes", 0);
        string? id = null, channel = null, sender = null;
        long? time = null;
        byte[]? content = null, filter = null;
        var history = new List<SdsHistoryEntry>();
        var requests = new List<SdsHistoryEntry>();
        while (reader.NextField(out int number, out int type))
        {
            int start = reader.Offset;
            switch (FieldOf(dialect, number))
            {
                case SdsField.Id: Set(ref id, ReadId(ref reader, type, start, dialect), ref reader, start); break;
                case SdsField.Channel:
                    Set(ref channel, ReadId(ref reader, type, start, dialect), ref reader, start);
                    break;
                case SdsField.Sender:
                    Set(ref sender, ReadId(ref reader, type, start, dialect, canBeEmpty: true), ref reader, start);
                    break;
                case SdsField.Time:
                    reader.Expect(VarintType, type, "the time" + Other(dialect, number), start);
                    if (time is not null) throw reader.Refuse("a field is there twice", start);
                    time = (long)reader.ReadVarint();
                    break;
                case SdsField.Content:
                    Set(ref content, ReadBytes(ref reader, type, start, MaxContent), ref reader, start);
                    break;
                case SdsField.Filter:
                    Set(ref filter, ReadBytes(ref reader, type, start, MaxFilter), ref reader, start);
                    break;
                case SdsField.History: ReadEntry(ref reader, type, start, history, MaxHistory, dialect); break;
                case SdsField.Requests: ReadEntry(ref reader, type, start, requests, MaxRequests, dialect); break;
                default: reader.Skip(type, start); break;
            }
        }

        if (id is null || channel is null) throw reader.Refuse("a message without its id or its channel", bytes.Length);
        if (dialect == SdsDialect.Nim && (time is null || content is null))
        {
            throw reader.Refuse("a message without its time or its content", bytes.Length);
        }

        if (time is null && content is not { Length: > 0 })
        {
            throw reader.Refuse("a message without its time and content", bytes.Length);
        }

        return new SdsMessage(id, channel)
        {
            SenderId = sender ?? "",
            Timestamp = time,
            Content = content,
            Filter = filter,
            CausalHistory = history,
            RepairRequests = requests,
        };
    }

    /// <summary>Reads an entry of a history.</summary>
    public static SdsHistoryEntry ReadEntry(ReadOnlySpan<byte> bytes, SdsDialect dialect, int origin)
    {
        var reader = new ProtobufReader(bytes, Format, IpldReadOptions.None, origin);
        try
        {
            string? id = null, sender = null;
            byte[]? hint = null;
            while (reader.NextField(out int number, out int type))
            {
                int start = reader.Offset;
                switch (number)
                {
                    case 1: Set(ref id, ReadId(ref reader, type, start, null), ref reader, start); break;
                    case 2: Set(ref hint, ReadBytes(ref reader, type, start, MaxHint), ref reader, start); break;
                    case 3:
                        Set(ref sender, ReadId(ref reader, type, start, null, canBeEmpty: true), ref reader, start);
                        break;
                    default: reader.Skip(type, start); break;
                }
            }

            if (id is null) throw reader.Refuse("an entry without an id", origin);
            return new SdsHistoryEntry(id)
            {
                RetrievalHint = hint is null ? (ReadOnlyMemory<byte>?)null : hint,
                SenderId = sender,
            };
        }
        catch (InvalidIpldException) when (dialect == SdsDialect.Nim && IsBareId(bytes))
        {
            return new SdsHistoryEntry(Encoding.UTF8.GetString(bytes));
        }
    }

    /// <summary>Checks an id that a caller gives.</summary>
    public static void CheckId(string id, string parameter)
    {
        ArgumentNullException.ThrowIfNull(id, parameter);
        if (id.Length is 0 or > MaxId || Encoding.UTF8.GetByteCount(id) > MaxId || HasLoneSurrogate(id))
        {
            throw new ArgumentException($"1 to {MaxId} bytes of UTF-8", parameter);
        }
    }

    private static bool HasLoneSurrogate(string id) => id.EnumerateRunes().Contains(Rune.ReplacementChar)
        && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(id)) != id;

    private static void WriteHistory(ProtobufWriter writer, int field, SdsMessage message, SdsDialect dialect,
        ReadOnlySpan<byte[]> entries)
    {
        if (entries.IsEmpty) WriteEntries(writer, field, message.CausalHistory, dialect);
        foreach (byte[] entry in entries) writer.Raw(entry);
    }

    private static void WriteEntries(ProtobufWriter writer, int field, IReadOnlyList<SdsHistoryEntry> entries,
        SdsDialect dialect)
    {
        foreach (SdsHistoryEntry entry in entries) writer.Bytes(field, EntryBytes(entry, dialect));
    }

    private static void WriteFilter(ProtobufWriter writer, int field, SdsMessage message, SdsDialect dialect,
        SdsFilter? filter)
    {
        if (filter is null)
        {
            writer.Bytes(field, message.Filter.Span);
            return;
        }

        writer.BeginBytes(field, filter.WrittenLength(dialect));
        filter.Write(writer, dialect);
    }

    private static SdsField FieldOf(SdsDialect dialect, int number) => (dialect, number) switch
    {
        (SdsDialect.Nim, 1) or (SdsDialect.Rfc, 2) => SdsField.Id,
        (SdsDialect.Nim, 2) or (SdsDialect.Rfc, 10) => SdsField.Time,
        (SdsDialect.Nim, NimHistory) or (SdsDialect.Rfc, RfcHistory) => SdsField.History,
        (SdsDialect.Nim, 4) or (SdsDialect.Rfc, 3) => SdsField.Channel,
        (SdsDialect.Nim, 5) or (SdsDialect.Rfc, 20) => SdsField.Content,
        (SdsDialect.Nim, 6) or (SdsDialect.Rfc, 12) => SdsField.Filter,
        (SdsDialect.Nim, 7) or (SdsDialect.Rfc, 1) => SdsField.Sender,
        (_, 13) => SdsField.Requests,
        _ => SdsField.Unknown,
    };

    // Field 2 tells the dialects apart: a number in one, a text in the other.
    private static string Other(SdsDialect? dialect, int number) => (dialect, number) switch
    {
        (SdsDialect.Nim, 2) => " (is this the dialect of the specification?)",
        (SdsDialect.Rfc, 2) => " (is this the dialect of nim-sds?)",
        _ => "",
    };

    private static string ReadId(ref ProtobufReader reader, int type, int start, SdsDialect? dialect,
        bool canBeEmpty = false)
    {
        if (type != BytesType) reader.Expect(BytesType, type, "an id" + Other(dialect, 2), start);
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        if (bytes.Length > MaxId || (bytes.IsEmpty && !canBeEmpty))
        {
            throw reader.Refuse($"an id of {bytes.Length} bytes", start);
        }

        if (!Utf8.IsValid(bytes)) throw reader.Refuse("an id that is not UTF-8", start);
        return Encoding.UTF8.GetString(bytes);
    }

    private static byte[] ReadBytes(ref ProtobufReader reader, int type, int start, int most)
    {
        reader.Expect(BytesType, type, "a field of bytes", start);
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        if (bytes.Length > most) throw reader.Refuse($"a field of {bytes.Length} bytes, over {most}", start);
        return bytes.ToArray();
    }

    private static void ReadEntry(ref ProtobufReader reader, int type, int start, List<SdsHistoryEntry> entries,
        int most, SdsDialect dialect)
    {
        reader.Expect(BytesType, type, "an entry", start);
        if (entries.Count == most) throw reader.Refuse($"over {most} entries", start);
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        entries.Add(ReadEntry(bytes, dialect, reader.Offset - bytes.Length));
    }

    private static void Set<T>(ref T? field, T value, ref ProtobufReader reader, int start)
        where T : class => field = field is null ? value : throw reader.Refuse("a field is there twice", start);

    // The form of the causal history before entries had hints: the ids themselves.
    private static bool IsBareId(ReadOnlySpan<byte> bytes)
    {
        const byte space = 0x20, delete = 0x7f;
        return bytes.Length is > 0 and <= MaxId && Utf8.IsValid(bytes)
            && !bytes.ContainsAnyInRange((byte)0, (byte)(space - 1)) && !bytes.Contains(delete);
    }
}
