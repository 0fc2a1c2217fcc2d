using ArrowCid.Channels;
using ArrowCid.Channels.Sds;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>The messages of one channel in a store.</summary>
internal sealed class StoreMessages(CidStore store, ChannelBlock channel, Cid cid) : IMessageStore
{
    /// <summary>The messages that a process reads again and again are the newest.</summary>
    private const int MaxRecent = 1 << 10;

    private readonly Dictionary<Digest256, MessageBlock> _recent = [];
    private readonly Queue<Digest256> _order = new();

    public MessageBlock? Find(in Digest256 digest)
    {
        if (_recent.TryGetValue(digest, out MessageBlock? recent)) return recent;
        try
        {
            using RecordLease? lease = store.Reading.FindHere(Cid.FromSha256(Multicodec.DagCbor, digest));
            if (lease is null || lease.Memory.Length > MessageBlock.MaxBytes) return null;
            var message = MessageBlock.Decode(lease.Memory.ToArray(), digest);
            return message.Channel == cid ? message : null;
        }
        catch (Exception e) when (e is InvalidIpldException or ArrowCidException { Code: ErrorCode.BlockCorrupt })
        {
            // What is damaged is asked for again.
            return null;
        }
    }

    public ulong? TimeOf(in Digest256 digest) =>
        store.Registry.Messages.Find(digest) is { } state && state.Channel == cid ? state.At : null;

    public bool TryPut(MessageBlock message)
    {
        try
        {
            Put(message);
            CrashPoint.Pass(CrashStep.L3);
            return true;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.StoreFull or ErrorCode.IndexFull or ErrorCode.Busy
            or ErrorCode.ResourceExhausted)
        {
            return false;
        }
    }

    /// <summary>Stores a message with the facts that find and keep it.</summary>
    public void Put(MessageBlock message)
    {
        var facts = new List<Fact>
        {
            new MessageFact(message.Cid,
                new MessageState(cid, message.At, message.Writer, message.Run, message.Sequence)),
        };
        if (channel.Keep is { } keep)
            facts.Add(new ExpiryFact(message.Cid, Math.Min(message.At + keep, FactLimits.MaxMilliseconds)));
        MessageContent content = message.Content;
        IEnumerable<(int Block, string Location)> places =
            content.Hints.Where(hint => !hint.Location.StartsWith(SdsHints.Any, StringComparison.Ordinal));
        foreach (IGrouping<int, (int Block, string Location)> hints in places.GroupBy(hint => hint.Block))
        {
            string[] locations = [.. hints.Select(hint => hint.Location).Distinct()];
            if (hints.Key < content.Blocks.Count) facts.Add(new LocationsFact(content.Blocks[hints.Key], locations));
        }

        ulong sweep = store.Blocks.Coordination.ReadSweep();
        PutRequest request = BlockPutting.Request(message.Bytes) with
        {
            Codec = (uint)Multicodec.DagCbor,
            Facts = store.Registry.Facts.Record([.. facts]),
        };
        _ = store.Blocks.Put(in request, out _);
        if (message.Content.Blocks.Count > 0 && store.Blocks.Coordination.ReadSweep() != sweep)
            store.Registry.Pins.KeepTogether(message.Content.Blocks.Where(store.Contains), sweep);
        Remember(message);
    }

    public void NoteGone(in Digest256 digest, ulong at) => store.Registry.Facts.Append(new MessageFact(
        Cid.FromSha256(Multicodec.DagCbor, digest), new MessageState(cid, at, default, 0, 1)));

    public void NoteBeat(BeatBlock beat) => store.Registry.Messages.SetBeat(cid, beat.Writer,
        new BeatState([.. beat.Heads.Select(head => Cid.FromSha256(Multicodec.DagCbor, head))], beat.At));

    private void Remember(MessageBlock message)
    {
        if (!_recent.TryAdd(message.Digest, message)) return;
        _order.Enqueue(message.Digest);
        if (_order.Count > MaxRecent) _ = _recent.Remove(_order.Dequeue());
    }
}
