using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace ArrowCid.Memory;

/// <summary>
/// A shared mapping of a whole file. Every access is checked against its length. Single words are read with acquire and
/// written with release order, as words that other processes change. Spans are valid until the mapping is disposed, so
/// code that disposes one explicitly counts its users first; an unreferenced mapping is unmapped by the garbage
/// collector, after the last call on it has returned.
/// </summary>
internal sealed unsafe class Mapping : SafeHandle
{
    private byte* _start;

    private Mapping(void* start, long length, bool writable) : base(0, ownsHandle: true)
    {
        SetHandle((nint)start);
        _start = (byte*)start;
        (Length, IsWritable) = (length, writable);
    }

    public long Length { get; }

    public bool IsWritable { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Maps a file from an offset on. Where the mapping is long enough for large pages it begins where those
    /// can.</summary>
    public static Mapping? TryMap(FileDescriptor file, long length, bool writable, out int errno, long offset = 0)
    {
        if (file.StopsMapping(length, out errno)) return null;
        int protection = writable ? Native.ProtRead | Native.ProtWrite : Native.ProtRead;
        void* place = length >= LargePages.Bytes ? LargePages.Reserve(length) : null;
        int flags = place is null ? Native.MapShared : Native.MapShared | Native.MapFixed;
        // SAFETY: the kernel chooses the address, or it is a range that was just reserved; the marshaller keeps the
        // descriptor open for the call.
        void* start = Native.MemoryMap(place, (nuint)length, protection, flags, file, offset);
        errno = start == (void*)-1 ? Marshal.GetLastPInvokeError() : 0;
        if (errno == 0) return new Mapping(start, length, writable);
        // SAFETY: the range that was reserved, which nothing has taken.
        if (place is not null) _ = Native.MemoryUnmap(place, (nuint)length);
        return null;
    }

    public ulong Read(long offset)
    {
        ulong value = Volatile.Read(ref Word(offset));
        GC.KeepAlive(this);
        return value;
    }

    public void Write(long offset, ulong value)
    {
        Volatile.Write(ref WritableWord(offset), value);
        GC.KeepAlive(this);
    }

    /// <summary>Stores a value and puts a full fence on both sides of it.</summary>
    public ulong Exchange(long offset, ulong value)
    {
        ulong before = Interlocked.Exchange(ref WritableWord(offset), value);
        GC.KeepAlive(this);
        return before;
    }

    public ulong CompareExchange(long offset, ulong value, ulong comparand)
    {
        ulong before = Interlocked.CompareExchange(ref WritableWord(offset), value, comparand);
        GC.KeepAlive(this);
        return before;
    }

    public ulong Add(long offset, ulong value)
    {
        ulong after = Interlocked.Add(ref WritableWord(offset), value);
        GC.KeepAlive(this);
        return after;
    }

    /// <summary>Bytes of the mapping, in place.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        Check(offset, length);
        // SAFETY: offset and length were checked against the mapping; the caller keeps it mapped while it reads.
        return new ReadOnlySpan<byte>(_start + offset, length);
    }

    /// <summary>Bytes of the mapping, in place and writable.</summary>
    public Span<byte> WritableBytes(long offset, int length)
    {
        Check(offset, length);
        ThrowIfReadOnly();
        // SAFETY: as in Bytes, and the pages are writable.
        return new Span<byte>(_start + offset, length);
    }

    /// <summary>Words of the mapping, in place: each is to be read by <see cref="Volatile"/>.</summary>
    public ReadOnlySpan<ulong> Words(long offset, int count)
    {
        Check(offset, (long)count * sizeof(ulong));
        if ((offset & 7) != 0) ThrowMisaligned();
        // SAFETY: checked and aligned; the caller keeps the mapping alive while it reads.
        return new ReadOnlySpan<ulong>(_start + offset, count);
    }

    /// <summary>A private copy, which is what anything read from shared bytes is judged by.</summary>
    public void CopyTo(long offset, Span<byte> destination)
    {
        Bytes(offset, destination.Length).CopyTo(destination);
        GC.KeepAlive(this);
    }

    /// <summary>A private copy as a struct of plain numbers.</summary>
    public T Copy<T>(long offset) where T : unmanaged
    {
        Check(offset, sizeof(T));
        // SAFETY: the struct's bytes lie in the mapping, and any bytes are a T.
        T copy = Unsafe.ReadUnaligned<T>(_start + offset);
        GC.KeepAlive(this);
        return copy;
    }

    /// <summary>Asks for the cache line at an offset; nothing where there is none.</summary>
    public void Prefetch(long offset)
    {
        // SAFETY: a prefetch never faults and reads nothing that the program sees.
        if (Sse.IsSupported && (ulong)offset < (ulong)Length) Sse.Prefetch0(_start + offset);
    }

    public void CopyFrom(ReadOnlySpan<byte> source, long offset)
    {
        source.CopyTo(WritableBytes(offset, source.Length));
        GC.KeepAlive(this);
    }

    /// <summary>Puts every page in place now, writable, instead of at its first touch. Where the kernel is older than
    /// Linux 5.14, or has no memory, pages come as they are touched.</summary>
    public void Populate()
    {
        Check(0, Length);
        // SAFETY: the range is the mapping; the call changes no byte of it.
        if (IsWritable) _ = Native.MemoryAdvise(_start, (nuint)Length, Native.PopulateWrite);
        GC.KeepAlive(this);
    }

    /// <summary>Lays what the mapping has of whole 2 MiB, of a file in memory, on large pages. What is there already is
    /// copied.</summary>
    /// <returns>False where the kernel cannot: no byte is changed.</returns>
    public bool TryCollapse()
    {
        Check(0, Length);
        if (!IsWritable) return false;
        // SAFETY: the range is the mapping's first page; the call changes no byte of it, and says where it has no
        // memory, which a touch would die of. A range without any page is not collapsed.
        bool isThere = Native.MemoryAdvise(_start, LargePages.SmallBytes, Native.PopulateWrite) == 0;
        // SAFETY: the range is the mapping; the call changes no byte of it.
        bool isLarge = isThere && Native.MemoryAdvise(_start, (nuint)Length, Native.Collapse) == 0;
        GC.KeepAlive(this);
        return isLarge;
    }

    /// <summary>Wakes every thread of any process that waits on the 32-bit word at an offset.</summary>
    public void WakeAll(long offset)
    {
        Check(offset, sizeof(uint));
        // SAFETY: the word lies in the mapping; the call only takes its address.
        _ = Native.Futex(Native.FutexCall, _start + offset, Native.FutexWake, int.MaxValue, 0, 0, 0);
        GC.KeepAlive(this);
    }

    /// <summary>Sleeps while the 32-bit word at an offset has a value, until the word's waiters are woken or the time
    /// is over. It may end early.</summary>
    public void WaitWhile(long offset, uint value, TimeSpan most)
    {
        Check(offset, sizeof(uint));
        if (most <= TimeSpan.Zero) return;
        var time = new Native.TimeSpec
        {
            Seconds = most.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = most.Ticks % TimeSpan.TicksPerSecond * 100,
        };
        // SAFETY: the word lies in the mapping, and time lives for the call; the kernel reads both.
        _ = Native.Futex(Native.FutexCall, _start + offset, Native.FutexWait, (nint)value, (nint)(&time), 0, 0);
        GC.KeepAlive(this);
    }

    /// <summary>Passes the memory to a new owner; this one behaves as disposed, and unmaps nothing. The caller must be
    /// the only user.</summary>
    public Mapping PassOn()
    {
        Check(0, Length);
        var next = new Mapping(_start, Length, IsWritable);
        _start = null;
        SetHandleAsInvalid();
        return next;
    }

    internal byte* Pointer(long offset, int length)
    {
        Check(offset, length);
        return _start + offset;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _start = null;
        // SAFETY: the range is exactly what mmap returned.
        return Native.MemoryUnmap((void*)handle, (nuint)Length) == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong Word(long offset)
    {
        Check(offset, sizeof(ulong));
        if ((offset & 7) != 0) ThrowMisaligned();
        // SAFETY: checked and aligned, so that the access is one atomic word.
        return ref *(ulong*)(_start + offset);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong WritableWord(long offset)
    {
        ThrowIfReadOnly();
        return ref Word(offset);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(long offset, long length)
    {
        if (_start is null) ThrowDisposed();
        // Both are non-negative after the first two tests, so the subtraction cannot overflow.
        if (offset < 0 || length < 0 || offset > Length || length > Length - offset) ThrowOutside(offset, length);
    }

    private void ThrowIfReadOnly()
    {
        if (!IsWritable) throw new InvalidOperationException("the mapping is read-only");
    }

    private void ThrowDisposed() => throw new ObjectDisposedException(nameof(Mapping));

    private void ThrowOutside(long offset, long length) =>
        throw new ArgumentOutOfRangeException(nameof(offset), $"{length} bytes at {offset} of a mapping of {Length}");

    private static void ThrowMisaligned() => throw new ArgumentException("a shared word lies at a multiple of 8");
}
