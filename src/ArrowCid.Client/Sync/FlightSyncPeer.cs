using System.Text;
using ArrowCid.Sync;
using Google.Protobuf;

namespace ArrowCid.Client;

/// <summary>A server as the other side of a sync, over Flight: by its action <c>sync</c>.</summary>
internal sealed class FlightSyncPeer(Uri url, string? token) : SyncPeer(url.ToString().TrimEnd('/'))
{
    // The requests of one call; the server takes 16 MiB.
    private const int MostBytes = 8 << 20;
    private const int IdLength = 32;

    private readonly CidClient _client = new(url, new CidClientOptions { Token = token });
    private string _id = "";

    public override void Dispose() => _client.Dispose();

    internal override IEnumerable<byte[]> Ask(IReadOnlyList<byte[]> requests, CancellationToken cancellationToken)
    {
        foreach (List<byte[]> some in SyncFrames.Groups(requests, MostBytes))
        {
            foreach (byte[] answer in Call(some, cancellationToken)) yield return answer;
        }
    }

    private IEnumerable<byte[]> Call(List<byte[]> requests, CancellationToken cancel)
    {
        byte[] head = Encoding.ASCII.GetBytes($"{_id}\n"), frames = SyncFrames.Write(requests);
        byte[] body = [.. head, .. frames];
        bool isFirst = true;
        foreach (ByteString result in _client.ActAsync("sync", UnsafeByteOperations.UnsafeWrap(body), cancel)
            .ToBlockingEnumerable(cancel))
        {
            if (!isFirst)
            {
                yield return result.ToByteArray();
                continue;
            }

            isFirst = false;
            string id = result.Length == IdLength ? result.ToStringUtf8() : "";
            _id = id.Length > 0 && id.All(char.IsAsciiHexDigitLower) ? id
                : throw new ArrowCidException(ErrorCode.InvalidData, $"{Name}: it opens no session of sync");
        }
    }
}
