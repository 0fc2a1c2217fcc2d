using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>Native memory for what an export points at besides the data, freed at once.</summary>
internal sealed unsafe class CDataArena
{
    private const int FirstChunk = 1 << 10, LargestChunk = 1 << 18;

    private readonly List<nint> _chunks = [];
    private byte* _free;
    private nuint _left;
    private nuint _next = FirstChunk;

    /// <summary>Room for some values, each to be written by the caller.</summary>
    public T* Take<T>(long count) where T : unmanaged => (T*)Take(checked((nuint)count * (nuint)sizeof(T)));

    /// <summary>A copy of bytes, and a NUL behind it.</summary>
    public byte* Copy(ReadOnlySpan<byte> bytes)
    {
        byte* copy = (byte*)Take((nuint)bytes.Length + 1);
        // SAFETY: the arena has just given as many bytes and one more.
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        copy[bytes.Length] = 0;
        return copy;
    }

    public void Free()
    {
        // SAFETY: every chunk came from Alloc and is freed once: the list is emptied.
        foreach (nint chunk in _chunks) NativeMemory.Free((void*)chunk);
        _chunks.Clear();
        _free = null;
        _left = 0;
    }

    private void* Take(nuint bytes)
    {
        bytes = (bytes + 7) & ~(nuint)7;
        if (bytes > _left)
        {
            nuint size = Math.Max(bytes, _next);
            _next = Math.Min(_next * 2, LargestChunk);
            // SAFETY: Alloc throws rather than give less; malloc's memory is aligned to 16.
            _free = (byte*)NativeMemory.Alloc(size);
            _left = size;
            _chunks.Add((nint)_free);
        }

        void* taken = _free;
        _free += bytes;
        _left -= bytes;
        return taken;
    }
}
