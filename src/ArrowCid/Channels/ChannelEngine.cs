using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>
/// The rules of a channel, without a clock, a thread or a socket: messages and times come in, events go out. A message
/// is delivered after all that it follows, once, whatever order they come in. For one thread at a time.
/// </summary>
/// <param name="channel">The channel.</param>
/// <param name="cid">Its id.</param>
/// <param name="source">Messages that were stored before they are given.</param>
/// <param name="limits">How much may wait.</param>
internal sealed class ChannelEngine(ChannelBlock channel, Cid cid, IMessageSource source, EngineLimits? limits = null)
{
    /// <summary>A message whose time is further ahead of the wall clock is not taken yet, in ms.</summary>
    public const ulong MaxAhead = 3_600_000;

    private const int MaxRuns = 1 << 20;
    private const int MaxRefused = 65_536;

    private readonly EngineLimits _limits = limits ?? EngineLimits.Default;
    private readonly DigestSet _delivered = new();
    private readonly Dictionary<Digest256, ulong> _heads = [];
    private readonly Dictionary<Digest256, WaitingMessage> _waiting = [];
    private readonly Dictionary<Digest256, EngineGap> _gaps = [];
    private readonly HashSet<Digest256> _refused = [];
    private readonly HashSet<Digest256> _lost = [];
    private readonly Dictionary<Digest256, ParticipantState> _writers = [];
    private readonly Dictionary<(Digest256 Writer, UInt128 Run), ulong> _runs = [];
    private readonly Dictionary<Digest256, int> _waitingOf = [];
    private readonly PriorityQueue<MessageBlock, (ulong, Digest256)> _ready = new(LogOrder.Instance);
    private readonly AckTracker _acks = new(source);
    private long _waitingBytes;

    /// <summary>The channel.</summary>
    public ChannelBlock Channel { get; } = channel;

    public Cid Cid { get; } = cid;

    /// <summary>Who may write.</summary>
    public WriterRules Rules { get; } = new(channel);

    /// <summary>The number of delivered messages.</summary>
    public int Count => _delivered.Count;

    /// <summary>The greatest time of a delivered message.</summary>
    public ulong MaxAt { get; private set; }

    /// <summary>Delivered messages that no other follows, in ascending order.</summary>
    public Digest256[] Heads => MessageBlock.Sorted(_heads.Keys);

    /// <summary>The number of messages that wait for others.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>What is missing.</summary>
    public IReadOnlyCollection<EngineGap> Gaps => _gaps.Values;

    /// <summary>Participants, by their ids.</summary>
    public IReadOnlyDictionary<Digest256, ParticipantState> Writers => _writers;

    /// <summary>Which own messages others have.</summary>
    public AckTracker Acks => _acks;

    /// <summary>Whether a message was delivered.</summary>
    public bool IsDelivered(in Digest256 digest) => _delivered.Contains(in digest);

    /// <summary>Whether a message was delivered, waits or was refused.</summary>
    public bool IsKnown(in Digest256 digest) =>
        _delivered.Contains(in digest) || _waiting.ContainsKey(digest) || _refused.Contains(digest);

    /// <summary>Judges a message by what it says alone, before it is stored: its channel, size, time, signature and
    /// writer.</summary>
    /// <param name="message">The message.</param>
    /// <param name="now">The wall clock, in ms.</param>
    /// <param name="isVerified">Whether its signature was proved before.</param>
    /// <returns>The fault; null where it may be stored.</returns>
    public MessageVerdict? Judge(MessageBlock message, ulong now, bool isVerified = false)
    {
        if (message.Channel != Cid) return MessageVerdict.OtherChannel;
        bool isOver = message.Content.Blocks.Count > Channel.Contents ||
            message.Content.Bytes?.Length > Channel.Inline;
        if (isOver) return MessageVerdict.OverLimit;
        if (message.At > now + MaxAhead) return MessageVerdict.Later;
        if (message.Signature is null) return Rules.IsOpen ? null : MessageVerdict.BadSignature;
        if (Rules.KeyOf(message.Writer, message.Signature) is not { } key)
            return Rules.IsOpen ? MessageVerdict.BadSignature : MessageVerdict.Later;
        return isVerified || message.IsSignedBy(key) ? null : MessageVerdict.BadSignature;
    }

    /// <summary>Takes the memory for a number of messages at once.</summary>
    public void Expect(int messages) => _delivered.Expect(messages);

    /// <summary>Takes in a message that is stored.</summary>
    /// <param name="message">The message.</param>
    /// <param name="now">The wall clock, in ms.</param>
    /// <param name="since">The time of its record, in ms.</param>
    /// <param name="events">Gets what comes of it, in order.</param>
    /// <param name="isVerified">Whether its signature was proved before.</param>
    public MessageVerdict Add(MessageBlock message, ulong now, ulong since, List<EngineEvent> events,
        bool isVerified = false)
    {
        if (IsKnown(message.Digest)) return MessageVerdict.Duplicate;
        if (Judge(message, now, isVerified) is { } fault)
        {
            if (fault != MessageVerdict.Later) Refuse(message.Digest, message.At, events);
            return fault;
        }

        if (!_writers.ContainsKey(message.Writer) && _writers.Count >= _limits.Participants)
            return MessageVerdict.Later;
        WaitingMessage? wait = null;
        foreach (Digest256 parent in message.Parents)
        {
            if (_refused.Contains(parent))
            {
                Refuse(message.Digest, message.At, events);
                return MessageVerdict.Refused;
            }

            if (!IsMet(in parent)) _ = (wait ??= new WaitingMessage(message)).Missing.Add(parent);
        }

        if (wait is not null) return Hold(wait, since, events);
        _ready.Enqueue(message, (message.At, message.Digest));
        DeliverReady(events);
        return _delivered.Contains(message.Digest) ? MessageVerdict.Delivered : MessageVerdict.Refused;
    }

    /// <summary>Takes in a beat. One that is older than what is known changes nothing.</summary>
    /// <returns>False where it is not believed.</returns>
    public bool Hear(BeatBlock beat, ulong now, List<EngineEvent> events)
    {
        if (beat.Channel != Cid || beat.At > now + MaxAhead) return false;
        if (beat.Signature is null ? !Rules.IsOpen
            : Rules.KeyOf(beat.Writer, beat.Signature) is not { } key || !beat.IsSignedBy(key))
        {
            return false;
        }

        if (!_writers.TryGetValue(beat.Writer, out ParticipantState? writer))
        {
            if (_writers.Count >= _limits.Participants) return false;
            _writers[beat.Writer] = writer = new ParticipantState(beat.Writer);
        }

        if (beat.At < writer.HeardAt) return true;
        (writer.Heads, writer.HeardAt) = (beat.Heads, beat.At);
        _acks.Have(beat.Writer, [.. beat.Heads.Where(head => _delivered.Contains(in head))], events);
        return true;
    }

    /// <summary>Whether every participant was heard after a time, so that no message before it can come any more but
    /// from new participants.</summary>
    public bool IsSettled(ulong at, in Digest256 me)
    {
        foreach (ParticipantState writer in _writers.Values)
        {
            if (writer.Writer != me && Math.Max(writer.At, writer.HeardAt) <= at) return false;
        }

        return true;
    }

    /// <summary>The gaps whose time to be asked for has come; they count as asked.</summary>
    public List<Digest256> Ask(in Digest256 me, ulong now, int most)
    {
        var due = new List<Digest256>();
        foreach (EngineGap gap in _gaps.Values)
        {
            if (due.Count == most) break;
            Digest256 missing = gap.Digest;
            if (now < gap.Since + RepairTimers.AskAfter(in me, in missing, Channel, gap.Asked)) continue;
            gap.Asked++;
            due.Add(missing);
        }

        return due;
    }

    /// <summary>The time of the next message of a writer.</summary>
    public ulong NextTime(ulong now) => Math.Max(now, MaxAt + 1);

    /// <summary>The heads that a new message follows, in ascending order: all, or the newest where there are more than
    /// a message may have.</summary>
    public Digest256[] ParentsOfNext() => _heads.Count <= ChannelBlock.MaxParents ? Heads : MessageBlock.Sorted(
        _heads.OrderByDescending(head => head.Value).Take(ChannelBlock.MaxParents).Select(head => head.Key));

    private MessageVerdict Hold(WaitingMessage wait, ulong since, List<EngineEvent> events)
    {
        MessageBlock message = wait.Message;
        int ofWriter = _waitingOf.GetValueOrDefault(message.Writer);
        bool isFull = _waiting.Count >= _limits.Waiting || _waitingBytes >= _limits.WaitingBytes ||
            ofWriter >= Math.Max(1, _limits.Waiting / 4) || _gaps.Count >= _limits.Gaps;
        if (isFull) return MessageVerdict.Later;
        _waiting.Add(message.Digest, wait);
        _waitingOf[message.Writer] = ofWriter + 1;
        _waitingBytes += message.Bytes.Length;
        // What was missing is here now, and waits itself.
        if (_gaps.Remove(message.Digest, out EngineGap? own)) wait.Dependents.AddRange(own.Dependents);
        foreach (Digest256 missing in wait.Missing)
        {
            if (_waiting.TryGetValue(missing, out WaitingMessage? other)) other.Dependents.Add(message.Digest);
            else GapOf(missing, since, events).Dependents.Add(message.Digest);
        }

        if (own is not null)
            events.Add(new EngineEvent(ChannelEventKind.Repaired, message.Digest, message.At, message.Writer));
        return MessageVerdict.Waiting;
    }

    private EngineGap GapOf(Digest256 missing, ulong since, List<EngineEvent> events)
    {
        if (_gaps.TryGetValue(missing, out EngineGap? gap)) return gap;
        _gaps.Add(missing, gap = new EngineGap(missing, since));
        events.Add(new EngineEvent(ChannelEventKind.Missing, missing, 0, default));
        return gap;
    }

    /// <summary>Whether a parent holds nothing back: it was delivered, declared lost, or is older than what the channel
    /// keeps.</summary>
    private bool IsMet(in Digest256 parent) => HasDelivered(in parent) || _lost.Contains(parent) ||
        (!_waiting.ContainsKey(parent) && Horizon > 0 && source.TimeOf(in parent) is { } at && at <= Horizon);

    /// <summary>Whether a message that another one names was delivered. The set knows the beginnings of digests: a name
    /// that only begins like a delivered message's is none.</summary>
    private bool HasDelivered(in Digest256 digest) => _delivered.Contains(in digest) &&
        (_heads.ContainsKey(digest) || source.Find(in digest) is not null || source.TimeOf(in digest) is not null);

    /// <summary>Messages up to this time may be gone, in ms.</summary>
    public ulong Horizon { get; set; }

    private void DeliverReady(List<EngineEvent> events)
    {
        while (_ready.TryDequeue(out MessageBlock? message, out _))
        {
            Digest256 digest = message.Digest;
            bool isAllowed = Array.TrueForAll(message.Parents, parent => TimeOf(in parent) < message.At) &&
                Rules.Allows(message);
            if (!isAllowed)
            {
                Refuse(digest, message.At, events);
                continue;
            }

            bool isNew = _delivered.Add(in digest);
            Debug.Assert(isNew, "a message is delivered once");
            foreach (Digest256 parent in message.Parents) _ = _heads.Remove(parent);
            _heads[digest] = message.At;
            MaxAt = Math.Max(MaxAt, message.At);
            Rules.Note(message);
            if (_gaps.Remove(digest, out EngineGap? gap))
                events.Add(new EngineEvent(ChannelEventKind.Repaired, digest, message.At, message.Writer));
            events.Add(new EngineEvent(ChannelEventKind.Delivered, digest, message.At, message.Writer,
                _lost.Contains(digest), Array.Exists(message.Parents, _lost.Contains)));
            NoteWriter(message, events);
            Release(digest, gap?.Dependents);
            foreach (Digest256 lost in message.Lost) Excuse(lost, events);
        }
    }

    /// <summary>A message that no participant has holds nothing back any more.</summary>
    private void Excuse(Digest256 lost, List<EngineEvent> events)
    {
        if (HasDelivered(in lost) || !_lost.Add(lost)) return;
        events.Add(new EngineEvent(ChannelEventKind.Lost, lost, 0, default));
        List<Digest256>? dependents = _gaps.Remove(lost, out EngineGap? gap) ? gap.Dependents : null;
        if (_waiting.TryGetValue(lost, out WaitingMessage? other)) (dependents ??= []).AddRange(other.Dependents);
        Release(lost, dependents);
    }

    /// <summary>Looks at what waited for a message.</summary>
    private void Release(Digest256 met, List<Digest256>? dependents)
    {
        if (_waiting.TryGetValue(met, out WaitingMessage? own) && _delivered.Contains(in met))
        {
            dependents = [.. dependents ?? [], .. own.Dependents];
            Forget(own);
        }

        foreach (Digest256 dependent in dependents ?? [])
        {
            if (!_waiting.TryGetValue(dependent, out WaitingMessage? wait)) continue;
            _ = wait.Missing.Remove(met);
            if (wait.Missing.Count > 0 || wait.IsReady) continue;
            wait.IsReady = true;
            _ready.Enqueue(wait.Message, (wait.Message.At, wait.Message.Digest));
        }
    }

    private void Forget(WaitingMessage wait)
    {
        MessageBlock message = wait.Message;
        if (!_waiting.Remove(message.Digest)) return;
        _waitingBytes -= message.Bytes.Length;
        int left = _waitingOf[message.Writer] - 1;
        if (left == 0) _ = _waitingOf.Remove(message.Writer);
        else _waitingOf[message.Writer] = left;
    }

    /// <summary>A stored message breaks a rule: neither it nor what follows it is ever delivered, here or
    /// elsewhere.</summary>
    private void Refuse(Digest256 first, ulong at, List<EngineEvent> events)
    {
        var all = new Stack<(Digest256 Digest, ulong At)>();
        all.Push((first, at));
        while (all.TryPop(out (Digest256 Digest, ulong At) one))
        {
            if (_refused.Count >= MaxRefused || !_refused.Add(one.Digest)) continue;
            events.Add(new EngineEvent(ChannelEventKind.Refused, one.Digest, one.At, default));
            List<Digest256> dependents = [];
            if (_gaps.Remove(one.Digest, out EngineGap? gap)) dependents.AddRange(gap.Dependents);
            if (_waiting.TryGetValue(one.Digest, out WaitingMessage? wait))
            {
                dependents.AddRange(wait.Dependents);
                Forget(wait);
            }

            foreach (Digest256 dependent in dependents)
            {
                if (_waiting.TryGetValue(dependent, out WaitingMessage? other)) all.Push((dependent, other.Message.At));
            }
        }
    }

    private ulong TimeOf(in Digest256 digest) => _heads.TryGetValue(digest, out ulong at)
        ? at
        : source.Find(in digest)?.At ?? source.TimeOf(in digest) ?? 0;

    private void NoteWriter(MessageBlock message, List<EngineEvent> events)
    {
        if (!_writers.TryGetValue(message.Writer, out ParticipantState? writer))
            _writers[message.Writer] = writer = new ParticipantState(message.Writer);
        writer.Messages++;
        if (message.At >= writer.At) (writer.At, writer.Sequence) = (message.At, message.Sequence);
        if (message.At >= writer.HeardAt) (writer.HeardAt, writer.Heads) = (message.At, [message.Digest]);
        (Digest256, UInt128) run = (message.Writer, message.Run);
        // Within a run each message follows the one before it, so their numbers come in order.
        if (_runs.TryGetValue(run, out ulong last) && message.Sequence <= last)
            events.Add(new EngineEvent(ChannelEventKind.Forked, message.Digest, message.At, message.Writer));
        else if (_runs.Count < MaxRuns) _runs[run] = message.Sequence;
        _acks.Have(message.Writer, [message.Digest], events);
    }

    private sealed class WaitingMessage(MessageBlock message)
    {
        public MessageBlock Message { get; } = message;

        public HashSet<Digest256> Missing { get; } = [];

        public List<Digest256> Dependents { get; } = [];

        public bool IsReady { get; set; }
    }

    private sealed class LogOrder : IComparer<(ulong At, Digest256 Digest)>
    {
        public static readonly LogOrder Instance = new();

        public int Compare((ulong At, Digest256 Digest) x, (ulong At, Digest256 Digest) y)
        {
            int byTime = x.At.CompareTo(y.At);
            return byTime != 0 ? byTime : MessageBlock.Compare(in x.Digest, in y.Digest);
        }
    }
}
