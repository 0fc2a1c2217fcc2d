using System.Net;

namespace ArrowCid.Client.Ipfs;

/// <summary>A body that is written while it is sent, so that it is never in memory as a whole.</summary>
internal sealed class StreamedContent(Action<Stream> write) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context,
        CancellationToken cancellationToken) => Task.Run(() => write(stream), cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
