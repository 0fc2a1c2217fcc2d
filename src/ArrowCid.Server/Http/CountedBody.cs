using System.IO.Pipelines;
using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ArrowCid.Server.Http;

/// <summary>The body of a response, whose bytes are counted as they are sent. It is below compression.</summary>
internal sealed class CountedBody : IHttpResponseBodyFeature
{
    private static readonly KeyValuePair<string, object?> s_protocol = new("protocol", CallerConnection.Http);

    private readonly IHttpResponseBodyFeature _body;
    private readonly ServerCounters _counters;
    private CountedPipe? _pipe;

    private CountedBody(IHttpResponseBodyFeature body, ServerCounters counters) =>
        (_body, _counters) = (body, counters);

    /// <inheritdoc/>
    public Stream Stream => Writer.AsStream(leaveOpen: true);

    /// <inheritdoc/>
    public PipeWriter Writer => _pipe ??= new CountedPipe(_body.Writer, Add);

    /// <summary>Counts the bytes of the response of a request that <paramref name="next"/> answers.</summary>
    public static async Task Serve(HttpContext context, RequestDelegate next, ServerCounters counters)
    {
        // The server sends no body there.
        if (HttpMethods.IsHead(context.Request.Method)
            || context.Features.Get<IHttpResponseBodyFeature>() is not { } body)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        var counted = new CountedBody(body, counters);
        context.Features.Set<IHttpResponseBodyFeature>(counted);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            // The server flushes what is left.
            counted._pipe?.Report();
            context.Features.Set(body);
        }
    }

    /// <inheritdoc/>
    public void DisableBuffering() => _body.DisableBuffering();

    /// <inheritdoc/>
    public async Task SendFileAsync(string path, long offset, long? count,
        CancellationToken cancellationToken = default)
    {
        await _body.SendFileAsync(path, offset, count, cancellationToken).ConfigureAwait(false);
        Add(count ?? (new FileInfo(path).Length - offset));
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) => _body.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CompleteAsync() => _body.CompleteAsync();

    private void Add(long bytes) => _counters.Sent.Add(bytes, s_protocol);
}
