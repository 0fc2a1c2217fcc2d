using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Storage;

/// <summary>Names, offsets and limits of the store's files; FORMAT.md is the text.</summary>
internal static class StoreLayout
{
    public const uint Major = 1;
    public const uint Minor = 0;
    public const string ControlName = "ctl.v1";
    public const string WaitName = "wait.v1";
    public const string TemporaryMark = ".tmp-";

    public const int PageBytes = 4096;
    public const long MiB = 1 << 20;

    /// <summary>The most bytes that a FACT record holds.</summary>
    public const int MaxFactBytes = 1 << 16;

    /// <summary>The size of a data segment that a lane gets only so that the one before may be removed.</summary>
    public const long SmallSegmentBytes = MiB;

    public const int LineBytes = 64;

    // The control file: superblock, words (each on 128 bytes of its own), participants, lanes, segment table.
    public const long WordsOffset = PageBytes;
    public const long IndexWord = WordsOffset;
    public const long SegmentOrder = WordsOffset + 128;
    public const long PressureWord = WordsOffset + 256;
    public const long ClockWord = WordsOffset + 384;
    public const long SweepWord = WordsOffset + 512;

    /// <summary>What the sweep word was when the last compaction of a janitor's own began.</summary>
    public const long CompactedWord = SweepWord + 8;
    public const long FaultedWord = WordsOffset + 640;
    public const long CleanStamp = WordsOffset + 768;
    public const long BootWord = CleanStamp + 8;
    public const long DoubtWord = CleanStamp + 16;

    /// <summary>Counts the records of damage; zero: there never was any.</summary>
    public const long DamageWord = WordsOffset + 896;

    /// <summary>Whether trust rules were ever named: 0 is not known.</summary>
    public const long TrustWord = WordsOffset + 1024;
    public const long ParticipantsOffset = 2 * PageBytes;
    public const int ParticipantBytes = 128;
    public const int MaxParticipants = 1024;
    public const long LanesOffset = ParticipantsOffset + (MaxParticipants * ParticipantBytes);
    public const int LaneBytes = 256;
    public const int MaxLanes = 64;
    public const long TableOffset = LanesOffset + (MaxLanes * LaneBytes);
    public const int TableEntryBytes = 64;
    public const int MinSegments = 256;
    public const int MaxSegments = 1 << 16;

    // A lane's slot.
    // No lane gets so far; a word above it is not believed.
    public const ulong MaxSequence = 1ul << 56;

    // The number of sequence numbers that a lane skips after a loss of power.
    public const ulong SkippedNumbers = 1ul << 40;

    public const int LaneData = 0;
    public const int LaneFacts = 8;
    public const int LaneIndex = 16;
    public const int LaneOwner = 24;
    public const int LaneSequence = 32;
    public const int LaneDurable = 40;
    public const int LaneCollected = 128;
    public const int LaneSkippedFrom = 136;
    public const int LaneSkippedTo = 144;

    // A table entry.
    public const int EntryOrder = 8;
    public const int EntryKind = 16;

    // A segment file: a header page, of which the first half never changes, then records.
    public const int SegmentHeaderBytes = 2048;
    public const long SegmentCommitted = 2048;
    public const long SegmentLastRecord = 2056;
    public const long SegmentRecords = PageBytes;
    public const long MaxSegmentBytes = 1L << 30;

    public const int RecordHeaderBytes = 128;
    public const int RecordAlignment = 64;

    // An index file: a header page, then lines of eight entries, with three lines more than the power of two, so that
    // no window wraps around.
    public const long IndexCount = 2048;
    public const long IndexEntries = PageBytes;
    public const int EntriesPerLine = 8;
    public const int WindowLines = 4;
    public const int WindowEntries = EntriesPerLine * WindowLines;
    public const int MinIndexEntries = 64;
    public const long MaxIndexEntries = 1L << 36;

    // Bytes of the control file that only serve as places for locks; all lie past its end.
    public const long ParticipantLock = 1L << 40;
    public const long JanitorLock = 1L << 41;
    public const long PresenceLock = (1L << 41) + 1;
    public const long DerivedLock = (1L << 41) + 2;
    public const long MaintenanceLock = (1L << 41) + 3;
    public const long FillingLock = (1L << 41) + 4;
    public const long LaneLock = (1L << 41) + 4096;
    public const long NameLock = 1L << 42;
    public const long CallLock = 1L << 43;

    /// <summary>The number of lock bytes of calls.</summary>
    public const ulong CallLockBytes = 1UL << 42;
    public const long FetchLock = 1L << 44;

    /// <summary>The number of lock bytes of fetches: the first two bytes of a digest.</summary>
    public const ulong FetchLockBytes = 1UL << 16;

    /// <summary>Holds draw their bytes from here to twice as far.</summary>
    public const long HoldLock = 1L << 45;

    public const long WaitFlag = 64;

    public static long ControlBytes(int segments)
    {
        Debug.Assert(segments is > 0 and <= MaxSegments);
        return RoundUp(TableOffset + ((long)segments * TableEntryBytes), PageBytes);
    }

    public static long IndexBytes(long entries)
    {
        Debug.Assert(entries is >= MinIndexEntries and <= MaxIndexEntries && long.IsPow2(entries));
        return RoundUp(IndexEntries + (entries * sizeof(ulong)) + ((WindowLines - 1) * LineBytes), PageBytes);
    }

    public static string SegmentName(int slot, uint generation) => $"seg-{slot:x4}-{generation:x8}";

    /// <summary>Reads what <see cref="SegmentName"/> writes.</summary>
    public static bool TryParseSegmentName(string name, int segments, out int slot, out uint generation)
    {
        (slot, generation) = (0, 0);
        string[] parts = name.Split('-');
        return parts.Length == 3 && parts[1].Length == 4 && parts[2].Length == 8 &&
            int.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out slot) &&
            uint.TryParse(parts[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out generation) &&
            slot >= 0 && slot < segments;
    }

    public static string IndexName(uint number) => $"idx-{number}";

    public static long RoundUp(long value, long multiple) => (value + multiple - 1) / multiple * multiple;

    /// <summary>The bytes that a record takes in its segment.</summary>
    public static long RecordBytes(long payload) => RecordHeaderBytes + RoundUp(payload, RecordAlignment);

    /// <summary>CRC32C (Castagnoli) of a whole number of 8-byte words.</summary>
    public static uint Crc(ReadOnlySpan<byte> words)
    {
        uint crc = uint.MaxValue;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(words)) crc = BitOperations.Crc32C(crc, word);
        return ~crc;
    }
}
