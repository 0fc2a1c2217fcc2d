using System.Buffers;
using System.Runtime.InteropServices;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using Microsoft.AspNetCore.Connections;

namespace ArrowCid.Server.Grpc;

/// <summary>
/// Kestrel's memory in blocks of 64 KiB instead of 4 KiB: it receives and sends a block at a time, and large messages
/// want few. A caller that asks for little (<see cref="GrpcWriter.SmallHint"/>) gets a small one, as a thousand
/// watchers of a few hundred bytes each do. The block that was returned last is rented first, while the processor's
/// caches still have it. A bounded number is kept; blocks over it, and blocks that were not rented for a while, are
/// left to the garbage collector.
/// </summary>
internal sealed class LargeBlockPool : MemoryPool<byte>
{
    private const int SmallBytes = 1 << 13;
    private const int LargeBytes = 1 << 16;

    // 32 MiB are kept at most of each.
    private const int MostBytesKept = 32 << 20;

    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(15);
    private static readonly LargeBlockPool s_shared = new();

    private static readonly Timer s_trims = new(static _ => s_shared.Trim(), null, Timeout.Infinite, Timeout.Infinite);

    private readonly Shelf _small = new(SmallBytes), _large = new(LargeBytes);
    private int _isTicking;

    /// <summary>The blocks that are kept.</summary>
    public int Count => _small.Count + _large.Count;

    public override int MaxBufferSize => LargeBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, LargeBytes);
        Shelf shelf = minBufferSize is >= GrpcWriter.SmallHint and <= SmallBytes ? _small : _large;
        return new Block(this, shelf, shelf.Take());
    }

    /// <summary>Releases memory that was not used since the last call.</summary>
    public void Trim()
    {
        _small.Trim();
        _large.Trim();
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

    private void Return(Shelf shelf, byte[] block)
    {
        shelf.Give(block);
        if (Volatile.Read(ref _isTicking) == 0) Tick();
    }

    private void Tick()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) == 0 && this == s_shared) s_trims.Change(s_idle, s_idle);
    }

    public sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => s_shared;
    }

    /// <summary>The blocks of one size.</summary>
    private sealed class Shelf(int bytes)
    {
        private readonly Lock _lock = new();
        private readonly Stack<byte[]> _kept = new();
        private int _least;

        public int Count
        {
            get
            {
                lock (_lock) return _kept.Count;
            }
        }

        public byte[] Take()
        {
            lock (_lock)
            {
                if (_kept.TryPop(out byte[]? block))
                {
                    _least = Math.Min(_least, _kept.Count);
                    return block;
                }
            }

            return GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        }

        public void Give(byte[] block)
        {
            lock (_lock)
            {
                if (_kept.Count < MostBytesKept / bytes)
                {
                    _kept.Push(block);
                    return;
                }
            }

            FreedMemory.Note(bytes);
        }

        public void Trim()
        {
            lock (_lock)
            {
                FreedMemory.Note((long)_least * bytes);
                for (int unwanted = _least; unwanted > 0; unwanted--) _kept.Pop();
                _least = _kept.Count;
            }
        }
    }

    private sealed class Block(LargeBlockPool pool, Shelf shelf, byte[] bytes) : IMemoryOwner<byte>
    {
        private byte[]? _bytes = bytes;

        public Memory<byte> Memory
        {
            get
            {
                byte[] held = _bytes ?? throw new ObjectDisposedException(nameof(Block));
                return MemoryMarshal.CreateFromPinnedArray(held, 0, held.Length);
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } given) pool.Return(shelf, given);
        }
    }
}
