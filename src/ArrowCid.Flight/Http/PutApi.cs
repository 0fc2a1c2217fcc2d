using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Flight.Access;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Flight.Http;

/// <summary><c>POST /v1/blocks</c>: batches in, CIDs out. The body is taken whole before the first batch is put, so one
/// that breaks off or is not what it says leaves nothing.</summary>
internal sealed class PutApi(HttpService service)
{
    private const int MostBlocks = 100_000, MostRows = 1 << 24;

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

    private static List<PutResult> Put(FileStream body, Func<Stream, IEnumerable<RecordBatch>> read, PutOptions? facts,
        CallerRights rights, CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (RecordBatch batch in read(body))
        {
            BlockAddress address = CanonicalBlock.Address(batch);
            if (facts is { Expires: not null } or { ExpiresAfter: not null }) rights.RequireExpiry(address.Cid);
            cancellationToken.ThrowIfCancellationRequested();
            if (++count > MostBlocks)
            {
                throw new ArrowCidException(ErrorCode.TooLarge,
                    $"a request puts at most {MostBlocks} batches; send several, or give rowsPerBlock");
            }
        }

        if (facts?.Name is not null && count != 1)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"name names one batch, and here are {count}; put them without it, then PUT /v1/names/NAME");
        }

        body.Position = 0;
        var results = new List<PutResult>(count);
        foreach (RecordBatch batch in read(body))
        {
            cancellationToken.ThrowIfCancellationRequested();
            results.Add(rights.Put(batch, default, facts));
            ServerCounters.Put.Add(1, new KeyValuePair<string, object?>("protocol", CallerConnection.Http));
        }

        return results;
    }

    private static Func<Stream, IEnumerable<RecordBatch>> ReaderOf(HttpContext context)
    {
        int rows = ApiQuery.Number(context, "rowsPerBlock", 0, MostRows);
        _ = MediaTypeHeaderValue.TryParse(context.Request.ContentType, out MediaTypeHeaderValue? type);
        string? encoding = context.Request.Headers.ContentEncoding;
        if (!string.IsNullOrEmpty(encoding) && encoding != "identity")
            throw new GatewayException(415, $"a body in {encoding} is not taken; send it as it is");
        RowReadOptions text = new()
        {
            RowsPerBatch = rows > 0 ? rows : RowReadOptions.DefaultRowsPerBatch,
            LeaveOpen = true,
            TypeViews = context.Request.Query["types"] is { Count: > 0 } types
                ? TypeTextReader.Types(types.ToString())
                : new Dictionary<string, ArrowType>(),
        };
        return type?.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/vnd.apache.arrow.stream" or "application/vnd.apache.arrow.file"
                or "application/octet-stream" => body => Cut(Arrow(body), rows),
            "application/vnd.apache.parquet" => body => Cut(Parquet(body), rows),
            "text/csv" => body => Rows(RowReader.OpenCsv(body, text)),
            "application/x-ndjson" or "application/jsonl" or "application/json-lines" =>
                body => Rows(RowReader.OpenJsonLines(body, text)),
            _ => throw new GatewayException(415, "Content-Type is application/vnd.apache.arrow.stream or .file, " +
                "application/vnd.apache.parquet, text/csv or application/x-ndjson"),
        };
    }

    private static IEnumerable<RecordBatch> Cut(IEnumerable<RecordBatch> batches, int rows) =>
        rows > 0 ? BatchCut.EveryRows(batches, rows) : batches;

    private static IEnumerable<RecordBatch> Arrow(Stream body)
    {
        using var reader = ArrowReader.Open(body, new ArrowReadOptions { LeaveOpen = true });
        while (reader.ReadView() is { } batch) yield return batch;
    }

    private static IEnumerable<RecordBatch> Parquet(Stream body)
    {
        using var reader = ParquetReader.Open(body, new ParquetReadOptions { LeaveOpen = true });
        while (reader.ReadView() is { } batch) yield return batch;
    }

    private static IEnumerable<RecordBatch> Rows(RowReader opened)
    {
        using RowReader reader = opened;
        while (reader.ReadView() is { } batch) yield return batch;
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
