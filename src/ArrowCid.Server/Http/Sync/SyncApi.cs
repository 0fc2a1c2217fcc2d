using System.Buffers.Binary;
using ArrowCid.Server.Access;
using ArrowCid.Server.Service;
using ArrowCid.Sync;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>Sync over HTTP (<c>Sync/SYNC.md</c>, Carriers): <c>POST /v1/sync</c> opens a session with the requests of
/// its body, <c>POST /v1/sync/ID</c> goes on. Bodies are messages with their lengths in front.</summary>
internal sealed class SyncApi(HttpService service)
{
    /// <summary>The type of the bodies.</summary>
    public const string ContentType = "application/vnd.arrowcid.sync";

    // The requests of one body, which are in memory while they are answered.
    private const int MostBytes = 16 << 20;

    /// <summary>Opens a session.</summary>
    public async Task Open(HttpContext context)
    {
        List<byte[]> requests = await Read(context).ConfigureAwait(false);
        using SyncSessions.Lease lease = service.Syncs.Open(service.Store, ClientOf(context), RightsOf(context));
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"/v1/sync/{lease.Id}";
        await Answer(context, lease.Session, requests).ConfigureAwait(false);
    }

    /// <summary>Answers further requests.</summary>
    public async Task Continue(HttpContext context)
    {
        List<byte[]> requests = await Read(context).ConfigureAwait(false);
        using SyncSessions.Lease lease = service.Syncs.Enter(IdOf(context), ClientOf(context));
        lease.Session.Rights = RightsOf(context);
        await Answer(context, lease.Session, requests).ConfigureAwait(false);
    }

    /// <summary>Ends a session.</summary>
    public Task End(HttpContext context)
    {
        service.Syncs.End(IdOf(context), ClientOf(context));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>The number and the sum of the blocks and facts that pass a filter, without a key: for a glance at
    /// whether two stores are in step.</summary>
    public async Task Sum(HttpContext context)
    {
        string? filter = ApiQuery.FilterOf(context)?.ToString();
        var hash = new SyncHash(new byte[SyncHash.NonceBytes], new byte[SyncHash.NonceBytes]);
        (SyncSet Blocks, SyncSet Facts) sets = await Task.Run(() =>
        {
            var end = new StoreEnd(service.Store);
            return (Open(SyncSubject.Blocks), Open(SyncSubject.Facts));
            SyncSet Open(SyncSubject subject) =>
                end.Open(new SyncWish(subject, filter, WithPins: false, Since: null), context.RequestAborted).Set;
        }, context.RequestAborted).ConfigureAwait(false);
        await HttpErrors.WriteJson(context.Response, writer =>
        {
            writer.WriteNumber("blocks", sets.Blocks.Count);
            writer.WriteString("blockSum", Text(sets.Blocks));
            writer.WriteNumber("facts", sets.Facts.Count);
            writer.WriteString("factSum", Text(sets.Facts));
        }).ConfigureAwait(false);

        string Text(SyncSet set) => set.Sum(in hash).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string IdOf(HttpContext context) => (string?)context.Request.RouteValues["id"] ?? "";

    private string ClientOf(HttpContext context) =>
        service.Guard.Decide(context, AccessNeed.List, CallerConnection.Http, "sync").Client;

    private SyncRights RightsOf(HttpContext context)
    {
        bool canPut = !service.Store.IsReadOnly &&
            service.Guard.IsAllowed(context, AccessNeed.Put, CallerConnection.Http);
        return new SyncRights(canPut, canPut &&
            service.Guard.IsAllowed(context, AccessNeed.Admin, CallerConnection.Http));
    }

    private async Task Answer(HttpContext context, SyncSession session, List<byte[]> requests)
    {
        HttpResponse response = context.Response;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, service.Stopping);
        var stream = new PipeStream(response.BodyWriter);
        var length = new byte[sizeof(int)];
        foreach (byte[] request in requests)
        {
            using IEnumerator<byte[]> answers = session.Answer(request, ends.Token).GetEnumerator();
            while (await Task.Run(answers.MoveNext, ends.Token).ConfigureAwait(false))
            {
                BinaryPrimitives.WriteInt32LittleEndian(length, answers.Current.Length);
                stream.Write(length);
                await stream.Send(answers.Current, ends.Token).ConfigureAwait(false);
            }
        }

        await stream.Send(ends.Token).ConfigureAwait(false);
    }

    private static async Task<List<byte[]>> Read(HttpContext context)
    {
        string type = context.Request.ContentType ?? "";
        if (type.Length > 0 && !type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase))
            throw new GatewayException(StatusCodes.Status415UnsupportedMediaType, $"the body is {ContentType}");
        using var body = new MemoryStream();
        var piece = new byte[64 << 10];
        int read;
        while ((read = await context.Request.Body.ReadAsync(piece, context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            if (body.Length + read > MostBytes)
                throw new ArrowCidException(ErrorCode.TooLarge, $"requests of over {MostBytes} bytes; send them apart");
            body.Write(piece.AsSpan(0, read));
        }

        return SyncFrames.Read(body.GetBuffer().AsMemory(0, (int)body.Length));
    }
}
