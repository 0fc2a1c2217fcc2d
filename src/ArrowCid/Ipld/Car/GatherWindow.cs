using System.Buffers;
using System.Runtime.InteropServices;

namespace ArrowCid.Ipld.Car;

/// <summary>Memory in which pieces are laid side by side.</summary>
/// <param name="size">Its bytes; a first piece that is longer gets more.</param>
internal sealed class GatherWindow(int size) : IDisposable
{
    private const int MostPieces = 1 << 16;

    private readonly List<(long Offset, int Length)> _pieces = [];
    private byte[] _bytes = [];
    private int _used;

    /// <summary>Where the pieces lie in <see cref="Memory"/>.</summary>
    public ReadOnlySpan<(long Offset, int Length)> Pieces => CollectionsMarshal.AsSpan(_pieces);

    /// <summary>The memory in use.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, _used);

    public bool HasRoom(int length) =>
        _pieces.Count == 0 || (length <= _bytes.Length - _used && _pieces.Count < MostPieces);

    /// <summary>Returns space for one more piece, if <see cref="HasRoom"/> is true.</summary>
    public Span<byte> Add(int length)
    {
        int least = Math.Max(size, length);
        if (_pieces.Count == 0 && _bytes.Length < least)
        {
            Dispose();
            _bytes = ArrayPool<byte>.Shared.Rent(least);
        }

        _pieces.Add((_used, length));
        _used += length;
        return _bytes.AsSpan(_used - length, length);
    }

    /// <summary>Forgets the pieces.</summary>
    public void Clear()
    {
        _pieces.Clear();
        _used = 0;
    }

    public void Dispose()
    {
        Clear();
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }
}
