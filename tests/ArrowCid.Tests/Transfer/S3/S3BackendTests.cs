using ArrowCid.S3;
using ArrowCid.Tests.Peers;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer.S3;

/// <summary>A bucket, over HTTP.</summary>
[NeedsPeer(Peer.Moto)]
public class S3BackendTests : BackendContract
{
    private protected override Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks) =>
        Task.FromResult(Filled(S3Blocks.Open(MotoServer.NewFolder()), blocks));
}
