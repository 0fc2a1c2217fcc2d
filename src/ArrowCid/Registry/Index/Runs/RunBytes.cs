using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>The bytes of a run: a mapped file, or memory of one's own.</summary>
internal sealed class RunBytes
{
    private readonly Mapping? _map;
    private readonly byte[] _bytes;

    public RunBytes(Mapping map) => (_map, _bytes, Length) = (map, [], map.Length);

    public RunBytes(byte[] bytes, int length) => (_bytes, Length) = (bytes, length);

    public long Length { get; }

    /// <summary>Asks for what lies there.</summary>
    public void Ask(long offset) => _map?.Prefetch(offset);

    /// <summary>Bytes in place, valid while this object is held.</summary>
    public ReadOnlySpan<byte> Slice(long offset, long length)
    {
        if (offset < 0 || length is < 0 or > int.MaxValue || offset > Length - length)
            throw new IndexDamagedException($"{length} bytes at {offset} of {Length}");
        return _map is null ? _bytes.AsSpan((int)offset, (int)length) : _map.Bytes(offset, (int)length);
    }
}
