using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>A set of digests of stored messages by their first 16 bytes, which takes 22 to 43 bytes for each. Two
/// messages that share 16 bytes of SHA-256 take 2^64 hashes to find; a digest that is only named may
/// share them.</summary>
internal sealed class DigestSet
{
    private const int First = 64;

    // Zero marks a free place; the digest that begins with zeros is kept apart.
    private UInt128[] _places = new UInt128[First];
    private bool _hasZero;

    public int Count { get; private set; }

    public bool Contains(in Digest256 digest)
    {
        UInt128 key = KeyOf(in digest);
        return key == 0 ? _hasZero : _places[PlaceOf(_places, key)] == key;
    }

    public bool Add(in Digest256 digest)
    {
        UInt128 key = KeyOf(in digest);
        if (key == 0)
        {
            if (_hasZero) return false;
            _hasZero = true;
            Count++;
            return true;
        }

        int place = PlaceOf(_places, key);
        if (_places[place] == key) return false;
        _places[place] = key;
        if (++Count > _places.Length / 4 * 3) Resize(_places.Length * 2);
        return true;
    }

    /// <summary>Takes the memory for a number of digests at once.</summary>
    public void Expect(int count)
    {
        int length = _places.Length;
        while (count > length / 4 * 3) length *= 2;
        if (length > _places.Length) Resize(length);
    }

    private static UInt128 KeyOf(in Digest256 digest) =>
        MemoryMarshal.Read<UInt128>(Digest256.Bytes(in digest));

    private static int PlaceOf(UInt128[] places, UInt128 key)
    {
        int mask = places.Length - 1, place = (int)(ulong)key & mask;
        while (places[place] != 0 && places[place] != key) place = (place + 1) & mask;
        return place;
    }

    private void Resize(int length)
    {
        var larger = new UInt128[length];
        foreach (UInt128 key in _places)
        {
            if (key != 0) larger[PlaceOf(larger, key)] = key;
        }

        _places = larger;
    }
}
