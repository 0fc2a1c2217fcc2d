using System.Buffers;
using System.Buffers.Binary;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>
/// What two participants say to each other (<c>CHANNELS.md</c>, Exchange): lists of dag-cbor that either sends at any
/// time, of which none has to be answered. It has no state but the engine's, so that a carrier may lose, repeat and
/// reorder what it carries.
/// </summary>
internal sealed class ChannelExchange(ChannelEngine engine, IMessageStore store, UInt128 run)
{
    /// <summary>The maximum number of messages of one answer. The rest follows when it is asked for.</summary>
    public const int MaxMessages = 1024;

    private const int MaxLinks = 512;

    /// <summary>The maximum number of bytes of all answers to one call, but for the last message.</summary>
    public const int MaxAnswerBytes = 4 << 20;

    private const int MaxSamples = 24;
    private const ulong Hello = 0, Message = 1, Want = 3, Beat = 4, Absent = 5;
    private const ulong NotHere = 1, NotKept = 2;

    private readonly HashSet<Digest256> _asked = [], _said = [];
    private bool _isCall;
    private long _answered;

    /// <summary>The number of messages that were taken in, and of those that were refused.</summary>
    public long Received { get; private set; }

    public long Refused { get; private set; }

    /// <summary>The number of messages that were sent.</summary>
    public long Sent => SentMessages.Count;

    /// <summary>The messages that were sent.</summary>
    public List<Digest256> SentMessages { get; } = [];

    /// <summary>The first list: what this participant has.</summary>
    public byte[] SayHello()
    {
        var output = new ArrayBufferWriter<byte>(256);
        var writer = new DagCborWriter(output);
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(id, run);
        writer.BeginList(2);
        writer.WriteInteger(Hello);
        writer.BeginMap(4);
        writer.WriteKey("v");
        writer.WriteInteger(1);
        writer.WriteKey("run");
        writer.WriteBytes(id);
        writer.WriteKey("heads");
        MessageBlock.WriteLinks(ref writer, Newest(engine.Heads));
        writer.WriteKey("channel");
        writer.WriteLink(engine.Cid);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>A list that gives a message.</summary>
    public static byte[] SayMessage(MessageBlock message)
    {
        var output = new ArrayBufferWriter<byte>(message.Bytes.Length + 16);
        var writer = new DagCborWriter(output);
        writer.BeginList(2);
        writer.WriteInteger(Message);
        writer.WriteBytes(message.Bytes.Span);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>A list that gives a beat.</summary>
    public static byte[] SayBeat(BeatBlock beat)
    {
        var output = new ArrayBufferWriter<byte>(beat.Bytes.Length + 16);
        var writer = new DagCborWriter(output);
        writer.BeginList(2);
        writer.WriteInteger(Beat);
        writer.WriteBytes(beat.Bytes.Span);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>A list that asks for messages and all before them.</summary>
    public byte[] SayWant(IEnumerable<Digest256> wanted)
    {
        var output = new ArrayBufferWriter<byte>(512);
        var writer = new DagCborWriter(output);
        writer.BeginList(3);
        writer.WriteInteger(Want);
        MessageBlock.WriteLinks(ref writer, MessageBlock.Sorted(wanted.Take(MaxLinks)));
        MessageBlock.WriteLinks(ref writer, Known());
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Begins a call, of which the answers are bounded together: what is over the limit is not answered, and
    /// is asked for again. Nothing is asked for or sent twice in a call.</summary>
    public void BeginCall()
    {
        (_isCall, _answered) = (true, 0);
        _asked.Clear();
        _said.Clear();
    }

    /// <summary>Takes in a list of another participant.</summary>
    /// <param name="list">Any bytes.</param>
    /// <param name="now">The wall clock, in ms.</param>
    /// <param name="events">Gets what comes of it.</param>
    /// <returns>The answers, of which all since <see cref="BeginCall"/> have at most <see cref="MaxAnswerBytes"/> bytes
    /// and a message.</returns>
    /// <exception cref="InvalidIpldException">The bytes are no such list. Nothing was changed.</exception>
    public List<byte[]> Take(ReadOnlyMemory<byte> list, ulong now, List<EngineEvent> events)
    {
        var answers = new List<byte[]>();
        var reader = new DagCborReader(list.Span);
        int items = reader.BeginList();
        if (items == 0) throw Refuse();
        switch (reader.ReadUInt64())
        {
            case Hello when items == 2:
                Digest256[] heads = ReadHello(ref reader);
                reader.End();
                TakeHeads(heads, answers);
                break;
            case Message when items == 2:
                byte[] bytes = reader.ReadBytes().ToArray();
                reader.End();
                TakeMessage(MessageBlock.Decode(bytes), now, events);
                break;
            case Want when items == 3:
                Digest256[] wanted = MessageBlock.ReadLinks(ref reader, MaxLinks);
                Digest256[] known = MessageBlock.ReadLinks(ref reader, MaxLinks);
                reader.End();
                Answer(wanted, known, answers);
                break;
            case Beat when items == 2:
                byte[] beat = reader.ReadBytes().ToArray();
                reader.End();
                TakeBeat(BeatBlock.Decode(beat), now, events, answers);
                break;
            case Absent when items == 4:
                _ = MessageBlock.ReadNode(ref reader).TryGetSha256(out Digest256 absent);
                (ulong code, ulong at) = (reader.ReadUInt64(), reader.ReadUInt64());
                reader.End();
                if (code == NotKept && at <= engine.Horizon && !engine.IsKnown(in absent))
                    store.NoteGone(in absent, at);
                break;
            default:
                // Kinds of later versions are passed over.
                for (int left = items - 1; left > 0; left--) reader.Skip(1);
                reader.End();
                break;
        }

        return answers;
    }

    private bool HasSpace => _answered < MaxAnswerBytes;

    private void Say(List<byte[]> answers, byte[] answer)
    {
        answers.Add(answer);
        _answered += answer.Length + sizeof(uint);
    }

    private void TakeMessage(MessageBlock message, ulong now, List<EngineEvent> events)
    {
        if (engine.IsKnown(message.Digest)) return;
        // Judged before it is stored, and before anything that it names is asked for.
        if (engine.Judge(message, now) is not null)
        {
            Refused++;
            return;
        }

        if (!store.TryPut(message)) return;
        MessageVerdict verdict = engine.Add(message, now, now, events, isVerified: true);
        if (verdict is MessageVerdict.Delivered or MessageVerdict.Waiting) Received++;
        else Refused++;
    }

    private void TakeBeat(BeatBlock beat, ulong now, List<EngineEvent> events, List<byte[]> answers)
    {
        if (!engine.Hear(beat, now, events)) return;
        if (engine.Writers[beat.Writer].HeardAt == beat.At) store.NoteBeat(beat);
        TakeHeads(beat.Heads, answers);
        if (beat.Missing.Length > 0) Answer(beat.Missing, beat.Heads, answers);
    }

    private void TakeHeads(Digest256[] heads, List<byte[]> answers)
    {
        Digest256[] unknown = [.. heads.Where(head => !engine.IsKnown(in head))];
        if (!HasSpace) return;
        if (unknown.Length > 0)
        {
            if (_isCall) unknown = [.. unknown.Where(_asked.Add)];
            if (unknown.Length > 0) Say(answers, SayWant(unknown));
            return;
        }

        // All is known of the other: what it lacks is exact, and needs no question.
        if (Array.TrueForAll(heads, head => engine.IsDelivered(in head))) Answer(engine.Heads, heads, answers);
    }

    private void Answer(Digest256[] wanted, Digest256[] known, List<byte[]> answers)
    {
        foreach (Digest256 missing in wanted)
        {
            Digest256 digest = missing;
            if (!HasSpace) return;
            if (!engine.IsDelivered(in digest) && store.Find(in digest) is null)
                Say(answers, SayAbsent(in digest));
        }

        if (!HasSpace) return;
        foreach ((Digest256 digest, _) in Ancestry.Difference(store,
            wanted.Where(one => engine.IsDelivered(in one)), known.Where(one => engine.IsDelivered(in one)),
            MaxMessages))
        {
            if ((_isCall && !_said.Add(digest)) || store.Find(in digest) is not { } message) continue;
            Say(answers, SayMessage(message));
            SentMessages.Add(digest);
            if (!HasSpace) return;
        }
    }

    private byte[] SayAbsent(in Digest256 digest)
    {
        ulong? at = store.TimeOf(in digest);
        bool isOld = at <= engine.Horizon;
        var output = new ArrayBufferWriter<byte>(64);
        var writer = new DagCborWriter(output);
        writer.BeginList(4);
        writer.WriteInteger(Absent);
        writer.WriteLink(Cid.FromSha256(Multicodec.DagCbor, digest));
        writer.WriteInteger(isOld ? NotKept : NotHere);
        writer.WriteInteger(isOld ? at!.Value : 0);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Heads, and ancestors at doubling distances: the other knows one of them soon.</summary>
    private Digest256[] Known()
    {
        Digest256[] heads = Newest(engine.Heads);
        var all = new HashSet<Digest256>(heads);
        if (heads.Length > 0 && heads.Length < MaxLinks - MaxSamples)
        {
            Digest256? at = heads[0];
            for (int depth = 1, next = 1; at is { } digest && depth <= 1 << 12; depth++)
            {
                at = store.Find(in digest)?.Parents is [var parent, ..] ? parent : null;
                if (depth != next || at is not { } sample) continue;
                _ = all.Add(sample);
                next *= 2;
            }
        }

        return MessageBlock.Sorted(all);
    }

    private static Digest256[] Newest(Digest256[] heads) => heads.Length <= MaxLinks ? heads : heads[..MaxLinks];

    private Digest256[] ReadHello(ref DagCborReader reader)
    {
        DagCborMap map = reader.BeginMap();
        Digest256[]? heads = null;
        while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
        {
            if (key.SequenceEqual("heads"u8)) heads = MessageBlock.ReadLinks(ref reader, MaxLinks);
            else if (!key.SequenceEqual("channel"u8)) reader.Skip(2);
            else if (MessageBlock.ReadNode(ref reader) != engine.Cid) throw Refuse();
        }

        return heads ?? throw Refuse();
    }

    private static InvalidIpldException Refuse() =>
        DagCborReader.Refuse("no list of an exchange of this channel", 0);
}
