using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Writes a run: sections of sorted keys in checksummed pages, their directories, and the header last.
/// </summary>
internal sealed class RunWriter
{
    private const int OutputBytes = 1 << 20;

    // The filter lies at the end, and on large pages only where the last one is whole.
    private const long LongFile = 16 * LargePages.Bytes;

    private readonly Stream _output;
    private readonly byte[] _filter;
    private readonly byte[] _header = new byte[RunFormat.HeaderBytes];
    private readonly RunBuffer _pending = new(OutputBytes + (64 << 10));
    private readonly RunBuffer _page = new(2 * RunFormat.PageBytes);
    private readonly List<int> _offsets = [];
    private readonly RunBuffer _directory = new(1 << 16);
    private readonly RunBuffer _keys = new(1 << 16);
    private IndexKind _kind;
    private int _pageBytes;
    private int _sections;
    private int _pages;
    private ulong _entries;
    private long _position = RunFormat.HeaderBytes;

    /// <param name="output">Where to: empty, and can seek.</param>
    /// <param name="digests">The most blocks that it will have.</param>
    public RunWriter(Stream output, long digests)
    {
        _output = output;
        _filter = new byte[RunFormat.FilterBytes(digests)];
        _output.Write(_header);
    }

    public void Begin(IndexKind kind)
    {
        Debug.Assert(_offsets.Count == 0 && _page.Length == 0, "the section before has ended");
        (_kind, _pages, _entries) = (kind, 0, 0);
        _pageBytes = kind == IndexKind.Cid ? RunFormat.CidPageBytes : RunFormat.PageBytes;
        _directory.Clear();
        _keys.Clear();
    }

    /// <summary>Adds a key after the one before.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int length = sizeof(ushort) + key.Length + value.Length;
        if (_offsets.Count > 0 && _page.Length + length + ((_offsets.Count + 2) * sizeof(int)) > _pageBytes)
            EndPage();
        Debug.Assert(_offsets.Count > 0 || _page.Length == 0);
        if (_offsets.Count == 0) BeginPage(key);
        _offsets.Add(_page.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(_page.Take(sizeof(ushort)), checked((ushort)key.Length));
        _page.Bytes(key);
        _page.Bytes(value);
        _entries++;
    }

    /// <summary>Some keys are of what was replaced, and lead nowhere.</summary>
    public void LeaveKeys() => BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(RunFormat.LeftKeysAt), 1);

    public void AddToFilter(in Digest256 digest) => RunFormat.AddToFilter(_filter, in digest);

    public void End()
    {
        if (_offsets.Count > 0) EndPage();
        Debug.Assert(_sections < RunFormat.MaxSections);
        Debug.Assert(_offsets.Count == 0 && _directory.Length == _pages * RunFormat.EntryBytes,
            "the directory has one entry per page");
        Span<byte> section = _header.AsSpan(
            RunFormat.SectionTableAt + (_sections++ * RunFormat.SectionBytes), RunFormat.SectionBytes);
        _directory.Bytes(_keys.Written);
        Pad(_directory);
        BinaryPrimitives.WriteUInt32LittleEndian(section, (uint)_kind);
        BinaryPrimitives.WriteUInt32LittleEndian(section[4..], RunFormat.Crc(_directory.Written));
        BinaryPrimitives.WriteUInt64LittleEndian(section[8..], (ulong)_pages);
        BinaryPrimitives.WriteUInt64LittleEndian(section[16..], (ulong)_position);
        BinaryPrimitives.WriteUInt64LittleEndian(section[24..], (ulong)_directory.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(section[32..], _entries);
        Put(_directory.Written);
    }

    /// <summary>Writes what is left, and the header.</summary>
    public long Finish(Guid store, ulong number)
    {
        Debug.Assert(_offsets.Count == 0 && _position % sizeof(ulong) == 0, "all sections have ended");
        long filterAt = _position;
        Put(_filter);
        if (_position > LongFile) Put(new byte[StoreLayout.RoundUp(_position, LargePages.Bytes) - _position]);
        Flush();
        Debug.Assert(_filter.Length % RunFormat.FilterLine == 0 && _output.Position == _position);
        Span<byte> header = _header;
        BinaryPrimitives.WriteUInt64LittleEndian(header, RunFormat.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[RunFormat.VersionAt..], RunFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[RunFormat.SectionsAt..], (uint)_sections);
        _ = store.TryWriteBytes(header[RunFormat.StoreAt..]);
        BinaryPrimitives.WriteUInt64LittleEndian(header[RunFormat.NumberAt..], number);
        BinaryPrimitives.WriteUInt64LittleEndian(header[RunFormat.LengthAt..], (ulong)_position);
        BinaryPrimitives.WriteUInt64LittleEndian(header[RunFormat.FilterAt..], (ulong)filterAt);
        BinaryPrimitives.WriteUInt64LittleEndian(header[RunFormat.FilterLengthAt..], (ulong)_filter.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[RunFormat.FilterCrcAt..], RunFormat.Crc(_filter));
        uint crc = RunFormat.Crc(header[..RunFormat.HeaderCrcAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[RunFormat.HeaderCrcAt..], crc);
        _output.Position = 0;
        _output.Write(_header);
        return _position;
    }

    private void BeginPage(ReadOnlySpan<byte> key)
    {
        Debug.Assert(_directory.Length == _pages * RunFormat.EntryBytes && key.Length <= ushort.MaxValue);
        Span<byte> entry = _directory.Take(RunFormat.EntryBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(entry, (ulong)_position);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], (uint)_keys.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[20..], (ushort)key.Length);
        _keys.Bytes(key);
    }

    private void EndPage()
    {
        Debug.Assert(_offsets.Count > 0 && _offsets[0] == 0);
        // Entries, then where each begins, then how many there are.
        int entriesEnd = _page.Length;
        Pad(_page);
        MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_offsets)).CopyTo(_page.Take(_offsets.Count * sizeof(int)));
        if ((_offsets.Count & 1) != 0) _page.Take(sizeof(int)).Clear();
        Span<byte> tail = _page.Take(8);
        BinaryPrimitives.WriteInt32LittleEndian(tail, entriesEnd);
        BinaryPrimitives.WriteInt32LittleEndian(tail[4..], _offsets.Count);
        Span<byte> entry = _directory.At(_pages * RunFormat.EntryBytes, RunFormat.EntryBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], (uint)_page.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], RunFormat.Crc(_page.Written));
        BinaryPrimitives.WriteUInt16LittleEndian(entry[22..], checked((ushort)_offsets.Count));
        Debug.Assert(_page.Length % sizeof(ulong) == 0 && _position % sizeof(ulong) == 0,
            "pages are whole words at whole words");
        Put(_page.Written);
        _pages++;
        _page.Clear();
        _offsets.Clear();
    }

    private static void Pad(RunBuffer buffer) =>
        buffer.Take((int)(StoreLayout.RoundUp(buffer.Length, sizeof(ulong)) - buffer.Length)).Clear();

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _position += bytes.Length;
        if (bytes.Length > OutputBytes)
        {
            Flush();
            _output.Write(bytes);
            return;
        }

        Debug.Assert(_pending.Length < OutputBytes);
        _pending.Bytes(bytes);
        if (_pending.Length >= OutputBytes) Flush();
    }

    private void Flush()
    {
        _output.Write(_pending.Written);
        _pending.Clear();
    }
}
