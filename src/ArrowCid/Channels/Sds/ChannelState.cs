using ArrowCid.Ipld;

namespace ArrowCid.Channels.Sds;

/// <summary>All that a participant remembers of a channel. Each change is recorded in the journal.</summary>
internal sealed class ChannelState
{
    private readonly SdsOptions _options;
    private readonly ChannelJournal _journal;
    private readonly List<SdsLogEntry> _log = [];
    private readonly Dictionary<string, SdsLogEntry> _logById = [];
    private readonly Queue<SdsLogEntry> _unannounced = new();
    private readonly KnownIds _known = new();
    private readonly Dictionary<string, UnacknowledgedMessage> _unacknowledged = [];
    private readonly Dictionary<string, WaitingMessage> _waiting = [];
    private readonly Dictionary<string, List<WaitingMessage>> _dependents = [];
    private readonly Dictionary<string, int> _waitingBySender = [];
    private readonly Dictionary<string, RepairRequest> _requests = [];
    private readonly Dictionary<string, RepairAnswer> _answers = [];
    private long _sent;

    public ChannelState(SdsOptions options, string channelId)
    {
        _options = options;
        _journal = new ChannelJournal(options.Storage, channelId);
        Filter = new RollingBloomFilter(options.FilterCapacity, options.FilterErrorRate);
        _journal.Load(Apply);
        Trim();
    }

    public long Clock { get; private set; }

    /// <summary>The filter of own and delivered messages.</summary>
    public RollingBloomFilter Filter { get; }

    public IReadOnlyList<SdsLogEntry> Log => _log;

    public IReadOnlyDictionary<string, UnacknowledgedMessage> Unacknowledged => _unacknowledged;

    public IReadOnlyDictionary<string, WaitingMessage> Waiting => _waiting;

    public long WaitingBytes { get; private set; }

    public IReadOnlyDictionary<string, RepairRequest> Requests => _requests;

    public IReadOnlyDictionary<string, RepairAnswer> Answers => _answers;

    /// <summary>How many bytes wait for a storage that failed.</summary>
    public int PendingBytes => _journal.Pending;

    /// <summary>Whether a message counts as delivered.</summary>
    public bool IsKnown(string id) => _logById.ContainsKey(id) || _known.Contains(id);

    /// <summary>The message of that id in the history, or null.</summary>
    public SdsMessage? Find(string id) => _logById.GetValueOrDefault(id)?.Message;

    public int WaitingOf(string sender) => _waitingBySender.GetValueOrDefault(sender);

    /// <summary>Whether a waiting message depends on one.</summary>
    public bool IsWanted(string id) => _dependents.ContainsKey(id);

    /// <summary>Hands the changes to the storage.</summary>
    public Exception? Flush() => _journal.Flush(() => SnapshotCodec.Write(ToSnapshot()));

    public void SetClock(long value)
    {
        if (value == Clock) return;
        Clock = value;
        _journal.Number(ChangeField.Clock, (ulong)value);
    }

    /// <summary>Adds an own message.</summary>
    public void Send(SdsMessage message, long now)
    {
        var each = new UnacknowledgedMessage(message, now, 0)
        {
            Order = ++_sent,
            Hash = BloomHash.Of(_options.Dialect, message.Id),
        };
        if (_journal.IsRecording) _journal.Bytes(ChangeField.Sent, SnapshotCodec.Write(each));
        _unacknowledged[message.Id] = each;
        Insert(message, each.Hash, isOwn: true);
        Trim();
    }

    public void Resend(UnacknowledgedMessage each, long now)
    {
        (each.SentAt, each.Resends) = (now, each.Resends + 1);
        if (!_journal.IsRecording) return;
        var change = new ProtobufWriter();
        change.Text(1, each.Message.Id);
        change.Varint(2, (ulong)now);
        change.Varint(3, (ulong)each.Resends);
        _journal.Bytes(ChangeField.Resent, change.Written);
    }

    public bool Acknowledge(string id)
    {
        if (!_unacknowledged.Remove(id)) return false;
        _journal.Text(ChangeField.Acknowledged, id);
        return true;
    }

    /// <summary>Adds a delivered message to the history.</summary>
    public void Deliver(SdsMessage message, bool isOwn)
    {
        if (_waiting.Remove(message.Id, out WaitingMessage? waited))
        {
            WaitingBytes -= waited.Size;
            Count(message.SenderId, -1);
            _journal.Text(ChangeField.Released, message.Id);
        }
        else if (_journal.IsRecording)
        {
            _journal.Bytes(ChangeField.History, SnapshotCodec.WriteUpdate([message], []));
        }

        Insert(message, BloomHash.Of(_options.Dialect, message.Id), isOwn);
    }

    /// <summary>Drops what the history has too many of.</summary>
    public void Trim()
    {
        if (_log.Count <= _options.History) return;
        int extra = _log.Count - _options.History;
        string[] evicted = [.. _log.Take(extra).Select(entry => entry.Message.Id)];
        if (_journal.IsRecording) _journal.Bytes(ChangeField.History, SnapshotCodec.WriteUpdate([], evicted));
        foreach (string id in evicted)
        {
            _logById.Remove(id);
            _known.Add(id);
        }

        _log.RemoveRange(0, extra);
    }

    /// <summary>Makes a message wait for those that are missing.</summary>
    public void Wait(WaitingMessage each)
    {
        if (_journal.IsRecording) _journal.Bytes(ChangeField.Waits, SnapshotCodec.Write(each));
        _waiting[each.Message.Id] = each;
        WaitingBytes += each.Size;
        Count(each.Message.SenderId, 1);
        foreach (string id in each.Missing)
        {
            if (!_dependents.TryGetValue(id, out List<WaitingMessage>? list)) _dependents[id] = list = [];
            list.Add(each);
        }
    }

    /// <summary>Takes a message from what others wait for.</summary>
    /// <returns>The messages that wait for nothing any more.</returns>
    public IReadOnlyList<WaitingMessage> Satisfy(string id)
    {
        if (!_dependents.Remove(id, out List<WaitingMessage>? list)) return [];
        foreach (WaitingMessage each in list) each.Missing.Remove(id);
        return list.FindAll(each => each.Missing.Count == 0);
    }

    /// <summary>Lets an id count as delivered.</summary>
    public void Know(string id)
    {
        if (IsKnown(id)) return;
        _known.Add(id);
        _journal.Text(ChangeField.Known, id);
    }

    public void SetRequest(RepairRequest request)
    {
        _requests[request.Entry.MessageId] = request;
        if (_journal.IsRecording) _journal.Bytes(ChangeField.Request, SnapshotCodec.Write(request));
    }

    public void EndRequest(string id)
    {
        if (_requests.Remove(id)) _journal.Text(ChangeField.RequestEnded, id);
    }

    public void SetAnswer(RepairAnswer answer)
    {
        _answers[answer.Entry.MessageId] = answer;
        if (_journal.IsRecording) _journal.Bytes(ChangeField.Answer, SnapshotCodec.Write(answer));
    }

    public void EndAnswer(string id)
    {
        if (_answers.Remove(id)) _journal.Text(ChangeField.AnswerEnded, id);
    }

    /// <summary>The messages that the next own message names: the newest, and up to half of them delivered late,
    /// which no own message has named so far: their senders wait for that.</summary>
    public SdsLogEntry[] TakeReferences(int count, long number)
    {
        count = Math.Min(count, _log.Count);
        int mostLate = count / 2;
        var late = new List<SdsLogEntry>();
        SdsLogEntry? pivot = count == 0 ? null : _log[^(count - mostLate)];
        while (late.Count < mostLate && _unannounced.TryDequeue(out SdsLogEntry? each))
        {
            if (each.IsAnnounced || each.CompareTo(pivot) >= 0 || !_logById.ContainsKey(each.Message.Id)) continue;
            each.NamedBy = number;
            late.Add(each);
        }

        var found = new SdsLogEntry[count];
        int left = count;
        for (int i = _log.Count - 1; left > late.Count; i--)
        {
            if (late.Count > 0 && _log[i].NamedBy == number) continue;
            found[--left] = _log[i];
            _log[i].IsAnnounced = true;
        }

        late.Sort();
        for (int i = 0; i < late.Count; i++) (found[i] = late[i]).IsAnnounced = true;
        return found;
    }

    /// <summary>Lets the next own message name a delivered message of another participant, which has not heard that
    /// it is here: it was sent again.</summary>
    public void AnnounceAgain(string id)
    {
        if (!_logById.TryGetValue(id, out SdsLogEntry? entry) || !entry.IsAnnounced || entry.IsOwn) return;
        entry.IsAnnounced = false;
        Enqueue(entry);
    }

    public ChannelSnapshot ToSnapshot() => new()
    {
        Clock = Clock,
        Unacknowledged = [.. _unacknowledged.Values.OrderBy(each => each.Order)],
        Waiting = [.. _waiting.Values],
        Requests = [.. _requests.Values],
        Answers = [.. _answers.Values.Select(each => Find(each.Entry.MessageId) is { } message
            ? each with { Message = SdsCodec.ToBytes(message, SdsDialect.Nim) } : each)],
        History = [.. _log.Select(entry => entry.Message)],
        Known = _known.ToBytes(),
    };

    private void Insert(SdsMessage message, BloomHash hash, bool isOwn)
    {
        var entry = new SdsLogEntry(message, _options.Dialect) { IsOwn = isOwn, IsAnnounced = isOwn };
        int at = _log.Count;
        while (at > 0 && _log[at - 1].CompareTo(entry) > 0) at--;
        _log.Insert(at, entry);
        _logById[message.Id] = entry;
        Filter.Add(hash);
        if (!isOwn) Enqueue(entry);
    }

    private void Enqueue(SdsLogEntry entry)
    {
        _unannounced.Enqueue(entry);
        if (_unannounced.Count > 2 * _options.History) _unannounced.Dequeue();
    }

    private void Count(string sender, int change)
    {
        int count = _waitingBySender.GetValueOrDefault(sender) + change;
        if (count == 0) _waitingBySender.Remove(sender);
        else _waitingBySender[sender] = count;
    }

    private void Apply(ReadOnlyMemory<byte> frame)
    {
        ProtobufReader reader = SnapshotCodec.Reader(frame.Span);
        while (reader.NextField(out int field, out int type))
        {
            switch ((ChangeField)field)
            {
                case ChangeField.Clock: Clock = (long)SnapshotCodec.Number(ref reader, type); break;
                case ChangeField.History: ApplyHistory(SnapshotCodec.Field(ref reader, type)); break;
                case ChangeField.Sent:
                    Restore(SnapshotCodec.ReadUnacknowledged(SnapshotCodec.Field(ref reader, type)), isNew: true);
                    break;
                case ChangeField.Resent: ApplyResent(SnapshotCodec.Field(ref reader, type)); break;
                case ChangeField.Acknowledged: _unacknowledged.Remove(SnapshotCodec.Text(ref reader, type)); break;
                case ChangeField.Waits:
                    Restore(SnapshotCodec.ReadWaiting(SnapshotCodec.Field(ref reader, type)));
                    break;
                case ChangeField.Released:
                    string id = SnapshotCodec.Text(ref reader, type);
                    if (_waiting.TryGetValue(id, out WaitingMessage? released)) Release(released);
                    break;
                case ChangeField.Request:
                    SetRequest(SnapshotCodec.ReadRequest(SnapshotCodec.Field(ref reader, type)));
                    break;
                case ChangeField.RequestEnded: _requests.Remove(SnapshotCodec.Text(ref reader, type)); break;
                case ChangeField.Answer:
                    SetAnswer(SnapshotCodec.ReadAnswer(SnapshotCodec.Field(ref reader, type)));
                    break;
                case ChangeField.AnswerEnded: _answers.Remove(SnapshotCodec.Text(ref reader, type)); break;
                case ChangeField.Known:
                    string known = SnapshotCodec.Text(ref reader, type);
                    _known.Add(known);
                    _ = Satisfy(known);
                    break;
                case ChangeField.Snapshot: Restore(SnapshotCodec.Read(SnapshotCodec.Field(ref reader, type))); break;
                default: throw reader.Refuse($"a stored change {field}", reader.Offset);
            }
        }
    }

    private void ApplyHistory(ReadOnlySpan<byte> bytes)
    {
        (IReadOnlyList<SdsMessage> append, IReadOnlyList<string> evict) = SnapshotCodec.ReadUpdate(bytes);
        foreach (SdsMessage message in append) Restore(message);
        foreach (string id in evict)
        {
            _known.Add(id);
            if (_logById.Remove(id, out SdsLogEntry? entry)) _log.Remove(entry);
        }
    }

    private void ApplyResent(ReadOnlySpan<byte> bytes)
    {
        ProtobufReader reader = SnapshotCodec.Reader(bytes);
        string id = "";
        ulong at = 0, resends = 0;
        while (reader.NextField(out int field, out int type))
        {
            switch (field)
            {
                case 1: id = SnapshotCodec.Text(ref reader, type); break;
                case 2: at = SnapshotCodec.Number(ref reader, type); break;
                default: resends = SnapshotCodec.Number(ref reader, type); break;
            }
        }

        if (_unacknowledged.TryGetValue(id, out UnacknowledgedMessage? each))
        {
            (each.SentAt, each.Resends) = ((long)at, (int)Math.Min(resends, int.MaxValue));
        }
    }

    private void Restore(ChannelSnapshot snapshot)
    {
        Clock = snapshot.Clock;
        _known.AddBytes(snapshot.Known.Span);
        foreach (SdsMessage message in snapshot.History) Restore(message);
        foreach (UnacknowledgedMessage each in snapshot.Unacknowledged) Restore(each, isNew: false);
        foreach (WaitingMessage each in snapshot.Waiting) Restore(each);
        foreach (RepairRequest each in snapshot.Requests) SetRequest(each);
        foreach (RepairAnswer each in snapshot.Answers) SetAnswer(each with { Message = default });
    }

    private void Restore(SdsMessage message)
    {
        if (_logById.ContainsKey(message.Id)) return;
        Insert(message with { Filter = default }, BloomHash.Of(_options.Dialect, message.Id), isOwn: false);
        _ = Satisfy(message.Id);
    }

    private void Restore(UnacknowledgedMessage each, bool isNew)
    {
        if (isNew) Restore(each.Message);
        SdsMessage message = each.Message with { Filter = default };
        _unacknowledged[message.Id] = new UnacknowledgedMessage(message, each.SentAt, each.Resends)
        {
            Order = ++_sent,
            Hash = BloomHash.Of(_options.Dialect, each.Message.Id),
        };
    }

    private void Restore(WaitingMessage each)
    {
        if (_waiting.ContainsKey(each.Message.Id) || IsKnown(each.Message.Id)) return;
        Wait(new WaitingMessage(each.Message with { Filter = default }, each.Missing.Where(id => !IsKnown(id))));
    }

    private void Release(WaitingMessage each)
    {
        Deliver(each.Message, isOwn: false);
        _ = Satisfy(each.Message.Id);
    }
}
