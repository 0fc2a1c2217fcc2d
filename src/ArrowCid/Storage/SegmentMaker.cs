using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Makes segments (S0 to S5) within the store's capacity, and takes back what a killed maker left.</summary>
internal sealed class SegmentMaker(ControlFile control, SegmentSet segments, BlockIndex index, TimeSpan timeout)
{
    private const string Temporary = Layout.TemporaryMark + "owner";

    /// <summary>Makes an open segment of a lane that this handle holds, mapped for writing.</summary>
    public Segment Create(int lane, SegmentKind kind, long bytes, ulong firstSequence)
    {
        control.ThrowIfGone();
        long started = Stopwatch.GetTimestamp();
        int pause = 1;
        while (true)
        {
            int slot = TryReserve(lane, bytes, out TableWord word, out long taken);
            Segment? made = null;
            int errno = slot < 0 ? Errno.NoSpace : TryMake(slot, word, kind, firstSequence, out made);
            if (errno == 0) return made!;
            if (errno != Errno.NoSpace || Stopwatch.GetElapsedTime(started) >= timeout)
                throw Refusal(errno, bytes, taken);
            // Another maker may give back, or a reclaimer free something; the pause grows so that two makers drift
            // apart.
            Thread.Sleep(Random.Shared.Next(1, pause + 1));
            pause = Math.Min(pause * 2, 50);
        }
    }

    /// <summary>Takes a segment away that holds no record.</summary>
    public void Discard(Segment segment)
    {
        TableWord word = control.Table(segment.Slot);
        if (word.Generation != segment.Generation || word.State != SegmentState.Open) return;
        TableWord retired = word.With(SegmentState.Retired);
        if (!control.TryChange(segment.Slot, word, retired)) return;
        segments.Forget(segment.Slot);
        _ = control.DirectoryFile.Unlink(segment.Name);
        _ = control.TryChange(segment.Slot, retired, retired.With(SegmentState.Free));
    }

    /// <summary>Frees a slot that a dead owner of the lane was filling. Only the lane's new owner calls this.</summary>
    public static void FreeUnfinished(ControlFile control, int slot, TableWord word)
    {
        string name = Layout.SegmentName(slot, word.Generation);
        _ = control.DirectoryFile.Unlink(name + Temporary);
        _ = control.DirectoryFile.Unlink(name);
        _ = control.TryChange(slot, word, word.With(SegmentState.Free));
    }

    /// <summary>S0: announces the size in the table, then counts: of two makers at the limit each sees the
    /// other.</summary>
    private int TryReserve(int lane, long bytes, out TableWord word, out long taken)
    {
        word = default;
        taken = control.SegmentBytes();
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord free = control.Table(slot);
            if (free.State != SegmentState.Free) continue;
            word = new TableWord(SegmentState.Creating, lane, bytes / Layout.MiB, free.Generation + 1);
            if (!control.TryChange(slot, free, word)) continue;
            CrashPoint.Pass(CrashStep.S0);
            taken = control.SegmentBytes() - bytes;
            if (taken + bytes <= Usable()) return slot;
            _ = control.TryChange(slot, word, word.With(SegmentState.Free));
            return -1;
        }

        return -1;
    }

    /// <summary>One data and one fact segment stay for drops and compaction, without which a full store could not
    /// shrink.</summary>
    private long Usable()
    {
        IndexFiles files = index.Files;
        Superblock shape = control.Superblock;
        return shape.Capacity - shape.SegmentBytes - shape.FactSegmentBytes - control.Map.Length - files.Bytes;
    }

    private int TryMake(int slot, TableWord word, SegmentKind kind, ulong firstSequence, out Segment? made)
    {
        made = null;
        string name = Layout.SegmentName(slot, word.Generation);
        FileDescriptor? file = null;
        Mapping? map = null;
        try
        {
            // No live file can have the name: the slot is ours. What stands there was left by a rebuilt or damaged
            // table.
            _ = control.DirectoryFile.Unlink(name + Temporary);
            _ = control.DirectoryFile.Unlink(name);
            file = control.DirectoryFile.TryCreateFile(name + Temporary, out int errno);
            StorageErrors.Check(errno, "cannot create", control.PathOf(name));
            errno = file!.Allocate(word.Bytes);
            if (errno is Errno.NoSpace or Errno.Quota) return GiveBack(slot, word, name, Errno.NoSpace);
            StorageErrors.Check(errno, "no room for", control.PathOf(name));
            CrashPoint.Pass(CrashStep.S1);
            StorageErrors.Check(file.TryLock(0, 0, exclusive: false), "cannot lease", control.PathOf(name));
            map = Mapping.TryMap(file, word.Bytes, writable: true, out errno);
            StorageErrors.Check(errno, "cannot map", control.PathOf(name));
            var header = new SegmentHeader(control.Superblock.SegmentId, slot, word.Generation, word.Lane, kind,
                BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)), word.Bytes, firstSequence,
                control.Map.Add(Layout.SegmentOrder, 1), Clock.NowNanoseconds());
            header.Write(map!.WritableBytes(0, Layout.SegmentHeaderBytes));
            map.Write(Layout.SegmentCommitted, (ulong)Layout.SegmentRecords);
            CrashPoint.Pass(CrashStep.S2);
            errno = control.DirectoryFile.Link(name + Temporary, name);
            StorageErrors.Check(errno, "cannot name", control.PathOf(name));
            _ = control.DirectoryFile.Unlink(name + Temporary);
            CrashPoint.Pass(CrashStep.S3);
            var segment = new Segment(header, map, file);
            segments.Adopt(segment);
            control.SetDetails(slot, header.Order, kind);
            _ = control.TryChange(slot, word, word.With(SegmentState.Open));
            CrashPoint.Pass(CrashStep.S4);
            (file, map, made) = (null, null, segment);
            return 0;
        }
        catch
        {
            _ = GiveBack(slot, word, name, 0);
            throw;
        }
        finally
        {
            map?.Dispose();
            file?.Dispose();
        }
    }

    private int GiveBack(int slot, TableWord word, string name, int errno)
    {
        _ = control.DirectoryFile.Unlink(name + Temporary);
        _ = control.DirectoryFile.Unlink(name);
        _ = control.TryChange(slot, word, word.With(SegmentState.Free));
        return errno;
    }

    private ArrowCidException Refusal(int errno, long bytes, long taken)
    {
        if (errno != Errno.NoSpace)
            return StorageErrors.FromErrno(errno, "cannot make a segment in", control.Directory);
        _ = control.DirectoryFile.FileSystem(out _, out long available);
        return new ArrowCidException(ErrorCode.StoreFull,
            $"{control.Directory}: a segment of {bytes / Layout.MiB} MiB does not fit: {taken / Layout.MiB} of " +
            $"{control.Superblock.Capacity / Layout.MiB} MiB are taken (some are kept for clean-up), " +
            $"{available / Layout.MiB} MiB are free on the file system; make a larger store, or " +
            StorageErrors.Remedy);
    }
}

/// <summary>The wall clock as records carry it.</summary>
internal static class Clock
{
    public static ulong NowNanoseconds() => (ulong)(DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) * 100;
}
