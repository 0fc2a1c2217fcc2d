using System.Text;
using System.Text.Unicode;
using ArrowCid.Columnar;
using ArrowCid.Flight.Protocol;
using ArrowCid.Registry;
using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ArrowCid.Server.Service;

/// <summary>What becomes of one stream of batches: blocks with facts, and at its end a dataset or a name.</summary>
internal sealed class PutStream(CidStore store, CallerRights rights, Put how, AckQueue acks,
    ServerCounters counters)
{
    private readonly bool _isKeptWhole = how.Dataset || how.Name.Length > 0;
    private readonly List<Cid> _blocks = [];
    private readonly PutOptions? _facts = OptionsOf(how);
    private readonly Cid _expected = how.ExpectedCid.Length == 0 ? default : Cid.Parse(how.ExpectedCid);
    private PutResult _last;
    private uint _count;

    /// <summary>Whether batches may be put in another way than by the encoder.</summary>
    public bool CanBeDirect => !rights.MustCreate(_facts);

    /// <summary>Puts a batch and answers.</summary>
    public void Put(RecordBatch batch, byte[] appMetadata) =>
        Put(() => rights.Put(batch, _expected, _facts), appMetadata);

    /// <summary>Puts a batch in another way, given the CID that is expected and the metadata, and answers.</summary>
    public void Put(Func<Cid, PutOptions?, PutResult> put, byte[] appMetadata) =>
        Put(() => rights.Put(options => put(_expected, options), _facts), appMetadata);

    private void Put(Func<PutResult> put, byte[] appMetadata)
    {
        if (_count > 0 && !_expected.IsDefault)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a stream with an expected CID has one batch");
        PutResult result = _last = put();
        counters.Put.Add(1, MeasuredCall.Protocol);
        if (_isKeptWhole) _blocks.Add(result.Cid);
        PutAck ack = AckOf(result, _count++);
        if (Utf8.IsValid(appMetadata)) ack.AppMetadata = Encoding.UTF8.GetString(appMetadata);
        else ack.AppMetadataBase64 = Convert.ToBase64String(appMetadata);
        acks.Add(ack);
    }

    /// <summary>Ends the stream: only now has it a name.</summary>
    /// <returns>The answer for the whole, or null where none was asked for.</returns>
    public PutAck? Finish()
    {
        if (!_isKeptWhole || _blocks.Count == 0) return null;
        PutResult whole = _blocks.Count == 1 && !how.Dataset ? _last : store.Datasets.Put(_blocks);
        if (store.Places.WritesThrough) store.Places.CopyThrough([whole.Cid]);
        if (how.Name.Length > 0) _ = rights.SetName(how.Name, whole.Cid, new NameExpectation(IsAny: true, null));
        PutAck ack = AckOf(whole, _count);
        (ack.IsStream, ack.Name) = (true, how.Name);
        return ack;
    }

    private static PutAck AckOf(in PutResult put, uint index) => new()
    {
        Cid = put.Cid.ToString(),
        SchemaCid = put.SchemaCid.ToString(),
        Rows = (uint)Math.Min(put.Rows, uint.MaxValue),
        Bytes = (uint)Math.Min(put.ByteLength, uint.MaxValue),
        IsNew = put.IsNew,
        IsRepaired = put.IsRepaired,
        Index = index,
    };

    private static PutOptions? OptionsOf(Put how)
    {
        bool isPlain = how is
        {
            Tags.Count: 0, Producer.Length: 0, Json.Length: 0, Pin: false, Expires: null, ExpiresAfter: null,
            Parents.Count: 0, Locations.Count: 0,
        };
        return isPlain
            ? null
            : new PutOptions
            {
                Tags = how.Tags.Count == 0 ? null : how.Tags.ToDictionary(tag => tag.Key, tag => (string?)tag.Value),
                Producer = how.Producer.Length == 0 ? null : how.Producer,
                Json = how.Json.Length == 0 ? null : how.Json,
                Pin = how.Pin,
                Expires = TimeOf(how.Expires),
                ExpiresAfter = SpanOf(how.ExpiresAfter),
                Parents = how.Parents.Count == 0 ? null : [.. how.Parents.Select(parent => Cid.Parse(parent))],
                Locations = how.Locations.Count == 0 ? null : [.. how.Locations],
            };
    }

    // A message may have numbers that no time has.
    private static DateTimeOffset? TimeOf(Timestamp? time)
    {
        try
        {
            return time?.ToDateTimeOffset();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument, "expires is not a time", e);
        }
    }

    private static TimeSpan? SpanOf(Duration? span)
    {
        try
        {
            return span?.ToTimeSpan();
        }
        catch (Exception e) when (e is InvalidOperationException or OverflowException)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument, "expiresAfter is not a span of time", e);
        }
    }
}
