using System.Globalization;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Service;
using ArrowCid.Server.Grpc;
using Grpc.Core;

namespace ArrowCid.Server.Service;

/// <summary>DoExchange: many CIDs asked, in app_metadata, and many answered in order, in one stream.</summary>
/// <param name="store">The store.</param>
/// <param name="patience">How long a caller without a token may keep the stream without asking.</param>
internal sealed class ExchangeCalls(CidStore store, TimeSpan patience)
{
    private const byte BinaryCid = 0x01;

    // One message's CIDs as text: about 70,000.
    private const int MostAsked = 4 << 20;

    public async Task DoExchange(GrpcCall call)
    {
        await call.StartAsync().ConfigureAwait(false);
        var data = new FlightDataReader(call.Reader, call.Memory)
        {
            OnlyMetadata = true,
            MostMetadata = MostAsked,
        };
        var sender = new BatchSender(call.Writer, 0);
        Cid schema = default;
        TimeSpan most = FlightGate.IsAnonymous(call.Http) ? patience : Timeout.InfiniteTimeSpan;
        while (await NextAsync(call, data, most).ConfigureAwait(false))
        {
            if (data.HasBody && data.AppMetadata.Length == 0)
            {
                throw new GrpcException(StatusCode.InvalidArgument,
                    "DoExchange takes no batches: send CIDs as app_metadata, and store batches with DoPut");
            }

            foreach (Cid cid in CidsOf(data.AppMetadata))
            {
                using BatchLease? lease = store.Reading.TryGetToSend(cid);
                bool isOther = lease is not null && !schema.IsDefault && schema != lease.Address.SchemaCid;
                if (lease is null || isOther)
                {
                    ErrorCode why = isOther ? ErrorCode.SchemaMismatch : BlockStreams.NotHere(store, cid).Code;
                    await sender.MarkAsync($"{cid} {why}", call.Cancel).ConfigureAwait(false);
                    continue;
                }

                if (schema.IsDefault)
                {
                    schema = lease.Address.SchemaCid;
                    await sender.SchemaAsync(lease.View.Schema, call.Cancel).ConfigureAwait(false);
                }

                await sender.BlockAsync(lease.Block, lease.View, cid.ToString(), call.Cancel).ConfigureAwait(false);
            }

            await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the next message. Streams count for the client, and all callers of an address without a token
    /// are one client: what they do not use is given to the others.</summary>
    private static async ValueTask<bool> NextAsync(GrpcCall call, FlightDataReader data, TimeSpan most)
    {
        if (most == Timeout.InfiniteTimeSpan) return await data.NextAsync(call.Cancel).ConfigureAwait(false);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel);
        late.CancelAfter(most);
        try
        {
            return await data.NextAsync(late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!call.Cancel.IsCancellationRequested)
        {
            throw new GrpcException(StatusCode.DeadlineExceeded, string.Create(CultureInfo.InvariantCulture,
                $"nothing was asked for {most.TotalSeconds:0.#} s; call again, or show a token to keep the stream"));
        }
    }

    /// <summary>CIDs as text with white space between, or one as bytes.</summary>
    private static IEnumerable<Cid> CidsOf(byte[] metadata)
    {
        if (metadata.Length == 0) return [];
        if (metadata[0] == BinaryCid) return [Cid.FromBytes(metadata)];
        return FlightRequest.Text(metadata).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(Cid.Parse);
    }
}
