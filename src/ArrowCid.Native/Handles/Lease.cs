using System.Buffers;
using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Native;

/// <summary>A block that a caller holds.</summary>
// SAFETY: the pin, which the lease's end undoes, keeps the bytes where the caller was told that they are.
internal sealed unsafe class Lease(RecordLease block, RecordBatch? batch)
{
    private readonly Lock _gate = new();
    private MemoryHandle _pin;
    private bool _isPinned, _isReleased;

    /// <summary>The batch, over the lease; null where the block is none.</summary>
    public RecordBatch? Batch => batch;

    public BlockInfo Info => block.Info;

    /// <summary>What the block is where it is a node of IPLD, or null.</summary>
    public NodeHead? Node => Info.Kind == RecordKind.Raw && NodeHead.IsNode(Info.Codec)
        ? NodeHead.Read(Info.Codec, block.Memory.Span)
        : null;

    /// <summary>The bytes' address, good until <see cref="Release"/>.</summary>
    public byte* Pin(out long length)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isReleased, this);
            ReadOnlyMemory<byte> bytes = block.Memory;
            if (!_isPinned) (_pin, _isPinned) = (bytes.Pin(), true);
            length = bytes.Length;
            return (byte*)_pin.Pointer;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            _isReleased = true;
            block.Dispose();
            _pin.Dispose();
        }
    }
}
