using System.Net;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Grpc;

/// <summary>One call, as its handler sees it.</summary>
internal sealed class GrpcCall
{
    private readonly HttpContext _http;

    /// <param name="http">The request.</param>
    /// <param name="limit">The most bytes of a message.</param>
    /// <param name="memory">The call's memory, which its owner disposes.</param>
    /// <param name="encoding">How compressed messages are compressed, or null.</param>
    /// <param name="cancel">The end of the call.</param>
    /// <param name="stopping">The end of the server.</param>
    public GrpcCall(HttpContext http, MessageLimit limit, MemoryAccount memory, string? encoding,
        CancellationToken cancel, CancellationToken stopping)
    {
        (_http, Memory, Cancel, Stopping) = (http, memory, cancel, stopping);
        Reader = http.Features.Get<CallKind>() is not { IsNative: false }
            ? new GrpcReader(http.Request.BodyReader, limit, encoding, memory)
            : new GrpcReader(new WebBody(http.Request.BodyReader), limit, encoding, memory);
        Writer = new GrpcWriter(http.Response.BodyWriter, http.Response.StartAsync)
        {
            IsResponse = true,
            Pieces = memory.Pieces,
        };
    }

    /// <summary>The memory that the call has.</summary>
    public MemoryAccount Memory { get; }

    /// <summary>The request's messages.</summary>
    public GrpcReader Reader { get; }

    /// <summary>The response's messages.</summary>
    public GrpcWriter Writer { get; }

    /// <summary>The client cancelled, vanished, or its deadline has passed.</summary>
    public CancellationToken Cancel { get; }

    /// <summary>The server is going down: a call that could last ends itself with UNAVAILABLE.</summary>
    public CancellationToken Stopping { get; }

    public HttpContext Http => _http;

    public IPAddress? RemoteAddress => _http.Connection.RemoteIpAddress;

    /// <summary>A request header's value, or null.</summary>
    public string? Header(string name) =>
        _http.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>The first value of a binary header, or null.</summary>
    public byte[]? BinaryHeader(string name) =>
        _http.Request.Headers.TryGetValue(name, out var values)
            ? Grpc.BinaryHeader.Parse(values).FirstOrDefault()
            : null;

    /// <summary>Sends the response's headers now, which clients of some calls wait for.</summary>
    public async Task StartAsync()
    {
        await _http.Response.StartAsync(Cancel).ConfigureAwait(false);
        await Writer.FlushAsync(Cancel).ConfigureAwait(false);
    }

    /// <summary>Returns the call that a method of a service runs in.</summary>
    public static GrpcCall Of(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<GrpcCall>()!;

    /// <summary>Reads the only message of the request.</summary>
    public async ValueTask<T> OnlyAsync<T>(Marshaller<T> marshaller) where T : class
    {
        T message = await NextAsync(marshaller, Cancel).ConfigureAwait(false)
            ?? throw new GrpcException(StatusCode.Internal, "the request has no message; this call takes one");
        return await Reader.NextAsync(Cancel).ConfigureAwait(false)
            ? throw new GrpcException(StatusCode.Internal, "the request has a second message; this call takes one")
            : message;
    }

    /// <summary>Reads the next message of the request, or returns null at the end.</summary>
    public async ValueTask<T?> NextAsync<T>(Marshaller<T> marshaller, CancellationToken cancel) where T : class
    {
        if (!await Reader.NextAsync(cancel).ConfigureAwait(false)) return null;
        ReadOnlyMemory<byte> bytes = await Reader.RestAsync(cancel).ConfigureAwait(false);
        try
        {
            return marshaller.ContextualDeserializer(new MessageBytes(bytes));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(StatusCode.InvalidArgument, $"the message is not protobuf: {e.Message}", e);
        }
    }

    /// <summary>Writes a message of a generated service.</summary>
    public ValueTask WriteAsync(object message) => Writer.WriteAsync((IMessage)message, Cancel);

    /// <summary>A token that also ends with the server, for a call that could last.</summary>
    public CancellationTokenSource Lasting() => CancellationTokenSource.CreateLinkedTokenSource(Cancel, Stopping);
}
