using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Tests.Transfer.S3;

/// <summary>What <see cref="FaultyS3"/> does with a request.</summary>
internal enum S3Misdeed
{
    /// <summary>It passes the request and the answer on.</summary>
    None,

    /// <summary>It answers 503 SlowDown.</summary>
    SlowDown,

    /// <summary>It answers 500 InternalError.</summary>
    InternalError,

    /// <summary>It answers 403 AccessDenied.</summary>
    AccessDenied,

    /// <summary>It answers 409 ConditionalRequestConflict.</summary>
    Conflict,

    /// <summary>It closes the connection after half of the body.</summary>
    CutBody,

    /// <summary>It changes a byte of the body.</summary>
    WrongByte,

    /// <summary>It passes the request on without its range.</summary>
    IgnoreRange,

    /// <summary>It answers with a length of 10 GiB, and zeros.</summary>
    Endless,

    /// <summary>It passes the request on and closes the connection instead of answering.</summary>
    LoseAnswer,

    /// <summary>It answers 404 NoSuchKey.</summary>
    Absent,

    /// <summary>It closes the connection.</summary>
    Close,
}

/// <summary>A proxy before an S3 server that misbehaves as a test wants.</summary>
internal sealed class FaultyS3 : IAsyncDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly Uri _server;
    private readonly Func<string, string, S3Misdeed> _choose;
    private readonly WebApplication _app;
    private int _requests;

    private FaultyS3(Uri server, Func<string, string, S3Misdeed> choose)
    {
        (_server, _choose) = (server, choose);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        _ = builder.Logging.ClearProviders();
        _ = builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        _app = builder.Build();
        _app.Run(Answer);
    }

    /// <summary>Where it is.</summary>
    public Uri Url => new(_app.Urls.Single());

    /// <summary>How many requests came.</summary>
    public int Requests => _requests;

    /// <param name="server">The server.</param>
    /// <param name="choose">Chooses for a method and a path with its query.</param>
    public static async Task<FaultyS3> Start(Uri server, Func<string, string, S3Misdeed> choose)
    {
        var proxy = new FaultyS3(server, choose);
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private Task Answer(HttpContext context)
    {
        _ = Interlocked.Increment(ref _requests);
        S3Misdeed misdeed = _choose(context.Request.Method, TargetOf(context));
        return misdeed switch
        {
            S3Misdeed.SlowDown => Refuse(context, 503, "SlowDown"),
            S3Misdeed.InternalError => Refuse(context, 500, "InternalError"),
            S3Misdeed.AccessDenied => Refuse(context, 403, "AccessDenied"),
            S3Misdeed.Conflict => Refuse(context, 409, "ConditionalRequestConflict"),
            S3Misdeed.Absent => Refuse(context, 404, "NoSuchKey"),
            S3Misdeed.Close => Close(context),
            _ => Pass(context, misdeed),
        };
    }

    private static Task Close(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    private static string TargetOf(HttpContext context) => context.Features.Get<IHttpRequestFeature>()!.RawTarget;

    private static async Task Refuse(HttpContext context, int status, string code)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        byte[] body = Encoding.UTF8.GetBytes($"<Error><Code>{code}</Code><Message>no</Message></Error>");
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        if (context.Request.Method != "HEAD") await context.Response.Body.WriteAsync(body);
    }

    private async Task Pass(HttpContext context, S3Misdeed misdeed)
    {
        using HttpResponseMessage answer = await Forward(context, misdeed);
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        if (misdeed == S3Misdeed.LoseAnswer)
        {
            context.Abort();
            return;
        }

        HttpResponse response = context.Response;
        response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (name is not ("Transfer-Encoding" or "Connection" or "Date" or "Server")) response.Headers[name] = string.Join(",", values);
        }

        if (context.Request.Method == "HEAD" || response.StatusCode == 204) return;
        if (misdeed == S3Misdeed.WrongByte && body.Length > 0) body[body.Length / 2] ^= 1;
        response.ContentLength = misdeed == S3Misdeed.Endless ? 10L << 30 : body.Length;
        if (misdeed == S3Misdeed.CutBody)
        {
            await response.Body.WriteAsync(body.AsMemory(0, body.Length / 2));
            await response.Body.FlushAsync();
            context.Abort();
            return;
        }

        while (misdeed == S3Misdeed.Endless && !context.RequestAborted.IsCancellationRequested)
            await response.Body.WriteAsync(new byte[1 << 16]);
        if (misdeed != S3Misdeed.Endless) await response.Body.WriteAsync(body);
    }

    private async Task<HttpResponseMessage> Forward(HttpContext context, S3Misdeed misdeed)
    {
        using var message = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_server, TargetOf(context)));
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        message.Content = new ByteArrayContent(body.ToArray());
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Headers)
        {
            if (name is "Host" or "Connection" or "Content-Length" or "Expect") continue;
            if (name == "Range" && misdeed == S3Misdeed.IgnoreRange) continue;
            if (!message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                _ = message.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        return await _client.SendAsync(message);
    }
}
