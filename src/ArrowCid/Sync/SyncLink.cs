using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>The asking side of a session: reads answers, counts bytes and round trips, and turns refusals into
/// exceptions.</summary>
/// <param name="peer">The other side.</param>
/// <param name="cancellationToken">Ends the calls.</param>
internal sealed class SyncLink(SyncPeer peer, CancellationToken cancellationToken)
{
    /// <summary>The other side.</summary>
    public SyncPeer Peer { get; } = peer;

    /// <summary>The bytes of all requests and answers.</summary>
    public long ByteLength { get; private set; }

    /// <summary>The number of times that an answer was waited for.</summary>
    public int RoundTrips { get; private set; }

    /// <summary>Sends requests at once, and gives the messages of their answers in order.</summary>
    /// <param name="requests">The requests.</param>
    /// <param name="mayRefuse">Whether refusals are given as messages; else they are thrown.</param>
    public IEnumerable<(int Request, SyncMessage Message)> Ask(IReadOnlyList<byte[]> requests, bool mayRefuse = false)
    {
        if (requests.Count == 0) yield break;
        RoundTrips++;
        foreach (byte[] request in requests) ByteLength += request.Length;
        int done = 0;
        foreach (byte[] answer in Peer.Ask(requests, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ByteLength += answer.Length;
            SyncMessage message = Read(answer);
            if (message.Kind == SyncMessageKind.Done)
            {
                if (++done == requests.Count) yield break;
                continue;
            }

            if (message.Kind == SyncMessageKind.Refused && !mayRefuse) throw Refused(message);
            yield return (done, message);
        }

        throw new ArrowCidException(ErrorCode.Io, $"{Peer.Name}: the answer ended early");
    }

    /// <summary>Sends one request whose answer is one message.</summary>
    public SyncMessage AskOne(byte[] request, SyncMessageKind kind)
    {
        SyncMessage? found = null;
        foreach ((_, SyncMessage message) in Ask([request]))
        {
            if (found is not null) throw Inconsistent("it answers twice");
            found = Expect(message, kind);
        }

        return found ?? throw Inconsistent("it gives no answer");
    }

    /// <summary>Requires a message of a kind.</summary>
    public SyncMessage Expect(SyncMessage message, SyncMessageKind kind) => message.Kind == kind
        ? message
        : throw Inconsistent($"a message of kind {(int)message.Kind} comes instead of one of kind {(int)kind}");

    /// <summary>The peer does not keep to what it says.</summary>
    public ArrowCidException Inconsistent(string what) => new(ErrorCode.InvalidData, $"{Peer.Name}: {what}");

    /// <summary>What the peer refuses, in its words.</summary>
    public ArrowCidException Refused(SyncMessage message)
    {
        ulong code = message.Number(0);
        ErrorCode known = code is > 0 and <= int.MaxValue && Enum.IsDefined((ErrorCode)code)
            ? (ErrorCode)code
            : ErrorCode.Io;
        return new ArrowCidException(known, $"{Peer.Name}: {message.Text}");
    }

    /// <summary>Asks about many digests, some at a time.</summary>
    public IEnumerable<(Digest256[] Digests, SyncMessage Answer)> AskAbout(IReadOnlyList<Digest256> digests,
        SyncMessageKind kind, Func<Digest256[], byte[]> request)
    {
        foreach (Digest256[] some in digests.Chunk(SyncLimits.Digests))
            yield return (some, AskOne(request(some), kind));
    }

    private SyncMessage Read(byte[] answer)
    {
        try
        {
            return SyncMessage.Read(answer);
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"{Peer.Name}: {e.Message}", e);
        }
    }
}
