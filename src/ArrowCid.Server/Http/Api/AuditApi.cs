using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Server.Service;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>Answers with the audit trail (<c>Store/Audit/AUDIT.md</c>).</summary>
internal sealed class AuditApi(HttpService service)
{
    private const string Arrow = "arrow", Json = "json";

    private const int LinesAtOnce = 64;

    /// <summary>The content types of the answer.</summary>
    public static IReadOnlyList<string> Types { get; } = [FileTypes.JsonLines, FileTypes.ArrowStream];

    /// <summary>The parameters of <c>GET /v1/audit</c>.</summary>
    public static IReadOnlyList<ApiParameter> Parameters { get; } =
    [
        new("format", "The form of the answer.")
        {
            Values = [Json, Arrow], Default = "\"json\"", Example = "\"arrow\"",
        },
        new("subject", "Only entries of this subject.") { Example = "\"alice\"" },
        new("from", "Only entries from this date or time on.") { Example = "\"2026-11-20\"" },
        new("until", "Only entries before this date or time.") { Example = "\"2026-12-01T12:00:00Z\"" },
    ];

    /// <summary><c>GET /v1/audit</c>: one JSON object per line, or an Arrow stream.</summary>
    public async Task Get(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        bool isArrow = query["format"].ToString() switch
        {
            "" or Json => false,
            Arrow => true,
            var other => throw new GatewayException(StatusCodes.Status406NotAcceptable,
                $"there is no format '{other}'; ?format= takes {Json} and {Arrow}"),
        };
        AuditFilter filter = AuditQuery.FilterOf(query["subject"], query["from"], query["until"]);
        IReadOnlyList<AuditEntry> entries =
            await service.Store.Diagnostics.Audit.ListAsync(filter, context.RequestAborted).ConfigureAwait(false);
        HttpResponse response = context.Response;
        response.ContentType = isArrow ? FileTypes.ArrowStream : FileTypes.JsonLines;
        response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var stream = new PipeStream(response.BodyWriter);
        if (isArrow) await WriteTable(entries, stream, context.RequestAborted).ConfigureAwait(false);
        else await WriteLines(entries, stream, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task WriteTable(IReadOnlyList<AuditEntry> entries, PipeStream stream, CancellationToken cancel)
    {
        var writer = new ArrowWriter(stream, AuditTable.Schema);
        foreach (RecordBatch batch in AuditTable.Of(entries))
        {
            writer.Write(batch);
            await stream.Send(cancel).ConfigureAwait(false);
        }

        writer.Finish();
        await stream.Send(cancel).ConfigureAwait(false);
    }

    private static async Task WriteLines(IReadOnlyList<AuditEntry> entries, PipeStream stream, CancellationToken cancel)
    {
        int lines = 0;
        foreach (AuditEntry entry in entries)
        {
            stream.Write(JsonObject.Bytes(writer => AuditTable.Write(writer, entry)));
            stream.Write("\n"u8);
            if (++lines % LinesAtOnce == 0) await stream.Send(cancel).ConfigureAwait(false);
        }

        await stream.Send(cancel).ConfigureAwait(false);
    }
}
