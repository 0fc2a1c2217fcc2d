using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>One order of a run's keys.</summary>
internal sealed class RunSection
{
    // The second guess at a digest's page is seldom off by more.
    private const int NearPages = 16;

    private readonly RunFile _run;
    private readonly RunBytes _bytes;
    private readonly long _directoryAt;
    private readonly long _directoryLength;
    private readonly long[] _isChecked;
    private readonly bool _isByDigest;
    private ulong[]? _firsts;
    private readonly int _leastKeyBytes;

    public RunSection(RunFile run, RunBytes bytes, IndexKind kind, ReadOnlySpan<byte> said)
    {
        (_run, _bytes, _isByDigest) = (run, bytes, kind == IndexKind.Cid);
        _leastKeyBytes = kind switch
        {
            IndexKind.Cid => Digest256.ByteCount,
            IndexKind.Name => 1,
            _ => IndexKey.TailBytes,
        };
        ulong pages = BinaryPrimitives.ReadUInt64LittleEndian(said[8..]);
        _directoryAt = (long)BinaryPrimitives.ReadUInt64LittleEndian(said[16..]);
        _directoryLength = (long)BinaryPrimitives.ReadUInt64LittleEndian(said[24..]);
        Entries = (long)BinaryPrimitives.ReadUInt64LittleEndian(said[32..]);
        if (pages > (ulong)_directoryLength / RunFormat.EntryBytes || _directoryLength % 8 != 0 ||
            (ulong)Entries > (ulong)bytes.Length ||
            RunFormat.Crc(_bytes.Slice(_directoryAt, _directoryLength)) !=
            BinaryPrimitives.ReadUInt32LittleEndian(said[4..]))
            throw run.Damage("a directory is damaged");
        Pages = (int)pages;
        _isChecked = new long[(Pages + 63) / 64];
    }

    public int Pages { get; }

    public long Entries { get; }

    /// <summary>The first page that may hold a key: the last one that begins at or before it.</summary>
    public int PageOf(ReadOnlySpan<byte> key)
    {
        int low = 0, high = Pages;
        if (key.IsEmpty) return low;
        if (_isByDigest && key.Length >= sizeof(ulong))
            Narrow(BinaryPrimitives.ReadUInt64BigEndian(key), ref low, ref high);
        return Math.Max(FirstBehind(low, high, key) - 1, 0);
    }

    /// <summary>The same of a key that lies after the first one of a page, and perhaps near it.</summary>
    private int PageFrom(int page, ReadOnlySpan<byte> key)
    {
        int step = 1;
        while (page + step < Pages && FirstKey(page + step).SequenceCompareTo(key) <= 0)
        {
            page += step;
            step *= 2;
        }

        return FirstBehind(page + 1, Math.Min(page + step, Pages), key) - 1;
    }

    /// <summary>Of some pages the first that begins after a key.</summary>
    private int FirstBehind(int low, int high, ReadOnlySpan<byte> key)
    {
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (FirstKey(middle).SequenceCompareTo(key) <= 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    public RunPage Page(int number)
    {
        ReadOnlySpan<byte> entry = Entry(number);
        ReadOnlySpan<byte> page = _bytes.Slice((long)BinaryPrimitives.ReadUInt64LittleEndian(entry),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]));
        if ((_isChecked[number >> 6] & (1L << (number & 63))) != 0) return new RunPage(page);
        if (page.Length % 8 != 0 || RunFormat.Crc(page) != BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]) ||
            !RunPage.IsWhole(page, _leastKeyBytes))
            throw _run.Damage($"page {number} is damaged");
        _ = Interlocked.Or(ref _isChecked[number >> 6], 1L << (number & 63));
        return new RunPage(page);
    }

    /// <summary>Asks for the memory that a step of a look-up comes to.</summary>
    public void Ask(ReadOnlySpan<byte> key, LookupStep step)
    {
        if (Pages == 0) return;
        ulong wanted = BinaryPrimitives.ReadUInt64BigEndian(key);
        if (step <= LookupStep.Pages)
        {
            ulong[] firsts = Firsts;
            int guess = step == LookupStep.Guess ? Guess(wanted, firsts) : SecondGuess(wanted, firsts);
            Prefetch.Lines(MemoryMarshal.AsBytes(firsts.AsSpan(guess, 1)));
            return;
        }

        int page = PageOf(key);
        if (step == LookupStep.Directory)
        {
            _bytes.Ask(_directoryAt + ((long)page * RunFormat.EntryBytes));
            return;
        }

        // Where its keys lie stands at a page's end.
        ReadOnlySpan<byte> entry = Entry(page);
        long at = (long)BinaryPrimitives.ReadUInt64LittleEndian(entry);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
        _bytes.Ask(at + length - sizeof(ulong));
        long near = at + (long)(ShareIn(page, wanted) * length);
        _bytes.Ask(near);
        _bytes.Ask(near - RunFormat.FilterLine);
    }

    /// <summary>The value of a key.</summary>
    /// <returns>False where it is not there.</returns>
    public bool TryFind(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (Pages == 0) return false;
        int number = PageOf(key);
        RunPage page = Page(number);
        int at = _isByDigest && key.Length >= sizeof(ulong)
            ? page.SearchFrom((int)(ShareIn(number, BinaryPrimitives.ReadUInt64BigEndian(key)) * page.Count), key)
            : page.Search(key);
        if (at == page.Count || !page.Key(at).SequenceEqual(key)) return false;
        value = page.Value(at);
        return true;
    }

    /// <summary>About how many keys lie from one on and below another (null: no end), by the directory.</summary>
    public long Estimate(ReadOnlySpan<byte> low, byte[]? high)
    {
        if (Pages == 0) return 0;
        int from = PageOf(low), to = high is null ? Pages - 1 : PageFrom(from, high);
        if (to == from)
        {
            // Within one page the keys are counted.
            RunPage page = Page(from);
            int end = high is null ? page.Count : page.Search(high);
            return Math.Max(0, end - page.Search(low));
        }

        return Math.Max(1, (to - from) * Entries / Pages);
    }

    /// <summary>Digests are spread evenly, so a digest is near its share of the pages: the second guess is off by a few
    /// of them. The first words of the pages' keys are stored side by side here, which spares the search the directory,
    /// where each step touches memory that is not in the cache.</summary>
    private void Narrow(ulong wanted, ref int low, ref int high)
    {
        ulong[] firsts = Firsts;
        if (firsts.Length == 0) return;
        int at = SecondGuess(wanted, firsts);
        (int from, int to) = (Math.Max(at - NearPages, 0), Math.Min(at + NearPages, firsts.Length));
        // Who made digests up may have made them alike.
        if (firsts[from] >= wanted) from = 0;
        if (firsts[to - 1] < wanted) to = firsts.Length;
        // All pages before this one begin before the key; those that begin with its first word are to be compared.
        low = FirstFrom(firsts.AsSpan(from, to - from), wanted) + from;
        high = low < firsts.Length && firsts[low] == wanted ? firsts.Length : low;
    }

    private ulong[] Firsts => _firsts ??= ReadFirsts();

    private static int Guess(ulong wanted, ulong[] firsts) => (int)Math.BigMul(wanted, (ulong)firsts.Length, out _);

    private static int SecondGuess(ulong wanted, ulong[] firsts)
    {
        int at = Guess(wanted, firsts);
        double missed = (double)wanted - firsts[at];
        return (int)Math.Clamp(at + (missed / ulong.MaxValue * firsts.Length), 0, firsts.Length - 1);
    }

    /// <summary>The part of a page, from 0 to 1, behind which a digest may be looked for.</summary>
    private double ShareIn(int page, ulong wanted)
    {
        ulong[] firsts = Firsts;
        ulong first = firsts[page], next = page + 1 < firsts.Length ? firsts[page + 1] : ulong.MaxValue;
        return wanted <= first || next <= first ? 0 : Math.Min(1, ((double)wanted - first) / ((double)next - first));
    }

    /// <summary>The first of sorted words that is not less.</summary>
    private static int FirstFrom(ReadOnlySpan<ulong> words, ulong wanted)
    {
        int low = 0, high = words.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (words[middle] < wanted) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private ulong[] ReadFirsts()
    {
        var firsts = new ulong[Pages];
        for (int page = 0; page < firsts.Length; page++)
            firsts[page] = BinaryPrimitives.ReadUInt64BigEndian(FirstKey(page));
        return firsts;
    }

    private ReadOnlySpan<byte> FirstKey(int page)
    {
        ReadOnlySpan<byte> entry = Entry(page);
        long at = ((long)Pages * RunFormat.EntryBytes) + BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(entry[20..]);
        if (length < _leastKeyBytes || at + length > _directoryLength) throw _run.Damage("a directory is damaged");
        return _bytes.Slice(_directoryAt + at, length);
    }

    private ReadOnlySpan<byte> Entry(int page) =>
        _bytes.Slice(_directoryAt + ((long)page * RunFormat.EntryBytes), RunFormat.EntryBytes);
}
