using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Service;

/// <summary>The batches that a request names, of one schema, in order.</summary>
/// <param name="SchemaCid">The schema's CID.</param>
/// <param name="Schema">The schema as the request has it: its columns alone.</param>
/// <param name="Blocks">The batches.</param>
internal sealed record BlockStream(Cid SchemaCid, Schema Schema, IReadOnlyList<BlockAddress> Blocks)
{
    public long Rows => Blocks.Sum(block => block.Rows);

    public long ByteLength => Blocks.Sum(block => block.ByteLength);
}
