using System.Diagnostics;
using System.Numerics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Whether a block is here, without a lease: R1, R2 and of R4 what the header's first line says, within a
/// <see cref="EpochGuard"/> in place of R5's count. Taking the lease checks the rest.</summary>
internal sealed partial class BlockIndex
{
    // The number of lookups whose cache misses overlap: about as many as a core can have outstanding.
    private const int GroupSize = 16;

    /// <summary>Whether <see cref="TryFind"/> finds a block.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="TryFind"/>.</exception>
    public bool Contains(in Digest256 digest, out RecordKind kind)
    {
        ulong hash = Hash(in digest);
        IndexFiles files = Files;
        EpochGuard.ReaderSlot looker = EpochGuard.Enter();
        try
        {
            IndexFile? file = files.Current;
            if (file is not null && IsSeen(file, hash, in digest, out kind)) return true;
        }
        finally
        {
            EpochGuard.Exit(looker);
        }

        return IsFound(in digest, out kind);
    }

    /// <summary>As <see cref="Contains(in Digest256, out RecordKind)"/> for each of many digests; what their look-ups
    /// wait for comes side by side.</summary>
    /// <param name="digests">The digests.</param>
    /// <param name="kinds">Gets what each block is, or <see cref="RecordKind.None"/> where it is not here.</param>
    public void Contains(ReadOnlySpan<Digest256> digests, Span<RecordKind> kinds)
    {
        Span<ulong> hashes = stackalloc ulong[GroupSize];
        while (!digests.IsEmpty)
        {
            int count = Math.Min(digests.Length, GroupSize);
            Debug.Assert(kinds.Length >= count, "each digest has a place for its answer");
            IndexFiles files = Files;
            EpochGuard.ReaderSlot looker = EpochGuard.Enter();
            try
            {
                if (files.Current is { } file) SeeGroup(file, digests[..count], hashes[..count], kinds[..count]);
                else kinds[..count].Clear();
            }
            finally
            {
                EpochGuard.Exit(looker);
            }

            for (int i = 0; i < count; i++)
            {
                if (kinds[i] == RecordKind.None) _ = IsFound(in digests[i], out kinds[i]);
            }

            digests = digests[count..];
            kinds = kinds[count..];
        }
    }

    /// <summary>Asks for the memory where a few blocks are looked up, all of it side by side.</summary>
    public void Ask(ReadOnlySpan<Digest256> digests)
    {
        Span<ulong> hashes = stackalloc ulong[GroupSize];
        if (digests.Length > GroupSize) digests = digests[..GroupSize];
        IndexFiles files = Files;
        EpochGuard.ReaderSlot looker = EpochGuard.Enter();
        try
        {
            if (files.Current is { } file) Ask(file, digests, hashes);
        }
        finally
        {
            EpochGuard.Exit(looker);
        }
    }

    private void Ask(IndexFile file, ReadOnlySpan<Digest256> digests, Span<ulong> hashes)
    {
        for (int i = 0; i < digests.Length; i++)
        {
            hashes[i] = Hash(in digests[i]);
            file.Prefetch(file.Home(hashes[i]));
        }

        for (int i = 0; i < digests.Length; i++) PrefetchRecord(file, hashes[i]);
    }

    private void SeeGroup(IndexFile file, ReadOnlySpan<Digest256> digests, Span<ulong> hashes, Span<RecordKind> kinds)
    {
        Ask(file, digests, hashes);
        for (int i = 0; i < digests.Length; i++)
        {
            if (!IsSeen(file, hashes[i], in digests[i], out kinds[i])) kinds[i] = RecordKind.None;
        }
    }

    /// <summary>The record that the first entry with this tag leads to is most often the right one.</summary>
    private void PrefetchRecord(IndexFile file, ulong hash)
    {
        ReadOnlySpan<ulong> window = file.Window(file.Home(hash));
        uint match = IndexFile.Match(window, 0, hash);
        if (match == 0) return;
        var entry = new IndexEntry(Volatile.Read(in window[BitOperations.TrailingZeroCount(match)]));
        if (entry.Slot >= _segments.Slots || _segments.Peek(entry.Slot) is not { } segment) return;
        segment.Map.Prefetch(entry.Offset);
    }

    /// <summary>Whether an entry leads to the block, in a segment that is mapped already. False says nothing.</summary>
    private bool IsSeen(IndexFile file, ulong hash, in Digest256 digest, out RecordKind kind)
    {
        ReadOnlySpan<ulong> window = file.Window(file.Home(hash));
        for (int line = 0; line < StoreLayout.WindowLines; line++)
        {
            for (uint match = IndexFile.Match(window, line, hash); match != 0; match &= match - 1)
            {
                int i = (line * StoreLayout.EntriesPerLine) + BitOperations.TrailingZeroCount(match);
                var entry = new IndexEntry(Volatile.Read(in window[i]));
                if (!entry.HasTag(hash) || entry.Slot >= _segments.Slots) continue;
                TableWord word = _control.Table(entry.Slot);
                if (!word.IsLive || (word.Generation & 0xfff) != entry.Generation) continue;
                Segment? segment = _segments.Peek(entry.Slot);
                if (segment is null || segment.Generation != word.Generation) continue;
                kind = RecordHeader.Glimpse(segment, entry.Offset, in digest);
                if (kind != RecordKind.None) return true;
            }
        }

        kind = RecordKind.None;
        return false;
    }

    private bool IsFound(in Digest256 digest, out RecordKind kind)
    {
        if (!TryFind(in digest, out FoundBlock found))
        {
            kind = RecordKind.None;
            return false;
        }

        kind = found.Header.RecordKind;
        found.Segment?.Release();
        return true;
    }
}
