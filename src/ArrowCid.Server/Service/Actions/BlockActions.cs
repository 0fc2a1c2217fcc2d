using System.Buffers.Binary;
using ArrowCid.Flight.Protocol;
using ArrowCid.Registry;
using ArrowCid.Server.Grpc;
using ArrowCid.Transfer.Backends;
using Google.Protobuf;

namespace ArrowCid.Server.Service;

/// <summary>The actions for blocks of every kind: <c>get-block</c>, <c>list-blocks</c> and <c>put-block</c>.</summary>
internal sealed class BlockActions(CidStore store)
{
    private const int CidsAtOnce = 1000;

    /// <summary>Sends the bytes of a block, which were hashed just before.</summary>
    public async Task Get(GrpcCall call, ActionArguments arguments)
    {
        Cid cid = arguments.Cid();
        using BlockBackend blocks = store.Transfer.AsBackend();
        BlockLease? found =
            await Task.Run(() => blocks.TryGet(cid, call.Cancel), call.Cancel).ConfigureAwait(false);
        using BlockLease block = found ?? throw BlockStreams.NotHere(store, cid);
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, block.Bytes.Length);
        await call.Writer.WriteAsync(new Result { Body = UnsafeByteOperations.UnsafeWrap(length) }, call.Cancel)
            .ConfigureAwait(false);
        for (int at = 0; at < block.Bytes.Length; at += ExportAction.Piece)
        {
            ReadOnlyMemory<byte> piece = block.Bytes.Slice(at, Math.Min(ExportAction.Piece, block.Bytes.Length - at));
            await call.Writer.WriteAsync(new Result { Body = UnsafeByteOperations.UnsafeWrap(piece) }, call.Cancel)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Sends the CIDs of all blocks.</summary>
    public async Task List(GrpcCall call, ActionArguments arguments)
    {
        using CancellationTokenSource ends = call.Lasting();
        foreach (Cid[] some in store.Query().Where(entry => entry.Kind != BlockKind.View).Select(entry => entry.Cid)
            .Chunk(CidsAtOnce))
        {
            ends.Token.ThrowIfCancellationRequested();
            byte[] body = JsonObject.Bytes(writer =>
            {
                writer.WriteStartArray("cids");
                foreach (Cid cid in some) writer.WriteStringValue(cid.ToString());
                writer.WriteEndArray();
            });
            await call.Writer.WriteAsync(new Result { Body = UnsafeByteOperations.UnsafeWrap(body) }, ends.Token)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Stores a block.</summary>
    public async Task Put(GrpcCall call, ActionArguments arguments)
    {
        ReadOnlyMemory<byte> body = arguments.Body;
        int end = body.Span[..Math.Min(body.Length, Cid.MaxTextLength + 1)].IndexOf((byte)'\n');
        if (end < 0) throw new ArrowCidException(ErrorCode.InvalidArgument, "a CID and a line feed are expected first");
        var cid = Cid.Parse(FlightRequest.Text(body.Span[..end]));
        store.Places.Gauge.ThrowIfOver();
        using BlockBackend blocks = store.Transfer.AsBackend();
        bool isNew = !blocks.Contains(cid);
        await Task.Run(() =>
        {
            blocks.Put(cid, body[(end + 1)..], call.Cancel);
            if (isNew) store.Places.Gauge.Add(body.Length);
            if (store.Places.WritesThrough) store.Places.CopyThrough([cid], call.Cancel);
        }, call.Cancel).ConfigureAwait(false);
        await call.Writer.WriteAsync(new Result
        {
            Body = ByteString.CopyFrom(JsonObject.Bytes(writer =>
            {
                writer.WriteString("cid", cid.ToString());
                writer.WriteBoolean("isNew", isNew);
            })),
        }, call.Cancel).ConfigureAwait(false);
    }
}
