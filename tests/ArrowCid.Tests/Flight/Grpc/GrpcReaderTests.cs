using System.IO.Pipelines;
using ArrowCid.Flight.Limits;
using ArrowCid.Server.Grpc;
using ArrowCid.Server.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ArrowCid.Tests.Flight;

/// <summary>Where a call's messages come from.</summary>
public sealed class GrpcReaderTests
{
    [Fact]
    public async Task Call_reads_the_pipe_that_middleware_put_before_the_body()
    {
        byte[] decoded = [0, 0, 0, 0, 3, 1, 2, 3], encoded = "AAAAAAMBAgM="u8.ToArray();
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(encoded);
        http.Features.Set<IRequestBodyPipeFeature>(new Decoded(PipeReader.Create(new MemoryStream(decoded))));
        using MemoryAccount memory = new ServerMemory().Open(isUpload: false);
        var call = new GrpcCall(http, MessageLimit.None, memory, null, default, default);
        Assert.True(await call.Reader.NextAsync(default));
        Assert.Equal([1, 2, 3], (await call.Reader.RestAsync(default)).ToArray());
        Assert.False(await call.Reader.NextAsync(default));
    }

    private sealed class Decoded(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }
}
