using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Which blocks were proved where they are stored, by any process since the machine started: a file that all of them
/// map. It is a hash table of words, eight to a line, of which each is a mark of digest and place; what is pushed out
/// is proved again. A block that was moved or repaired is at another place, and has no mark there. The file is derived:
/// one of another boot, or whose header is damaged, is replaced. Words are read and written whole, without a lock. The
/// first one that asks for a mark makes the file. A handle that may not write it keeps marks of its own.
/// </summary>
internal sealed class VerifiedMarks : IDisposable
{
    /// <summary>The file's name.</summary>
    public const string Name = "marks.v1";

    private const ulong Magic = 0x0158_4D49_4352_5241; // "ARRCIMX\1"
    private const int HeaderBytes = StoreLayout.PageBytes;
    private const int PerLine = 8;

    // A mark for every 4 KiB of the store, from 32 KiB to 64 MiB of them.
    private const long BytesPerMark = 1 << 12;
    private const long LeastEntries = 1 << 12;
    private const long MostEntries = 1 << 23;
    private const int PrivateEntries = 1 << 15;

    private readonly ControlFile _control;
    private readonly ulong _seed;
    private readonly Lock _gate = new();
    private volatile Table? _table;
    private bool _isClosed;

    public VerifiedMarks(ControlFile control)
    {
        _control = control;
        _seed = BinaryPrimitives.ReadUInt64LittleEndian(control.Superblock.Seed);
    }

    /// <summary>How much of a block was proved at a place.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="segment">The segment that holds its bytes.</param>
    /// <param name="start">The offset of its first byte there.</param>
    public Proof Of(in Digest256 digest, Segment segment, long start) =>
        (_table ?? Open())?.Find(Key(in digest, segment, start)) ?? Proof.None;

    /// <summary>Marks a block as proved.</summary>
    public void Set(in Digest256 digest, Segment segment, long start, Proof proof) =>
        (_table ?? Open())?.Set(Key(in digest, segment, start), proof);

    /// <summary>As <see cref="Set"/>, where some process has ever asked for a mark.</summary>
    public void SetIfOpen(in Digest256 digest, Segment segment, long start, Proof proof) =>
        _table?.Set(Key(in digest, segment, start), proof);

    /// <summary>Takes the mark of a block away, whose bytes are damaged.</summary>
    public void Clear(in Digest256 digest, Segment segment, long start)
    {
        OpenIfThere();
        _table?.Clear(Key(in digest, segment, start));
    }

    /// <summary>Maps the file if another process has made it meanwhile.</summary>
    public void OpenIfThere()
    {
        if (_table is not null || _control.DirectoryFile.StatFile(Name, out _) != 0) return;
        _ = Open();
    }

    public void Dispose()
    {
        lock (_gate) _isClosed = true;
    }

    private Table? Open()
    {
        lock (_gate)
        {
            if (_table is not null || _isClosed) return _table;
            Mapping? map = TryMap() ?? TryMake();
            return _table = map is null ? new Table(new ulong[PrivateEntries]) : new Table(map);
        }
    }

    /// <summary>The file, if it is of this store and boot and may be written.</summary>
    private Mapping? TryMap() =>
        _control.IsWritable ? WordFile.TryMap(_control, Name, HeaderBytes, WriteHeader) : null;

    /// <summary>Makes the file, in place of one that is not of this store and boot.</summary>
    private Mapping? TryMake()
    {
        if (!_control.IsWritable) return null;
        long entries = LeastEntries;
        while (entries < MostEntries && entries * BytesPerMark < _control.Superblock.Capacity) entries *= 2;
        return WordFile.TryMake(_control, Name, HeaderBytes, entries, WriteHeader);
    }

    private void WriteHeader(Span<byte> header, long entries)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], StoreLayout.Major);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], (ulong)entries);
        _control.Superblock.SegmentId.TryWriteBytes(header[32..48]);
        _control.Superblock.Id.TryWriteBytes(header[48..64]);
        BinaryPrimitives.WriteUInt64LittleEndian(header[64..], StoreIdentity.BootNow);
    }

    /// <summary>A word of which each bit depends on all of digest and place. Its two lowest bits hold the
    /// proof.</summary>
    private ulong Key(in Digest256 digest, Segment segment, long start)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(Digest256.Bytes(in digest));
        ulong place = Mix(((ulong)segment.Slot << 48) ^ ((ulong)segment.Generation << 20) ^ (ulong)start ^ _seed);
        return Mix(words[0] ^ place) + Mix(words[1] ^ ulong.RotateLeft(place, 21)) +
            (words[2] ^ ulong.RotateRight(words[3], 9));
    }

    /// <summary>The finalizer of MurmurHash3.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
        value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
        return value ^ (value >> 33);
    }

    /// <summary>The words, in the file or in this handle's memory.</summary>
    private sealed class Table
    {
        private const ulong ProofMask = 3;

        private readonly Mapping? _map;
        private readonly ulong[]? _words;
        private readonly ulong _lines;

        public Table(Mapping map) =>
            (_map, _lines) = (map, (ulong)((map.Length - HeaderBytes) / sizeof(ulong) / PerLine));

        public Table(ulong[] words) => (_words, _lines) = (words, (ulong)words.Length / PerLine);

        public Proof Find(ulong key)
        {
            long line = LineOf(key);
            for (int i = 0; i < PerLine; i++)
            {
                ulong word = Read(line + i);
                if (((word ^ key) & ~ProofMask) == 0 && word != 0) return (Proof)(word & ProofMask);
            }

            return Proof.None;
        }

        public void Set(ulong key, Proof proof)
        {
            Debug.Assert(proof != Proof.None && (ulong)proof <= ProofMask, "a mark keeps the proof in two bits");
            long line = LineOf(key), place = -1;
            for (int i = 0; i < PerLine; i++)
            {
                ulong word = Read(line + i);
                if (((word ^ key) & ~ProofMask) == 0 && word != 0)
                {
                    if ((Proof)(word & ProofMask) >= proof) return;
                    place = line + i;
                    break;
                }

                if (word == 0 && place < 0) place = line + i;
            }

            // A full line loses one that the key chooses.
            if (place < 0) place = line + (long)((key >> 2) % PerLine);
            Debug.Assert(place >= line && place < line + PerLine, "a mark is in the line of its key");
            Write(place, (key & ~ProofMask) | (ulong)proof);
        }

        public void Clear(ulong key)
        {
            long line = LineOf(key);
            for (int i = 0; i < PerLine; i++)
            {
                ulong word = Read(line + i);
                if (((word ^ key) & ~ProofMask) == 0 && word != 0) Write(line + i, 0);
            }
        }

        private long LineOf(ulong key) => (long)((Mix(key | ProofMask) % _lines) * PerLine);

        private ulong Read(long entry) => _map is null ? Volatile.Read(ref _words![entry])
            : _map.Read(HeaderBytes + (entry * sizeof(ulong)));

        private void Write(long entry, ulong word)
        {
            if (_map is null) Volatile.Write(ref _words![entry], word);
            else _map.Write(HeaderBytes + (entry * sizeof(ulong)), word);
        }
    }
}
