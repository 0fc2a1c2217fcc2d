using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Blocks that are received where they will be stored (<see cref="DirectBlock"/>).</summary>
public sealed partial class CidStore
{
    /// <summary>Whether a block has a segment of its own, which can be filled slowly: no other put waits for
    /// it.</summary>
    internal bool HasOwnSegment(int length) => _blocks.HasOwnSegment(length);

    /// <summary>Puts a block whose body has come: its bytes are copied to their places and hashed.</summary>
    /// <param name="block">The plan of the block.</param>
    /// <param name="body">All of the body.</param>
    /// <param name="expected">As for <see cref="PutExpected"/>.</param>
    /// <param name="options">As for <see cref="PutExpected"/>.</param>
    /// <exception cref="NotDirectException">The body needs the encoder; nothing was put.</exception>
    internal PutResult PutDirect(DirectBlock block, IBodySource body, Cid expected, PutOptions? options) =>
        PutAs(options, facts =>
        {
            PutRequest request = RequestOf(block, new DirectSource(block, body, expected)) with { Facts = facts };
            return _blocks.Schemas.PutUnder(block.Schema, () =>
            {
                bool isNew = _blocks.Put(in request, out BlockInfo info);
                return ResultOf(in info, isNew);
            });
        });

    /// <summary>Reserves the memory of a block, to be filled as its body comes.</summary>
    /// <returns>Null where there is no space now, or other uploads hold as much as they may.</returns>
    internal DirectUpload? TryReceive(DirectBlock block)
    {
        int capacity = (int)Storage.StoreLayout.RoundUp(block.Length, Storage.StoreLayout.RecordAlignment);
        return _blocks.TryStage(capacity) is { } staged ? new DirectUpload(this, block, staged, capacity) : null;
    }

    internal PutResult PutStaged(DirectBlock block, StagedBlock staged, Digest256 digest, Cid expected,
        PutOptions? options) => PutAs(options, facts =>
        {
            ExpectedCid.RequireBatch(expected, digest);
            PutRequest request = RequestOf(block, new FilledBlock(block.Length)) with { Facts = facts };
            return _blocks.Schemas.PutUnder(block.Schema, () =>
            {
                bool isNew = _blocks.PutStaged(staged, in request, in digest, out BlockInfo info);
                return ResultOf(in info, isNew);
            });
        });

    internal void EndReceiving(int capacity) => _blocks.EndStaging(capacity);

    private static PutRequest RequestOf(DirectBlock block, IBlockSource source) => new(RecordKind.Batch,
        (uint)Multicodec.Raw, source, block.Schema.Digest, block.Rows, RecordFlags.OwnEncoder);

    private sealed class DirectSource(DirectBlock block, IBodySource body, Cid expected) : IBlockSource
    {
        public int Length => block.Length;

        public Digest256 WriteTo(Span<byte> destination)
        {
            block.Begin(destination);
            block.Take(destination, body);
            return block.IsCanonical ? block.End(destination) : throw new NotDirectException();
        }

        public void Validate(Digest256 digest) => ExpectedCid.RequireBatch(expected, digest);
    }
}
