using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>From a digest to its block: the lookup (R1 to R4) and the publication (P5), over the current index and
/// the one that it is growing from.</summary>
internal sealed partial class BlockIndex
{
    // An honest peer changes an entry or the word a few times in a lookup's life; a hostile one could do so for ever.
    private const int MaxRounds = 1000;

    // The shared count moves by this much at once, so that publishers do not pass its line around.
    private const int CountStep = 16;

    private readonly ControlFile _control;
    private readonly SegmentSet _segments;
    private readonly ulong _k0, _k1, _k2, _k3;
    private readonly Lock _gate = new();
    private IndexFiles _files;
    private int _uncounted;

    public BlockIndex(ControlFile control, SegmentSet segments)
    {
        (_control, _segments) = (control, segments);
        ReadOnlySpan<ulong> seed = MemoryMarshal.Cast<byte, ulong>(control.Superblock.Seed);
        (_k0, _k1, _k2, _k3) = (seed[0], seed[1], seed[2], seed[3]);
        _files = new IndexFiles(default, null, null);
    }

    /// <summary>The index files that the control word names now; a file that cannot be opened is null.</summary>
    public IndexFiles Files
    {
        get
        {
            IndexFiles files = Volatile.Read(ref _files);
            return files.Pair == _control.Index && files.Current is not null ? files : Refresh();
        }
    }

    /// <summary>
    /// The home slot of a digest. Both factors of each product hold secret bits, so that blocks cannot be chosen to
    /// share a home. SHA-256 digests spread uniformly; a final mixing step would only affect digests that cannot be
    /// produced.
    /// </summary>
    public ulong Hash(in Digest256 digest)
    {
        ReadOnlySpan<ulong> d = MemoryMarshal.Cast<byte, ulong>(Digest256.Bytes(in digest));
        ulong high = Math.BigMul(d[0] ^ _k0, d[1] ^ _k1, out ulong low);
        ulong mixed = Math.BigMul(d[2] ^ _k2 ^ high, d[3] ^ _k3 ^ low, out low);
        return mixed ^ low;
    }

    /// <summary>R1 to R4.</summary>
    /// <returns>False where the block is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the only entry for it leads to a
    /// record that is damaged.</exception>
    public bool TryFind(in Digest256 digest, out FoundBlock found)
    {
        ulong hash = Hash(in digest);
        found = default;
        for (int round = 0; round < MaxRounds; round++)
        {
            IndexFiles files = Files;
            Scan result = ScanFile(files.Current, hash, in digest, ref found);
            if (result == Scan.Hit) return true;
            Scan older = result == Scan.Again ? Scan.Again : ScanFile(files.Previous, hash, in digest, ref found);
            if (older == Scan.Hit) return true;
            // A word that changed, or an entry that did, may have hidden the block from both scans.
            if (older == Scan.Again || _control.Index != files.Pair) continue;
            if (result == Scan.Corrupt || older == Scan.Corrupt)
                throw Damaged(in digest);
            return false;
        }

        throw Contended();
    }

    /// <summary>P5: makes an entry visible, in place of one for the same digest if there is one
    /// (without <paramref name="replace"/> that one stays). The linearisation point.</summary>
    /// <returns>False if the window has no free slot: the index must grow.</returns>
    public bool TryPublish(IndexFile file, in Digest256 digest, ulong hash, IndexEntry entry, bool replace)
    {
        Debug.Assert(entry.Bits != 0 && entry.Offset >= StoreLayout.SegmentRecords);
        Debug.Assert(hash == Hash(in digest));
        long home = file.Home(hash);
        for (int round = 0; round < MaxRounds; round++)
        {
            long place = FindPlace(file, home, hash, in digest, out ulong seen);
            if (place < 0) return false;
            Debug.Assert(place >= home && place < home + StoreLayout.WindowEntries,
                "an entry is in the window of its digest");
            if (seen != 0 && !replace && IsSame(new IndexEntry(seen), in digest)) return true;
            if (!file.TryReplace(place, seen, entry.Bits)) continue;
            if (seen == 0 && Interlocked.Increment(ref _uncounted) % CountStep == 0) file.AddCount(CountStep);
            return true;
        }

        return false;
    }

    /// <summary>Entries that this handle has filled and not added to the shared count yet.</summary>
    public int Uncounted => Volatile.Read(ref _uncounted) % CountStep;

    /// <summary>Adds them, as the last thing before a close: many handles that each fill a few would leave the count
    /// behind for good.</summary>
    public void EndCount()
    {
        int rest = Uncounted;
        if (rest == 0) return;
        _files.Current?.AddCount((ulong)rest);
        Debug.Assert(rest is > 0 and < CountStep);
        _uncounted = 0;
    }

    /// <summary>Judges one entry: R2 to R4.</summary>
    private EntryStatus Judge(IndexEntry entry, in Digest256 digest, ref FoundBlock found)
    {
        if (entry.Slot >= _control.Superblock.Segments) return EntryStatus.Stale;
        TableWord word = _control.Table(entry.Slot);
        if (!word.IsLive || (word.Generation & 0xfff) != entry.Generation) return EntryStatus.Stale;
        switch (_segments.TryAcquire(word, entry.Slot, out Segment? segment))
        {
            case SegmentAccess.Stale: return EntryStatus.Stale;
            case SegmentAccess.Refused: return EntryStatus.Refused;
            case SegmentAccess.Corrupt: return EntryStatus.Corrupt;
        }

        if (!RecordHeader.TryRead(segment!, entry.Offset, out found.Header))
        {
            segment!.Release();
            TableWord again = _control.Table(entry.Slot);
            return again.Generation == word.Generation && again.IsLive ? EntryStatus.Corrupt : EntryStatus.Stale;
        }

        if (found.Header.Digest != digest || !found.Header.IsBlock)
        {
            segment!.Release();
            return EntryStatus.Other;
        }

        Debug.Assert(segment!.Generation == word.Generation && segment.Slot == entry.Slot,
            "the set holds the segment that was asked for");
        (found.Segment, found.Offset) = (segment!, entry.Offset);
        return EntryStatus.Right;
    }

    /// <summary>Whether the entry that lookups take for this digest leads to this very record.</summary>
    public bool LeadsTo(in Digest256 digest, Segment segment, long offset)
    {
        bool isFound = TryFind(in digest, out FoundBlock found);
        if (!isFound) return false;
        if (found.Copy is not null) return found.Offset == offset;
        Debug.Assert(found.Header.Digest == digest);
        found.Segment.Release();
        return found.Offset == offset && found.Segment.Slot == segment.Slot &&
            found.Segment.Generation == segment.Generation;
    }

    private Scan ScanFile(IndexFile? file, ulong hash, in Digest256 digest, ref FoundBlock found)
    {
        if (file is null) return Scan.Miss;
        Scan result = Scan.Miss;
        ReadOnlySpan<ulong> window = file.Window(file.Home(hash));
        for (int line = 0; line < StoreLayout.WindowLines; line++)
        {
            for (uint match = IndexFile.Match(window, line, hash); match != 0; match &= match - 1)
            {
                int i = (line * StoreLayout.EntriesPerLine) + BitOperations.TrailingZeroCount(match);
                var entry = new IndexEntry(Volatile.Read(in window[i]));
                if (!entry.HasTag(hash) || entry.Bits == 0) continue;
                EntryStatus verdict = Judge(entry, in digest, ref found);
                if (verdict == EntryStatus.Right && IsVisible(in found)) return Scan.Hit;
                if (verdict is EntryStatus.Right or EntryStatus.Other) continue;
                if (Volatile.Read(in window[i]) != entry.Bits) return Scan.Again;
                if (verdict == EntryStatus.Refused) verdict = Copy(entry, in digest, out found);
                if (verdict == EntryStatus.Right) return Scan.Hit;
                if (Volatile.Read(in window[i]) != entry.Bits) return Scan.Again;
                if (verdict == EntryStatus.Corrupt) result = Scan.Corrupt;
            }
        }

        // What was read of the window was read before anything that is read after it.
        Volatile.ReadBarrier();
        GC.KeepAlive(file);
        return result;
    }

    /// <summary>Whether a record that an entry leads to may be found: the blocks of a transaction have their entries
    /// before one word commits all of them.</summary>
    /// <returns>False with the segment released.</returns>
    private static bool IsVisible(in FoundBlock found)
    {
        if (!found.Header.IsFoundOnceCommitted || found.Offset < found.Segment.Committed) return true;
        found.Segment.Release();
        return false;
    }

    private long FindPlace(IndexFile file, long home, ulong hash, in Digest256 digest, out ulong seen)
    {
        Debug.Assert(home % StoreLayout.EntriesPerLine == 0, "a window begins with a line");
        long empty = -1;
        ReadOnlySpan<ulong> window = file.Window(home);
        for (int line = 0; line < StoreLayout.WindowLines; line++)
        {
            int start = line * StoreLayout.EntriesPerLine;
            for (uint match = IndexFile.Match(window, line, hash); match != 0; match &= match - 1)
            {
                int i = start + BitOperations.TrailingZeroCount(match);
                seen = Volatile.Read(in window[i]);
                var entry = new IndexEntry(seen);
                if (seen != 0 && entry.HasTag(hash) && IsSame(entry, in digest)) return home + i;
            }

            uint free = empty < 0 ? IndexFile.Free(window, line) : 0;
            if (free != 0) empty = home + start + BitOperations.TrailingZeroCount(free);
        }

        GC.KeepAlive(file);
        seen = 0;
        return empty >= 0 ? empty : FindStale(file, home, out seen);
    }

    private bool IsSame(IndexEntry entry, in Digest256 digest)
    {
        var found = default(FoundBlock);
        if (Judge(entry, in digest, ref found) != EntryStatus.Right) return false;
        found.Segment.Release();
        return true;
    }

    /// <summary>An entry of a segment that is gone is free. The entry is read first, the table word second.</summary>
    private long FindStale(IndexFile file, long home, out ulong seen)
    {
        for (long position = home; position < home + StoreLayout.WindowEntries; position++)
        {
            seen = file.Read(position);
            var entry = new IndexEntry(seen);
            if (entry.Slot >= _control.Superblock.Segments) return position;
            TableWord word = _control.Table(entry.Slot);
            bool isStale = word.State is SegmentState.Free or SegmentState.Creating ||
                (word.Generation & 0xfff) != entry.Generation;
            if (isStale) return position;
        }

        seen = 0;
        return -1;
    }

    private IndexFiles Refresh()
    {
        lock (_gate)
        {
            while (true)
            {
                IndexPair pair = _control.Index;
                IndexFiles old = _files;
                if (old.Pair == pair && old.Current is not null) return old;
                IndexFile? current = old.Find(pair.Current) ?? IndexFile.TryOpen(_control, pair.Current);
                IndexFile? previous = pair.Previous == 0
                    ? null
                    : old.Find(pair.Previous) ?? IndexFile.TryOpen(_control, pair.Previous);
                // A file that went while its name was looked up went because the word had moved on.
                if (_control.Index != pair) continue;
                Debug.Assert(current is null || current.Number == pair.Current);
                Debug.Assert(previous is null || previous.Number == pair.Previous);
                var files = new IndexFiles(pair, current, previous);
                Volatile.Write(ref _files, files);
                return files;
            }
        }
    }

    private enum Scan { Miss, Hit, Again, Corrupt }
}
