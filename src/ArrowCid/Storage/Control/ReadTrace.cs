using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Every read of a block by any process, while one process wants to know: a ring of entries that all map
/// (<c>trace.v1</c> in <c>FORMAT.md</c>). The process that made it says, again and again, until when it listens; so a
/// killed one costs the others nothing.
/// </summary>
internal sealed class ReadTrace
{
    /// <summary>The file's name.</summary>
    public const string Name = "trace.v1";

    /// <summary>The key of the store itself.</summary>
    public const ulong Here = 2;

    private const ulong Magic = 0x0152_5449_4352_5241; // "ARRCITR\1"
    private const int HeaderBytes = StoreLayout.PageBytes;
    private const int UntilAt = 128, CountAt = 192;
    private const int EntryBytes = 80;
    private const int Entries = 1 << 16;
    private const int NumberAt = 0, TimeAt = 8, DigestAt = 16, SizeAt = 48, PlaceAt = 56, TookAt = 64;
    private const int ListenSeconds = 10;

    private readonly Mapping _map;
    private readonly ControlFile _control;
    private ulong _next;

    private ReadTrace(Mapping map, ControlFile control) => (_map, _control, _next) = (map, control, map.Read(CountAt));

    /// <summary>Whether no process listens any more.</summary>
    public bool IsOver => _map.Read(UntilAt) < Seconds(_control.Clock);

    /// <summary>The number of reads that were passed because the ring was overwritten.</summary>
    public long Lost { get; private set; }

    /// <summary>Opens the ring that another process made and listens to.</summary>
    public static ReadTrace? TryOpen(ControlFile control)
    {
        if (control.DirectoryFile.StatFile(Name, out FileStatus there) != 0 || there.Size != Length) return null;
        using FileDescriptor? file = control.DirectoryFile.TryOpenFile(Name, writable: true, out _);
        if (file is null || Mapping.TryMap(file, Length, writable: true, out _) is not { } map) return null;
        var trace = new ReadTrace(map, control);
        if (map.Read(0) == Magic && !trace.IsOver) return trace;
        map.Dispose();
        return null;
    }

    /// <summary>Makes an empty ring, in place of one that is there.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>: there is no space for it.</exception>
    public static ReadTrace Make(ControlFile control)
    {
        Mapping map = WordFile.TryMake(control, Name, Length, map =>
        {
            BinaryPrimitives.WriteUInt64LittleEndian(map.WritableBytes(0, 8), Magic);
            map.Write(UntilAt, Seconds(control.Clock) + ListenSeconds);
        }) ?? throw new ArrowCidException(ErrorCode.StoreFull, $"no space for {control.PathOf(Name)}");
        return new ReadTrace(map, control);
    }

    /// <summary>Says that the reads of the next seconds are wanted.</summary>
    public void Listen() => _map.Write(UntilAt, Seconds(_control.Clock) + ListenSeconds);

    /// <summary>Ends it for all processes.</summary>
    public void End()
    {
        _map.Write(UntilAt, 0);
        _ = _control.DirectoryFile.Unlink(Name);
    }

    /// <summary>Adds a read.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="place">The key of the place that it came from.</param>
    /// <param name="nanoseconds">What that took.</param>
    /// <param name="clock">Tells the time.</param>
    public void Add(in Digest256 digest, long bytes, ulong place, long nanoseconds, TimeProvider clock)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (_map.Read(UntilAt) < (ulong)now.ToUnixTimeSeconds()) return;
        // Mapping.Add gives the sum.
        ulong number = _map.Add(CountAt, 1);
        long at = OffsetOf(number);
        _map.Write(at + NumberAt, 0);
        _map.Write(at + TimeAt, (ulong)(now - DateTimeOffset.UnixEpoch).Ticks * 100);
        ReadOnlySpan<byte> hash = Digest256.Bytes(in digest);
        for (int i = 0; i < 4; i++)
            _map.Write(at + DigestAt + (8 * i), BinaryPrimitives.ReadUInt64LittleEndian(hash[(8 * i)..]));
        _map.Write(at + SizeAt, (ulong)bytes);
        _map.Write(at + PlaceAt, place);
        _map.Write(at + TookAt, (ulong)nanoseconds);
        _map.Write(at + NumberAt, number);
    }

    /// <summary>Takes the next read that was added since this was opened.</summary>
    /// <returns>False where there is none yet.</returns>
    public bool TryNext([NotNullWhen(true)] out TracedRead? read)
    {
        read = null;
        while (true)
        {
            ulong count = _map.Read(CountAt);
            if (_next >= count) return false;
            ulong number = _next + 1;
            if (count - number >= Entries - 1)
            {
                // Half a ring is passed, so that it is not overwritten again at once.
                ulong passed = count - _next - (Entries / 2);
                (Lost, _next) = (Lost + (long)passed, _next + passed);
                continue;
            }

            long at = OffsetOf(number);
            if (_map.Read(at + NumberAt) != number) return false;
            byte[] hash = new byte[32];
            for (int i = 0; i < 4; i++)
                BinaryPrimitives.WriteUInt64LittleEndian(hash.AsSpan(8 * i), _map.Read(at + DigestAt + (8 * i)));
            read = new TracedRead(_map.Read(at + TimeAt), hash, (long)_map.Read(at + SizeAt), _map.Read(at + PlaceAt),
                (long)_map.Read(at + TookAt));
            if (_map.Read(at + NumberAt) != number) continue;
            _next = number;
            return true;
        }
    }

    private static long Length => HeaderBytes + ((long)Entries * EntryBytes);

    private static long OffsetOf(ulong number) => HeaderBytes + ((long)(number % Entries) * EntryBytes);

    private static ulong Seconds(TimeProvider clock) => (ulong)clock.GetUtcNow().ToUnixTimeSeconds();
}
