using System.Globalization;
using System.Text;

namespace ArrowCid.Ipld;

/// <summary>Reads UnixFS files and directories out of blocks that others made.</summary>
/// <param name="blocks">The blocks.</param>
internal sealed class UnixFsReader(BlockSource blocks)
{
    private const int MaxDepth = 64, Fanout = 256, PrefixLength = 2;
    private const ulong Murmur3 = 0x22;

    /// <summary>The bytes of a block.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: it is not there.</exception>
    public ReadOnlyMemory<byte> Block(Cid cid)
    {
        if (cid.Hash.Code == Multicodec.Identity) return cid.Hash.Digest.ToArray();
        return blocks(cid) ?? throw new ArrowCidException(ErrorCode.BlockNotFound, $"no block {cid}");
    }

    /// <summary>Writes a file's content.</summary>
    /// <returns>Its length in bytes.</returns>
    /// <exception cref="InvalidIpldException">It is no file, or its parts do not match their description.</exception>
    public long Copy(Cid file, Stream destination)
    {
        long length = 0;
        foreach (ReadOnlyMemory<byte> part in Content(file))
        {
            destination.Write(part.Span);
            length += part.Length;
        }

        return length;
    }

    /// <summary>A file's content, part by part.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Content(Cid file) => Content(file, null, 0);

    /// <summary>The entries of a directory, of one block or of a trie.</summary>
    public IEnumerable<DagPbLink> Entries(Cid directory) => Entries(Block(directory), 0);

    /// <summary>The entry of a directory.</summary>
    /// <returns>Its CID; null where there is none, or where this is no directory.</returns>
    public Cid? Find(ReadOnlyMemory<byte> directory, string name) => Find(directory, name, Murmur3Hash(name), 0);

    private IEnumerable<ReadOnlyMemory<byte>> Content(Cid cid, ulong? expected, int depth)
    {
        if (depth > MaxDepth) throw Refused($"a file's parts nest deeper than {MaxDepth}");
        ReadOnlyMemory<byte> block = Block(cid);
        if (cid.Codec == Multicodec.Raw)
        {
            Require(expected is null || expected == (ulong)block.Length, cid, expected, block.Length);
            yield return block;
            yield break;
        }

        if (cid.Codec != Multicodec.DagPb) throw Refused($"{cid} is neither raw nor dag-pb: no part of a file");
        DagPbNode node = DagPb.Decode(block.Span, IpldReadOptions.Lenient);
        UnixFsNode file = FileOf(node, cid);
        long length = 0;
        if (file.Data is { IsEmpty: false } data)
        {
            length += data.Length;
            yield return data;
        }

        for (int i = 0; i < node.Links.Length; i++)
        {
            foreach (ReadOnlyMemory<byte> part in Content(node.Links[i].Hash, file.BlockSizes[i], depth + 1))
            {
                length += part.Length;
                yield return part;
            }
        }

        Require(expected is null || expected == (ulong)length, cid, expected, length);
        Require(file.FileSize is null || file.FileSize == (ulong)length, cid, file.FileSize, length);
    }

    /// <summary>The message of a node of a file, whose links and sizes agree.</summary>
    public static UnixFsNode FileOf(DagPbNode node, Cid cid)
    {
        UnixFsNode file = MessageOf(node, cid);
        if (file.Kind is not (UnixFsKind.File or UnixFsKind.Raw))
            throw Refused($"{cid} is a {file.Kind}, not a file");
        if (node.Links.Length != file.BlockSizes.Length)
        {
            throw Refused(string.Create(CultureInfo.InvariantCulture,
                $"{cid} has {node.Links.Length} links and {file.BlockSizes.Length} sizes of parts"));
        }

        return file;
    }

    private static UnixFsNode MessageOf(DagPbNode node, Cid cid) =>
        UnixFsNode.Decode((node.Data ?? throw Refused($"{cid} has no data")).Span);

    private IEnumerable<DagPbLink> Entries(ReadOnlyMemory<byte> block, int depth)
    {
        if (depth > MaxDepth) throw Refused($"a directory's shards nest deeper than {MaxDepth}");
        DagPbNode node = DagPb.Decode(block.Span, IpldReadOptions.Lenient);
        UnixFsNode directory = MessageOf(node, default);
        if (directory.Kind == UnixFsKind.Directory)
        {
            foreach (DagPbLink link in node.Links) yield return link;
            yield break;
        }

        CheckShard(directory);
        foreach (DagPbLink link in node.Links)
        {
            string name = link.Name ?? "";
            if (name.Length > PrefixLength)
            {
                yield return link with { Name = name[PrefixLength..] };
                continue;
            }

            foreach (DagPbLink inner in Entries(Block(link.Hash), depth + 1)) yield return inner;
        }
    }

    private Cid? Find(ReadOnlyMemory<byte> block, string name, ulong hash, int depth)
    {
        DagPbNode node = DagPb.Decode(block.Span, IpldReadOptions.Lenient);
        if (node.Data is null) return null;
        UnixFsNode directory = UnixFsNode.Decode(node.Data.Value.Span);
        if (directory.Kind == UnixFsKind.Directory) return Named(node, name);
        if (directory.Kind != UnixFsKind.HamtShard) return null;
        CheckShard(directory);
        if (depth >= sizeof(ulong)) return null;
        byte place = (byte)(hash >> (8 * (sizeof(ulong) - 1 - depth)));
        string prefix = place.ToString("X2", CultureInfo.InvariantCulture);
        if (Named(node, prefix + name) is { } found && name.Length > 0) return found;
        return Named(node, prefix) is { } shard ? Find(Block(shard), name, hash, depth + 1) : null;
    }

    private static Cid? Named(DagPbNode node, string name)
    {
        foreach (DagPbLink link in node.Links)
        {
            if (link.Name == name) return link.Hash;
        }

        return null;
    }

    private static void CheckShard(UnixFsNode directory)
    {
        if (directory.Kind != UnixFsKind.HamtShard) throw Refused($"a {directory.Kind}, not a directory");
        if (directory.Fanout == Fanout && directory.HashFunction == Murmur3) return;
        throw new ArrowCidException(ErrorCode.Unsupported, string.Create(CultureInfo.InvariantCulture,
            $"a directory in shards of {directory.Fanout} by hash 0x{directory.HashFunction:x}; " +
            $"{Fanout} and 0x{Murmur3:x} are read"));
    }

    /// <summary>The first half of MurmurHash3's 128 bits for x64, with seed 0.</summary>
    private static ulong Murmur3Hash(string name)
    {
        const ulong C1 = 0x87c37b91114253d5, C2 = 0x4cf5ad432745937f;
        byte[] text = Encoding.UTF8.GetBytes(name);
        ulong h1 = 0, h2 = 0;
        int at = 0;
        for (; at + 16 <= text.Length; at += 16)
        {
            ulong k1 = BitConverter.ToUInt64(text, at), k2 = BitConverter.ToUInt64(text, at + 8);
            h1 ^= ulong.RotateLeft(k1 * C1, 31) * C2;
            h1 = ((ulong.RotateLeft(h1, 27) + h2) * 5) + 0x52dce729;
            h2 ^= ulong.RotateLeft(k2 * C2, 33) * C1;
            h2 = ((ulong.RotateLeft(h2, 31) + h1) * 5) + 0x38495ab5;
        }

        ulong tail1 = 0, tail2 = 0;
        for (int i = text.Length - 1; i >= at; i--)
        {
            int place = i - at;
            if (place >= 8) tail2 |= (ulong)text[i] << (8 * (place - 8));
            else tail1 |= (ulong)text[i] << (8 * place);
        }

        h2 ^= ulong.RotateLeft(tail2 * C2, 33) * C1;
        h1 ^= ulong.RotateLeft(tail1 * C1, 31) * C2;
        h1 ^= (ulong)text.Length;
        h2 ^= (ulong)text.Length;
        h1 += h2;
        h2 += h1;
        return Mixed(h1) + Mixed(h2);
    }

    private static ulong Mixed(ulong value)
    {
        value ^= value >> 33;
        value *= 0xff51afd7ed558ccd;
        value ^= value >> 33;
        value *= 0xc4ceb9fe1a85ec53;
        return value ^ value >> 33;
    }

    private static void Require(bool holds, Cid cid, ulong? said, long found)
    {
        if (holds) return;
        throw Refused(string.Create(CultureInfo.InvariantCulture,
            $"{cid} has {found} bytes where {said} are said"));
    }

    private static InvalidIpldException Refused(string rule) => new("unixfs", rule);
}
