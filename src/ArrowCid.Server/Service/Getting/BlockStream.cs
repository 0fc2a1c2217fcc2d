using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Server.Service;

/// <summary>The batches that a request names, of one schema, in order. Those that it names itself are leased, so that
/// what was found is also sent.</summary>
/// <param name="SchemaCid">The schema's CID.</param>
/// <param name="Schema">The schema as the request has it: its columns alone.</param>
/// <param name="Blocks">The batches.</param>
/// <param name="Leases">The leases on some of them.</param>
internal sealed record BlockStream(Cid SchemaCid, Schema Schema, IReadOnlyList<BlockAddress> Blocks,
    NamedLeases Leases) : IDisposable
{
    public long Rows => Blocks.Sum(block => block.Rows);

    public long ByteLength => Blocks.Sum(block => block.ByteLength);

    /// <summary>Releases the leases that were not taken.</summary>
    public void Dispose() => Leases.Dispose();
}
