using System.Buffers.Binary;
using ArrowCid.Channels;
using ArrowCid.Memory;
using ArrowCid.Signing;
using ArrowCid.Tests.Channels.Simulation;

namespace ArrowCid.Tests.Channels;

/// <summary>The rules of a channel, message by message.</summary>
public class ChannelEngineTests
{
    private const ulong Start = 1_764_547_200_000;
    private readonly SimulatedStore _store = new();
    private readonly List<EngineEvent> _events = [];

    [Fact]
    public void Chain_that_comes_backwards_is_delivered_forwards()
    {
        ChannelEngine engine = Open();
        MessageBlock first = Message(engine, 1, []), second = Message(engine, 2, [first]), third = Message(engine, 3, [second]);
        Assert.Equal(MessageVerdict.Waiting, Add(engine, third));
        Assert.Equal([ChannelEventKind.Missing], _events.Select(found => found.Kind));
        Assert.Equal(MessageVerdict.Waiting, Add(engine, second));
        Assert.Equal([first.Digest], engine.Gaps.Select(gap => gap.Digest));
        _events.Clear();
        Assert.Equal(MessageVerdict.Delivered, Add(engine, first));
        Assert.Equal([first.Digest, second.Digest, third.Digest], Delivered());
        Assert.Equal([third.Digest], engine.Heads);
        Assert.Empty(engine.Gaps);
        Assert.Equal(0, engine.Waiting);
    }

    [Fact]
    public void Message_is_delivered_once_however_often_it_comes()
    {
        ChannelEngine engine = Open();
        MessageBlock first = Message(engine, 1, []), second = Message(engine, 2, [first]);
        Assert.Equal(MessageVerdict.Waiting, Add(engine, second));
        Assert.Equal(MessageVerdict.Duplicate, Add(engine, second));
        Assert.Equal(MessageVerdict.Delivered, Add(engine, first));
        Assert.Equal(MessageVerdict.Duplicate, Add(engine, first));
        Assert.Equal(2, Delivered().Length);
        Assert.Single(_events, found => found.Kind == ChannelEventKind.Missing);
    }

    [Fact]
    public void Time_of_the_far_future_is_not_taken_and_spoils_no_later_message()
    {
        ChannelEngine engine = Open();
        MessageBlock ahead = Message(engine, 1, [], at: MessageBlock.MaxTime);
        Assert.Equal(MessageVerdict.Later, Add(engine, ahead));
        Assert.Equal(Start, engine.NextTime(Start));
        Assert.Equal(MessageVerdict.Delivered, Add(engine, Message(engine, 2, [])));
    }

    [Fact]
    public void Message_that_is_not_after_its_parent_is_refused_with_all_that_follows_it()
    {
        ChannelEngine engine = Open();
        MessageBlock first = Message(engine, 1, [], at: Start + 5), second = Message(engine, 2, [first], at: Start + 5),
            third = Message(engine, 3, [second], at: Start + 6);
        _ = Add(engine, third);
        _ = Add(engine, second);
        Assert.Equal(MessageVerdict.Delivered, Add(engine, first));
        Assert.Equal([first.Digest], Delivered());
        Assert.Equal([second.Digest, third.Digest],
            _events.Where(found => found.Kind == ChannelEventKind.Refused).Select(found => found.Digest));
        Assert.Equal(0, engine.Waiting);
    }

    [Fact]
    public void Loss_that_a_message_declares_ends_the_wait_and_a_late_message_is_marked()
    {
        ChannelEngine engine = Open();
        MessageBlock lost = Message(engine, 1, []), after = Message(engine, 2, [lost]),
            declares = Message(engine, 3, [], lost: [lost.Digest]);
        Assert.Equal(MessageVerdict.Waiting, Add(engine, after));
        Assert.Equal(MessageVerdict.Delivered, Add(engine, declares));
        Assert.Equal([declares.Digest, after.Digest], Delivered());
        Assert.True(_events.Single(found => found.Digest == after.Digest && found.Kind == ChannelEventKind.Delivered).IsAfterLoss);
        Assert.Empty(engine.Gaps);
        _events.Clear();
        Assert.Equal(MessageVerdict.Delivered, Add(engine, lost));
        Assert.True(_events.Single(found => found.Kind == ChannelEventKind.Delivered).IsLate);
    }

    [Fact]
    public void Two_messages_of_one_number_are_a_fork_and_both_count()
    {
        ChannelEngine engine = Open();
        MessageBlock one = Message(engine, 1, [], writer: 7, sequence: 1), other = Message(engine, 2, [], writer: 7, sequence: 1);
        _ = Add(engine, one);
        _ = Add(engine, other);
        Assert.Equal(2, engine.Count);
        Assert.Equal(other.Digest, _events.Single(found => found.Kind == ChannelEventKind.Forked).Digest);
    }

    [Fact]
    public void Participant_has_what_is_before_its_message_and_nothing_else()
    {
        ChannelEngine engine = Open();
        engine.Acks.Me = Id(1);
        MessageBlock mine = Message(engine, 1, [], writer: 1), mine2 = Message(engine, 2, [mine], writer: 1, sequence: 2);
        engine.Acks.Follow(mine.Digest, mine.At);
        engine.Acks.Follow(mine2.Digest, mine2.At);
        _ = Add(engine, mine);
        _ = Add(engine, mine2);
        _ = Add(engine, Message(engine, 3, [mine], writer: 2));
        Assert.Equal([Id(2)], engine.Acks.HoldersOf(mine.Digest));
        Assert.Equal([mine2.Digest], engine.Acks.Unacknowledged);
        Assert.True(engine.Hear(BeatBlock.Create(engine.Cid, Start + 9, [mine2.Digest], Id(3), 1, [], null), Start + 9, _events));
        Assert.Empty(engine.Acks.Unacknowledged);
    }

    [Fact]
    public void One_writer_fills_a_quarter_of_what_may_wait_and_others_go_on()
    {
        ChannelEngine engine = Open(limits: new EngineLimits { Waiting = 40 });
        MessageBlock missing = Message(engine, 0, []);
        MessageVerdict[] flood = [.. Enumerable.Range(1, 20).Select(i => Add(engine, Message(engine, i, [missing], writer: 5, sequence: i)))];
        Assert.Equal(10, flood.Count(verdict => verdict == MessageVerdict.Waiting));
        Assert.Equal(10, flood.Count(verdict => verdict == MessageVerdict.Later));
        Assert.Equal(MessageVerdict.Waiting, Add(engine, Message(engine, 99, [missing], writer: 6)));
    }

    [Fact]
    public void Missing_messages_are_bounded()
    {
        ChannelEngine engine = Open(limits: new EngineLimits { Gaps = 8 });
        for (int i = 0; i < 50; i++)
            _ = Add(engine, Message(engine, 100 + i, [Message(engine, 1000 + i, [])], writer: i));
        Assert.Equal(8, engine.Gaps.Count);
    }

    [Fact]
    public void Writers_are_those_that_the_ancestors_name()
    {
        using SigningKey alice = SigningKey.Create(), bob = SigningKey.Create();
        ChannelEngine engine = Open(writers: [alice.PublicKey!]);
        MessageBlock byBob = Signed(engine, bob, [], "x"u8.ToArray());
        Assert.Equal(MessageVerdict.Later, engine.Judge(byBob, Start));
        Assert.Equal(MessageVerdict.BadSignature, engine.Judge(Message(engine, 1, []), Start));
        MessageBlock change = MessageBlock.Create(Draft(engine, ChannelKeys.WriterOf(alice.PublicKey!), [], Start + 1) with
        {
            Content = new MessageContent { Writers = [bob.PublicKey!] },
        }, alice);
        Assert.Equal(MessageVerdict.Delivered, Add(engine, change));
        // Beside the change the first writers count, after it the new ones.
        Assert.Equal(MessageVerdict.Delivered, Add(engine, Signed(engine, alice, [], "beside"u8.ToArray())));
        Assert.Equal(MessageVerdict.Refused, Add(engine, Signed(engine, bob, [], "beside"u8.ToArray())));
        Assert.Equal(MessageVerdict.Delivered, Add(engine, Signed(engine, bob, [change], "after"u8.ToArray())));
        Assert.Equal(MessageVerdict.Refused, Add(engine, Signed(engine, alice, [change], "after"u8.ToArray())));
    }

    [Fact]
    public void Signature_with_a_high_s_is_refused()
    {
        using SigningKey key = SigningKey.Create();
        ChannelEngine engine = Open(writers: [key.PublicKey!]);
        MessageBlock message = Signed(engine, key, [], "x"u8.ToArray());
        byte[] bytes = message.Bytes.ToArray();
        int s = bytes.AsSpan().IndexOf(message.Signature!.Value.Span) + 32;
        byte[] order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        var high = new System.Numerics.BigInteger(order, isUnsigned: true, isBigEndian: true) -
            new System.Numerics.BigInteger(bytes.AsSpan(s, 32), isUnsigned: true, isBigEndian: true);
        bytes.AsSpan(s, 32).Clear();
        byte[] flipped = high.ToByteArray(isUnsigned: true, isBigEndian: true);
        flipped.CopyTo(bytes, s + 32 - flipped.Length);
        Assert.Equal(MessageVerdict.BadSignature, engine.Judge(MessageBlock.Decode(bytes), Start));
    }

    [Fact]
    public void Total_order_waits_for_silent_participants_and_then_marks_what_is_late()
    {
        ChannelEngine engine = Open();
        var order = new TotalOrder(settle: 100);
        MessageBlock early = Message(engine, 1, [], at: Start + 1, writer: 1), late = Message(engine, 2, [], at: Start + 50, writer: 2);
        _ = Add(engine, early);
        _ = Add(engine, late);
        order.Add(late.Digest, late.At, Start + 60);
        Assert.Null(order.Take(engine, Id(9), Start + 60));
        Assert.Equal((late.Digest, false), order.Take(engine, Id(9), Start + 200));
        order.Add(early.Digest, early.At, Start + 201);
        Assert.Equal((early.Digest, true), order.Take(engine, Id(9), Start + 201));
        MessageBlock next = Message(engine, 3, [early, late], at: Start + 300, writer: 1);
        _ = Add(engine, next);
        order.Add(next.Digest, next.At, Start + 300);
        Assert.Null(order.Take(engine, Id(9), Start + 301));
        Assert.True(engine.Hear(BeatBlock.Create(engine.Cid, Start + 301, [], Id(2), 1, [], null), Start + 301, _events));
        Assert.True(engine.Hear(BeatBlock.Create(engine.Cid, Start + 301, [], Id(1), 1, [], null), Start + 301, _events));
        Assert.Equal((next.Digest, false), order.Take(engine, Id(9), Start + 301));
    }

    [Fact]
    public void Repair_times_are_within_their_bounds_and_differ_by_participant()
    {
        ChannelEngine engine = Open();
        var times = new HashSet<ulong>();
        for (int i = 0; i < 500; i++)
        {
            ulong ask = RepairTimers.AskAfter(Id(i), Id(77), engine.Channel, asked: 0);
            Assert.InRange(ask, engine.Channel.RepairMin, engine.Channel.RepairMax - 1);
            Assert.InRange(RepairTimers.AnswerAfter(Id(i), Id(1000), Id(77), engine.Channel), 0ul, engine.Channel.RepairMax - 1);
            Assert.True(RepairTimers.IsInGroup(Id(i), Id(1000), Id(77), engine.Channel));
            _ = times.Add(ask);
        }

        Assert.True(times.Count > 450);
        Assert.Equal(0ul, RepairTimers.AnswerAfter(Id(3), Id(3), Id(77), engine.Channel));
        Assert.Equal(3_600_000ul, RepairTimers.AskAfter(Id(3), Id(77), engine.Channel, asked: 30));
    }

    [Fact]
    public void Cursor_is_read_from_its_text_and_nothing_else_is()
    {
        var cursor = ChannelCursor.Of([Id(3), Id(1)]);
        Assert.Equal(cursor, ChannelCursor.Parse(cursor.ToString()));
        Assert.Equal("oldest", ChannelCursor.Oldest.ToString());
        Assert.True(ChannelCursor.Parse("now").IsNow);
        foreach (string text in (string[])["", "m1.", "m1.a", cursor + "a", cursor.ToString().ToUpperInvariant()])
            Assert.False(ChannelCursor.TryParse(text, out _), text);
    }

    private static Digest256 Id(int number)
    {
        Span<byte> bytes = stackalloc byte[Digest256.ByteCount];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number + 1);
        return new Digest256(bytes);
    }

    private ChannelEngine Open(EngineLimits? limits = null, PublicKey[]? writers = null)
    {
        var channel = new ChannelBlock { Name = "c", At = Start, Nonce = new byte[ChannelBlock.NonceBytes], Writers = writers };
        return new ChannelEngine(channel, Cid.Sha256(Multicodec.DagCbor, channel.Encode()), _store, limits);
    }

    private static MessageDraft Draft(ChannelEngine engine, Digest256 writer, MessageBlock[] parents, ulong at) => new()
    {
        Channel = engine.Cid,
        At = at,
        Parents = MessageBlock.Sorted(parents.Select(parent => parent.Digest)),
        Writer = writer,
        Run = 1,
        Sequence = 1,
        Content = new MessageContent { Bytes = "m"u8.ToArray() },
    };

    private static MessageBlock Message(ChannelEngine engine, int payload, MessageBlock[] parents, ulong? at = null,
        int writer = 0, int sequence = 1, Digest256[]? lost = null)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, payload);
        ulong time = at ?? Start + 1 + (parents.Length == 0 ? 0 : parents.Max(parent => parent.At) - Start);
        return MessageBlock.Create(Draft(engine, Id(writer), parents, time) with
        {
            Sequence = (ulong)sequence,
            Content = new MessageContent { Bytes = bytes },
            Lost = lost ?? [],
        }, null);
    }

    private static MessageBlock Signed(ChannelEngine engine, SigningKey key, MessageBlock[] parents, byte[] bytes) =>
        MessageBlock.Create(Draft(engine, ChannelKeys.WriterOf(key.PublicKey!), parents, Start + 1 +
            (parents.Length == 0 ? 0 : parents.Max(parent => parent.At) - Start)) with
        {
            Content = new MessageContent { Bytes = bytes },
        }, key);

    private MessageVerdict Add(ChannelEngine engine, MessageBlock message)
    {
        _ = _store.TryPut(message);
        return engine.Add(message, Start, Start, _events);
    }

    private Digest256[] Delivered() =>
        [.. _events.Where(found => found.Kind == ChannelEventKind.Delivered).Select(found => found.Digest)];
}
