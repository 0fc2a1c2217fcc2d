using System.Text;
using ArrowCid.Sync;
using Google.Protobuf;

namespace ArrowCid.Client;

/// <summary>A server as the other side of channels, over Flight: by its action <c>channel-exchange</c>.</summary>
internal sealed class FlightChannelPeer(Uri url, CidClient client)
    : ChannelPeer(new FlightBackend(url.ToString().TrimEnd('/'), client, hasToken: true))
{
    internal override IReadOnlyList<byte[]> Ask(Cid channel, IReadOnlyList<byte[]> lists,
        CancellationToken cancellationToken)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes($"{channel}\n"), .. SyncFrames.Write(lists)];
        var answers = new List<byte[]>();
        long bytes = 0;
        foreach (ByteString answer in client.ActAsync("channel-exchange", UnsafeByteOperations.UnsafeWrap(body),
            cancellationToken).ToBlockingEnumerable(cancellationToken))
        {
            bytes += answer.Length;
            if (bytes > MaxBytes)
                throw new ArrowCidException(ErrorCode.InvalidData, $"{Name} answers with over {MaxBytes} bytes");
            answers.Add(answer.ToByteArray());
        }

        return answers;
    }

    // The blocks own the connection.
    private protected override void Close()
    {
    }
}
