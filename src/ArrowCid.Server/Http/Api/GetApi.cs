using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Signing;
using ArrowCid.Transfer;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Http;

/// <summary><c>GET /v1/blocks/{cid}</c>: a batch, or the batches of a dataset, in the form that is asked for.</summary>
internal sealed class GetApi(HttpService service)
{
    // Text is handed on whenever there is this much of it; a row has at most that much.
    private const long SentAtOnce = 256 << 10, MostOfRow = 256L << 20;

    // The end of a stream.
    private static readonly byte[] s_end = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

    private readonly GatewayBlocks _blocks = service.Blocks;

    private static readonly (string Name, string Type)[] s_forms =
    [
        ("arrow", FileTypes.ArrowStream), ("parquet", FileTypes.Parquet), ("car", FileTypes.Car),
        ("csv", FileTypes.Csv), ("json", FileTypes.JsonLines),
    ];

    /// <summary>The names of the forms.</summary>
    public static IReadOnlyList<string> FormatNames { get; } = [.. s_forms.Select(each => each.Name)];

    /// <summary>The content types of the forms.</summary>
    public static IReadOnlyList<string> Types { get; } = [.. s_forms.Select(each => each.Type)];

    /// <summary><c>GET /v1/blocks/{cid}</c>.</summary>
    public Task Get(HttpContext context)
    {
        Cid cid = ApiQuery.CidOf(context, service.Store);
        bool isName = context.Request.RouteValues["cid"] is string text && text.StartsWith('@');
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        return Answer(context, cid, FormOf(context.Request), isName ? $"/v1/blocks/{cid}" : null);
    }

    /// <summary><c>GET /v1/datasets/{name}.parquet</c>: a dataset or batch as one Parquet file, by its name or
    /// CID.</summary>
    public Task GetParquet(HttpContext context)
    {
        string name = PathNames.NameOf(context);
        bool isCid = Cid.TryParse(name, out Cid cid, out _);
        if (!isCid) cid = ApiQuery.Resolve(service.Store, name);
        if (service.Store.Proofs.RemovedError(cid) is { } removed) throw removed;
        return Answer(context, cid, ("parquet", FileTypes.Parquet), isCid ? null : $"/v1/datasets/{cid}.parquet");
    }

    /// <param name="context">The request.</param>
    /// <param name="cid">The block.</param>
    /// <param name="format">The form to send it in.</param>
    /// <param name="location">The path that always has the same content, where the request names a name; else
    /// null.</param>
    private async Task Answer(HttpContext context, Cid cid, (string Name, string Type) format, string? location)
    {
        (string form, string type) = format;
        IReadOnlyList<Cid> batches = cid.Codec == Multicodec.DagCbor
            ? service.Store.Datasets.TryGet(cid) ?? throw _blocks.NotHere(cid)
            : [cid];
        if (!service.Store.Reading.IsReadable(cid)) throw _blocks.NotHere(cid);
        foreach (Cid batch in batches.Where(batch => !service.Store.Reading.IsReadable(batch)))
            throw _blocks.NotHere(batch);
        IReadOnlyList<string> columns = ApiQuery.ColumnsOf(context);
        if (columns.Count > 0 && form == "car")
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a CAR has whole blocks; leave columns out");
        HttpResponse response = context.Response;
        IReadOnlyList<SignedStatement> statements = StatementsFor(form, cid, batches, columns);
        response.Headers.ETag = $"\"{cid}.{form}{MarkOf(columns)}{MarkOf(statements)}\"";
        response.Headers.CacheControl = location is not null
            ? "private, no-cache"
            : "private, max-age=29030400, immutable";
        if (location is not null) response.Headers.ContentLocation = location;
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
                    ? file => _ = service.Store.Transfer.ExportCar([cid], file)
                    : file => ParquetExport.Write(batches, Hold, file, columns: columns, statements: statements))
                    .ConfigureAwait(false);
                break;
            case "arrow" when columns.Count > 0:
                await SendMade(context, file => ArrowExport.Write(batches, Hold, file, columns: columns))
                    .ConfigureAwait(false);
                break;
            case "arrow" when batches.Count == 1:
                await SendBlock(context, batches[0]).ConfigureAwait(false);
                break;
            case "arrow":
                await SendStream(context, batches).ConfigureAwait(false);
                break;
            default:
                await SendText(context, batches, form == "csv", columns).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>The signed statements that a file carries: those about the batches, and in a CAR about all of its
    /// blocks.</summary>
    private IReadOnlyList<SignedStatement> StatementsFor(string form, Cid cid, IReadOnlyList<Cid> batches,
        IReadOnlyList<string> columns) => form switch
        {
            "car" => CarStatements.About(service.Store, [cid], null),
            "parquet" when columns.Count == 0 => service.Store.Signatures.About(batches.Prepend(cid).Distinct()),
            _ => [],
        };

    /// <summary>What tells the ETag of a file with statements from that of one without, or with others.</summary>
    private static string MarkOf(IReadOnlyList<SignedStatement> statements) => statements.Count == 0
        ? ""
        : MarkOf([.. statements.Select(each => $"{each.Cid} {each.SignatureCid}").Order(StringComparer.Ordinal)]);

    /// <summary>What tells the ETag of some columns from that of all.</summary>
    private static string MarkOf(IReadOnlyList<string> columns)
    {
        const int Bytes = 8;
        if (columns.Count == 0) return "";
        byte[] names = Encoding.UTF8.GetBytes(string.Join('\0', columns));
        return $".{Convert.ToHexStringLower(SHA256.HashData(names).AsSpan(0, Bytes))}";
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
        // Blocks are streams of one schema: the messages of each follow those of the one before.
        using ServedBlock first = _blocks.TryOpen(batches[0]) ?? throw _blocks.NotHere(batches[0]);
        byte[] schema = SchemaOf(first);
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var stream = new PipeStream(context.Response.BodyWriter);
        await stream.Send(schema, context.RequestAborted).ConfigureAwait(false);
        foreach (Cid cid in batches)
        {
            using ServedBlock block = _blocks.TryOpen(cid) ?? throw _blocks.NotHere(cid);
            if (!SchemaOf(block).AsSpan().SequenceEqual(schema))
                throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} has another schema than the first batch");
            long count = block.Length - schema.Length - s_end.Length;
            foreach (ReadOnlyMemory<byte> piece in block.Pieces(schema.Length, count))
                await stream.Send(piece, context.RequestAborted).ConfigureAwait(false);
        }

        await stream.Send(s_end, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>A block's first message, its schema's, proved.</summary>
    private static byte[] SchemaOf(ServedBlock block)
    {
        const int Prefix = 8;
        long length = block.Start.Length == Prefix && block.Start.StartsWith<byte>([0xff, 0xff, 0xff, 0xff])
            ? Prefix + (long)BinaryPrimitives.ReadInt32LittleEndian(block.Start[4..])
            : 0;
        if (length <= Prefix || length > block.Length - s_end.Length)
            throw new ArrowCidException(ErrorCode.InvalidData, $"{block.Cid} is no batch");
        byte[] schema = new byte[length];
        int at = 0;
        foreach (ReadOnlyMemory<byte> piece in block.Pieces(0, length))
        {
            piece.CopyTo(schema.AsMemory(at));
            at += piece.Length;
        }

        return schema;
    }

    /// <summary>CSV and JSON lines, handed on cell by cell as soon as there are enough bytes.</summary>
    private async Task SendText(HttpContext context, IReadOnlyList<Cid> batches, bool isCsv,
        IReadOnlyList<string> columns)
    {
        using (BatchLease first = Lease(batches[0]))
        {
            RecordBatch empty = ColumnChoice.Of(first.View, columns).Slice(0, 0);
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
                RecordBatch batch = ColumnChoice.Of(lease.View, columns);
                IEnumerable<bool> cells = isCsv
                    ? BatchText.CsvCells(batch, text, isFirst, MostOfRow)
                    : BatchText.JsonCells(batch, text, MostOfRow);
                foreach (bool _ in cells)
                {
                    if (stream.Unsent >= SentAtOnce)
                        await stream.Send(context.RequestAborted).ConfigureAwait(false);
                }

                isFirst = false;
            }
        }

        await stream.Send(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>What can only be made whole is made in a file first, and sent from it, with ranges.</summary>
    private async Task SendMade(HttpContext context, Action<Stream> make)
    {
        using MadeFileLease file = await service.Files.OpenAsync(
            context.Response.Headers.ETag.ToString(), make, context.RequestAborted).ConfigureAwait(false);
        ByteRange? range = ByteRange.Choose(context, file.Length);
        if (range is not { } part || HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var stream = new PipeStream(context.Response.BodyWriter);
        byte[] piece = new byte[64 << 10];
        for (long at = part.From, end = part.From + part.Count; at < end;)
        {
            int read = await file.ReadAsync(piece.AsMemory(0, (int)Math.Min(end - at, piece.Length)), at,
                context.RequestAborted).ConfigureAwait(false);
            if (read == 0) throw new IOException("the made file is shorter than it was");
            await stream.Send(piece.AsMemory(0, read), context.RequestAborted).ConfigureAwait(false);
            at += read;
        }
    }

    /// <summary>A batch whose bytes were proved just now.</summary>
    private BatchLease Lease(Cid cid) => service.Store.Reading.TryGetProved(cid) ?? throw _blocks.NotHere(cid);

    private HeldBatch Hold(Cid cid) => Lease(cid).Hold();
}
