using System.Globalization;
using System.Numerics;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;

namespace ArrowCid.Transfer;

/// <summary>The commitment of a Filecoin piece (CommP): which bytes a deal is about. It follows from the bytes and the
/// size of the piece alone.</summary>
public sealed record PieceCommitment
{
    private const int PaddedQuad = 128, PayloadQuad = 127, BufferBytes = 1 << 17;

    private PieceCommitment(Digest256 root, int height, long payload)
    {
        (PaddedSize, PayloadLength) = ((long)Digest256.ByteCount << height, payload);
        ReadOnlySpan<byte> digest = Digest256.Bytes(in root);
        Cid = Cid.Create(Multicodec.FilCommitmentUnsealed, Multihash.Create(Multicodec.Sha256Trunc254Padded, digest));
        Span<byte> described = stackalloc byte[Varint.MaxLength + 1 + Digest256.ByteCount];
        int at = Varint.Write(described, (ulong)((PaddedSize / PaddedQuad * PayloadQuad) - payload));
        described[at++] = (byte)height;
        digest.CopyTo(described[at..]);
        CidV2 = Cid.Create(Multicodec.Raw,
            Multihash.Create(Multicodec.Fr32Sha256Trunc254PaddedTree, described[..(at + digest.Length)]));
    }

    /// <summary>The piece CID that deals name: codec <c>fil-commitment-unsealed</c>, <c>baga6ea4seaq…</c>.</summary>
    public Cid Cid { get; }

    /// <summary>The piece CID of FRC-0069, which also has the height of the tree and the length of the payload:
    /// <c>bafkzcib…</c>.</summary>
    public Cid CidV2 { get; }

    /// <summary>The bytes of the piece: a power of two from 128.</summary>
    public long PaddedSize { get; }

    /// <summary>The bytes of the payload, before padding.</summary>
    public long PayloadLength { get; }

    /// <summary>Computes the commitment of the rest of a stream, in constant memory.</summary>
    /// <param name="payload">The payload, such as a CAR; it is left open.</param>
    /// <param name="paddedSize">The size of the piece in bytes, a power of two from 128; 0 for the smallest that holds
    /// the payload.</param>
    /// <returns>The commitment.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: not the size of a piece;
    /// <see cref="ErrorCode.TooLarge"/>: the payload needs a larger piece.</exception>
    public static PieceCommitment Compute(Stream payload, long paddedSize = 0)
    {
        ArgumentNullException.ThrowIfNull(payload);
        RequireSize(paddedSize);
        var hasher = new PieceHasher();
        byte[] buffer = new byte[BufferBytes];
        while (payload.Read(buffer) is > 0 and int read) hasher.Append(buffer.AsSpan(0, read));
        return Of(hasher, paddedSize);
    }

    /// <summary>The commitment of what a hasher was given.</summary>
    internal static PieceCommitment Of(PieceHasher hasher, long paddedSize)
    {
        long least = (long)Digest256.ByteCount << PieceHasher.HeightOf(hasher.Length);
        if (paddedSize != 0 && least > paddedSize)
        {
            throw new ArrowCidException(ErrorCode.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"{hasher.Length} bytes need a piece of {least} bytes, not {paddedSize}"));
        }

        (Digest256 root, int height) = hasher.Finish(paddedSize == 0
            ? PieceHasher.LeastHeight
            : BitOperations.Log2((ulong)paddedSize / Digest256.ByteCount));
        return new PieceCommitment(root, height, hasher.Length);
    }

    /// <summary>Refuses what is not the size of a piece.</summary>
    internal static void RequireSize(long paddedSize)
    {
        const long Most = (long)Digest256.ByteCount << PieceHasher.MostHeight;
        if (paddedSize == 0 || (paddedSize is >= PaddedQuad and <= Most && BitOperations.IsPow2(paddedSize))) return;
        throw new ArrowCidException(ErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture,
            $"a piece has a power of two from {PaddedQuad} bytes, such as 32GiB, not {paddedSize}"));
    }
}
