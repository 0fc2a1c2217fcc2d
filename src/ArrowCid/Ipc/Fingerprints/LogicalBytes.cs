using System.Buffers.Binary;
using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>Takes the bytes of logical values: into a hash, or into a buffer that grows.</summary>
internal sealed class LogicalBytes(Sha256? hash = null)
{
    private const int HashedAtOnce = 1 << 16;

    // It grows up to what is hashed at once: a table may have very many columns.
    private byte[] _bytes = new byte[256];
    private int _count;

    /// <summary>The bytes that were written, where there is no hash.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _count);

    /// <summary>Forgets what was written.</summary>
    public void Clear() => _count = 0;

    /// <summary>Returns space for at least <paramref name="count"/> bytes, which <see cref="Advance"/> takes.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_bytes.Length - _count >= count) return _bytes.AsSpan(_count);
        if (_bytes.Length >= HashedAtOnce) Flush();
        long needed = (long)_count + count;
        if (needed > Array.MaxLength)
            throw new ArrowCidException(ErrorCode.TooLarge, "a value has more than 2^31 - 57 bytes");
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(needed, 2L * _bytes.Length), Array.MaxLength));
        return _bytes.AsSpan(_count);
    }

    public void Advance(int count) => _count += count;

    public void AddByte(byte value)
    {
        Reserve(1)[0] = value;
        _count++;
    }

    public void AddUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Reserve(sizeof(uint)), value);
        _count += sizeof(uint);
    }

    public void AddUInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(sizeof(ulong)), value);
        _count += sizeof(ulong);
    }

    public void AddText(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        AddUInt32((uint)bytes.Length);
        Add(bytes);
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (hash is not null && bytes.Length > HashedAtOnce / 4)
        {
            Flush();
            hash.Append(bytes);
            return;
        }

        bytes.CopyTo(Reserve(bytes.Length));
        _count += bytes.Length;
    }

    /// <summary>Hands what was written to the hash, where there is one.</summary>
    public void Flush()
    {
        if (hash is null) return;
        hash.Append(Written);
        _count = 0;
    }
}
