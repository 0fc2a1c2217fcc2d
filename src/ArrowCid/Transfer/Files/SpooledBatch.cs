using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;
using Microsoft.Win32.SafeHandles;

namespace ArrowCid.Transfer;

/// <summary>A canonical block that is encoded and not yet put: in memory, or in a temporary file.</summary>
/// <param name="schema">Its schema.</param>
/// <param name="rows">Its rows.</param>
/// <param name="length">Its bytes.</param>
/// <param name="bytes">The bytes; null where they are in the file.</param>
/// <param name="file">The file.</param>
/// <param name="offset">Where in the file they begin.</param>
internal sealed class SpooledBatch(CanonicalSchema schema, int rows, int length, byte[]? bytes, SafeFileHandle? file,
    long offset) : IBlockSource
{
    // Bytes that are read and then hashed while the cache has them.
    private const int Piece = 1 << 17;

    public CanonicalSchema Schema => schema;

    public int Rows => rows;

    public int Length => length;

    /// <summary>The digest, where the batch was hashed when it was added; else the default.</summary>
    public Digest256 Digest { get; init; }

    /// <summary>The request that puts it.</summary>
    public PutRequest Request =>
        new(RecordKind.Batch, (uint)Multicodec.Raw, this, schema.Digest, rows, RecordFlags.OwnEncoder);

    public Digest256 WriteTo(Span<byte> destination)
    {
        var hash = new Sha256();
        for (int done = 0; done < length;)
        {
            Span<byte> piece = destination.Slice(done, Math.Min(Piece, length - done));
            int read = piece.Length;
            if (bytes is null) read = RandomAccess.Read(file!, piece, offset + done);
            else bytes.AsSpan(done, read).CopyTo(piece);
            if (read == 0) throw new ArrowCidException(ErrorCode.Io, "the temporary file was cut short");
            hash.Append(piece[..read]);
            done += read;
        }

        return hash.Finish();
    }
}
