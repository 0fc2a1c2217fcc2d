using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>Native memory for what an export points at besides the data, freed at once. A field, never a
/// copy.</summary>
internal unsafe struct CDataArena
{
    private const int FirstChunk = 1 << 10, LargestChunk = 1 << 18;

    // Each begins with the address of the one before.
    private void* _chunks;
    private byte* _free;
    private nuint _left;
    private nuint _next;

    /// <summary>Allocates space for <paramref name="count"/> values, each to be written by the caller.</summary>
    public T* Take<T>(long count) where T : unmanaged => (T*)Take(checked((nuint)count * (nuint)sizeof(T)));

    public void Free()
    {
        // SAFETY: every chunk came from Alloc and is freed once: none is known afterwards.
        while (_chunks is not null)
        {
            void* before = *(void**)_chunks;
            NativeMemory.Free(_chunks);
            _chunks = before;
        }

        this = default;
    }

    private void* Take(nuint bytes)
    {
        bytes = (bytes + 7) & ~(nuint)7;
        if (bytes > _left) AddChunk(bytes);
        void* taken = _free;
        _free += bytes;
        _left -= bytes;
        return taken;
    }

    private void AddChunk(nuint bytes)
    {
        nuint size = Math.Max(bytes, _next == 0 ? FirstChunk : _next);
        _next = Math.Min(size * 2, LargestChunk);
        // SAFETY: Alloc throws rather than give less; malloc's memory is aligned to 16.
        void* chunk = NativeMemory.Alloc(checked(size + (nuint)sizeof(void*)));
        *(void**)chunk = _chunks;
        _chunks = chunk;
        _free = (byte*)chunk + sizeof(void*);
        _left = size;
    }
}
