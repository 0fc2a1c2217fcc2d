using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Which blocks are read, how often and when last, and how long the store's places take to answer: a file that all
/// processes map (<c>heat.v1</c> in <c>FORMAT.md</c>). It is derived, and losing it or any word of it costs nothing but
/// a worse choice of what leaves a cache. Words are read and written whole, without a lock: counts may be lost. A word
/// is written by the first lease of its block in each second, and by one lease in 16 of a thread, which counts for all
/// of these that wrote none. Processes that only read count as well, where they may write the file.
/// </summary>
internal sealed class HeatFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "heat.v1";

    /// <summary>The number of places that are measured.</summary>
    public const int MostPlaces = 64;

    private const ulong Magic = 0x0154_4849_4352_5241; // "ARRCIHT\1"
    private const int PerLine = 8;
    private const int PlaceBytes = 64;
    private const long PlacesOffset = StoreLayout.PageBytes;
    private const long WordsOffset = 2 * StoreLayout.PageBytes;

    // A word for every 16 KiB of the store, from 32 KiB to 64 MiB of them.
    private const long BytesPerWord = 1 << 14;
    private const long LeastWords = 1 << 12;
    private const long MostWords = 1 << 23;

    // Of 16 leases of a thread the last one counts for those that wrote no word: the low bits count the leases, the
    // next ones the words that were written. A higher bit tells the first lease of a thread, which is always written: a
    // process may have no other.
    private const int SampledBits = 4, Sampled = 1 << SampledBits;
    private const int HasBegun = 1 << 30;
    private const int ShiftOfSeconds = 10;

    [ThreadStatic]
    private static int s_leases;

    private readonly ControlFile _control;
    private readonly ulong _seed;
    private readonly Lock _gate = new();
    private volatile Table? _table;
    private volatile ReadTrace? _trace;
    private long _tick = -1;
    private uint _now;

    public HeatFile(ControlFile control)
    {
        _control = control;
        _seed = BinaryPrimitives.ReadUInt64LittleEndian(control.Superblock.Seed.AsSpan(8));
    }

    /// <summary>Whether reads are counted.</summary>
    public bool IsOpen => _table is not null;

    /// <summary>Asks for the memory that <see cref="Touch"/> reads, before the block is looked up.</summary>
    public void Prefetch(in Digest256 digest)
    {
        if (_table is { } table) table.Map.Prefetch(OffsetOf(PlaceOf(table, in digest).Line));
    }

    /// <summary>Notes that a block was leased. Most calls read a clock and a word, and write none.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="bytes">Its size.</param>
    public void Touch(in Digest256 digest, long bytes)
    {
        long tick = Environment.TickCount64 >> ShiftOfSeconds;
        int leases = ++s_leases;
        bool isSampled = (leases & (Sampled - 1)) == 0;
        if (isSampled || tick != Volatile.Read(ref _tick)) Refresh(tick);
        _trace?.Add(in digest, bytes, ReadTrace.Here, nanoseconds: 0, _control.Clock);
        if (isSampled) s_leases = HasBegun;
        if (_table is not { } table) return;
        (long line, uint tag) = PlaceOf(table, in digest);
        uint now = _now;
        long place = line;
        HeatWord found = default;
        uint oldest = uint.MaxValue;
        for (int i = 0; i < PerLine; i++)
        {
            var word = new HeatWord(table.Map.Read(OffsetOf(line + i)));
            if (word.Tag == tag && !word.IsEmpty)
            {
                if (word.Second == now && !isSampled && leases != 1) return;
                (place, found) = (line + i, word);
                break;
            }

            // A full line loses what was read longest ago.
            if (word.Second >= oldest) continue;
            (place, oldest) = (line + i, word.Second);
        }

        int reads = isSampled ? Sampled - (((leases & (HasBegun - 1)) >> SampledBits) - 1) : 1;
        if (!isSampled) s_leases = leases + Sampled;
        table.Map.Write(OffsetOf(place), found.Add(tag, reads, now, Random.Shared).Value);
        if (SlotOf(table.Map, ReadTrace.Here) is not { } here) return;
        _ = table.Map.Add(here + PlaceMeasure.ReadsAt, (ulong)reads);
        _ = table.Map.Add(here + PlaceMeasure.BytesAt, (ulong)(reads * bytes));
    }

    /// <summary>Notes what a read from a place took.</summary>
    /// <param name="place">The name of the place.</param>
    /// <param name="digest">The block.</param>
    /// <param name="bytes">Its size; null where the read failed.</param>
    /// <param name="took">How long it took.</param>
    public void NoteFetch(string place, in Digest256 digest, long? bytes, TimeSpan took)
    {
        OpenIfThere();
        ulong key = KeyOf(place);
        long nanoseconds = (long)took.TotalNanoseconds;
        _trace?.Add(in digest, bytes ?? 0, key, nanoseconds, _control.Clock);
        if (_table is { } table && SlotOf(table.Map, key) is { } slot)
            PlaceMeasure.Note(table.Map, slot, bytes, nanoseconds, Now());
    }

    /// <summary>What is known of a place by its key (<see cref="KeyOf"/>); the default where nothing is.</summary>
    public PlaceMeasure Measure(ulong key)
    {
        OpenIfThere();
        return _table is { } table && SlotOf(table.Map, key, makes: false) is { } slot
            ? PlaceMeasure.Read(table.Map, slot)
            : default;
    }

    /// <summary>How often a block was read, roughly, and when last; zeros where that is not known.</summary>
    public (long Reads, uint LastSecond) Find(in Digest256 digest)
    {
        if (_table is not { } table) return default;
        (long line, uint tag) = PlaceOf(table, in digest);
        for (int i = 0; i < PerLine; i++)
        {
            var word = new HeatWord(table.Map.Read(OffsetOf(line + i)));
            if (word.Tag == tag && !word.IsEmpty) return (word.Reads, word.Second);
        }

        return default;
    }

    /// <summary>Makes the file where it is not there, so that every process counts from its next second on.</summary>
    public void Make()
    {
        OpenIfThere();
        lock (_gate)
        {
            if (_table is null && _control.IsWritable) _table = Table.Of(TryMake());
        }
    }

    /// <summary>Maps the file, and that of a trace, where another process made them.</summary>
    public void OpenIfThere()
    {
        lock (_gate)
        {
            if (_table is null && _control.DirectoryFile.StatFile(Name, out _) == 0) _table = Table.Of(TryMap());
            if (_trace is not { IsOver: false }) _trace = ReadTrace.TryOpen(_control);
        }
    }

    /// <summary>A number for the name of a place.</summary>
    public static ulong KeyOf(string place)
    {
        Digest256 digest = Sha256.Hash(Encoding.UTF8.GetBytes(place));
        return BinaryPrimitives.ReadUInt64LittleEndian(Digest256.Bytes(in digest)) | 1;
    }

    private void Refresh(long tick)
    {
        Volatile.Write(ref _now, Now());
        // Once a second the files are looked for: a process that made one need not tell.
        if (Interlocked.Exchange(ref _tick, tick) != tick) OpenIfThere();
    }

    private uint Now() => (uint)Math.Clamp(_control.Clock.GetUtcNow().ToUnixTimeSeconds(), 1, uint.MaxValue);

    private (long Line, uint Tag) PlaceOf(Table table, in Digest256 digest)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(Digest256.Bytes(in digest));
        ulong mixed = (words[0] ^ _seed) * 0xff51afd7ed558ccd;
        mixed ^= BitOperations.RotateLeft(words[1], 17);
        return (((long)(mixed >> HeatWord.TagBits) & table.LineMask) * PerLine, (uint)mixed & HeatWord.MostTag);
    }

    private static long OffsetOf(long word) => WordsOffset + (word * sizeof(ulong));

    /// <summary>The offset of a place's figures; null where all slots are taken.</summary>
    private static long? SlotOf(Mapping map, ulong key, bool makes = true)
    {
        for (int i = 0; i < MostPlaces; i++)
        {
            long at = PlacesOffset + (i * PlaceBytes);
            ulong there = map.Read(at);
            if (there == 0 && makes) there = map.CompareExchange(at, key, 0) is var before and not 0 ? before : key;
            if (there == key) return at;
            if (there == 0) return null;
        }

        return null;
    }

    private Mapping? TryMap()
    {
        Mapping? map = WordFile.TryMap(_control, Name, WordsOffset, WriteHeader);
        if (map is null) return null;
        long words = (map.Length - WordsOffset) / sizeof(ulong);
        if (words >= LeastWords && BitOperations.IsPow2(words)) return map;
        map.Dispose();
        return null;
    }

    /// <summary>Makes the file, in place of one that is not of this store.</summary>
    private Mapping? TryMake()
    {
        long words = LeastWords;
        while (words < MostWords && words * BytesPerWord < _control.Superblock.Capacity) words *= 2;
        return WordFile.TryMake(_control, Name, WordsOffset, words, WriteHeader);
    }

    private void WriteHeader(Span<byte> header, long words)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], StoreLayout.Major);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], (ulong)words);
        _control.Superblock.Id.TryWriteBytes(header[48..64]);
    }

    /// <summary>The mapped file.</summary>
    private sealed record Table(Mapping Map, long LineMask)
    {
        public static Table? Of(Mapping? map) =>
            map is null ? null : new Table(map, ((map.Length - WordsOffset) / sizeof(ulong) / PerLine) - 1);
    }
}
