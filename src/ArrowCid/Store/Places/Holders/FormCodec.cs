using System.Diagnostics.CodeAnalysis;
using ArrowCid.Compression;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Registry;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Turns blocks into the forms of <see cref="BlockForm"/> and back.</summary>
internal static class FormCodec
{
    private const string Switch = "ArrowCid.PlaceForms.IsSupported";
    private const int Level = 3;

    /// <summary>Whether this program has the forms other than the block itself. One that leaves them out is smaller by
    /// the codecs of Parquet and zstd.</summary>
    [FeatureSwitchDefinition(Switch)]
    private static bool IsSupported => !AppContext.TryGetSwitch(Switch, out bool isSupported) || isSupported;

    /// <summary>Makes the bytes that a place stores of a block, and turns them back before they count.</summary>
    /// <param name="form">The wanted form.</param>
    /// <param name="block">The block, its bytes just proved.</param>
    /// <returns>The form and its bytes; <see cref="BlockForm.Block"/> where no other form saves any.</returns>
    public static (string Form, ReadOnlyMemory<byte> Bytes) Encode(string form, BlockLease block)
    {
        ReadOnlyMemory<byte> bytes = block.Bytes;
        if (!IsSupported) return (BlockForm.Block, bytes);
        if (form == BlockForm.Parquet && ToParquet(block) is { } file && file.Length < bytes.Length &&
            Returns(BlockForm.Parquet, file, block))
        {
            return (BlockForm.Parquet, file);
        }

        if (form is BlockForm.Zstd or BlockForm.Parquet && ToZstd(bytes.Span) is { } frame &&
            frame.Length < bytes.Length && Returns(BlockForm.Zstd, frame, block))
        {
            return (BlockForm.Zstd, frame);
        }

        return (BlockForm.Block, bytes);
    }

    /// <summary>Turns stored bytes back into those of a block, which the caller hashes.</summary>
    /// <param name="form">Their form.</param>
    /// <param name="stored">The bytes.</param>
    /// <param name="length">The length of the block; no more is allocated for a frame.</param>
    /// <returns>The bytes of the block, if the stored bytes are right.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: they are not of this form;
    /// <see cref="ErrorCode.Unsupported"/>: the form is not known.</exception>
    public static ReadOnlyMemory<byte> Decode(string form, ReadOnlyMemory<byte> stored, int length)
    {
        if (form == BlockForm.Block) return stored;
        if (!IsSupported)
            throw new ArrowCidException(ErrorCode.Unsupported,
                $"this program does not read copies of the form '{form}'");
        try
        {
            return form switch
            {
                BlockForm.Zstd => FromZstd(stored.Span, length),
                BlockForm.Parquet => FromParquet(stored),
                _ => throw new ArrowCidException(ErrorCode.Unsupported, $"the form '{form}' of a copy is not known"),
            };
        }
        catch (ArrowCidException e) when (e.Code is not (ErrorCode.Unsupported or ErrorCode.BlockCorrupt))
        {
            throw Broken(form, e);
        }
    }

    private static bool Returns(string form, ReadOnlyMemory<byte> stored, BlockLease block)
    {
        try
        {
            return Cid.Sha256(block.Cid.Codec, Decode(form, stored, block.Bytes.Length).Span) == block.Cid;
        }
        catch (ArrowCidException)
        {
            // Parquet does not keep all that Arrow has; the block is stored in another form then.
            return false;
        }
    }

    private static byte[] ToZstd(ReadOnlySpan<byte> bytes)
    {
        byte[] frame = GC.AllocateUninitializedArray<byte>(Zstd.MaxCompressedLength(bytes.Length));
        return frame[..Zstd.Compress(bytes, frame, Level)];
    }

    private static byte[] FromZstd(ReadOnlySpan<byte> frame, int length)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(length);
        return Zstd.Decompress(frame, bytes) == CodecResult.Complete ? bytes : throw Broken(BlockForm.Zstd, null);
    }

    private static byte[]? ToParquet(BlockLease block)
    {
        try
        {
            using var file = new MemoryStream();
            // The lease is the caller's.
            ParquetExport.Write([block.Cid], _ => new HeldBatch(block.ReadView(), block.Bytes, NoOwner.Instance), file,
                new ParquetWriteOptions { Compression = ParquetCompression.Zstd });
            return file.ToArray();
        }
        catch (ArrowCidException)
        {
            return null;
        }
    }

    private static ReadOnlyMemory<byte> FromParquet(ReadOnlyMemory<byte> file)
    {
        using var stream = new MemoryStream(file.ToArray(), writable: false);
        using var reader = ParquetReader.Open(stream, new ParquetReadOptions { LeaveOpen = true });
        return reader.BatchCount == 1 && reader.ReadView() is { } batch
            ? CanonicalBlock.Encode(batch).Bytes
            : throw Broken(BlockForm.Parquet, null);
    }

    private static ArrowCidException Broken(string form, Exception? inner) => new(ErrorCode.BlockCorrupt,
        $"a copy cannot be turned back from {form}{(inner is null ? "" : $": {inner.Message}")}", inner);

    private sealed class NoOwner : IDisposable
    {
        public static readonly NoOwner Instance = new();

        public void Dispose()
        {
        }
    }
}
