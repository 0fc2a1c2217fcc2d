using System.Text;
using ArrowCid.Flight.Protocol;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using ArrowCid.Sync;
using Google.Protobuf;

namespace ArrowCid.Server.Service;

/// <summary>The action <c>sync</c>: the id of a session, or nothing for a new one, a line feed, and requests with their
/// lengths in front. The first result is the id, and each further one a message (<c>Sync/SYNC.md</c>,
/// Carriers).</summary>
internal sealed class SyncAction(CidStore store, FlightGate gate)
{
    private const int IdLength = 32;

    private readonly SyncSessions _sessions = new(TimeProvider.System);

    public async Task Run(GrpcCall call, ActionArguments arguments)
    {
        ReadOnlyMemory<byte> body = arguments.Body;
        int end = body.Span[..Math.Min(body.Length, IdLength + 1)].IndexOf((byte)'\n');
        if (end < 0) throw new ArrowCidException(ErrorCode.InvalidArgument, "an id and a line feed are expected first");
        List<byte[]> requests = SyncFrames.Read(body[(end + 1)..]);
        string client = gate.ClientOf(call);
        SyncRights rights = RightsOf(call);
        using SyncSessions.Lease lease = end == 0
            ? _sessions.Open(store, client, rights)
            : _sessions.Enter(Encoding.ASCII.GetString(body.Span[..end]), client);
        lease.Session.Rights = rights;
        await Send(call, Encoding.ASCII.GetBytes(lease.Id)).ConfigureAwait(false);
        foreach (byte[] request in requests)
        {
            using IEnumerator<byte[]> answers = lease.Session.Answer(request, call.Cancel).GetEnumerator();
            while (await Task.Run(answers.MoveNext, call.Cancel).ConfigureAwait(false))
                await Send(call, answers.Current).ConfigureAwait(false);
        }
    }

    private SyncRights RightsOf(GrpcCall call)
    {
        bool canPut = !store.IsReadOnly && gate.IsAllowed(call, AccessNeed.Put);
        return new SyncRights(canPut, canPut && gate.IsAllowed(call, AccessNeed.Admin));
    }

    private static ValueTask Send(GrpcCall call, byte[] message) => call.Writer.WriteAsync(
        new Result { Body = UnsafeByteOperations.UnsafeWrap(message) }, call.Cancel);
}
