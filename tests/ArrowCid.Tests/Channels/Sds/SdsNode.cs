using System.Text;
using ArrowCid.Channels.Sds;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>A participant with a clock that stands still, whose events are recorded.</summary>
internal sealed class SdsNode
{
    public const string Channel = "lobby";

    public static readonly DateTimeOffset Start = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    public SdsNode(string id = "alice", SdsDialect dialect = SdsDialect.Nim, Func<SdsOptions, SdsOptions>? change = null,
        ManualClock? clock = null)
    {
        Clock = clock ?? new ManualClock(Start);
        var options = new SdsOptions { Dialect = dialect, Clock = Clock, OnEvent = Events.Add };
        Participant = new SdsParticipant(id, change?.Invoke(options) ?? options);
    }

    public ManualClock Clock { get; }

    public SdsParticipant Participant { get; }

    public List<SdsEvent> Events { get; } = [];

    public ChannelState State => Participant.StateOf(Channel);

    public IEnumerable<string> Delivered => Ids(SdsEventKind.Delivered);

    public IEnumerable<string> Ids(SdsEventKind kind) => Events.Where(e => e.Kind == kind).Select(e => e.MessageId);

    public int Count(SdsEventKind kind) => Events.Count(e => e.Kind == kind);

    public byte[] Wrap(string id, string channel = Channel) => Participant.Wrap(Encoding.UTF8.GetBytes(id), id, channel);

    public SdsReceived Receive(SdsMessage message, SdsDialect dialect = SdsDialect.Nim) =>
        Participant.Unwrap(SdsCodec.ToBytes(message, dialect));

    /// <summary>Receives a message of a participant bob.</summary>
    public SdsReceived Receive(string id, long time, params string[] history) => Receive(Message(id, time, history));

    public void Advance(double seconds)
    {
        Clock.Advance(TimeSpan.FromSeconds(seconds));
        Participant.Sweep();
    }

    public static SdsMessage Message(string id, long time, params string[] history) => new(id, Channel)
    {
        SenderId = "bob",
        Timestamp = time,
        Content = Encoding.UTF8.GetBytes(id),
        CausalHistory = [.. history.Select(each => new SdsHistoryEntry(each) { SenderId = "bob" })],
    };

    public static SdsMessage Asking(string id, long time, params string[] requests) => Message(id, time) with
    {
        RepairRequests = [.. requests.Select(each => new SdsHistoryEntry(each) { SenderId = "alice" })],
    };

    /// <summary>A filter as a participant of nim-sds sends it.</summary>
    public static byte[] Filter(params string[] ids)
    {
        var filter = new SdsFilter(10_000, 0.001);
        foreach (string id in ids) filter.Add(BloomHash.Of(SdsDialect.Nim, id));
        return Bytes(filter, SdsDialect.Nim);
    }

    public static byte[] Bytes(SdsFilter filter, SdsDialect dialect)
    {
        var writer = new ProtobufWriter();
        filter.Write(writer, dialect);
        Assert.Equal(filter.WrittenLength(dialect), writer.Length);
        return writer.ToArray();
    }

    /// <summary>Whether the filter of a wrapped message seems to hold an id.</summary>
    public static bool FilterHolds(byte[] wrapped, string id, SdsDialect dialect = SdsDialect.Nim) => SdsFilter.TryRead(
        SdsCodec.Read(wrapped, dialect).Filter.Span, dialect, new SdsFilter(10_000, 0.001))!.Contains(BloomHash.Of(dialect, id));
}
