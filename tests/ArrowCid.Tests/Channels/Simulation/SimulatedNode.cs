using System.Buffers.Binary;
using ArrowCid.Channels;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Tests.Channels.Simulation;

/// <summary>A participant: an engine over a store that can crash, a clock that can be wrong, and a reader that checks
/// what it gets.</summary>
internal sealed class SimulatedNode
{
    private readonly ChannelBlock _channel;
    private readonly Cid _cid;
    private readonly bool _waitsForParents;
    private readonly HashSet<Digest256> _read = [];
    private ulong _run;
    private ulong _sequence;

    public SimulatedNode(ChannelBlock channel, Cid cid, int number, bool waitsForParents)
    {
        (_channel, _cid, _waitsForParents) = (channel, cid, waitsForParents);
        Span<byte> id = stackalloc byte[Digest256.ByteCount];
        BinaryPrimitives.WriteInt32BigEndian(id, number + 1);
        Me = new Digest256(id);
        Restart();
    }

    public Digest256 Me { get; }

    public SimulatedStore Store { get; } = new();

    public ChannelEngine Engine { get; private set; } = null!;

    public ChannelExchange Exchange { get; private set; } = null!;

    /// <summary>How far the clock is from the right time, in ms.</summary>
    public long ClockError { get; set; }

    /// <summary>What broke a rule; null while nothing did.</summary>
    public string? Violation { get; private set; }

    /// <summary>Acknowledgments that were told: the message, and who has it.</summary>
    public List<(Digest256 Message, Digest256 Participant)> Acks { get; } = [];

    public ulong Now(ulong time) => (ulong)Math.Max(0, (long)time + ClockError);

    public void Crash()
    {
        Store.Crash();
        Restart();
    }

    /// <summary>Writes a message; null where the store is full.</summary>
    public MessageBlock? Publish(ulong time, int payload)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, payload);
        Digest256 me = Me;
        var message = MessageBlock.Create(new MessageDraft
        {
            Channel = _cid,
            At = Engine.NextTime(Now(time)),
            Parents = Engine.ParentsOfNext(),
            Writer = Me,
            Run = ((UInt128)BinaryPrimitives.ReadUInt32BigEndian(Digest256.Bytes(in me)) << 64) + _run,
            Sequence = ++_sequence,
            Content = new MessageContent { Bytes = bytes },
        }, null);
        if (!Store.TryPut(message)) return null;
        Engine.Acks.Follow(message.Digest, message.At);
        Add(message, time);
        return message;
    }

    public byte[] Beat(ulong time)
    {
        Digest256[] missing = MessageBlock.Sorted(Engine.Ask(Me, Now(time), BeatBlock.MaxMissing));
        return ChannelExchange.SayBeat(BeatBlock.Create(_cid, Now(time), Engine.Heads, Me, _run, missing, null));
    }

    /// <summary>Takes what the network brings, whatever that is.</summary>
    public List<byte[]> Take(byte[] list, ulong time)
    {
        var events = new List<EngineEvent>();
        int before = Store.Order.Count;
        try
        {
            return Exchange.Take(list, Now(time), events);
        }
        catch (InvalidIpldException)
        {
            return [];
        }
        finally
        {
            // Without the wait a reader gets what was stored, as it came.
            if (!_waitsForParents) foreach (MessageBlock message in Store.Order.Skip(before)) Read(message);
            Check(events);
        }
    }

    private void Restart()
    {
        Engine = new ChannelEngine(_channel, _cid, Store, new EngineLimits { Waiting = 4096, Gaps = 256 });
        Engine.Acks.Me = Me;
        Exchange = new ChannelExchange(Engine, Store, ++_run);
        _sequence = 0;
        _read.Clear();
        var events = new List<EngineEvent>();
        foreach (MessageBlock message in Store.Order.OrderBy(one => one.At).ThenBy(one => one.Digest.ToString(), StringComparer.Ordinal))
            _ = Engine.Add(message, ulong.MaxValue / 2, message.At, events);
        Check(events);
    }

    private void Add(MessageBlock message, ulong time)
    {
        var events = new List<EngineEvent>();
        _ = Engine.Add(message, Math.Max(Now(time), message.At), Now(time), events);
        if (!_waitsForParents) Read(message);
        Check(events);
    }

    private void Check(List<EngineEvent> events)
    {
        foreach (EngineEvent found in events)
        {
            if (found.Kind == ChannelEventKind.Acknowledged) Acks.Add((found.Digest, found.Writer));
            if (found.Kind == ChannelEventKind.Delivered && _waitsForParents) Read(Store.Find(found.Digest)!);
        }
    }

    private void Read(MessageBlock message)
    {
        foreach (Digest256 parent in message.Parents)
        {
            if (!_read.Contains(parent)) Violation ??= $"{message.Cid} was read before {parent}, which it follows";
            if (Store.Find(in parent) is { } before && before.At >= message.At) Violation ??= "a time that does not rise";
        }

        if (!_read.Add(message.Digest)) Violation ??= $"{message.Cid} was read twice";
    }
}
