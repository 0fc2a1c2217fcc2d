using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ArrowCid.Channels.Sds;

/// <summary>
/// Ids that count as delivered without being in the history: of messages that left it, of sync messages, and of those
/// that were declared met. Each takes 16 bytes of its SHA-256; the newest are held.
/// </summary>
internal sealed class KnownIds
{
    /// <summary>How many ids are held.</summary>
    public const int Most = 1 << 20;

    private const int IdBytes = 16;

    private readonly HashSet<UInt128> _ids = [];
    private readonly Queue<UInt128> _order = new();

    public int Count => _ids.Count;

    public bool Contains(string id) => _ids.Count > 0 && _ids.Contains(Of(id));

    public void Add(string id) => Add(Of(id));

    /// <summary>All ids, oldest first.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[_order.Count * IdBytes];
        int at = 0;
        foreach (UInt128 id in _order)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(at), id);
            at += IdBytes;
        }

        return bytes;
    }

    /// <summary>Adds what <see cref="ToBytes"/> gave.</summary>
    public void AddBytes(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= IdBytes; bytes = bytes[IdBytes..]) Add(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    private static UInt128 Of(string id)
    {
        Span<byte> text = stackalloc byte[SdsCodec.MaxId];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        int length = Encoding.UTF8.GetBytes(id, text);
        SHA256.HashData(text[..length], digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }

    private void Add(UInt128 id)
    {
        if (!_ids.Add(id)) return;
        _order.Enqueue(id);
        if (_ids.Count > Most) _ids.Remove(_order.Dequeue());
    }
}
