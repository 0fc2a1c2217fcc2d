using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using ArrowCid.Server.Grpc;
using Grpc.Core;

namespace ArrowCid.Server.Service;

/// <summary>DoPut: each batch of a stream becomes a block as it comes, or is recut with its neighbors.</summary>
internal sealed class PutCalls(CidStore store, FlightGate gate, ServerCounters counters)
{
    // Smaller batches are put before the next message is read; a change of threads would cost more than it saves.
    private const int MostPutAtOnce = 1 << 16;

    public async Task DoPut(GrpcCall call)
    {
        RequireWritable();
        var data = new FlightDataReader(call.Reader, call.Memory) { MostBody = MostPutAtOnce };
        if (!await data.NextAsync(call.Cancel).ConfigureAwait(false))
            throw new GrpcException(StatusCode.InvalidArgument, "the stream has no message; a schema comes first");
        Put how = FlightRequest.PutOf(data.Descriptor);
        CallerRights rights = gate.RightsOf(call, store, nameof(DoPut));
        rights.RequirePut(how.Name.Length > 0 ? how.Name : null, how.Pin);
        await call.StartAsync().ConfigureAwait(false);
        bool isJson = data.Descriptor is not { Cmd: { IsEmpty: false } command } || command[0] == (byte)'{';
        var acks = new AckQueue(call.Writer, isJson, call.Cancel);
        try
        {
            var keeping = new PutStream(store, rights, how, acks, counters);
            if (how.CutRows > 0 || how.CutBytes > 0 || how.CutMilliseconds > 0)
                await PutCut(data, new BatchGathering(how, call.Memory), keeping, call).ConfigureAwait(false);
            else
                await PutEach(data, keeping, store, call).ConfigureAwait(false);
            await acks.EndAsync(keeping.Finish(), call.Cancel).ConfigureAwait(false);
        }
        finally
        {
            await acks.AbandonAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Makes each batch a block. What cannot go straight to its place is put while the next message is
    /// read.</summary>
    private static async Task PutEach(FlightDataReader data, PutStream keeping, CidStore store, GrpcCall call)
    {
        using var batches = new FlightBatches(call.Memory);
        var direct = new DirectPuts(store, data, batches, keeping, call);
        Task putting = Task.CompletedTask;
        try
        {
            do
            {
                if (data.LeftBody > 0)
                {
                    await putting.ConfigureAwait(false);
                    if (await direct.TryPutAsync().ConfigureAwait(false)) continue;
                    await data.ReadLeftAsync(call.Cancel).ConfigureAwait(false);
                }

                if (batches.Take(data) is not { } batch) continue;
                byte[] appMetadata = data.AppMetadata;
                await putting.ConfigureAwait(false);
                if (data.Body.Length <= MostPutAtOnce)
                {
                    keeping.Put(batch, appMetadata);
                    continue;
                }

                MessageBody body = data.TakeBody();
                putting = Task.Run(() => Put(batch, appMetadata, body), CancellationToken.None);
            }
            while (await data.NextAsync(call.Cancel).ConfigureAwait(false));
            await putting.ConfigureAwait(false);
        }
        finally
        {
            await putting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        void Put(RecordBatch batch, byte[] appMetadata, MessageBody body)
        {
            keeping.Put(batch, appMetadata);
            // Its memory is for the message after the next.
            data.Give(body);
        }
    }

    /// <summary>Joins batches and cuts them by rows, bytes or time.</summary>
    private static async Task PutCut(FlightDataReader data, BatchGathering cut, PutStream keeping, GrpcCall call)
    {
        using var batches = new FlightBatches(call.Memory);
        do
        {
            if (data.LeftBody > 0) await data.ReadLeftAsync(call.Cancel).ConfigureAwait(false);
            if (batches.Take(data) is not { } batch) continue;
            // What is gathered outlives its message, and counts there.
            data.Forget(data.TakeBody());
            byte[] appMetadata = data.AppMetadata;
            foreach (RecordBatch piece in cut.Add(batch)) keeping.Put(piece, appMetadata);
        }
        while (await NextOrLate(data, cut, keeping, call.Cancel).ConfigureAwait(false));
        if (cut.Rest() is { } rest) keeping.Put(rest, []);
    }

    /// <summary>Waits for the next message, and puts what has waited long enough meanwhile.</summary>
    private static async Task<bool> NextOrLate(FlightDataReader data, BatchGathering cut, PutStream keeping,
        CancellationToken cancel)
    {
        Task<bool> next = data.NextAsync(cancel).AsTask();
        while (!next.IsCompleted && cut.TimeLeft is { } left)
        {
            try
            {
                await next.WaitAsync(left, CancellationToken.None).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                if (cut.Rest() is { } late) keeping.Put(late, []);
            }
        }

        return await next.ConfigureAwait(false);
    }

    private void RequireWritable()
    {
        if (store.IsReadOnly)
            throw new GrpcException(StatusCode.FailedPrecondition, "the store is served for reading only");
    }
}
