using System.Buffers;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;

namespace ArrowCid.Transfer;

/// <summary>
/// Batches that are parsed and encoded once, and put only when all of them are known to be good: what breaks off in
/// the middle stores nothing. The first are kept in memory, all others in a temporary file.
/// </summary>
internal sealed class BatchSpool : IDisposable
{
    private const int MostInMemory = 1 << 20;

    private FileStream? _file;
    private long _inMemory, _inFile;

    /// <summary>Encodes a batch.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <param name="isHashed">Whether its digest is needed before it is put.</param>
    /// <exception cref="InvalidArrowException">The batch has no canonical block.</exception>
    /// <exception cref="ArrowCidException">The temporary file cannot be written.</exception>
    public SpooledBatch Add(RecordBatch batch, bool isHashed)
    {
        using BlockPlan plan = BlockPlan.Of(batch);
        return Add(plan, isHashed);
    }

    /// <summary>Encodes a planned batch.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="isHashed">Whether its digest is needed before it is put.</param>
    /// <param name="look">Called with the block's bytes.</param>
    /// <exception cref="ArrowCidException">The temporary file cannot be written.</exception>
    public SpooledBatch Add(BlockPlan plan, bool isHashed, Action<ReadOnlyMemory<byte>>? look = null)
    {
        bool isHeld = _inMemory + plan.Length <= MostInMemory;
        byte[] bytes = isHeld
            ? GC.AllocateUninitializedArray<byte>(plan.Length)
            : ArrayPool<byte>.Shared.Rent(plan.Length);
        try
        {
            Digest256 digest = default;
            Span<byte> block = bytes.AsSpan(0, plan.Length);
            if (isHashed) digest = plan.WriteTo(block);
            else plan.Fill(block);
            look?.Invoke(bytes.AsMemory(0, plan.Length));
            if (isHeld)
            {
                _inMemory += plan.Length;
                return new SpooledBatch(plan.Schema, plan.Rows, plan.Length, bytes, null, 0) { Digest = digest };
            }

            _file ??= TemporaryCopy.Of(static _ => { });
            long offset = _inFile;
            RandomAccess.Write(_file.SafeFileHandle, block, offset);
            _inFile += plan.Length;
            return new SpooledBatch(plan.Schema, plan.Rows, plan.Length, null, _file.SafeFileHandle, offset)
            {
                Digest = digest,
            };
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e),
                $"the blocks could not be kept in {Path.GetTempPath()} until they are put: {e.Message}", e);
        }
        finally
        {
            if (!isHeld) ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Deletes the temporary file.</summary>
    public void Dispose() => _file?.Dispose();
}
