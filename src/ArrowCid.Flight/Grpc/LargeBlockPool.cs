using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace ArrowCid.Flight.Grpc;

/// <summary>
/// Kestrel's memory in blocks of 64 KiB instead of 4 KiB: it receives and sends a block at a time, and large messages
/// want few. A bounded number is kept; what is over it goes to the collector.
/// </summary>
internal sealed class LargeBlockPool : MemoryPool<byte>
{
    private const int BlockBytes = 1 << 16;

    // 32 MiB are kept at most.
    private const int MostKept = 512;

    private static readonly LargeBlockPool s_shared = new();

    private readonly ConcurrentQueue<byte[]> _kept = new();
    private int _count;

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (_kept.TryDequeue(out byte[]? block)) Interlocked.Decrement(ref _count);
        return new Block(this, block ?? GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true));
    }

    protected override void Dispose(bool disposing)
    {
        // Every server of the process shares it.
    }

    private void Return(byte[] block)
    {
        if (Interlocked.Increment(ref _count) <= MostKept) _kept.Enqueue(block);
        else Interlocked.Decrement(ref _count);
    }

    public sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => s_shared;
    }

    private sealed class Block(LargeBlockPool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private byte[]? _bytes = bytes;

        public Memory<byte> Memory => MemoryMarshal.CreateFromPinnedArray(
            _bytes ?? throw new ObjectDisposedException(nameof(Block)), 0, BlockBytes);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } given) pool.Return(given);
        }
    }
}
