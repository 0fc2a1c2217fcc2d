using ArrowCid.Ipld.Car;
using ArrowCid.Memory;

namespace ArrowCid.S3;

/// <summary>Small blocks that are uploaded as one object: a CAR of version 2 with an index.</summary>
/// <param name="memory">Empty memory for its bytes.</param>
internal sealed class PackBuilder(MemoryStream memory)
{
    private readonly MemoryStream _bytes = memory;
    private readonly List<BucketEntry> _entries = [];
    private readonly Guid _generation = Guid.CreateVersion7();
    private CarWriter? _writer;

    /// <summary>The number of blocks.</summary>
    public int Count => _entries.Count;

    /// <summary>The bytes so far.</summary>
    public long Length => _bytes.Length;

    /// <summary>Its key in the bucket.</summary>
    public string Key => BucketEntry.PackKey(_generation);

    /// <summary>Where its blocks are.</summary>
    public IReadOnlyList<BucketEntry> Entries => _entries;

    /// <summary>Adds a block.</summary>
    public void Add(Cid cid, Digest256 digest, ReadOnlySpan<byte> bytes)
    {
        _writer ??= new CarWriter(_bytes, [cid], version: 2);
        _writer.Begin(cid, bytes.Length);
        int offset = (int)_bytes.Position;
        _entries.Add(new BucketEntry(digest, cid.Codec, _generation, EntryForm.Pack, offset, bytes.Length));
        _writer.Append(bytes);
    }

    /// <summary>Completes the pack.</summary>
    /// <returns>Its bytes, each block of it hashed again.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: a block was changed while it was
    /// copied.</exception>
    public ReadOnlyMemory<byte> Finish()
    {
        _ = _writer!.Finish();
        ReadOnlyMemory<byte> all = _bytes.GetBuffer().AsMemory(0, (int)_bytes.Length);
        (long Offset, int Length)[] pieces = [.. _entries.Select(entry => ((long)entry.Offset, entry.Length))];
        var digests = new Digest256[pieces.Length];
        Sha256.HashMany(all.Span, pieces, digests);
        for (int i = 0; i < digests.Length; i++)
        {
            if (digests[i] == _entries[i].Digest) continue;
            throw new ArrowCidException(ErrorCode.BlockCorrupt,
                $"{_entries[i].Cid} was changed while it was copied");
        }

        return all;
    }

    /// <summary>Ends the use of the pack.</summary>
    /// <returns>Its memory, empty.</returns>
    public MemoryStream Release()
    {
        _bytes.SetLength(0);
        return _bytes;
    }
}
