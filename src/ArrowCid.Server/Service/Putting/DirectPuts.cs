using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Server.Grpc;

namespace ArrowCid.Server.Service;

/// <summary>
/// Puts the batches of a stream straight from the request's pipe: each buffer is copied to its place in the store and
/// hashed there. A batch that needs the encoder is left to the caller, and so are those after one whose values needed
/// it: a sender's batches are alike.
/// </summary>
internal sealed class DirectPuts(CidStore store, FlightDataReader data, FlightBatches batches, PutStream keeping,
    GrpcCall call)
{
    // Bytes that are awaited at a time, and those that must have come before the store reserves memory.
    private const int Step = 1 << 18, First = 1 << 20;

    private bool _isOver;

    /// <summary>Puts the batch whose body was left in its message.</summary>
    /// <returns>False where it was not put, and the body is still to be read.</returns>
    public async ValueTask<bool> TryPutAsync()
    {
        if (_isOver || !keeping.CanBeDirect || batches.TryPlan(data) is not { } block) return false;
        long counted = await data.CountLeftAsync(call.Cancel).ConfigureAwait(false);
        try
        {
            // A large block has memory of its own; a smaller one is between others, which must not wait for a sender.
            return store.Putting.HasOwnSegment(block.Length)
                ? await TryReceiveAsync(block).ConfigureAwait(false)
                : await TryTakeAsync(block).ConfigureAwait(false);
        }
        finally
        {
            call.Memory.Release(counted, isInflated: false);
        }
    }

    private async ValueTask<bool> TryReceiveAsync(DirectBlock block)
    {
        int left = data.LeftBody;
        // A length is only a claim until its bytes come.
        HeldBytes held = await call.Reader.HoldAsync(Math.Min(left, First), call.Cancel).ConfigureAwait(false);
        DirectUpload? upload = null;
        try
        {
            upload = store.Putting.TryReceive(block);
            upload?.Take(held);
        }
        catch
        {
            upload?.Dispose();
            throw;
        }
        finally
        {
            call.Reader.Return(held);
        }

        if (upload is null) return false;
        using (upload)
        {
            await ReceiveAsync(upload, left - held.Taken).ConfigureAwait(false);
            await PutAsync(upload).ConfigureAwait(false);
            return true;
        }
    }

    private async ValueTask ReceiveAsync(DirectUpload upload, int left)
    {
        while (left > 0)
        {
            HeldBytes held = await call.Reader.HoldAsync(Math.Min(left, Step), call.Cancel).ConfigureAwait(false);
            left -= held.Left;
            try
            {
                upload.Take(held);
            }
            finally
            {
                call.Reader.Return(held);
            }
        }
    }

    private async ValueTask PutAsync(DirectUpload upload)
    {
        if (upload.IsCanonical)
        {
            await Task.Run(() => keeping.Put(upload.Put, data.AppMetadata)).ConfigureAwait(false);
            return;
        }

        _isOver = true;
        RecordBatch batch = upload.ToBatch(batches.Schema!);
        await Task.Run(() => keeping.Put(batch, data.AppMetadata)).ConfigureAwait(false);
    }

    private async ValueTask<bool> TryTakeAsync(DirectBlock block)
    {
        HeldBytes held = await call.Reader.HoldAsync(data.LeftBody, call.Cancel).ConfigureAwait(false);
        try
        {
            keeping.Put((expected, options) => store.Putting.PutDirect(block, held, expected, options),
                data.AppMetadata);
            return true;
        }
        catch (NotDirectException)
        {
            _isOver = true;
            held.Rewind();
            return false;
        }
        finally
        {
            call.Reader.Return(held);
        }
    }
}
