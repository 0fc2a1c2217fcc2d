using ArrowCid.Server.Grpc;
using ArrowCid.Transfer;

namespace ArrowCid.Server.Service;

/// <summary>
/// The action <c>export</c>: a batch or a dataset as a file, in results. The first is JSON about it, the others are its
/// bytes. It is made whole before the first is sent, so that what is damaged gives an error and no file.
/// </summary>
internal sealed class ExportAction(CidStore store)
{
    /// <summary>The bytes of one result at most, which every client takes.</summary>
    public const int Piece = 1 << 20;

    private const byte BodyTag = 0x0A;
    private const int MostVarint = 5;

    public async Task Run(GrpcCall call, ActionArguments arguments)
    {
        Cid cid = arguments.Cid();
        string format = arguments.Text("format") ?? "parquet";
        CancellationToken lasting = default;
        Cid[] batches = [.. cid.Codec == Multicodec.DagCbor
            ? store.Datasets.TryGet(cid) ?? throw BlockStreams.NotHere(store, cid)
            : [cid]];
        Action<Stream> make = format switch
        {
            "parquet" => file => ParquetExport.Write(batches, Lease, file,
                statements: store.Signatures.About(batches.Prepend(cid).Distinct())),
            "arrow" => file => ArrowExport.Write(batches, Lease, file),
            "car" => file => _ = store.Transfer.ExportCar([cid], file),
            _ => throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"there is no format '{format}'; parquet, arrow and car are"),
        };
        // Between two batches a long export is canceled if the client is gone or the server ends.
        HeldBatch Lease(Cid batch)
        {
            lasting.ThrowIfCancellationRequested();
            return store.Reading.TryGetProved(batch)?.Hold() ?? throw BlockStreams.NotHere(store, batch);
        }

        if (!store.Reading.IsReadable(cid)) throw BlockStreams.NotHere(store, cid);
        FileStream file = Spool.Make();
        await using (file.ConfigureAwait(false))
        {
            using CancellationTokenSource ends = call.Lasting();
            lasting = ends.Token;
            await Task.Run(() => make(file), lasting).ConfigureAwait(false);
            file.Position = 0;
            await call.Writer.WriteAsync(new Flight.Protocol.Result
            {
                Body = Google.Protobuf.ByteString.CopyFrom(JsonObject.Bytes(writer =>
                {
                    writer.WriteString("cid", cid.ToString());
                    writer.WriteString("format", format);
                    writer.WriteString("fileName", $"{cid}.{(format == "arrow" ? "arrows" : format)}");
                    writer.WriteNumber("bytes", file.Length);
                })),
            }, call.Cancel).ConfigureAwait(false);
            await SendAsync(call, file).ConfigureAwait(false);
        }
    }

    private static async Task SendAsync(GrpcCall call, FileStream file)
    {
        byte[] piece = new byte[(int)Math.Min(Piece, Math.Max(1, file.Length))], head = new byte[1 + MostVarint];
        while (await file.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, call.Cancel)
            .ConfigureAwait(false) is > 0 and int length)
        {
            int at = 0;
            head[at++] = BodyTag;
            uint left = (uint)length;
            for (; left >= 0x80; left >>= 7) head[at++] = (byte)(left | 0x80);
            head[at++] = (byte)left;
            await call.Writer.WriteAsync(head.AsMemory(0, at), piece.AsMemory(0, length), call.Cancel)
                .ConfigureAwait(false);
        }
    }
}
