using ArrowCid.Ipld;
using ArrowCid.Signing;

namespace ArrowCid.Channels;

/// <summary>
/// The signature of a message or beat: <c>[protected, signature]</c> of a COSE_Sign1 (RFC 9052) whose detached payload
/// is the block without its key <c>sig</c>.
/// </summary>
/// <param name="Key">The compressed point, which the protected headers name.</param>
/// <param name="Value">The 64 bytes of r and s.</param>
internal sealed record BlockSignature(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value)
{
    /// <summary>Signs a payload.</summary>
    public static BlockSignature Sign(SigningKey key, ReadOnlySpan<byte> payload)
    {
        byte[] cose = key.Sign(payload);
        return CoseFormat.TryRead(CoseKind.Sign1, cose, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> value)
            ? new BlockSignature(id.ToArray(), value.ToArray())
            : throw new ArrowCidException(ErrorCode.Unsupported, "messages are signed with keys of P-256");
    }

    /// <summary>Reads what <see cref="Write"/> wrote, or null.</summary>
    public static BlockSignature? Read(ref DagCborReader reader)
    {
        if (reader.PeekKind() == IpldKind.Null)
        {
            reader.ReadNull();
            return null;
        }

        int start = reader.Position;
        if (reader.BeginList() != 2) throw Refuse(start);
        ReadOnlySpan<byte> headers = reader.ReadBytes(), value = reader.ReadBytes();
        return CoseFormat.TryKeyOf(headers, out ReadOnlySpan<byte> key) && value.Length == CoseFormat.SignatureBytes
            ? new BlockSignature(key.ToArray(), value.ToArray())
            : throw Refuse(start);
    }

    public static void Write(ref DagCborWriter writer, BlockSignature? signature)
    {
        if (signature is null)
        {
            writer.WriteNull();
            return;
        }

        writer.BeginList(2);
        writer.WriteBytes(CoseFormat.HeadersOf(signature.Key.Span));
        writer.WriteBytes(signature.Value.Span);
    }

    /// <summary>The bytes of a block without its signature: the map has one entry less.</summary>
    /// <param name="block">The block, a map of at most 23 entries.</param>
    /// <param name="from">Where the key <c>sig</c> begins.</param>
    /// <param name="to">Where its value ends.</param>
    public static byte[] PayloadOf(ReadOnlySpan<byte> block, int from, int to)
    {
        byte[] payload = [.. block[..from], .. block[to..]];
        payload[0]--;
        return payload;
    }

    /// <summary>Whether the key of a writer made it of a payload.</summary>
    public bool Holds(PublicKey key, ReadOnlySpan<byte> payload) => key.Bytes.SequenceEqual(Key.Span) &&
        key.Verify(payload, CoseFormat.Write(CoseKind.Sign1, Key.Span, Value.Span));

    private static InvalidIpldException Refuse(int start) => DagCborReader.Refuse(
        "a signature has the headers {1: -7, 4: key} and 64 bytes", start);
}
