using System.Security.Cryptography;
using System.Text;
using ArrowCid.Ipld.Car;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Http;

/// <summary><c>/ipfs/{cid}[/path]</c>: a trustless gateway of IPFS, which serves blocks and CARs that the client
/// verifies, and the bytes of files for clients that trust it. Nothing is fetched from elsewhere.</summary>
internal sealed class Gateway(GatewayBlocks blocks)
{
    private const string Forever = "public, max-age=29030400, immutable";
    private const int MostRoots = 16;

    // The answer with a block over 1 MiB names the CID of its UnixFS file.
    private const string DagHeader = "X-Arrowcid-Dag";

    /// <summary>Answers GET and HEAD.</summary>
    public async Task Serve(HttpContext context)
    {
        GatewayRequest request = GatewayRequest.Read(context.Request);
        GatewayPath path = await Resolve(context, request).ConfigureAwait(false);
        IHeaderDictionary headers = context.Response.Headers;
        headers["Ipfs-Uri"] = request.Canonical;
        // A header holds no other text; the URI has it all.
        if (request.Plain.All(c => c is >= ' ' and <= '~')) headers["X-Ipfs-Path"] = request.Plain;
        headers["X-Ipfs-Roots"] = string.Join(',', path.Blocks.Prepend(request.Root).Distinct().Take(MostRoots));
        headers.XContentTypeOptions = "nosniff";
        headers.Vary = HeaderNames.Accept;
        if (request.IsNegotiated) headers.ContentLocation = $"{request.Address}?format={Name(request.Format)}";
        switch (request.Format)
        {
            case GatewayFormat.Car:
                await ServeCar(context, request, path).ConfigureAwait(false);
                break;
            case GatewayFormat.Raw:
                await ServeBlock(context, request, path).ConfigureAwait(false);
                break;
            case GatewayFormat.DagCbor:
                if (path.End.Codec != Multicodec.DagCbor)
                    throw new GatewayException(406, $"{path.End} is not dag-cbor, and nothing is converted");
                if (path.IsInside) throw new GatewayException(501, "the path ends inside a block; ask for the block");
                await ServeBlock(context, request, path).ConfigureAwait(false);
                break;
            default:
                await ServeFile(context, request, path).ConfigureAwait(false);
                break;
        }
    }

    private async Task<GatewayPath> Resolve(HttpContext context, GatewayRequest request)
    {
        try
        {
            try
            {
                return GatewayPath.Resolve(blocks, request.Root, request.Path);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.BlockNotFound
                && (request.Path.Length > 0 || GatewayBlocks.MayBePart(request.Root)))
            {
                // It may be a part of a block that was put since the last look.
                await blocks.CatchUpAsync(context.RequestAborted).ConfigureAwait(false);
                return GatewayPath.Resolve(blocks, request.Root, request.Path);
            }
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockNotFound && IsOnlyIfCached(context))
        {
            throw new GatewayException(412, e.Message);
        }
    }

    private async Task ServeBlock(HttpContext context, GatewayRequest request, GatewayPath path)
    {
        if (path.IsInside) throw new GatewayException(404, $"the path ends inside {path.End}, which is no block");
        bool isRaw = request.Format == GatewayFormat.Raw;
        if (!Tag(context, isRaw ? $"\"{path.End}.raw\"" : $"\"{path.End}.dag-cbor\"")) return;
        using ServedBlock block = Open(path.End);
        GatewayRequest.Name(context, $"{path.End}.{(isRaw ? "bin" : "cbor")}", isAttachment: true);
        context.Response.ContentType = isRaw ? "application/vnd.ipld.raw" : "application/vnd.ipld.dag-cbor";
        await Send(context, block).ConfigureAwait(false);
    }

    private async Task ServeFile(HttpContext context, GatewayRequest request, GatewayPath path)
    {
        if (path.IsInside)
            throw new GatewayException(501, $"the path ends inside {path.End}; ask for the block with ?format=raw");
        if (path.End.Codec == Multicodec.DagPb)
        {
            await ServeUnixFs(context, request, path).ConfigureAwait(false);
            return;
        }

        if (path.End.Codec is not (Multicodec.Raw or Multicodec.DagCbor))
        {
            throw new GatewayException(406,
                $"{path.End} is of codec {Multicodec.Name(path.End.Codec)}; ask for ?format=raw");
        }

        if (!Tag(context, $"\"{path.End}\"")) return;
        using ServedBlock block = Open(path.End);
        GatewayRequest.Name(context, LastOf(request) ?? $"{path.End}", isAttachment: false);
        context.Response.ContentType = path.End.Codec == Multicodec.DagCbor
            ? "application/vnd.ipld.dag-cbor"
            : FileTypes.Of(LastOf(request), block.Start);
        await Send(context, block).ConfigureAwait(false);
    }

    private async Task ServeUnixFs(HttpContext context, GatewayRequest request, GatewayPath path)
    {
        var file = UnixFsFile.Open(blocks, path.End);
        if (!Tag(context, $"\"{path.End}\"")) return;
        GatewayRequest.Name(context, LastOf(request) ?? $"{path.End}", isAttachment: false);
        context.Response.ContentType = FileTypes.Of(LastOf(request), default);
        if (Begin(context, file.Length) is not { } range) return;
        await file.Send(range, new PipeStream(context.Response.BodyWriter), context.RequestAborted)
            .ConfigureAwait(false);
    }

    private async Task ServeCar(HttpContext context, GatewayRequest request, GatewayPath path)
    {
        if (path.IsInside) throw new GatewayException(404, $"the path ends inside {path.End}, which is no block");
        var parameters = CarParameters.Read(context.Request.Query, request.Accepted);
        if (!Tag(context, $"W/\"{request.Root}.car.{KeyOf(request.Path, parameters)}\"")) return;
        HttpResponse response = context.Response;
        GatewayRequest.Name(context, $"{request.Root}.car", isAttachment: true);
        response.ContentType = parameters.ContentType;
        response.Headers.AcceptRanges = "none";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        // The last block is opened first, so that one which is damaged is an answer and no broken stream.
        using ServedBlock end = Open(path.End);
        await response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var stream = new PipeStream(response.BodyWriter);
        var car = new GatewayCar(new CarWriter(stream, [request.Root], 1), stream, context.RequestAborted);
        foreach (Cid cid in path.Blocks.SkipLast(1))
        {
            using ServedBlock block = await blocks.OpenAsync(cid, context.RequestAborted).ConfigureAwait(false);
            await car.Add(block).ConfigureAwait(false);
        }

        await car.Add(end).ConfigureAwait(false);
        var walk = new DagWalk(parameters, path.Blocks);
        if (DagWalk.HasLinks(end.Cid)) walk.Begin(end.Cid, end.Whole().Span);
        while (walk.TryNext(out Cid next))
        {
            using ServedBlock block = await blocks.OpenAsync(next, context.RequestAborted).ConfigureAwait(false);
            await car.Add(block).ConfigureAwait(false);
            if (DagWalk.HasLinks(next)) walk.Below(block.Whole().Span);
        }

        await stream.Send(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Sends a block, or the range of it that is asked for.</summary>
    public static async Task Send(HttpContext context, ServedBlock block)
    {
        if (block.Dag is { } dag) context.Response.Headers[DagHeader] = dag.ToString();
        if (Begin(context, block.Length) is not { } range) return;
        var stream = new PipeStream(context.Response.BodyWriter);
        bool isStarted = false;
        foreach (ReadOnlyMemory<byte> piece in block.Pieces(range.From, range.Count))
        {
            // The first piece is proved by now: a damaged one is an answer and no broken stream.
            if (!isStarted) await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
            isStarted = true;
            await stream.Send(piece, context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>Chooses the range; null where nothing more is to be sent.</summary>
    private static ByteRange? Begin(HttpContext context, long length)
    {
        ByteRange? range = ByteRange.Choose(context, length);
        return HttpMethods.IsHead(context.Request.Method) ? null : range;
    }

    /// <summary>Sets the ETag and how long it holds.</summary>
    /// <returns>False where the client has it, which was answered.</returns>
    private static bool Tag(HttpContext context, string tag)
    {
        HttpResponse response = context.Response;
        response.Headers.ETag = tag;
        response.Headers.CacheControl = Forever;
        bool isKnown = false;
        foreach (string? line in context.Request.Headers.IfNoneMatch)
        {
            foreach (string each in line?.Split(',', StringSplitOptions.TrimEntries) ?? [])
                isKnown |= each == "*" || Strong(each) == Strong(tag);
        }

        if (isKnown) response.StatusCode = StatusCodes.Status304NotModified;
        return !isKnown;
    }

    private static string Strong(string tag) => tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;

    private static bool IsOnlyIfCached(HttpContext context) =>
        context.Request.Headers.CacheControl.ToString().Contains("only-if-cached", StringComparison.OrdinalIgnoreCase);

    private ServedBlock Open(Cid cid) => blocks.TryOpen(cid) ?? throw blocks.NotHere(cid);

    private static string? LastOf(GatewayRequest request) =>
        request.Path.Length == 0 ? null : request.Path[(request.Path.LastIndexOf('/') + 1)..];

    private static string KeyOf(string path, CarParameters parameters) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{path}\n{parameters.Key}")).AsSpan(0, 8));

    private static string Name(GatewayFormat format) => format switch
    {
        GatewayFormat.Car => "car",
        GatewayFormat.DagCbor => "dag-cbor",
        _ => "raw",
    };
}
