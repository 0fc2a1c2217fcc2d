using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Parquet;
using ArrowCid.Server.Access;
using ArrowCid.Server.Service;
using ArrowCid.Signing;
using ArrowCid.Transfer;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Http;

/// <summary><c>POST /v1/blocks</c>: batches in, CIDs out. The body is taken whole before the first batch is put, so one
/// that breaks off or is not what it says leaves nothing.</summary>
internal sealed class PutApi(HttpService service)
{
    /// <summary>The largest number of rows per block.</summary>
    public const int MaxRows = 1 << 24;

    private const int MostBlocks = 100_000;
    private const int MostOfBlock = int.MaxValue - 1023, MostOfNode = 16 << 20;

    public async Task Put(HttpContext context)
    {
        Func<Stream, IEnumerable<RecordBatch>> read = ReaderOf(context);
        PutOptions? facts = ApiQuery.FactsOf(context, service.Store.Clock.GetUtcNow());
        CallerRights rights = service.RightsOf(context);
        rights.RequirePut(facts?.Name, facts?.Pin == true);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, service.Stopping);
        FileStream body = await Spool.Body(context, ends.Token).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            List<PutResult> results =
                await Task.Run(() => Put(body, read, facts, rights, ends.Token), ends.Token).ConfigureAwait(false);
            context.Response.StatusCode = results.Exists(put => put.IsNew)
                ? StatusCodes.Status201Created
                : StatusCodes.Status200OK;
            if (results.Count == 1) context.Response.Headers.Location = $"/v1/blocks/{results[0].Cid}";
            await HttpErrors.WriteJson(context.Response, writer => Write(writer, results)).ConfigureAwait(false);
        }
    }

    /// <summary><c>PUT /v1/blocks/{cid}</c>: the bytes of one block of any kind.</summary>
    public async Task PutOne(HttpContext context)
    {
        // A block that was removed may be put again.
        string text = (string?)context.Request.RouteValues["cid"] ?? "";
        if (!Cid.TryParse(text, out Cid cid, out CidError error))
            throw new ArrowCidException(ErrorCode.InvalidCid, $"'{text}' is no CID: {Cid.Describe(error)}");
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, service.Stopping);
        FileStream body = await Spool.Body(context, ends.Token).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            StorePlaces places = service.Store.Places;
            places.Gauge.ThrowIfOver();
            bool isNew = await Task.Run(() => PutOne(cid, body), ends.Token).ConfigureAwait(false);
            if (isNew) places.Gauge.Add(body.Length);
            if (places.WritesThrough)
                await Task.Run(() => places.CopyThrough([cid], ends.Token), ends.Token).ConfigureAwait(false);
            context.Response.StatusCode = isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
            await HttpErrors.WriteJson(context.Response, writer =>
            {
                writer.WriteString("cid", cid.ToString());
                writer.WriteBoolean("isNew", isNew);
            }).ConfigureAwait(false);
        }
    }

    private bool PutOne(Cid cid, FileStream body)
    {
        if (cid.Version != 1 || !cid.Hash.IsSha256)
            throw new ArrowCidException(ErrorCode.InvalidCid, $"{cid} is not of version 1 with a SHA-256");
        if (body.Length > (cid.Codec == Multicodec.Raw ? MostOfBlock : MostOfNode))
            throw new ArrowCidException(ErrorCode.TooLarge, $"a block of {body.Length} bytes is too large");
        if (cid.Codec == Multicodec.Raw)
        {
            return service.Store.Putting.PutFrom((int)body.Length, target => body.ReadExactly(target), cid,
                onlyBatch: false) is { Put.IsNew: true };
        }

        byte[] bytes = new byte[body.Length];
        body.ReadExactly(bytes);
        if (Cid.Sha256(cid.Codec, bytes) != cid)
            throw new ArrowCidException(ErrorCode.InvalidData, $"the bytes are not {cid}; nothing was stored");
        return service.Store.PutRaw(bytes, cid.Codec).IsNew;
    }

    private List<PutResult> Put(FileStream body, Func<Stream, IEnumerable<RecordBatch>> read, PutOptions? facts,
        CallerRights rights, CancellationToken cancellationToken)
    {
        IReadOnlyList<SignedStatement> statements = StatementsIn(body);
        // The body is parsed and encoded once: the batches are kept until all of them are known.
        using var spool = new BatchSpool();
        var batches = new List<SpooledBatch>();
        bool mustCreate = rights.MustCreate(facts);
        foreach (RecordBatch batch in read(body))
        {
            SpooledBatch kept = spool.Add(batch, isHashed: mustCreate);
            if (mustCreate) rights.RequireExpiry(Cid.FromSha256(Multicodec.Raw, kept.Digest));
            cancellationToken.ThrowIfCancellationRequested();
            batches.Add(kept);
            if (batches.Count > MostBlocks)
            {
                throw new ArrowCidException(ErrorCode.TooLarge,
                    $"a request puts at most {MostBlocks} batches; send several, or give rowsPerBlock");
            }
        }

        if (facts?.Name is not null && batches.Count != 1)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"name names one batch, and here are {batches.Count}; put them without it, then PUT /v1/names/NAME");
        }

        var results = new List<PutResult>(batches.Count);
        foreach (SpooledBatch batch in batches)
        {
            cancellationToken.ThrowIfCancellationRequested();
            results.Add(rights.Put(batch, facts));
            service.Counters.Put.Add(1, new KeyValuePair<string, object?>("protocol", CallerConnection.Http));
        }

        service.Store.Signatures.AddImported(statements);
        return results;
    }

    /// <summary>The signed statements that a Parquet file carries, each proved before anything is put.</summary>
    private static IReadOnlyList<SignedStatement> StatementsIn(FileStream body)
    {
        Span<byte> start = stackalloc byte[8];
        start = start[..body.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        body.Position = 0;
        return ParquetReader.IsParquet(start) ? ParquetImport.ReadStatements(body) : [];
    }

    private static Func<Stream, IEnumerable<RecordBatch>> ReaderOf(HttpContext context)
    {
        int rows = ApiQuery.Number(context, "rowsPerBlock", 0, MaxRows);
        _ = MediaTypeHeaderValue.TryParse(context.Request.ContentType, out MediaTypeHeaderValue? type);
        string? encoding = context.Request.Headers.ContentEncoding;
        if (!string.IsNullOrEmpty(encoding) && encoding != "identity")
            throw new GatewayException(415, $"a body in {encoding} is not taken; send it as it is");
        BatchFormat format = type?.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/vnd.apache.arrow.stream" or "application/vnd.apache.arrow.file"
                or "application/octet-stream" => BatchFormat.Arrow,
            "application/vnd.apache.parquet" => BatchFormat.Parquet,
            "text/csv" => BatchFormat.Csv,
            "application/x-ndjson" or "application/jsonl" or "application/json-lines" => BatchFormat.JsonLines,
            _ => throw new GatewayException(415, "Content-Type is application/vnd.apache.arrow.stream or .file, " +
                "application/vnd.apache.parquet, text/csv or application/x-ndjson"),
        };
        var options = new BatchReadOptions
        {
            RowsPerBatch = rows > 0 ? rows : null,
            Rows = new RowReadOptions
            {
                RowsPerBatch = rows > 0 ? rows : RowReadOptions.DefaultRowsPerBatch,
                TypeViews = context.Request.Query["types"] is { Count: > 0 } types
                    ? TypeTextReader.Types(types.ToString())
                    : new Dictionary<string, ArrowType>(),
            },
        };
        return body => BatchFile.Open(body).Read(format, options);
    }

    private static void Write(Utf8JsonWriter writer, List<PutResult> results)
    {
        writer.WriteStartArray("blocks");
        foreach (PutResult put in results)
        {
            writer.WriteStartObject();
            writer.WriteString("cid", put.Cid.ToString());
            writer.WriteString("schemaCid", put.SchemaCid.ToString());
            writer.WriteNumber("rows", put.Rows);
            writer.WriteNumber("bytes", put.ByteLength);
            writer.WriteBoolean("isNew", put.IsNew);
            writer.WriteBoolean("isRepaired", put.IsRepaired);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
