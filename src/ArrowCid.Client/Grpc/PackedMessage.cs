using System.IO.Compression;
using ArrowCid.Flight.Limits;
using Grpc.Core;

namespace ArrowCid.Flight.Grpc;

/// <summary>A compressed message, decompressed piece by piece.</summary>
/// <param name="bytes">The bytes as they came.</param>
/// <param name="length">The number of bytes.</param>
/// <param name="isGzip">Whether they are gzip's; else zlib's.</param>
internal sealed class PackedMessage(byte[] bytes, int length, bool isGzip) : IDisposable
{
    private Stream? _inflater;

    /// <summary>Decompresses the message without keeping it, no farther than its limit.</summary>
    /// <param name="start">Takes its first bytes.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The bytes in <paramref name="start"/> and in all; -1 where they are more than the limit.</returns>
    /// <exception cref="GrpcException">It cannot be decompressed.</exception>
    public (int Start, int Whole) Measure(byte[] start, MessageLimit limit, CancellationToken cancel)
    {
        int have = Fill(start), whole = have;
        int most = limit.IsLong(start.AsSpan(0, have)) ? limit.MostLong : limit.MostBytes;
        if (have == start.Length)
        {
            byte[] piece = new byte[start.Length];
            while (whole <= most && Fill(piece) is > 0 and int read)
            {
                cancel.ThrowIfCancellationRequested();
                whole = (int)Math.Min((long)whole + read, int.MaxValue);
            }
        }

        Dispose();
        return (have, whole <= most ? whole : -1);

        int Fill(byte[] piece)
        {
            int at = 0;
            while (at < piece.Length && Read(piece.AsSpan(at)) is > 0 and int read) at += read;
            return at;
        }
    }

    /// <summary>Decompresses more of the message.</summary>
    /// <returns>The number of bytes; 0 at the end.</returns>
    /// <exception cref="GrpcException">It cannot be decompressed.</exception>
    public int Read(Span<byte> target)
    {
        const int Piece = 1 << 18;
        _inflater ??= Open();
        try
        {
            return _inflater.Read(target[..Math.Min(Piece, target.Length)]);
        }
        catch (InvalidDataException e)
        {
            throw new GrpcException(StatusCode.Internal,
                $"a message cannot be decompressed as {(isGzip ? "gzip" : "deflate")}", e);
        }
    }

    /// <summary>Goes back to the start.</summary>
    public void Dispose()
    {
        _inflater?.Dispose();
        _inflater = null;
    }

    private Stream Open()
    {
        var source = new MemoryStream(bytes, 0, length);
        return isGzip
            ? new GZipStream(source, CompressionMode.Decompress)
            : new ZLibStream(source, CompressionMode.Decompress);
    }
}
