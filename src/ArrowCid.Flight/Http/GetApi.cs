using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Exchange;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Flight.Http;

/// <summary><c>GET /v1/blocks/{cid}</c>: a batch, or the batches of a dataset, in the form that is asked for.</summary>
internal sealed class GetApi(HttpService service)
{
    private const int RowsAtOnce = 4096;

    private readonly GatewayBlocks _blocks = service.Blocks;

    private static readonly (string Name, string Type)[] s_forms =
    [
        ("arrow", FileTypes.ArrowStream), ("parquet", FileTypes.Parquet), ("car", FileTypes.Car),
        ("csv", FileTypes.Csv), ("json", FileTypes.JsonLines),
    ];

    public async Task Get(HttpContext context)
    {
        Cid cid = ApiQuery.CidOf(context, service.Store);
        (string form, string type) = FormOf(context.Request);
        IReadOnlyList<Cid> batches = cid.Codec == Multicodec.DagCbor
            ? service.Store.TryGetDataset(cid) ?? throw _blocks.NotHere(cid)
            : [cid];
        if (!service.Store.Contains(cid)) throw _blocks.NotHere(cid);
        HttpResponse response = context.Response;
        response.Headers.ETag = $"\"{cid}.{form}\"";
        response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        // A name may stand for another block tomorrow.
        bool isName = context.Request.RouteValues["cid"] is string text && text.StartsWith('@');
        response.Headers.CacheControl = isName ? "private, no-cache" : "private, max-age=29030400, immutable";
        if (isName) response.Headers.ContentLocation = $"/v1/blocks/{cid}";
        response.Headers.XContentTypeOptions = "nosniff";
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(response.Headers.ETag.ToString(),
            StringComparison.Ordinal))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = type;
        switch (form)
        {
            case "parquet" or "car":
                await SendMade(context, form == "car"
                    ? file => _ = service.Store.ExportCar([cid], file)
                    : file => BlockExport.WriteParquet(batches, Lease, file)).ConfigureAwait(false);
                break;
            case "arrow" when batches.Count == 1:
                await SendBlock(context, batches[0]).ConfigureAwait(false);
                break;
            case "arrow":
                await SendStream(context, batches).ConfigureAwait(false);
                break;
            default:
                await SendText(context, batches, form == "csv").ConfigureAwait(false);
                break;
        }
    }

    private static (string Name, string Type) FormOf(HttpRequest request)
    {
        string? asked = request.Query["format"];
        if (!string.IsNullOrEmpty(asked))
        {
            return Array.Find(s_forms, each => each.Name == asked) is { Name: not null } found
                ? found
                : throw new GatewayException(406, $"there is no format '{asked}'; {FormNames}");
        }

        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? accepted))
            return s_forms[0];
        foreach (MediaTypeHeaderValue each in accepted.OrderByDescending(each => each.Quality ?? 1))
        {
            if (each.MatchesAllTypes) return s_forms[0];
            string type = each.MediaType.Value!.ToLowerInvariant();
            if (type is "application/json") type = FileTypes.JsonLines;
            if (Array.Find(s_forms, form => form.Type.Split(';')[0] == type) is { Name: not null } found) return found;
        }

        throw new GatewayException(406, FormNames);
    }

    private static string FormNames => $"?format= takes {string.Join(", ", s_forms.Select(form => form.Name))}";

    private async Task SendBlock(HttpContext context, Cid cid)
    {
        using ServedBlock block = _blocks.TryOpen(cid) ?? throw _blocks.NotHere(cid);
        if (!block.Start.StartsWith<byte>([0xff, 0xff, 0xff, 0xff]))
            throw new GatewayException(406, $"{cid} is no batch; its bytes are at /ipfs/{cid}?format=raw");
        await Gateway.Send(context, block).ConfigureAwait(false);
    }

    private async Task SendStream(HttpContext context, IReadOnlyList<Cid> batches)
    {
        using BatchLease first = Lease(batches[0]);
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var stream = new PipeStream(context.Response.BodyWriter);
        using var writer = new ArrowWriter(stream, first.Batch.Schema);
        foreach (Cid cid in batches)
        {
            using BatchLease lease = Lease(cid);
            writer.Write(lease.Batch);
            await stream.Send(context.RequestAborted).ConfigureAwait(false);
        }

        writer.Finish();
        await stream.Send(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>CSV and JSON lines, some rows at a time.</summary>
    private async Task SendText(HttpContext context, IReadOnlyList<Cid> batches, bool isCsv)
    {
        using (BatchLease first = Lease(batches[0]))
        {
            RecordBatch empty = first.Batch.Slice(0, 0);
            if (isCsv) RowExport.WriteCsv([empty], TextWriter.Null);
            else RowExport.WriteJsonLines([empty], TextWriter.Null);
        }

        if (HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var stream = new PipeStream(context.Response.BodyWriter);
        var text = new StreamWriter(stream, new UTF8Encoding(false), 16 << 10) { NewLine = "\n" };
        await using (text.ConfigureAwait(false))
        {
            bool isFirst = true;
            foreach (Cid cid in batches)
            {
                using BatchLease lease = Lease(cid);
                foreach (RecordBatch rows in BatchCut.EveryRows([lease.Batch], RowsAtOnce))
                {
                    if (isCsv) BatchText.WriteCsv(rows, text, isFirst);
                    else BatchText.WriteJsonLines(rows, text);
                    isFirst = false;
                    await text.FlushAsync(context.RequestAborted).ConfigureAwait(false);
                    await stream.Send(context.RequestAborted).ConfigureAwait(false);
                }
            }
        }

        await stream.Send(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>What can only be made whole is made in a file first, and sent from it, with ranges.</summary>
    private static async Task SendMade(HttpContext context, Action<Stream> make)
    {
        FileStream file = Spool.Make();
        await using (file.ConfigureAwait(false))
        {
            await Task.Run(() => make(file), context.RequestAborted).ConfigureAwait(false);
            await file.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            ByteRange? range = ByteRange.Choose(context, file.Length);
            if (range is not { } part || HttpMethods.IsHead(context.Request.Method)) return;
            file.Position = part.From;
            await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
            var stream = new PipeStream(context.Response.BodyWriter);
            byte[] piece = new byte[64 << 10];
            for (long left = part.Count; left > 0;)
            {
                int read = await file.ReadAsync(piece.AsMemory(0, (int)Math.Min(left, piece.Length)),
                    context.RequestAborted).ConfigureAwait(false);
                if (read == 0) throw new IOException("the file that was made has lost its end");
                await stream.Send(piece.AsMemory(0, read), context.RequestAborted).ConfigureAwait(false);
                left -= read;
            }
        }
    }

    /// <summary>A batch whose bytes were proved just now.</summary>
    private BatchLease Lease(Cid cid)
    {
        using ServedBlock proved = _blocks.TryOpen(cid) ?? throw _blocks.NotHere(cid);
        _ = proved.Whole();
        return service.Store.TryGet(cid) ?? throw _blocks.NotHere(cid);
    }
}
