using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ArrowCid.Channels.Sds;

/// <summary>
/// The protocol of one channel (<c>SDS.md</c>, section 4). Messages and times come in; bytes and events go out. For one
/// thread at a time.
/// </summary>
internal sealed class SdsChannel
{
    private const int MostPerSweep = 256, SenderShare = 4, SyncIdBytes = 8;

    private readonly string _me, _id;
    private readonly SdsOptions _options;
    private readonly List<SdsEvent> _events;
    private readonly ChannelState _state;
    private readonly ProtobufWriter _writer = new();
    private readonly PriorityQueue<SdsMessage, SdsLogEntry> _ready = new();
    private long _nextSync, _names;

    /// <summary>Opens a channel, from its storage where there is one.</summary>
    /// <param name="participant">The own id.</param>
    /// <param name="id">The channel.</param>
    /// <param name="options">The options.</param>
    /// <param name="now">The time, in Unix milliseconds.</param>
    /// <param name="events">Takes the events.</param>
    public SdsChannel(string participant, string id, SdsOptions options, long now, List<SdsEvent> events)
    {
        (_me, _id, _options, _events) = (participant, id, options, events);
        _state = new ChannelState(options, id);
        _nextSync = now + (long)options.SyncInterval.TotalMilliseconds;
        foreach (WaitingMessage each in _state.Waiting.Values)
        {
            if (each.Missing.Count == 0) MakeReady(each.Message);
        }

        DeliverReady();
    }

    public ChannelState State => _state;

    /// <summary>Refuses a message whose time is too far ahead.</summary>
    public static void CheckTime(SdsMessage message, SdsOptions options, long now)
    {
        if (message.Timestamp.GetValueOrDefault() <= now + (long)options.MaxClockLead.TotalMilliseconds) return;
        throw new ArrowCidException(ErrorCode.InvalidData, string.Create(CultureInfo.InvariantCulture,
            $"channel '{message.ChannelId}': a message of time {message.Timestamp}, too far ahead of the clock"));
    }

    private SdsDialect Dialect => _options.Dialect;

    /// <summary>Hands the changes to the storage; a failure becomes an event.</summary>
    public void Flush()
    {
        if (_state.Flush() is not { } error) return;
        _events.Add(new SdsEvent(SdsEventKind.StorageFailed, _id, "") { Error = error });
    }

    /// <summary>Wraps an own message.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> content, string messageId, long now)
    {
        if (_state.IsKnown(messageId) || _state.Waiting.ContainsKey(messageId))
        {
            throw new ArgumentException("a message of this id is in the channel", nameof(messageId));
        }

        if (_state.Unacknowledged.Count >= _options.MaxUnacknowledged)
        {
            throw new ArrowCidException(ErrorCode.ResourceExhausted,
                $"channel '{_id}': {_state.Unacknowledged.Count} messages are without acknowledgment");
        }

        SdsLogEntry[] references = _state.TakeReferences(_options.CausalHistoryOrDefault, ++_names);
        SdsHistoryEntry[] history = new SdsHistoryEntry[references.Length];
        byte[][] entries = new byte[references.Length][];
        for (int i = 0; i < references.Length; i++) (history[i], entries[i]) = Refer(references[i]);
        var message = new SdsMessage(messageId, _id)
        {
            SenderId = _me,
            Timestamp = Tick(now),
            Content = content.ToArray(),
            CausalHistory = history,
            RepairRequests = TakeRequests(now),
        };
        _writer.Clear();
        SdsCodec.Write(_writer, message, Dialect, _state.Filter.Filter, entries);
        _state.Send(message, now);
        return _writer.ToArray();
    }

    /// <summary>Wraps a sync message; null where there is nothing to tell.</summary>
    public (string Id, byte[] Bytes)? WrapSync(long now)
    {
        _nextSync = now + (long)_options.SyncInterval.TotalMilliseconds;
        List<SdsHistoryEntry> requests = TakeRequests(now);
        SdsLogEntry[] references = _state.TakeReferences(_options.CausalHistoryOrDefault, ++_names);
        if (references.Length == 0 && requests.Count == 0) return null;
        long time = Tick(now);
        var message = new SdsMessage(SyncId(time), _id)
        {
            SenderId = _me,
            Timestamp = time,
            CausalHistory = [.. references.Select(each => Refer(each).Entry)],
            RepairRequests = requests,
        };
        // Participants of nim-sds take it for a message, and name it in their histories.
        _state.Know(message.Id);
        _writer.Clear();
        SdsCodec.Write(_writer, message, Dialect, _state.Filter.Filter);
        return (message.Id, _writer.ToArray());
    }

    /// <summary>Takes a message of another participant.</summary>
    public SdsReceived Receive(SdsMessage received, long now)
    {
        SdsMessage message = received with { Filter = default };
        if (message.IsEphemeral)
        {
            if (message.SenderId == _me) return new SdsReceived(message, SdsReceipt.Own, []);
            _events.Add(new SdsEvent(SdsEventKind.Delivered, _id, message.Id) { Message = message });
            return new SdsReceived(message, SdsReceipt.Ephemeral, []);
        }

        _state.EndAnswer(message.Id);
        bool isOwn = message.SenderId == _me;
        if (_state.IsKnown(message.Id) || _state.Waiting.ContainsKey(message.Id))
        {
            _state.EndRequest(message.Id);
            _state.AnnounceAgain(message.Id);
            return new SdsReceived(message, isOwn ? SdsReceipt.Own : SdsReceipt.Duplicate, []);
        }

        if (!isOwn)
        {
            ReviewAcknowledgments(received);
            foreach (SdsHistoryEntry request in message.RepairRequests) TakeRequest(request, now);
        }

        return message.IsSync ? ReceiveSync(message, now) : ReceiveContent(message, isOwn, now);
    }

    /// <summary>Lets messages count as delivered, which are lost or came by another way.</summary>
    public void MarkMet(IEnumerable<string> ids)
    {
        foreach (string id in ids)
        {
            _state.Know(id);
            _state.EndRequest(id);
            _state.EndAnswer(id);
            foreach (WaitingMessage each in _state.Satisfy(id)) MakeReady(each.Message);
        }

        DeliverReady();
    }

    /// <summary>Does what is due: resends, answers, a sync message.</summary>
    public void Sweep(long now)
    {
        long resendInterval = (long)_options.ResendInterval.TotalMilliseconds;
        List<UnacknowledgedMessage> due = [.. _state.Unacknowledged.Values
            .Where(each => now - each.SentAt >= resendInterval).OrderBy(each => each.Order).Take(MostPerSweep)];
        foreach (UnacknowledgedMessage each in due) Resend(each, now);
        List<RepairAnswer> answers = [.. _state.Answers.Values.Where(each => each.DueAt <= now).Take(MostPerSweep)];
        answers.ForEach(SendAnswer);

        if (now >= _nextSync && WrapSync(now) is { } sync)
        {
            _events.Add(new SdsEvent(SdsEventKind.Sync, _id, sync.Id) { Bytes = sync.Bytes });
        }
    }

    private SdsReceived ReceiveSync(SdsMessage message, long now)
    {
        Observe(message);
        _state.Know(message.Id);
        _state.EndRequest(message.Id);
        foreach (WaitingMessage each in _state.Satisfy(message.Id)) MakeReady(each.Message);
        DeliverReady();
        IReadOnlyList<SdsHistoryEntry> missing = Absent(message);
        if (message.SenderId == _me) return new SdsReceived(message, SdsReceipt.Own, missing);
        TellMissing(message, missing, now);
        return new SdsReceived(message, SdsReceipt.Sync, missing);
    }

    private SdsReceived ReceiveContent(SdsMessage message, bool isOwn, long now)
    {
        List<string> unmet = [.. message.CausalHistory.Select(entry => entry.MessageId)
            .Where(id => id != message.Id && !_state.IsKnown(id)).Distinct()];
        if (unmet.Count == 0)
        {
            _state.EndRequest(message.Id);
            MakeReady(message);
            DeliverReady();
            return new SdsReceived(message, isOwn ? SdsReceipt.Own : SdsReceipt.Delivered, []);
        }

        IReadOnlyList<SdsHistoryEntry> missing = Absent(message);
        var waiting = new WaitingMessage(message, unmet);
        if (!HasSpace(waiting)) return new SdsReceived(message, SdsReceipt.Refused, missing);
        _state.EndRequest(message.Id);
        _state.Wait(waiting);
        TellMissing(message, missing, now);
        return new SdsReceived(message, isOwn ? SdsReceipt.Own : SdsReceipt.Waiting, missing);
    }

    // A message that others wait for may take the last quarter of the space, and more than the share of its sender.
    private bool HasSpace(WaitingMessage waiting)
    {
        bool isWanted = _state.IsWanted(waiting.Message.Id);
        int share = Math.Max(1, _options.MaxWaiting / SenderShare);
        int most = _options.MaxWaiting - (isWanted ? 0 : _options.MaxWaiting / SenderShare);
        long mostBytes = _options.MaxWaitingBytes - (isWanted ? 0 : _options.MaxWaitingBytes / SenderShare);
        return _state.Waiting.Count < most && _state.WaitingBytes + waiting.Size <= mostBytes
            && (isWanted || _state.WaitingOf(waiting.Message.SenderId) < share);
    }

    private void MakeReady(SdsMessage message) => _ready.Enqueue(message, new SdsLogEntry(message, Dialect));

    private void DeliverReady()
    {
        while (_ready.TryDequeue(out SdsMessage? message, out _))
        {
            if (_state.IsKnown(message.Id)) continue;
            bool isOwn = message.SenderId == _me;
            Observe(message);
            _state.Deliver(message, isOwn);
            if (!isOwn) _events.Add(new SdsEvent(SdsEventKind.Delivered, _id, message.Id) { Message = message });
            foreach (WaitingMessage each in _state.Satisfy(message.Id)) MakeReady(each.Message);
        }

        _state.Trim();
    }

    private List<SdsHistoryEntry> Absent(SdsMessage message) => [.. message.CausalHistory
        .Where(entry => entry.MessageId != message.Id && !_state.IsKnown(entry.MessageId))
        .Where(entry => !_state.Waiting.ContainsKey(entry.MessageId)).DistinctBy(entry => entry.MessageId)];

    private void TellMissing(SdsMessage message, IReadOnlyList<SdsHistoryEntry> missing, long now)
    {
        if (missing.Count == 0) return;
        _events.Add(new SdsEvent(SdsEventKind.Missing, _id, message.Id) { Missing = missing });
        foreach (SdsHistoryEntry entry in missing)
        {
            if (_state.Requests.ContainsKey(entry.MessageId) || _state.Requests.Count >= _options.MaxRepairs) continue;
            _state.SetRequest(new RepairRequest(entry, now + RequestDelay(entry.MessageId, 0), 0));
        }
    }

    private void ReviewAcknowledgments(SdsMessage message)
    {
        if (_state.Unacknowledged.Count == 0) return;
        foreach (SdsHistoryEntry entry in message.CausalHistory) Acknowledge(entry.MessageId, message.SenderId);
        if (_state.Unacknowledged.Count == 0
            || SdsFilter.TryRead(message.Filter.Span, Dialect, _state.Filter.Filter) is not { } filter) return;
        foreach (UnacknowledgedMessage each in _state.Unacknowledged.Values.ToList())
        {
            if (each.PossibleBy.Count >= Math.Max(1, _options.PossibleAcknowledgments)) continue;
            if (!filter.Contains(each.Hash) || !each.PossibleBy.Add(message.SenderId)) continue;
            if (_options.PossibleAcknowledgments > 0 && each.PossibleBy.Count >= _options.PossibleAcknowledgments)
            {
                Acknowledge(each.Message.Id, message.SenderId);
                continue;
            }

            _events.Add(new SdsEvent(SdsEventKind.PossiblyAcknowledged, _id, each.Message.Id)
            {
                ParticipantId = message.SenderId,
            });
        }
    }

    private void Acknowledge(string id, string participant)
    {
        if (!_state.Acknowledge(id)) return;
        _events.Add(new SdsEvent(SdsEventKind.Acknowledged, _id, id) { ParticipantId = participant });
    }

    private void Resend(UnacknowledgedMessage each, long now)
    {
        string id = each.Message.Id;
        if (each.Resends >= _options.MaxResends)
        {
            _state.Acknowledge(id);
            if (each.PossibleBy.Count == 0) _events.Add(new SdsEvent(SdsEventKind.Failed, _id, id));
            return;
        }

        _state.Resend(each, now);
        if (each.PossibleBy.Count > 0) return;
        _writer.Clear();
        SdsCodec.Write(_writer, each.Message, Dialect, _state.Filter.Filter);
        _events.Add(new SdsEvent(SdsEventKind.Resend, _id, id) { Bytes = _writer.ToArray() });
    }

    private void TakeRequest(SdsHistoryEntry request, long now)
    {
        string id = request.MessageId;
        if (_state.Requests.TryGetValue(id, out RepairRequest? own))
        {
            // Another one asks: its answer may be lost, so that this one asks later, instead of never.
            _state.SetRequest(own with { DueAt = now + RequestDelay(id, own.Round) });
        }

        if (request.SenderId is not { Length: > 0 } sender || _state.Find(id) is null || _state.Answers.ContainsKey(id)
            || _state.Answers.Count >= _options.MaxRepairs) return;
        long delay = RepairSchedule.AnswerDelay(Dialect, _me, sender, id, _options.RepairMaxMs);
        bool isInGroup = RepairSchedule.Answers(Dialect, _me, sender, id, _options.ResponseGroups);
        _state.SetAnswer(new RepairAnswer(request, default, now + delay + (isInGroup ? 0 : 2 * _options.RepairMaxMs)));
    }

    private void SendAnswer(RepairAnswer answer)
    {
        string id = answer.Entry.MessageId;
        _state.EndAnswer(id);
        if (_state.Find(id) is not { } message) return;
        _events.Add(new SdsEvent(SdsEventKind.Rebroadcast, _id, id) { Bytes = SdsCodec.ToBytes(message, Dialect) });
    }

    // The most overdue ones; each is asked for again later.
    private List<SdsHistoryEntry> TakeRequests(long now)
    {
        const int mostPerMessage = 3;
        if (_state.Requests.Count == 0) return [];
        List<RepairRequest> due = [.. _state.Requests.Values.Where(each => each.DueAt <= now)
            .OrderBy(each => each.DueAt).ThenBy(each => each.Entry.MessageId, StringComparer.Ordinal)
            .Take(mostPerMessage)];
        foreach (RepairRequest each in due)
        {
            int round = each.Round + 1;
            _state.SetRequest(each with { DueAt = now + RequestDelay(each.Entry.MessageId, round), Round = round });
        }

        return due.ConvertAll(each => each.Entry);
    }

    private long RequestDelay(string id, int round) => RepairSchedule.RequestDelay(Dialect, _me, id,
        _options.RepairMinMs, _options.RepairMaxMs, round);

    private (SdsHistoryEntry Entry, byte[] Bytes) Refer(SdsLogEntry entry)
    {
        if (_options.RetrievalHint is not { } provider) return (entry.Reference, entry.ReferenceBytes);
        ReadOnlyMemory<byte> hint = provider(_id, entry.Message.Id);
        if (hint.IsEmpty) return (entry.Reference, entry.ReferenceBytes);
        if (hint.Length > SdsCodec.MaxHint)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"a retrieval hint of {hint.Length} bytes, over {SdsCodec.MaxHint}");
        }

        SdsHistoryEntry reference = entry.Reference with { RetrievalHint = hint };
        return (reference, SdsCodec.HistoryBytes(reference, Dialect));
    }

    // nim-sds counts seconds and adds one at each message, the specification milliseconds.
    private long Tick(long now)
    {
        const long second = 1000;
        long clock = _state.Clock;
        _state.SetClock(Dialect == SdsDialect.Nim ? Math.Max(now / second, clock) + 1 : Math.Max(now, clock + 1));
        return _state.Clock;
    }

    private void Observe(SdsMessage message)
    {
        long time = message.Timestamp.GetValueOrDefault();
        _state.SetClock(Dialect == SdsDialect.Nim ? Math.Max(time, _state.Clock) + 1 : Math.Max(time, _state.Clock));
    }

    private string SyncId(long time)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{time} {_me.Length} {_me} {_id}");
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return "sync-" + Convert.ToHexStringLower(digest.AsSpan(0, SyncIdBytes));
    }
}
