using System.Buffers.Binary;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>
/// A block's page as bytes: items of a kind, a length and a body, in any order, so that what two runs say of a block is
/// joined by laying it end to end. An item read twice changes nothing.
/// </summary>
internal static class PageItems
{
    private const byte Tag = 1, Producer = 2, Parents = 3, Json = 4, Locations = 5, Expiry = 6, Pin = 8, Hold = 9,
        Announced = 11, LastPut = 12, Fence = 13, Codec = 14, Name = 15, Put = 16, Copy = 17,
        Result = 18, Signed = 19, Message = 20, Consumer = 21, Beat = 22;

    private const int MostPlainTags = 16;

    public static void WriteCodec(RunBuffer to, ulong codec)
    {
        int item = Begin(to, Codec);
        to.Number(codec);
        End(to, item);
    }

    public static void WriteTag(RunBuffer to, FactStamp stamp, ReadOnlySpan<byte> key, bool isSet,
        ReadOnlySpan<byte> value)
    {
        int item = Begin(to, Tag);
        to.Stamp(stamp);
        to.Number((ulong)key.Length);
        to.Bytes(key);
        to.Byte(isSet ? (byte)1 : (byte)0);
        to.Bytes(value);
        End(to, item);
    }

    public static void WriteProducer(RunBuffer to, FactStamp stamp, bool isSet, ReadOnlySpan<byte> producer)
    {
        int item = Begin(to, Producer);
        to.Stamp(stamp);
        to.Byte(isSet ? (byte)1 : (byte)0);
        to.Bytes(producer);
        End(to, item);
    }

    public static void WriteExpiry(RunBuffer to, FactStamp stamp, ulong? expires)
    {
        int item = Begin(to, Expiry);
        to.Stamp(stamp);
        to.Byte(expires is null ? (byte)0 : (byte)1);
        to.Word(expires ?? 0);
        End(to, item);
    }

    public static void WritePin(RunBuffer to, FactStamp stamp, bool isPinned)
    {
        int item = Begin(to, Pin);
        to.Stamp(stamp);
        to.Byte(isPinned ? (byte)1 : (byte)0);
        End(to, item);
    }

    public static void WriteCopy(RunBuffer to, FactStamp stamp, string place, CopyState? state)
    {
        byte[] utf8 = IpldText.Utf8.GetBytes(place), form = IpldText.Utf8.GetBytes(state?.Form ?? "");
        int item = Begin(to, Copy);
        to.Stamp(stamp);
        to.Number((ulong)utf8.Length);
        to.Bytes(utf8);
        to.Number((ulong)form.Length);
        to.Bytes(form);
        if (state is not null)
        {
            to.Number(state.Bytes);
            to.Number(state.Kind);
            to.Number(state.Rows);
            if (state.Schema is { } schema) _ = schema.TryWriteBytes(to.Take(schema.ByteLength), out _);
        }

        End(to, item);
    }

    public static void WriteResult(RunBuffer to, FactStamp stamp, Cid? value)
    {
        int item = Begin(to, Result);
        to.Stamp(stamp);
        if (value is { } cid) _ = cid.TryWriteBytes(to.Take(cid.ByteLength), out _);
        End(to, item);
    }

    public static void WriteSigned(RunBuffer to, FactStamp stamp, SignedPair pair)
    {
        int item = Begin(to, Signed);
        to.Stamp(stamp);
        foreach (Cid cid in (ReadOnlySpan<Cid>)[pair.Statement, pair.Signature])
        {
            to.Number((ulong)cid.ByteLength);
            _ = cid.TryWriteBytes(to.Take(cid.ByteLength), out _);
        }

        End(to, item);
    }

    public static void WriteMessage(RunBuffer to, FactStamp stamp, MessageState message)
    {
        Digest256 from = message.Writer;
        int item = Begin(to, Message);
        to.Stamp(stamp);
        to.Word(message.At);
        to.Digest(in from);
        to.Stamp(new FactStamp(message.Sequence, message.Run));
        _ = message.Channel.TryWriteBytes(to.Take(message.Channel.ByteLength), out _);
        End(to, item);
    }

    public static void WriteConsumer(RunBuffer to, FactStamp stamp, string consumer, ConsumerState state)
    {
        byte[] utf8 = IpldText.Utf8.GetBytes(consumer);
        int item = Begin(to, Consumer);
        to.Stamp(stamp);
        to.Number((ulong)utf8.Length);
        to.Bytes(utf8);
        to.Number((ulong)state.Cursor.Length);
        to.Bytes(state.Cursor);
        foreach (ulong number in state.Ahead) to.Word(number);
        End(to, item);
    }

    public static void WriteBeat(RunBuffer to, FactStamp stamp, Digest256 writer, BeatState state)
    {
        int item = Begin(to, Beat);
        to.Stamp(stamp);
        to.Digest(in writer);
        to.Word(state.At);
        foreach (Cid head in state.Heads)
        {
            to.Number((ulong)head.ByteLength);
            _ = head.TryWriteBytes(to.Take(head.ByteLength), out _);
        }

        End(to, item);
    }

    public static void WriteHold(RunBuffer to, long lockByte)
    {
        int item = Begin(to, Hold);
        to.Word((ulong)lockByte);
        End(to, item);
    }

    public static void WriteParents(RunBuffer to, FactStamp stamp, Cid[] parents)
    {
        int item = Begin(to, Parents);
        to.Stamp(stamp);
        foreach (Cid parent in parents)
        {
            to.Number((ulong)parent.ByteLength);
            _ = parent.TryWriteBytes(to.Take(parent.ByteLength), out _);
        }

        End(to, item);
    }

    public static void WriteLocations(RunBuffer to, FactStamp stamp, string[] locations)
    {
        int item = Begin(to, Locations);
        to.Stamp(stamp);
        foreach (string location in locations)
        {
            byte[] utf8 = IpldText.Utf8.GetBytes(location);
            to.Number((ulong)utf8.Length);
            to.Bytes(utf8);
        }

        End(to, item);
    }

    public static void WriteJson(RunBuffer to, FactStamp stamp, IpldNode data)
    {
        int item = Begin(to, Json);
        to.Stamp(stamp);
        to.Bytes(DagCbor.Encode(data));
        End(to, item);
    }

    public static void WriteAnnounced(RunBuffer to, int lane, ulong sequence, ulong nanoseconds)
    {
        int item = Begin(to, Announced);
        to.Number((ulong)lane);
        to.Number(sequence);
        End(to, item);
        if (nanoseconds == 0) return;
        item = Begin(to, LastPut);
        to.Word(nanoseconds);
        End(to, item);
    }

    public static void WritePut(RunBuffer to, PutEntry put)
    {
        int item = Begin(to, Put);
        to.Word(put.Ticks);
        if (put.Schema is { } schema) to.Digest(in schema);
        End(to, item);
    }

    public static void WriteFence(RunBuffer to, ulong[] fence)
    {
        int item = Begin(to, Fence);
        foreach (ulong number in fence) to.Number(number);
        End(to, item);
    }

    public static void WriteName(RunBuffer to, string name)
    {
        int item = Begin(to, Name);
        to.Bytes(IpldText.Utf8.GetBytes(name));
        End(to, item);
    }

    /// <summary>Writes a whole page.</summary>
    public static void Write(RunBuffer to, BlockState page)
    {
        foreach ((int lane, ulong sequence) in page.Announcements()) WriteAnnounced(to, lane, sequence, 0);
        if (page.LastPut != 0)
        {
            int item = Begin(to, LastPut);
            to.Word(page.LastPut);
            End(to, item);
        }

        foreach (PutEntry put in page.Puts ?? []) WritePut(to, put);
        foreach (string name in page.Names ?? []) WriteName(to, name);
        if (page.Horizon is { } fence) WriteFence(to, fence);
        if (page.Sheet is { } sheet) Write(to, sheet);
    }

    /// <summary>Adds what stands in items to a page.</summary>
    public static void Read(ReadOnlySpan<byte> items, BlockState page)
    {
        var reader = new RunReader(items);
        while (!reader.IsAtEnd)
        {
            byte kind = reader.Byte();
            ReadItem(kind, reader.Bytes(reader.Length()), page);
        }
    }

    /// <summary>Whether no two items say the same thing, so that they need no folding.</summary>
    public static bool ArePlain(ReadOnlySpan<byte> items)
    {
        var reader = new RunReader(items);
        uint seen = 0;
        int tags = 0;
        Span<int> keys = stackalloc int[2 * MostPlainTags];
        while (!reader.IsAtEnd)
        {
            byte kind = reader.Byte();
            ReadOnlySpan<byte> body = reader.Bytes(reader.Length());
            if (kind == Tag)
            {
                if (tags == MostPlainTags) return false;
                ReadOnlySpan<byte> key = TagOf(body, out _, out _, out _);
                int at = items.Length;
                _ = items.Overlaps(key, out at);
                (keys[2 * tags], keys[(2 * tags) + 1]) = (at, key.Length);
                for (int i = 0; i < tags; i++)
                {
                    if (items.Slice(keys[2 * i], keys[(2 * i) + 1]).SequenceEqual(key)) return false;
                }

                tags++;
                continue;
            }

            if (kind > Put || (seen & (1u << kind)) != 0) return false;
            seen |= 1u << kind;
        }

        return true;
    }

    /// <summary>Names each key of the secondary orders that a page has.</summary>
    public static void Keys<TSink>(ReadOnlySpan<byte> items, TSink sink) where TSink : class, IKeySink
    {
        Span<byte> group = stackalloc byte[IndexKey.MaxGroupBytes];
        var reader = new RunReader(items);
        while (!reader.IsAtEnd)
        {
            byte kind = reader.Byte();
            ReadOnlySpan<byte> body = reader.Bytes(reader.Length());
            switch (kind)
            {
                case Tag:
                    ReadOnlySpan<byte> key = TagOf(body, out ulong time, out bool isSet, out ReadOnlySpan<byte> value);
                    if (!isSet) break;
                    int length = IndexKey.WriteText(key, group);
                    length += IndexKey.WriteText(value, group[length..]);
                    sink.Add(IndexKind.Tag, group[..length], time);
                    break;
                case Producer:
                    var producer = new RunReader(body);
                    time = producer.Stamp().Time;
                    if (producer.Byte() == 0) break;
                    length = IndexKey.WriteText(producer.Rest(), group);
                    sink.Add(IndexKind.Producer, group[..length], time);
                    break;
                case Parents:
                    var parents = new RunReader(body);
                    time = parents.Stamp().Time;
                    foreach (Digest256 digest in DigestsOf(ReadCids(ref parents)))
                    {
                        Digest256 parent = digest;
                        sink.Add(IndexKind.Parent, Digest256.Bytes(in parent), time);
                    }

                    break;
                case Expiry:
                    var expiry = new RunReader(body);
                    _ = expiry.Stamp();
                    if (expiry.Byte() != 0) sink.Add(IndexKind.Expires, default, expiry.Word());
                    break;
                case Pin:
                    var pin = new RunReader(body);
                    _ = pin.Stamp();
                    if (pin.Byte() != 0) sink.Add(IndexKind.Pinned, default, 0);
                    break;
                case Hold: sink.Add(IndexKind.Pinned, default, 1); break;
                case Copy:
                    var copy = new RunReader(body);
                    time = copy.Stamp().Time;
                    length = IndexKey.WriteText(copy.Bytes(copy.Length()), group);
                    if (copy.Length() > 0) sink.Add(IndexKind.Copy, group[..length], time);
                    break;
                case Result:
                    var result = new RunReader(body);
                    time = result.Stamp().Time;
                    if (ReadResult(ref result) is { } cid && cid.TryGetSha256(out Digest256 target))
                        sink.Add(IndexKind.Result, Digest256.Bytes(in target), time);
                    break;
                case Signed: sink.Add(IndexKind.Signed, default, new RunReader(body).Stamp().Time); break;
                case Message:
                    MessageState message = ReadMessage(body, out _);
                    if (message.Channel.TryGetSha256(out Digest256 channel))
                        sink.Add(IndexKind.Message, Digest256.Bytes(in channel), message.At);
                    break;
                case Put:
                    var put = new RunReader(body);
                    ulong ticks = put.Word();
                    sink.Add(IndexKind.Created, default, ticks);
                    if (!put.IsAtEnd) sink.Add(IndexKind.Schema, put.Bytes(Digest256.ByteCount), ticks);
                    break;
            }
        }
    }

    /// <summary>The blocks that CIDs name, each once.</summary>
    public static IEnumerable<Digest256> DigestsOf(IEnumerable<Cid> cids)
    {
        var digests = new List<Digest256>();
        foreach (Cid cid in cids)
        {
            if (cid.TryGetSha256(out Digest256 digest) && !digests.Contains(digest)) digests.Add(digest);
        }

        return digests;
    }

    private static void Write(RunBuffer to, BlockMetadataState sheet)
    {
        WriteCodec(to, sheet.Codec);
        foreach ((string key, LwwRegister<string?> tag) in sheet.TagWords)
        {
            WriteTag(to, tag.Stamp, IpldText.Utf8.GetBytes(key), tag.Value is not null,
                IpldText.Utf8.GetBytes(tag.Value ?? ""));
        }

        if (sheet.Producer is { IsSet: true } producer)
        {
            WriteProducer(to, producer.Stamp, producer.Value is not null,
                IpldText.Utf8.GetBytes(producer.Value ?? ""));
        }

        if (sheet.Parents is { IsSet: true } parents) WriteParents(to, parents.Stamp, parents.Value);
        if (sheet.Data is { IsSet: true } data) WriteJson(to, data.Stamp, data.Value);
        foreach ((FactStamp stamp, string[] locations) in sheet.Locations?.Lists ?? [])
            WriteLocations(to, stamp, locations);
        if (sheet.Expires is { IsSet: true } expires) WriteExpiry(to, expires.Stamp, expires.Value);
        if (sheet.Pin is { IsSet: true } pin) WritePin(to, pin.Stamp, pin.Value);
        if (sheet.Copies is { } copies)
        {
            foreach ((string place, LwwRegister<CopyState?> copy) in copies)
                WriteCopy(to, copy.Stamp, place, copy.Value);
        }

        if (sheet.Result is { IsSet: true } result) WriteResult(to, result.Stamp, result.Value);
        if (sheet.Signed is { } signed)
        {
            foreach ((SignedPair pair, FactStamp stamp) in signed) WriteSigned(to, stamp, pair);
        }

        if (sheet.Message is { Value: { } message } one) WriteMessage(to, one.Stamp, message);
        foreach ((string consumer, LwwRegister<ConsumerState?> last) in sheet.Consumers ?? [])
            WriteConsumer(to, last.Stamp, consumer, last.Value!);
        foreach ((Digest256 writer, LwwRegister<BeatState?> last) in sheet.Beats ?? [])
            WriteBeat(to, last.Stamp, writer, last.Value!);
        foreach (long hold in sheet.Holds ?? []) WriteHold(to, hold);
    }

    private static void ReadItem(byte kind, ReadOnlySpan<byte> body, BlockState page)
    {
        var reader = new RunReader(body);
        switch (kind)
        {
            case Announced: page.Announce((int)reader.Number(), reader.Number(), 0); break;
            case LastPut: page.NotePut(reader.Word()); break;
            case Put:
                ulong ticks = reader.Word();
                page.AddPut(new PutEntry(ticks, reader.IsAtEnd ? null : reader.Digest()));
                break;
            case Name: page.AddName(IpldText.Utf8.GetString(reader.Rest())); break;
            case Fence:
                var fence = new List<ulong>();
                while (!reader.IsAtEnd) fence.Add(reader.Number());
                page.Drop([.. fence]);
                break;
            case Codec: page.Sheet ??= new BlockMetadataState(reader.Number()); break;
            default: ReadFact(kind, ref reader, page.Sheet ??= new BlockMetadataState(Multicodec.Raw)); break;
        }
    }

    private static void ReadFact(byte kind, ref RunReader reader, BlockMetadataState sheet)
    {
        if (kind == Hold)
        {
            sheet.AddHold((long)reader.Word());
            return;
        }

        if (kind == Message)
        {
            MessageState message = ReadMessage(reader.Rest(), out FactStamp when);
            sheet.Message.Merge(when, message, FactOrder.OfMessages);
            return;
        }

        FactStamp stamp = reader.Stamp();
        switch (kind)
        {
            case Tag:
                string key = IpldText.Utf8.GetString(reader.Bytes(reader.Length()));
                sheet.OfferTag(stamp, key, ReadText(ref reader));
                break;
            case Producer: sheet.Producer.Merge(stamp, ReadText(ref reader), FactOrder.OfTexts); break;
            case Parents: sheet.Parents.Merge(stamp, [.. ReadCids(ref reader)], FactOrder.OfCidLists); break;
            case Json:
                try
                {
                    sheet.Data.Merge(stamp, DagCbor.Decode(reader.Rest()), FactOrder.OfNodes);
                }
                catch (InvalidIpldException e)
                {
                    throw new IndexDamagedException(e.Message);
                }

                break;
            case Locations:
                var locations = new List<string>();
                while (!reader.IsAtEnd) locations.Add(IpldText.Utf8.GetString(reader.Bytes(reader.Length())));
                sheet.OfferLocations(stamp, [.. locations]);
                break;
            case Expiry:
                bool isSet = reader.Byte() != 0;
                ulong expires = reader.Word();
                sheet.Expires.Merge(stamp, isSet ? expires : null, FactOrder.OfNumbers);
                break;
            case Copy:
                string place = IpldText.Utf8.GetString(reader.Bytes(reader.Length()));
                sheet.OfferCopy(stamp, place, ReadCopy(ref reader));
                break;
            case Result: sheet.Result.Merge(stamp, ReadResult(ref reader), FactOrder.OfCids); break;
            case Signed:
                List<Cid> pair = ReadCids(ref reader);
                if (pair.Count != 2) throw new IndexDamagedException("a signed statement without its two links");
                sheet.AddSigned(stamp, new SignedPair(pair[0], pair[1]));
                break;
            case Consumer:
                string consumer = IpldText.Utf8.GetString(reader.Bytes(reader.Length()));
                byte[] cursor = reader.Bytes(reader.Length()).ToArray();
                var ahead = new List<ulong>();
                while (!reader.IsAtEnd) ahead.Add(reader.Word());
                sheet.OfferConsumer(stamp, consumer, new ConsumerState(cursor, [.. ahead]));
                break;
            case Beat:
                Digest256 writer = reader.Digest();
                ulong at = reader.Word();
                sheet.OfferBeat(stamp, writer, new BeatState([.. ReadCids(ref reader)], at));
                break;
            case Pin: sheet.Pin.Merge(stamp, reader.Byte() != 0, FactOrder.OfFlags); break;
            default: throw new IndexDamagedException($"an item of kind {kind}");
        }
    }

    private static string? ReadText(ref RunReader reader) =>
        reader.Byte() == 0 ? null : IpldText.Utf8.GetString(reader.Rest());

    private static MessageState ReadMessage(ReadOnlySpan<byte> body, out FactStamp stamp)
    {
        var reader = new RunReader(body);
        stamp = reader.Stamp();
        ulong at = reader.Word();
        Digest256 writer = reader.Digest();
        FactStamp run = reader.Stamp();
        return Cid.TryFromBytes(reader.Rest(), out Cid channel, out _, CidParseOptions.None)
            ? new MessageState(channel, at, writer, run.Writer, run.Time)
            : throw new IndexDamagedException("the channel of a message is no CID");
    }

    private static Cid? ReadResult(ref RunReader reader)
    {
        if (reader.IsAtEnd) return null;
        return Cid.TryFromBytes(reader.Rest(), out Cid value, out _, CidParseOptions.None)
            ? value
            : throw new IndexDamagedException("the result of a call is no CID");
    }

    private static CopyState? ReadCopy(ref RunReader reader)
    {
        string form = IpldText.Utf8.GetString(reader.Bytes(reader.Length()));
        if (form.Length == 0) return null;
        ulong bytes = reader.Number(), kind = reader.Number(), rows = reader.Number();
        if (reader.IsAtEnd) return new CopyState(form, bytes, kind, rows, null);
        return Cid.TryFromBytes(reader.Rest(), out Cid schema, out _, CidParseOptions.None)
            ? new CopyState(form, bytes, kind, rows, schema)
            : throw new IndexDamagedException("the schema of a copy is no CID");
    }

    private static List<Cid> ReadCids(ref RunReader reader)
    {
        var cids = new List<Cid>();
        while (!reader.IsAtEnd)
        {
            if (!Cid.TryFromBytes(reader.Bytes(reader.Length()), out Cid cid, out _, CidParseOptions.None))
                throw new IndexDamagedException("a link that is no CID");
            cids.Add(cid);
        }

        return cids;
    }

    private static ReadOnlySpan<byte> TagOf(ReadOnlySpan<byte> body, out ulong time, out bool isSet,
        out ReadOnlySpan<byte> value)
    {
        time = BinaryPrimitives.ReadUInt64LittleEndian(body);
        var reader = new RunReader(body[(sizeof(ulong) + FactStamp.WriterBytes)..]);
        ReadOnlySpan<byte> key = reader.Bytes(reader.Length());
        isSet = reader.Byte() != 0;
        value = reader.Rest();
        return key;
    }

    /// <summary>Bodies are short: one byte of length, and three more where it does not do.</summary>
    private static int Begin(RunBuffer to, byte kind)
    {
        to.Byte(kind);
        to.Byte(0);
        return to.Length;
    }

    private static void End(RunBuffer to, int start)
    {
        int length = to.Length - start;
        if (length < 0x80)
        {
            to.At(start - 1, 1)[0] = (byte)length;
            return;
        }

        // The number takes more bytes than were left for it: the bytes after it move up.
        int more = length < 1 << 14 ? 1 : length < 1 << 21 ? 2 : 3;
        _ = to.Take(more);
        Span<byte> all = to.At(start - 1, length + more + 1);
        all.Slice(1, length).CopyTo(all[(1 + more)..]);
        for (int i = 0; i <= more; i++) all[i] = (byte)((length >> (7 * i)) & 0x7f | (i < more ? 0x80 : 0));
    }
}
