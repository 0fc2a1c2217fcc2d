using System.Collections.Immutable;
using ArrowCid.Memory;

namespace ArrowCid.Ipld;

/// <summary>
/// Bytes as a UnixFS file: leaves of one size, nodes of one width above them until there is one, all leaves at one
/// depth (the importers' <c>balanced</c>). A file of one leaf is that leaf. Bytes are given piece by piece; only the
/// leaves' CIDs and the nodes above them are kept.
/// </summary>
internal sealed class UnixFsDag
{
    private readonly UnixFsProfile _profile;
    private readonly List<Entry[]> _levels = [];
    private List<Entry> _leaves = [];

    private UnixFsDag(UnixFsProfile profile) => _profile = profile;

    /// <summary>The CID of the whole file.</summary>
    public Cid Root => _levels[^1][0].Cid;

    /// <summary>The file's bytes.</summary>
    public long Length { get; private set; }

    /// <summary>The blocks that are not ranges of the file.</summary>
    public int NodeCount => _levels.Sum(level => level.Count(entry => entry.Node is not null));

    /// <summary>Makes the DAG of bytes in memory.</summary>
    public static UnixFsDag Of(ReadOnlySpan<byte> file, UnixFsProfile profile)
    {
        var dag = new UnixFsDag(profile);
        if (profile.RawLeaves)
        {
            dag.AddRawLeaves(file);
        }
        else
        {
            for (ReadOnlySpan<byte> rest = file; !rest.IsEmpty;)
            {
                int length = Math.Min(rest.Length, profile.ChunkSize);
                dag.AddLeaf(rest[..length]);
                rest = rest[length..];
            }
        }

        return dag.Finish();
    }

    /// <summary>Makes the DAG of a stream, one leaf in memory at a time.</summary>
    public static UnixFsDag Of(Stream file, UnixFsProfile profile)
    {
        var dag = new UnixFsDag(profile);
        byte[] chunk = new byte[profile.ChunkSize];
        while (file.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false) is > 0 and int read)
            dag.AddLeaf(chunk.AsSpan(0, read));
        return dag.Finish();
    }

    /// <summary>The bytes of all blocks of a file's DAG, which follow from the file's length where leaves are
    /// raw.</summary>
    public static ulong TotalSizeOf(long length, UnixFsProfile profile)
    {
        var dag = new UnixFsDag(profile);
        for (long at = 0; at < length; at += profile.ChunkSize)
            dag.AddRawLeaf(default, (int)Math.Min(profile.ChunkSize, length - at));
        return dag.Finish()._levels[^1][0].TotalSize;
    }

    /// <summary>The blocks, each once before those below it, in the order of the links.</summary>
    public IEnumerable<UnixFsPart> Parts()
    {
        var seen = new HashSet<Cid>();
        var open = new Stack<(int Level, int Index)>();
        open.Push((_levels.Count - 1, 0));
        while (open.TryPop(out (int Level, int Index) at))
        {
            Entry entry = _levels[at.Level][at.Index];
            if (!seen.Add(entry.Cid)) continue;
            bool isLeaf = at.Level == 0;
            yield return new UnixFsPart(entry.Cid, entry.Node, isLeaf ? (long)at.Index * _profile.ChunkSize : 0,
                isLeaf ? (int)entry.FileSize : 0);
            if (isLeaf) continue;
            int first = at.Index * _profile.Width;
            int end = Math.Min(first + _profile.Width, _levels[at.Level - 1].Length);
            for (int child = end - 1; child >= first; child--) open.Push((at.Level - 1, child));
        }
    }

    private void AddRawLeaves(ReadOnlySpan<byte> file)
    {
        int count = (int)(((long)file.Length + _profile.ChunkSize - 1) / _profile.ChunkSize);
        var pieces = new (long Offset, int Length)[count];
        for (int i = 0; i < count; i++)
        {
            long offset = (long)i * _profile.ChunkSize;
            pieces[i] = (offset, (int)Math.Min(_profile.ChunkSize, file.Length - offset));
        }

        var digests = new Digest256[count];
        Sha256.HashMany(file, pieces, digests);
        for (int i = 0; i < count; i++) AddRawLeaf(digests[i], pieces[i].Length);
    }

    private void AddRawLeaf(Digest256 digest, int length)
    {
        _leaves.Add(new Entry(Cid.FromSha256(Multicodec.Raw, digest), null, (ulong)length, (ulong)length));
        Length += length;
    }

    private void AddLeaf(ReadOnlySpan<byte> chunk)
    {
        if (_profile.RawLeaves)
        {
            AddRawLeaf(Sha256.Hash(chunk), chunk.Length);
            return;
        }

        var file = new UnixFsNode
        {
            Kind = UnixFsKind.File,
            Data = chunk.IsEmpty ? default(ReadOnlyMemory<byte>?) : chunk.ToArray(),
            FileSize = (ulong)chunk.Length,
        };
        _leaves.Add(Node([], file, 0));
        Length += chunk.Length;
    }

    private UnixFsDag Finish()
    {
        if (_leaves.Count == 0) AddLeaf([]);
        _levels.Add([.. _leaves]);
        _leaves = [];
        while (_levels[^1].Length > 1) _levels.Add(Above(_levels[^1]));
        return this;
    }

    private Entry[] Above(Entry[] below)
    {
        var level = new Entry[(below.Length + _profile.Width - 1) / _profile.Width];
        for (int i = 0; i < level.Length; i++)
        {
            ReadOnlySpan<Entry> children = below.AsSpan(i * _profile.Width);
            children = children[..Math.Min(children.Length, _profile.Width)];
            ImmutableArray<DagPbLink>.Builder links = ImmutableArray.CreateBuilder<DagPbLink>(children.Length);
            ImmutableArray<ulong>.Builder sizes = ImmutableArray.CreateBuilder<ulong>(children.Length);
            ulong total = 0, fileSize = 0;
            foreach (ref readonly Entry child in children)
            {
                links.Add(new DagPbLink { Hash = child.Cid, Name = "", TotalSize = child.TotalSize });
                sizes.Add(child.FileSize);
                total += child.TotalSize;
                fileSize += child.FileSize;
            }

            var file = new UnixFsNode
            {
                Kind = UnixFsKind.File,
                FileSize = fileSize,
                BlockSizes = sizes.DrainToImmutable(),
            };
            level[i] = Node(links.DrainToImmutable(), file, total);
        }

        return level;
    }

    private Entry Node(ImmutableArray<DagPbLink> links, UnixFsNode file, ulong below)
    {
        byte[] bytes = DagPb.Encode(new DagPbNode(links, file.Encode()));
        var cid = Cid.Sha256(Multicodec.DagPb, bytes);
        return new Entry(_profile.CidVersion == 0 ? cid.ToV0() : cid, bytes, file.FileSize!.Value,
            (ulong)bytes.Length + below);
    }

    private readonly record struct Entry(Cid Cid, byte[]? Node, ulong FileSize, ulong TotalSize);
}
