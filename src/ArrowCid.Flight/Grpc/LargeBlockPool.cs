using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace ArrowCid.Flight.Grpc;

/// <summary>
/// Kestrel's memory in blocks of 64 KiB instead of 4 KiB: it receives and sends a block at a time, and large messages
/// want few. A bounded number is kept; what is over it, and what nobody wanted for a while, goes to the collector.
/// </summary>
internal sealed class LargeBlockPool : MemoryPool<byte>
{
    private const int BlockBytes = 1 << 16;

    // 32 MiB are kept at most.
    private const int MostKept = 512;

    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(15);
    private static readonly LargeBlockPool s_shared = new();

    private static readonly Timer s_trims = new(static _ => s_shared.Trim(), null, Timeout.Infinite, Timeout.Infinite);

    private readonly ConcurrentQueue<byte[]> _kept = new();
    private int _count;
    private int _least;
    private int _isTicking;

    /// <summary>The blocks that are kept.</summary>
    public int Count => Volatile.Read(ref _count);

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (_kept.TryDequeue(out byte[]? block)) Lower(Interlocked.Decrement(ref _count));
        return new Block(this, block ?? GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true));
    }

    /// <summary>Lets go what nobody wanted since the last call.</summary>
    public void Trim()
    {
        for (int unwanted = Volatile.Read(ref _least); unwanted > 0 && _kept.TryDequeue(out _); unwanted--)
            Interlocked.Decrement(ref _count);
        Volatile.Write(ref _least, Count);
        if (Count > 0) return;
        // An idle process is left asleep. A return that comes now starts the timer again.
        if (this == s_shared) s_trims.Change(Timeout.Infinite, Timeout.Infinite);
        Volatile.Write(ref _isTicking, 0);
        if (Count > 0) Tick();
    }

    protected override void Dispose(bool disposing)
    {
        // Every server of the process shares it.
    }

    private void Return(byte[] block)
    {
        if (Interlocked.Increment(ref _count) <= MostKept) _kept.Enqueue(block);
        else Interlocked.Decrement(ref _count);
        if (Volatile.Read(ref _isTicking) == 0) Tick();
    }

    private void Tick()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) == 0 && this == s_shared) s_trims.Change(s_idle, s_idle);
    }

    private void Lower(int count)
    {
        int least;
        while (count < (least = Volatile.Read(ref _least)))
        {
            if (Interlocked.CompareExchange(ref _least, count, least) == least) return;
        }
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
