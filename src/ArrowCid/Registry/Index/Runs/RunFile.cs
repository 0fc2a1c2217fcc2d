using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>A run: what a part of the log says, folded, and sorted in several ways. It never changes. Each page is
/// checked against its checksum when it is first come to.</summary>
internal sealed class RunFile
{
    private readonly RunBytes _bytes;
    private readonly RunSection?[] _sections = new RunSection?[RunFormat.MaxSections];
    private readonly long _filterAt;
    private readonly int _filterLength;

    /// <exception cref="IndexDamagedException">It is not a whole run of this store.</exception>
    public RunFile(RunBytes bytes, Guid store, ulong number, string name)
    {
        (_bytes, Name, Number) = (bytes, name, number);
        ReadOnlySpan<byte> header = bytes.Slice(0, RunFormat.HeaderBytes);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(header[RunFormat.HeaderCrcAt..]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != RunFormat.Magic ||
            crc != RunFormat.Crc(header[..RunFormat.HeaderCrcAt]))
            throw Damage("the header is damaged");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[RunFormat.VersionAt..]) != RunFormat.Version)
            throw Damage("it is of another version", isDamage: false);
        bool isOurs = new Guid(header.Slice(RunFormat.StoreAt, 16)) == store &&
            Word(header, RunFormat.NumberAt) == number && (long)Word(header, RunFormat.LengthAt) == bytes.Length;
        if (!isOurs) throw Damage("it is another store's, another run, or cut short");
        _filterAt = (long)Word(header, RunFormat.FilterAt);
        _filterLength = (int)Word(header, RunFormat.FilterLengthAt);
        if (_filterLength <= 0 || _filterLength % 64 != 0 || RunFormat.Crc(_bytes.Slice(_filterAt, _filterLength)) !=
            BinaryPrimitives.ReadUInt32LittleEndian(header[RunFormat.FilterCrcAt..]))
            throw Damage("the filter is damaged");
        HasOnlyItsKeys = BinaryPrimitives.ReadUInt32LittleEndian(header[RunFormat.LeftKeysAt..]) == 0;
        uint sections = BinaryPrimitives.ReadUInt32LittleEndian(header[RunFormat.SectionsAt..]);
        for (int i = 0; i < Math.Min(sections, RunFormat.MaxSections); i++)
        {
            ReadOnlySpan<byte> one = header.Slice(
                RunFormat.SectionTableAt + (i * RunFormat.SectionBytes), RunFormat.SectionBytes);
            uint kind = BinaryPrimitives.ReadUInt32LittleEndian(one);
            if (kind < RunFormat.MaxSections) _sections[kind] = new RunSection(this, bytes, (IndexKind)kind, one);
        }
    }

    public string Name { get; }

    public ulong Number { get; }

    public long Length => _bytes.Length;

    /// <summary>Whether all of its keys belong to its own blocks: a merge of very large runs leaves some keys that lead
    /// nowhere.</summary>
    public bool HasOnlyItsKeys { get; }

    /// <summary>The blocks that it speaks of.</summary>
    public long Blocks => Section(IndexKind.Cid)?.Entries ?? 0;

    public RunSection? Section(IndexKind kind) => _sections[(int)kind];

    /// <summary>False where the run says nothing of a block; true is right but for one in a thousand.</summary>
    public bool MayHave(in Digest256 digest)
    {
        bool mayHave = RunFormat.MayHave(_bytes.Slice(_filterAt, _filterLength), in digest);
        GC.KeepAlive(_bytes);
        return mayHave;
    }

    /// <summary>Asks for the memory that one step of a look-up comes to. What the steps before it come to is at
    /// hand.</summary>
    public void Ask(in Digest256 digest, LookupStep step) =>
        Section(IndexKind.Cid)?.Ask(Digest256.Bytes(in digest), step);

    /// <summary>Asks for the memory that <see cref="MayHave"/> comes to.</summary>
    public void AskFilter(in Digest256 digest) => _bytes.Ask(_filterAt + RunFormat.LineOf(_filterLength, in digest));

    public IndexDamagedException Damage(string what, bool isDamage = true) =>
        new($"the registry's index file {Name}: {what}", isDamage);

    private static ulong Word(ReadOnlySpan<byte> header, int at) =>
        BinaryPrimitives.ReadUInt64LittleEndian(header[at..]);
}
