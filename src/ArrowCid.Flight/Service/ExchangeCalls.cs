using ArrowCid.Flight.Access;
using ArrowCid.Flight.Grpc;

namespace ArrowCid.Flight.Service;

/// <summary>DoExchange: many CIDs asked, in app_metadata, and many answered in order, in one stream.</summary>
internal sealed class ExchangeCalls(CidStore store, FlightGate gate)
{
    private const byte BinaryCid = 0x01;

    public async Task DoExchange(GrpcCall call)
    {
        using Permit permit = gate.Enter(call, AccessRules.NeedOf(AccessOperation.FetchBlock), nameof(DoExchange));
        await call.StartAsync().ConfigureAwait(false);
        var data = new FlightDataReader(call.Reader);
        var sender = new BatchSender(call.Writer, 0);
        Cid schema = default;
        while (await data.NextAsync(call.Cancel).ConfigureAwait(false))
        {
            foreach (Cid cid in CidsOf(data.AppMetadata))
            {
                store.ProveOnce(cid);
                using BatchLease? lease = store.TryGet(cid);
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
                    await sender.SchemaAsync(lease.Batch.Schema, call.Cancel).ConfigureAwait(false);
                }

                await sender.BlockAsync(lease.Block, lease.Batch, cid.ToString(), call.Cancel).ConfigureAwait(false);
                ServerFigures.Sent.Add(lease.Block.Length, MeasuredCall.Protocol);
            }

            await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
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
